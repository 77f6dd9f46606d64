//! The file: read, parsed, checked.
//!
//! This module never starts anything; beside the file itself it reads only the one that
//! `admin.token_file` names.

use crate::base::ByteSize;
use crate::config::checked;
use crate::config::parts::Config;
use crate::config::problem::{Problem, Problems};
use crate::config::sheet::Sheet;
use crate::config::yaml::{self, Value};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// A larger file is refused.
const MAX_FILE: u64 = 1 << 20;

/// Reads and checks a file; `env` reads an environment variable. All problems come at once.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, Problems> {
    let file = path.display().to_string();
    let text = read(path).map_err(|problem| Problems::of_file(&file, problem))?;
    parse(&text, &file, env)
}

/// Reads and checks the text of a file; `file` is its name in problems.
pub fn parse(
    text: &str,
    file: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    let node = yaml::read(text).map_err(|broken| {
        let problem = Problem { line: Some(broken.line), key: String::new(), text: broken.text };
        Problems::new(file, vec![problem])
    })?;
    if matches!(node.value, Value::Null) {
        let empty = "says nothing; write `primary: { url: http://HOST:PORT }`, or let `shadow \
             init` write the file";
        return Err(Problems::of_file(file, empty));
    }
    let sheet = Sheet::new(env);
    let config = checked::config(&sheet, &node);
    sheet.into_problems(file).map_or(Ok(config), Err)
}

/// The text of the file; an error is one sentence with its mend.
fn read(path: &Path) -> Result<String, String> {
    let mut file = File::open(path).map_err(|error| failed(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("is a folder; name the file in it".into());
    }
    let mut bytes = Vec::new();
    (&mut file).take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("is larger than {}; a config is far smaller", ByteSize(MAX_FILE)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + valid.filter(|byte| **byte == b'\n').count();
        format!("is not UTF-8 (see line {line}); save it as UTF-8")
    })
}

fn failed(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            "there is no such file; name one with --config, or let `shadow init` write it".into()
        }
        ErrorKind::PermissionDenied => "may not be read; allow it to this user".into(),
        _ => format!("cannot be read ({error}); name a file with --config"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn problems(text: &str) -> String {
        parse(text, "shadow.yaml", &|_| None).expect_err(text).to_string()
    }

    fn check(text: &str, expected: &str) {
        let found = problems(text).replace("\n    ", " ");
        assert_eq!(found, format!("shadow.yaml{expected}"), "{text}");
    }

    #[test]
    fn what_is_not_yaml_says_where_and_how_to_mend_it() {
        check("a: 1\n\tb: 2\n", ":2: a tab where YAML wants spaces; indent with spaces");
        check("a:\n  b: \"x", ":2: a quote opens here and never closes; close it");
        check(
            "a:\n  b: \"x\nc: d",
            ":3: a quoted text goes on in this line; close the quote above, or indent this line",
        );
        let separator = ":1: a `,` or a closing bracket is wanted here; a value that holds brackets \
             needs quotes, as in `path: \"/orders/{id}\"`";
        check("a: { b: /c/{d} }", separator);
        check("a: { b: ${C} }", separator);
        check("a: [b}", ":1: `[` is closed by `}`; close each by its own kind");
        check("a: [*]", ":1: a value cannot start with `*` or `&`; put it in quotes");
        check(
            "a:\n   b: 1\n  c: 2",
            ":3: indented like nothing above it; give it the indentation of its neighbours",
        );
        check("a: 1\nb", ":2: a name without a `:`; write `name: value`");
        check(
            "a: 'it's'",
            ":1: more text after a closing quote; put all of it in quotes, and inner quotes twice",
        );
        check(
            "a: \"\\d\"",
            ":1: a backslash that means nothing in double quotes; use single quotes",
        );
        check(
            "- a\nb: 1",
            ":2: not valid YAML (while parsing a block collection, did not find expected '-' indicator); mend the indentation, brackets or quotes here",
        );
        check(
            "a: 1\r\nb: 2\rc: 3\n",
            ":2: a carriage return that ends no line; save the file with line feeds",
        );
        check("a: [1, 2\n", ":1: `[` opens here and never closes; close it");
        check(
            "a: b: c\n",
            ":1: a `:` where no key can stand; put the value in quotes, or mend the indentation",
        );
        check("a: @b\n", ":1: a value cannot start with `@`; put it in quotes");
        check("a: *b\n", ":1: an alias whose anchor is not above it; write the value");
        check("a: &b [*b]\n", ":1: an alias stands inside its own anchor; write the value out");
        check("a: !env B\n", ":1: `!env` is a tag, and tags mean nothing here; remove it");
        check("a: 1\n---\nb: 2\n", ":3: a second document starts here; keep only one");
        check("a: 1\n[b]: 2\n", ":2: a key is a list or a map; write a plain name");
        check(
            "a: }\n",
            ":1: not valid YAML (misplaced bracket); mend the indentation, brackets or quotes here",
        );
    }

    #[test]
    fn a_file_that_says_nothing_says_how_to_begin() {
        let begin = ": says nothing; write `primary: { url: http://HOST:PORT }`, or let `shadow \
             init` write the file";
        for empty in ["", "\n\n", "# only a remark\n", "---\n", "~", "\u{feff}"] {
            check(empty, begin);
        }
        let keys = ":1: keys are wanted here; write `primary: { url: http://127.0.0.1:8081 }`";
        check("http://127.0.0.1:8081", keys);
        check("- primary", keys);
    }

    #[test]
    fn every_known_key_alone_leads_to_the_primary() {
        check(
            "mirror: {}",
            ":1: primary: is missing; write `primary: { url: http://127.0.0.1:8081 }`",
        );
    }

    #[test]
    fn a_hostile_file_ends_with_one_problem() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
        }
        check(&bomb, ":4: over 10000 values, aliases included; keep the file smaller");
        let deep = "nested over 16 levels deep; no key lies that deep, so remove some";
        for opening in ["[", "{a: ", "- "] {
            check(&opening.repeat(100_000), &format!(":1: {deep}"));
        }
        let stairs: String = (0..400).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        check(&stairs, &format!(":17: {deep}"));
        check(
            &"a: 1\n".repeat(20_000),
            ":5000: over 10000 values, aliases included; keep the file smaller",
        );
        let long = format!("a: {}\n", "x".repeat(1 << 20));
        check(&long, ":1: a value of 1048576 bytes; a value has at most 4096");
        for odd in ["? ", "!", "&a ", "*", "%", "'", "|\n", "\"\\", "#", "-", ": "] {
            let text = odd.repeat((1 << 20) / odd.len());
            assert!(parse(&text, "shadow.yaml", &|_| None).is_err(), "{odd}");
        }
    }

    fn load_bytes(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shadow.yaml");
        fs::write(&path, bytes).expect("a file");
        reason(&path)
    }

    /// What is said of a file, without its name.
    fn reason(path: &Path) -> String {
        let problems = load(path, &|_| None).expect_err("a bad file");
        assert_eq!(problems.file(), path.display().to_string());
        let list = problems.list();
        assert_eq!((list.len(), list[0].line), (1, None));
        list[0].text.clone()
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(reason(folder.path()), "is a folder; name the file in it");
        let missing =
            "there is no such file; name one with --config, or let `shadow init` write it";
        assert_eq!(reason(&folder.path().join("none.yaml")), missing);
        let utf8 = "is not UTF-8 (see line 2); save it as UTF-8";
        assert_eq!(load_bytes(b"# caf\xc3\xa9\nservice: caf\xe9\n"), utf8);
        let large = "is larger than 1MiB; a config is far smaller";
        assert_eq!(load_bytes(&vec![b'#'; (1 << 20) + 1]), large);
    }

    #[test]
    fn a_byte_order_mark_and_windows_lines_are_no_problem() {
        let text = "\u{feff}primary:\r\n  url: http://a:1\r\n";
        let config = parse(text, "shadow.yaml", &|_| None).expect(text);
        assert_eq!(config.primary.url.to_string(), "http://a:1");
    }

    #[test]
    fn a_file_loads_from_its_path() {
        let path = Path::new("fixtures/config/good-minimal.yaml");
        let config = load(path, &|_| None).expect("two lines");
        assert_eq!(config.primary.url.to_string(), "http://127.0.0.1:8081");
    }
}
