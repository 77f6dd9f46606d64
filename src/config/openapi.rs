//! The operations that an OpenAPI file describes.
//!
//! Only `openapi`, the URLs of `servers`, and the names below `paths` are read; the rest of the
//! file is passed over, whatever its size. A text that begins with `{` is read as JSON, any other
//! as YAML. Each path stands behind the path of each server; servers of single paths and operations
//! are passed over.
//!
//! This module never follows a reference.

use crate::config::described::{self, Wanted};
use crate::config::parts::{Described, Operation};
use granit_parser::{Event, Parser, options};
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Operations, each server's counted.
const MAX_OPERATIONS: usize = 2_048;
/// Bytes of a server's path and an operation's together.
const MAX_PATH: usize = 512;
/// Levels of nesting in YAML.
const MAX_DEPTH: usize = 200;

const METHODS: [Method; 8] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::DELETE,
    Method::OPTIONS,
    Method::HEAD,
    Method::PATCH,
    Method::TRACE,
];

/// The operations that a file describes; an error is one sentence with its mend.
pub(super) fn read(path: &Path) -> Result<Described, String> {
    let name = path.display();
    let text = text(path)?;
    let outline = outline(&text).map_err(|problem| format!("`{name}` {problem}"))?;
    outline.operations().map_err(|problem| format!("`{name}` {problem}"))
}

fn text(path: &Path) -> Result<String, String> {
    let name = path.display();
    let wanted = Wanted { what: "an OpenAPI file", smaller: "keep `servers` and `paths` alone" };
    let bytes = described::bytes(path, wanted)?;
    String::from_utf8(bytes).map_err(|_| format!("`{name}` is not UTF-8; write it as UTF-8"))
}

/// What is read of a file.
#[derive(Default, Deserialize)]
struct Outline {
    #[serde(default)]
    openapi: String,
    #[serde(default)]
    servers: Vec<Server>,
    #[serde(default)]
    paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

#[derive(Deserialize)]
struct Server {
    url: String,
}

fn outline(text: &str) -> Result<Outline, String> {
    let text = text.trim_start_matches('\u{feff}');
    let outline = match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| format!("is no OpenAPI: {error}"))?,
        false => yaml(text)?,
    };
    match outline.openapi.split('.').next() {
        Some("3") => Ok(outline),
        _ => Err("does not say `openapi: 3`; convert it to OpenAPI 3.0 or 3.1".to_owned()),
    }
}

/// Where a reader of YAML stands.
enum Level {
    List,
    /// A map, with the key whose value is read; none where a key is next.
    Map(Option<String>),
}

fn yaml(text: &str) -> Result<Outline, String> {
    let options = options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        emit_comments: false,
    };
    let (mut outline, mut levels) = (Outline::default(), Vec::new());
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| format!("is no YAML: {error}"))?;
        let is_key = matches!(levels.last(), Some(Level::Map(None)));
        match event {
            Event::Scalar(text, ..) if is_key => {
                let key = text.into_owned();
                note_key(&mut outline, &levels, &key);
                levels.pop();
                levels.push(Level::Map(Some(key)));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(..) if is_key => {
                return Err(format!("has a key that is no text in line {}", span.start.line()));
            }
            Event::Scalar(text, ..) => {
                note_value(&mut outline, &levels, &text);
                done(&mut levels);
            }
            Event::Alias(..) => done(&mut levels),
            Event::SequenceStart(..) => levels.push(Level::List),
            Event::MappingStart(..) => levels.push(Level::Map(None)),
            Event::SequenceEnd | Event::MappingEnd => {
                levels.pop();
                done(&mut levels);
            }
            _ => {}
        }
    }
    Ok(outline)
}

/// A value has been read: the next thing in a map is a key.
fn done(levels: &mut [Level]) {
    if let Some(Level::Map(key)) = levels.last_mut() {
        *key = None;
    }
}

fn note_key(outline: &mut Outline, levels: &[Level], key: &str) {
    let [Level::Map(Some(section)), Level::Map(path), rest @ ..] = levels else { return };
    match (section.as_str(), path, rest) {
        ("paths", Some(path), [Level::Map(None)]) => {
            outline.paths.entry(path.clone()).or_default().insert(key.to_owned(), IgnoredAny);
        }
        ("paths", None, []) => drop(outline.paths.entry(key.to_owned()).or_default()),
        _ => {}
    }
}

fn note_value(outline: &mut Outline, levels: &[Level], text: &str) {
    match levels {
        [Level::Map(Some(key))] if key == "openapi" => outline.openapi = text.to_owned(),
        [Level::Map(Some(key)), Level::List, Level::Map(Some(url))]
            if key == "servers" && url == "url" =>
        {
            outline.servers.push(Server { url: text.to_owned() });
        }
        _ => {}
    }
}

impl Outline {
    fn operations(&self) -> Result<Described, String> {
        let mut bases: BTreeSet<&str> =
            self.servers.iter().map(|server| base(&server.url)).collect();
        if bases.is_empty() {
            bases.insert("");
        }
        let mut operations = Vec::new();
        for (path, item) in self.paths.iter().filter(|(path, _)| path.starts_with('/')) {
            for method in METHODS {
                if !item.contains_key(&method.as_str().to_ascii_lowercase()) {
                    continue;
                }
                for base in &bases {
                    let path = format!("{base}{path}");
                    if path.len() > MAX_PATH {
                        return Err(format!("has a path of over {MAX_PATH} bytes; shorten it"));
                    }
                    operations.push(Operation { method: method.clone(), path });
                }
            }
        }
        match operations.len() {
            0 => Err("describes no operation; name a file with `paths`".to_owned()),
            1..=MAX_OPERATIONS => Ok(Described { operations }),
            more => Err(format!("describes {more} operations; keep {MAX_OPERATIONS} or fewer")),
        }
    }
}

/// The path of a server's URL, without its final slash.
fn base(url: &str) -> &str {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|start| rest.get(start..)).unwrap_or(""),
        None => url,
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let path = rest.get(..end).unwrap_or(rest).trim_end_matches('/');
    if path.starts_with('/') { path } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<&[&str], &str>) {
        let found = outline(text).and_then(|outline| outline.operations());
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                let operations = found.operations.iter();
                let lines = operations.map(|each| format!("{} {}", each.method, each.path));
                assert_eq!(lines.collect::<Vec<_>>(), expected, "{text}");
            }
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{problem}"),
            (found, _) => panic!("{text}: {:?}", found.map(|found| found.operations)),
        }
    }

    #[test]
    fn each_path_stands_behind_each_server() {
        let paths = "paths:\n  /b:\n    parameters: [{ name: get }]\n    get: {}\n  /a/{id}:\n    \
             post: &p { paths: { /c: { get: {} } } }\n    put: *p\n    x-get: 1\n  x-note: no\n";
        let plain = ["PUT /a/{id}", "POST /a/{id}", "GET /b"];
        check(&format!("openapi: 3.0.3\n{paths}"), Ok(&plain));
        let servers =
            "servers:\n  - url: https://a.example/v1/\n  - { url: /v2, description: x }\n";
        let both = [
            "PUT /v1/a/{id}",
            "PUT /v2/a/{id}",
            "POST /v1/a/{id}",
            "POST /v2/a/{id}",
            "GET /v1/b",
            "GET /v2/b",
        ];
        check(&format!("{servers}{paths}openapi: '3.1.0'\n"), Ok(&both));
        let json = r#"{"openapi":"3.1.0","info":{"title":"😀"},"servers":[{"url":"https://a.example"}],
            "paths":{"/b":{"get":{"responses":{}},"summary":"x"}}}"#;
        check(json, Ok(&["GET /b"]));
    }

    #[test]
    fn what_describes_nothing_is_refused_with_its_mend() {
        check("swagger: '2.0'\npaths: { /a: { get: {} } }\n", Err("convert it"));
        check("openapi: 3.0.0\npaths: {}\n", Err("no operation"));
        check("", Err("convert it"));
        check("openapi: [\n", Err("is no YAML"));
        check("{\"openapi\":", Err("is no OpenAPI"));
        check("? [a]\n: b\n", Err("line 1"));
        let many = (0..=MAX_OPERATIONS).map(|n| format!("  /a{n}: {{ get: {{}} }}\n"));
        check(&format!("openapi: 3.0.0\npaths:\n{}", many.collect::<String>()), Err("2049"));
        let long = format!("openapi: 3.0.0\npaths:\n  /{}: {{ get: {{}} }}\n", "a".repeat(600));
        check(&long, Err("512 bytes"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[-{}\\[\\]:,a-z/ \n'\"&*?|>]{0,120}") {
            outline(&text).and_then(|outline| outline.operations()).ok();
        }
    }
}
