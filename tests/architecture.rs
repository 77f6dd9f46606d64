//! Holds the code against the map in `src/lib.rs`: imports go to lower layers only.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    reason = "a test that fails may panic, and waits by the real clock"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms by layer, lowest first.
const LAYERS: [&[&str]; 7] = [
    &["model", "base", "syntax", "telemetry"],
    &["config", "compare", "redact", "verdict"],
    &["policy", "store", "upstream"],
    &["tap", "judge", "isolate", "mirror"],
    &["control", "report"],
    &["admin", "demo"],
    &["app", "cli"],
];

/// Imports within a layer, each with its reason.
const SAME_LAYER: [(&str, &str, &str); 10] = [
    ("model", "base", "nouns are measured in units"),
    ("model", "syntax", "the filter of a path looks at values"),
    ("telemetry", "model", "labels are the names of reasons"),
    ("compare", "config", "rules are made from their part of the config"),
    ("redact", "config", "so are the names that are redacted"),
    ("verdict", "config", "and the thresholds"),
    ("mirror", "judge", "trials end in the judge's inbox"),
    ("mirror", "isolate", "a copy is edited before it is sent"),
    ("cli", "app", "commands start what is wired there"),
    ("redact", "compare", "both read JSON from its raw text"),
];

/// Who asks for calendar time, and what for. Nothing is timed by it: a clock may jump.
const CALENDAR: [(&str, &str); 10] = [
    ("src/admin/report.rs", "when a report was made"),
    ("src/app/instance.rs", "when a session began and ended"),
    ("src/app/intake.rs", "when a request came in"),
    ("src/base/clock.rs", "the one place where it is read"),
    ("src/cli/query.rs", "when a report was made"),
    ("src/demo/shop/server.rs", "what the example shop answers"),
    ("src/store/writer/keeper.rs", "when there was a flush, and what `retention` may believe"),
    ("src/store/writer/thread.rs", "when a session ended"),
    ("src/tap/forward.rs", "lines of the access log"),
    ("src/tap/http2/stream.rs", "the Date of an answer that has none"),
];

/// What pure rooms never touch.
const IMPURE: [&str; 8] = [
    "tokio::",
    "std::net::Tcp",
    "std::net::Udp",
    "std::thread",
    "clock::",
    "SystemTime",
    "Instant::now",
    "Uuid::now",
];
const PURE: [&str; 6] = ["model", "compare", "redact", "verdict", "policy", "isolate"];

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The room a source file is in: `src/tap/body.rs` is in `tap`.
fn room(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(src()).ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?;
    (!first.ends_with(".rs")).then(|| first.to_owned())
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of a file without its comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a readable file");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms that a file names: after `crate::`, alone or in braces.
fn imports(code: &str) -> Vec<&str> {
    code.split("crate::").skip(1).flat_map(rooms_at_the_start).collect()
}

fn rooms_at_the_start(rest: &str) -> Vec<&str> {
    let is_name = |char: char| char.is_alphanumeric() || char == '_';
    match rest.strip_prefix('{') {
        None => rest.split(|char| !is_name(char)).take(1).collect(),
        Some(group) => {
            let group = group.split('}').next().unwrap_or_default();
            group
                .split(',')
                .map(|item| item.trim().split("::").next().unwrap_or_default())
                .collect()
        }
    }
}

#[test]
fn imports_go_to_lower_layers_only() {
    let mut wrong = Vec::new();
    for path in sources(&src()) {
        let Some(room) = room(&path) else { continue };
        let here = layer(&room).unwrap_or_else(|| panic!("{room} is not in the table of layers"));
        for import in imports(&code(&path)) {
            let Some(there) = layer(import) else { continue };
            let allowed = import == room
                || there < here
                || SAME_LAYER.iter().any(|(from, to, _)| *from == room && *to == import);
            if !allowed {
                wrong.push(format!(
                    "{}: {room} (layer {here}) may not use {import} (layer {there}): hand it what \
                     it needs as an argument, or let `app` wire the two",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_have_no_sockets_threads_clocks_or_randomness() {
    let mut wrong = Vec::new();
    for path in sources(&src()) {
        let Some(room) = room(&path) else { continue };
        let pure = PURE.contains(&room.as_str());
        let code = code(&path);
        for word in IMPURE.iter().filter(|word| pure && code.contains(**word)) {
            wrong.push(format!("{}: {room} is pure and may not use {word}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn calendar_time_is_for_records_only() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in sources(&src()) {
        let text = code(&path);
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let asks = ["clock::wall", "SystemTime::now", "Timestamp::now", "Zoned::now"];
        let asks = asks.iter().any(|word| text.contains(word));
        let listed = CALENDAR.iter().any(|(file, _)| path.ends_with(here.join(file)));
        let test = path.ends_with("tests.rs")
            || path.components().any(|part| part.as_os_str() == "fixtures");
        assert!(test || asks == listed, "{}: calendar time is not for timing", path.display());
    }
}

#[test]
fn the_live_path_and_the_store_never_meet() {
    for (room, forbidden) in
        [("tap", "store"), ("tap", "judge"), ("tap", "mirror"), ("store", "tap")]
    {
        for path in sources(&src().join(room)) {
            assert!(
                !imports(&code(&path)).contains(&forbidden),
                "{}: {room} may not use {forbidden}: offer an Exchange instead",
                path.display()
            );
        }
    }
}

#[test]
fn every_room_is_in_the_code_map() {
    let map = fs::read_to_string(src().join("lib.rs")).expect("lib.rs");
    for (layer, rooms) in LAYERS.iter().enumerate() {
        for room in *rooms {
            let row = format!("//! | {layer} | [`{room}`] |");
            assert!(map.contains(&row), "lib.rs has no row `{row}`");
            assert!(src().join(room).is_dir(), "there is no room {room}");
        }
    }
}
