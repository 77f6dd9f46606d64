//! Tests over every file in `fixtures/config`: `good-*` load, `bad-*` show their problems.

use crate::config::Listed;
use crate::config::keys::{Key, Need, Shape};
use crate::config::sheet::Sheet;
use crate::config::table::ROOT;
use crate::config::yaml::{Node, Value};
use crate::config::{Config, Problems, checked, parse, yaml};
use http::HeaderName;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;

fn env(name: &str) -> Option<String> {
    match name {
        "PORT" => Some("8081".into()),
        "SAMPLE" => Some("12%".into()),
        "EMPTY" => Some(String::new()),
        "SECRET" => Some("hunter2".into()),
        "HUGE" => Some("x".repeat(5000)),
        _ => None,
    }
}

/// The names and texts of the files whose names start with this.
pub(super) fn files(start: &str) -> Vec<(String, String)> {
    let folder = fs::read_dir("fixtures/config").expect("the fixtures");
    let paths = folder.map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> = paths
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".yaml")?.to_owned();
            name.starts_with(start).then(|| (name, fs::read_to_string(path).expect("a text")))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn load(text: &str) -> Result<Config, Problems> {
    parse(text, "shadow.yaml", &env)
}

fn good(name: &str) -> Config {
    let text = fs::read_to_string(format!("fixtures/config/good-{name}.yaml")).expect(name);
    load(&text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_good_file_loads() {
    for (name, text) in files("good-") {
        load(&text).unwrap_or_else(|problems| panic!("{name}\n{problems}"));
    }
}

#[test]
fn every_bad_file_shows_all_its_problems_at_once() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../fixtures/config");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, text) in files("bad-") {
        let problems = load(&text).expect_err(&name).to_string();
        assert!(problems.lines().all(|line| line.chars().count() <= 80), "{problems}");
        settings.bind(|| insta::assert_snapshot!(name.as_str(), problems));
    }
}

/// The paths of all keys that take a value, with `[]` for items and `*` for free names.
fn paths(keys: &[Key], path: &str, found: &mut BTreeSet<String>) {
    for key in keys.iter().filter(|key| key.need != Need::Elsewhere) {
        let path = format!("{path}.{}", key.name);
        let path = path.trim_start_matches('.');
        found.insert(path.to_owned());
        match key.shape {
            Shape::Section(keys) => paths(keys, path, found),
            Shape::List(Shape::Section(keys)) => paths(keys, &format!("{path}[]"), found),
            Shape::Sections(keys) => paths(keys, &format!("{path}[]"), found),
            Shape::Map(Shape::Section(keys)) => paths(keys, &format!("{path}.*"), found),
            _ => {}
        }
    }
}

/// The paths of all keys that a file gives, written as above.
fn given(node: &Node, path: &str, found: &mut BTreeSet<String>) {
    match &node.value {
        Value::List(items) => {
            items.iter().for_each(|item| given(item, &format!("{path}[]"), found));
        }
        Value::Map(entries) => {
            for entry in entries {
                let path = format!("{path}.{}", entry.name);
                let path = path.trim_start_matches('.');
                found.insert(path.to_owned());
                given(&entry.node, path, found);
            }
        }
        Value::Null | Value::Text(_) => {}
    }
}

/// The path of a problem, written as above.
fn general(path: &str) -> String {
    let digits = |char: char| char.is_ascii_digit();
    let mut text = String::new();
    for part in path.split_inclusive(']') {
        match part.split_once('[') {
            Some((before, index)) if index.trim_end_matches(']').chars().all(digits) => {
                text.push_str(&format!("{before}[]"));
            }
            Some((before, _)) => text.push_str(&format!("{before}.*")),
            None => text.push_str(part),
        }
    }
    text
}

#[test]
fn every_key_has_a_good_and_a_bad_fixture() {
    let mut all = BTreeSet::new();
    paths(ROOT, "", &mut all);
    let mut good = BTreeSet::new();
    for (name, text) in files("good-") {
        given(&yaml::read(&text).expect(&name), "", &mut good);
    }
    // The names under `endpoints` are the user's own.
    good.insert("gate.endpoints.*.divergence".into());
    let mut bad = BTreeSet::new();
    for (name, text) in files("bad-") {
        let problems = load(&text).expect_err(&name);
        bad.extend(problems.list().iter().map(|problem| general(&problem.key)));
    }
    let bad: BTreeSet<_> = bad
        .iter()
        .flat_map(|path| [path.clone(), path.trim_end_matches("[]").to_owned()])
        .collect();
    let missing = |found: &BTreeSet<String>| all.difference(found).cloned().collect::<Vec<_>>();
    assert_eq!(missing(&good), Vec::<String>::new(), "no good fixture has them");
    assert_eq!(missing(&bad), Vec::<String>::new(), "no bad fixture has them");
}

/// Every way to leave out one key of a file.
fn without_one(node: &Node, path: &str, found: &mut Vec<(String, Node)>) {
    let Value::Map(entries) = &node.value else { return };
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("{path}.{}", entry.name);
        let mut shorter = entries.clone();
        shorter.remove(index);
        found.push((path.clone(), Node { line: node.line, value: Value::Map(shorter) }));
        let mut inner = Vec::new();
        without_one(&entry.node, &path, &mut inner);
        for (path, node_without) in inner {
            let mut changed = entries.clone();
            changed[index].node = node_without;
            found.push((path, Node { line: node.line, value: Value::Map(changed) }));
        }
    }
}

#[test]
fn every_key_of_the_full_file_is_read() {
    let full = good("full");
    let text = fs::read_to_string("fixtures/config/good-full.yaml").expect("the full file");
    let mut shorter = Vec::new();
    without_one(&yaml::read(&text).expect("the full file"), "", &mut shorter);
    assert!(shorter.len() > 40);
    for (path, node) in shorter.iter().filter(|(path, _)| path != ".mirror.enabled") {
        let sheet = Sheet::new(&env);
        let config = checked::config(&sheet, node);
        let problems = sheet.into_problems("shadow.yaml");
        assert!(problems.is_some() || config != full, "nothing changed without {path}");
    }
}

#[test]
fn a_file_of_two_lines_has_every_default() {
    let text = "primary: { url: http://127.0.0.1:8081 }\ncandidate: { url: http://127.0.0.1:8082 }";
    insta::assert_debug_snapshot!(load(text).expect("two lines"));
}

#[test]
fn units_and_variables_mean_what_they_say() {
    let mirror = good("mirror").mirror;
    assert_eq!(mirror.sample.millionths(), 25_000);
    assert_eq!((mirror.max_body.0, mirror.memory.0), (1536, 2_000_000));
    assert_eq!(mirror.rate.map(|rate| rate.per_second), Some(0.5));
    let sides = good("sides");
    assert_eq!(sides.primary.url.to_string(), "http://shop.internal:80");
    assert_eq!(sides.primary.timeout.as_secs(), 90);
    let candidate = sides.candidate.expect("a candidate");
    assert_eq!(candidate.version.as_deref(), Some("2.10"));
    let expanded = good("variables");
    assert_eq!((expanded.mirror.sample.millionths(), expanded.mirror.queue), (120_000, 128));
    assert_eq!(expanded.primary.url.port, 8081);
    let (_, price) = &expanded.isolation.request.set[0];
    assert_eq!(price, "$5 and $.5");
}

#[test]
fn a_route_has_the_general_settings_with_its_own_laid_over() {
    let full = good("full");
    let orders = &full.routes[0];
    assert_eq!(orders.mirror.sample.to_string(), "10%");
    assert_eq!((orders.mirror.queue, orders.mirror.always.len()), (1024, 0));
    assert_eq!(orders.rewrite.remove.len(), 3);
    assert_eq!(orders.rewrite.replace.len(), 6);
    let (name, value) = &orders.rewrite.set[0];
    assert_eq!((orders.rewrite.set.len(), name.as_str()), (1, "x-shadow"));
    assert_eq!(value, "order {session}");
    assert_eq!(orders.compare.ignore.len(), 3);
    let shown =
        |names: &[Listed<HeaderName>]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&orders.compare.headers_also), ["x-price-list", "etag"]);
    assert_eq!(shown(&orders.compare.headers_ignore), ["vary"]);
    let internal = &full.routes[1];
    assert!(!internal.mirror.enabled);
    assert_eq!(internal.rewrite, full.isolation.request);
    assert_eq!(internal.compare, full.compare);
}

#[test]
fn a_secret_is_in_no_output() {
    let config = good("admin");
    assert_eq!(config.admin.token.as_deref(), Some("an-example-and-no-secret"));
    assert!(!format!("{config:?}").contains("an-example"));
    let bad = fs::read_to_string("fixtures/config/bad-variables.yaml").expect("a file");
    assert!(!load(&bad).expect_err("bad").to_string().contains("hunter2"));
    let inline = "primary: { url: http://a:1 }\nadmin: { token: hunter2 }";
    assert!(!load(inline).expect_err("inline").to_string().contains("hunter2"));
}

/// Texts that look like a config, for the most part.
fn soup() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "primary:",
        "url: http://a:1",
        "mirror:",
        "sample:",
        "50%",
        "routes:",
        "- match:",
        "path:",
        "/a/{id}",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "? ",
        ": ",
        "&a ",
        "*a",
        "!t ",
        "|",
        ">",
        "'",
        "\"",
        "#",
        "${",
        "${A:-b}",
        "\t",
        "~",
        "isolation:",
        "request:",
        "set:",
        "replace:",
        "with:",
        "json: $.a",
        "gate:",
        "endpoints:",
        "<<: ",
        "---",
        "...",
        "\u{feff}",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}|[ -~\n\t]{0,200}") {
        let shown = load(&text).map_or_else(|problems| problems.to_string(), |_| String::new());
        let escapes = shown.contains('\x1b');
        prop_assert!(!escapes);
    }

    #[test]
    fn nothing_like_a_config_makes_the_reader_panic(text in soup()) {
        if let Err(problems) = load(&text) {
            prop_assert!(!problems.list().is_empty());
        }
    }
}
