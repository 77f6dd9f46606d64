//! Checks what a careful reader would.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    reason = "a test that fails may panic, and waits by the real clock"
)]

use shadowdiff::config;
use shadowdiff::telemetry::METRICS;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let is_built = path.ends_with("target");
        if path.is_dir() && !is_built {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|each| each == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources() -> Vec<PathBuf> {
    ["src", "tests", "benches"].iter().flat_map(|dir| files(&root().join(dir), "rs")).collect()
}

#[test]
fn the_top_level_holds_what_it_should_and_nothing_else() {
    let expected = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "benches",
        "clippy.toml",
        "deny.toml",
        "fixtures",
        "rustfmt.toml",
        "shadow.yaml",
        "src",
        "tests",
    ];
    let built = ["target"];
    for entry in fs::read_dir(root()).expect("a readable folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let known = expected.contains(&name.as_str()) || built.contains(&name.as_str());
        assert!(known || name.starts_with('.'), "{name} does not belong at the top level");
    }
    for name in expected {
        assert!(root().join(name).exists(), "{name} is missing");
    }
}

#[test]
fn no_file_is_longer_than_600_lines() {
    for path in sources() {
        let lines = read(&path).lines().count();
        assert!(lines <= 600, "{} has {lines} lines: it is two files by now", path.display());
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in sources() {
        let text = read(&path);
        assert!(text.starts_with("//! "), "{} has no `//!` header", path.display());
    }
}

#[test]
fn every_room_says_what_it_never_does() {
    for entry in fs::read_dir(root().join("src")).expect("src") {
        let room = entry.expect("an entry").path().join("mod.rs");
        if room.exists() {
            let text = read(&room);
            let header: String = text
                .lines()
                .take_while(|line| line.starts_with("//!"))
                .collect::<Vec<_>>()
                .join(" ");
            let header = header.replace("//!", "").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                header.contains("This module never "),
                "{} has no line `This module never …`",
                room.display()
            );
        }
    }
}

#[test]
fn mod_rs_files_hold_no_logic() {
    for path in files(&root().join("src"), "rs") {
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            let text = read(&path);
            for word in ["fn ", "impl ", "struct ", "enum "] {
                let found = text.lines().find(|line| {
                    let line = line.trim_start();
                    let code = !line.starts_with("//");
                    code && (line.starts_with(word) || line.starts_with(&format!("pub {word}")))
                });
                assert!(found.is_none(), "{}: {found:?} belongs in a file", path.display());
            }
        }
    }
}

#[test]
fn every_metric_is_in_the_readme() {
    let readme = read(&root().join("README.md"));
    for metric in METRICS {
        let name = metric.name.as_str();
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("README.md has no row for {name}"));
        for label in metric.labels {
            assert!(
                row.contains(&format!("`{label}`")),
                "{name} has no label {label} in README.md"
            );
        }
    }
    let documented = readme.matches("| `shadow_").count();
    assert_eq!(documented, METRICS.len(), "README.md has a metric that is no more");
}

#[test]
fn the_readmes_config_is_one() {
    let readme = read(&root().join("README.md"));
    let example = readme.split("## The config by example").nth(1).expect("the example");
    let example = example.split("```yaml\n").nth(1).expect("its beginning");
    let example = example.split("```").next().expect("its end");
    let Err(problems) = config::parse(example, "README.md", &|_| None) else { return };
    for problem in problems.to_string().lines().filter(|line| line.starts_with("README.md:")) {
        assert!(problem.contains("there is no file"), "{problem}");
    }
}

#[test]
fn every_command_is_in_the_readme() {
    let readme = read(&root().join("README.md"));
    let args = read(&root().join("src/cli/args.rs"));
    let commands = args.split("pub enum Command {").nth(1).expect("the commands");
    let commands = commands.split("\n}\n").next().expect("their end");
    let names = commands.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let name: String = line.chars().take_while(char::is_ascii_alphabetic).collect();
        (line.starts_with(|first: char| first.is_ascii_uppercase())).then_some(name)
    });
    for name in names {
        let command = format!("`shadow {}", name.to_lowercase());
        assert!(readme.contains(&command), "README.md does not mention {command}`");
    }
}

#[test]
fn every_fixture_is_used() {
    let code: String = sources().iter().map(|path| read(path)).collect();
    for folder in fs::read_dir(root().join("fixtures")).expect("fixtures") {
        let name = folder.expect("an entry").file_name().into_string().expect("UTF-8");
        assert!(code.contains(&format!("fixtures/{name}")), "nothing uses fixtures/{name}");
    }
}

#[test]
fn nothing_names_a_place_that_a_user_does_not_have() {
    let mut texts = sources();
    texts.extend(
        ["README.md", "CHANGELOG.md", "Cargo.toml", "shadow.yaml"].map(|name| root().join(name)),
    );
    // Written in two parts, so that this file does not name them.
    let places = [["/work", "/"], ["/root", "/"], ["../sha", "red"], ["artifact", "ory"]];
    for path in texts {
        let text = read(&path);
        for place in places.map(|parts| parts.concat()) {
            assert!(!text.contains(&place), "{} names {place}", path.display());
        }
    }
}

#[test]
fn every_invariant_of_the_mirror_has_one_test_under_its_number() {
    let code: String = sources().iter().map(|path| read(path)).collect();
    for number in 1..=34 {
        // Written in two parts, so that this file has none.
        let name = ["fn ", &format!("m{number:02}_")].concat();
        let tests = code.lines().filter(|line| line.trim_start().starts_with(&name)).count();
        assert_eq!(tests, 1, "M{number}");
    }
}
