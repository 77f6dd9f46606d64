//! The file that `shadow init` writes: every key of this version, drawn from the table.
//!
//! A key with a default stands with it; one without stands commented out, with an example. A
//! commented-out line is told from a remark by what follows its `#`: a remark has exactly one
//! space there.
//!
//! This module never names a key but those of the two sides and the two ports.

use crate::config::keys::{Key, Need, Shape};
use crate::config::load::parse;
use crate::config::parts::TargetUrl;
use crate::config::problem::{Problem, Problems};
use crate::config::table::ROOT;
use std::collections::BTreeMap;

const HEAD: &str = "\
# A tap in front of one service: it answers from the primary and mirrors to the candidate.
# Lines whose `#` has no space after it are keys left out, with an example. All other keys
# show their defaults. `shadow check` says in words what this file means.
";

/// Writes a commented `shadow.yaml` for two URLs. Where one of them already has a port that this
/// process listens on by default, the file names the next free one.
pub fn init(primary: &str, candidate: &str) -> Result<String, Problems> {
    let mut urls = Vec::new();
    let mut problems = Vec::new();
    for (key, text) in [("primary.url", primary), ("candidate.url", candidate)] {
        match text.parse::<TargetUrl>() {
            Ok(url) => urls.push((key, url)),
            Err(error) => problems.push(problem(key, text, error.to_string())),
        }
    }
    if !problems.is_empty() {
        return Err(Problems::new("shadow init", problems));
    }
    let taken: Vec<u16> = urls.iter().map(|(_, url)| url.port).collect();
    let mut given: BTreeMap<String, String> =
        urls.into_iter().map(|(key, url)| (key.to_owned(), url.to_string())).collect();
    for (key, port) in [("listen.address", 8080), ("admin.address", 9900)] {
        let free = (port..).find(|port| !taken.contains(port)).unwrap_or(0);
        given.insert(key.into(), format!("127.0.0.1:{free}"));
    }
    let mut page = Page { text: HEAD.to_owned(), given };
    ROOT.iter().for_each(|key| page.key(key, &Place::default()));
    parse(&page.text, "shadow init", &|_| None)?;
    Ok(page.text)
}

fn problem(key: &str, text: &str, error: String) -> Problem {
    // A URL with a user in it may hold a password.
    let text = if text.contains('@') { error } else { format!("`{text}` {error}") };
    Problem { line: None, key: key.into(), text }
}

/// Where a line goes.
#[derive(Clone, Default)]
struct Place {
    /// Dotted path of the section.
    path: String,
    indent: usize,
    /// The column of the `#`, where the lines are commented out.
    commented: Option<usize>,
    /// The line is the first of a list's item.
    starts_item: bool,
}

struct Page {
    text: String,
    /// Values in place of the table's, by path.
    given: BTreeMap<String, String>,
}

/// The column at which remarks stand beside their key.
const REMARK: usize = 34;
const WIDTH: usize = 96;

impl Page {
    fn key(&mut self, key: &Key, place: &Place) {
        if !key.is_open() {
            return;
        }
        if place.indent == 0 {
            self.text.push('\n');
        }
        let path = format!("{}.{}", place.path, key.name);
        let path = path.trim_start_matches('.').to_owned();
        match key.shape {
            Shape::Section(keys) => self.section(key, keys, &Place { path, ..place.clone() }),
            Shape::List(Shape::Section(keys)) if key.text.is_empty() => {
                self.item(key, keys, &Place { path, ..place.clone() });
            }
            _ => {
                let given = self.given.get(&path).map_or(key.text, String::as_str);
                let line = format!("{}: {given}", key.name);
                // What a route inherits is explained where it is inherited from.
                let doc = if key.need == Need::Inherited { "" } else { key.doc };
                let out = matches!(key.need, Need::Optional | Need::Choice);
                self.line(&line, doc, place, &place.commented_out(out));
            }
        }
    }

    fn section(&mut self, key: &Key, keys: &[Key], place: &Place) {
        let wanted = self.given.keys().any(|given| given.starts_with(&place.path));
        let out = place.commented_out(key.need == Need::Optional && !wanted);
        self.line(&format!("{}:", key.name), key.doc, place, &out);
        let inner = Place { indent: out.indent + 2, starts_item: false, ..out };
        keys.iter().for_each(|key| self.key(key, &inner));
    }

    /// One item of a list of sections, commented out.
    fn item(&mut self, key: &Key, keys: &[Key], place: &Place) {
        let out = place.commented_out(true);
        self.line(&format!("{}:", key.name), key.doc, place, &out);
        let inner = Place { indent: out.indent + 4, ..out };
        for (index, key) in keys.iter().enumerate() {
            self.key(key, &Place { starts_item: index == 0, ..inner.clone() });
        }
    }

    /// A line with its remark beside it, or above it where both do not fit.
    fn line(&mut self, line: &str, doc: &str, above: &Place, place: &Place) {
        let line = place.line(line);
        let beside = REMARK.max(line.len() + 1) + 2 + doc.chars().count();
        let text = if doc.is_empty() {
            line
        } else if beside <= WIDTH {
            format!("{line:REMARK$}{}# {doc}", if line.len() < REMARK { "" } else { " " })
        } else {
            let above = Place { starts_item: false, ..above.clone() };
            format!("{}\n{line}", above.line(&format!("# {doc}")))
        };
        self.text.push_str(&text);
        self.text.push('\n');
    }
}

impl Place {
    fn commented_out(&self, out: bool) -> Self {
        let column = self.commented.or(out.then_some(self.indent));
        Self { commented: column, ..self.clone() }
    }

    fn line(&self, content: &str) -> String {
        let item = if self.starts_item { "- " } else { "" };
        let indent = " ".repeat(self.indent - item.len());
        match self.commented {
            Some(column) => {
                let (before, after) = indent.split_at_checked(column).unwrap_or((&indent, ""));
                format!("{before}#{after}{item}{content}")
            }
            None => format!("{indent}{item}{content}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parts::Config;

    const PRIMARY: &str = "http://127.0.0.1:8081";
    const CANDIDATE: &str = "http://localhost:8082";

    fn read(text: &str) -> Config {
        parse(text, "shadow.yaml", &|_| None)
            .unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    /// Takes the `#` off every line that is no remark.
    fn uncommented(text: &str) -> String {
        let line = |line: &str| match line.trim_start().strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') || rest.starts_with("  ") => {
                line.replacen('#', "", 1)
            }
            _ => line.to_owned(),
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_file_shows_every_key() {
        insta::assert_snapshot!(init(PRIMARY, CANDIDATE).expect("two URLs"));
    }

    #[test]
    fn the_keys_of_the_file_are_the_defaults() {
        let least = format!("primary: {{ url: {PRIMARY} }}\ncandidate: {{ url: {CANDIDATE} }}\n");
        assert_eq!(read(&init(PRIMARY, CANDIDATE).expect("two URLs")), read(&least));
    }

    #[test]
    fn the_examples_of_the_file_load_too() {
        let text = uncommented(&init(PRIMARY, CANDIDATE).expect("two URLs"));
        // Who signs certificates is no question for sides in clear.
        let text = text.lines().filter(|line| !line.trim_start().starts_with("ca_file:"));
        let text = text.collect::<Vec<_>>().join("\n").replace("tls/clients.pem", "tls/ca.pem");
        let text = text.replace(" tls/", " fixtures/tls/");
        let text = text.replace("openapi.yaml", "fixtures/config/openapi/shop.yaml");
        let text = text.replace("shop.pb", "fixtures/config/protobuf/shop.pb");
        let folder = tempfile::tempdir().expect("a folder");
        let token = folder.path().join("admin.token");
        std::fs::write(&token, "secret").expect("a file");
        let config = read(&text.replace("admin.token", &token.display().to_string()));
        assert_eq!(config.routes.len(), 1);
        assert_eq!(config.described.operations.len(), 4);
        assert_eq!(config.mirror.rate, "500/s".parse().ok());
        assert!(config.listen.tls.is_some_and(|tls| tls.asks_clients));
        assert!(config.isolation.assert.is_some() && config.admin.token.is_some());
    }

    #[test]
    fn a_port_that_is_taken_gives_way() {
        let text = init("http://localhost:8080", "http://127.0.0.1:8081").expect("two URLs");
        assert_eq!(read(&text).listen.address.port(), 8082);
        let text = init("http://[::1]:9900", "http://shop:80").expect("two URLs");
        assert_eq!(read(&text).admin.address.port(), 9901);
    }

    #[test]
    fn urls_that_are_none_are_reported_together() {
        let problems = init("localhost:8081", "http://u:secret@a:1").expect_err("no URLs");
        insta::assert_snapshot!(problems, @r"
        shadow init: candidate.url: the URL holds a user or a password; write
            http://HOST:PORT without them
        shadow init: primary.url: `localhost:8081` has no scheme; write http://HOST:PORT
        ");
        let problems = init(PRIMARY, PRIMARY).expect_err("one URL").to_string();
        assert!(problems.contains("is the primary too"), "{problems}");
    }
}
