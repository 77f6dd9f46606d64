//! JSON rewritten as raw text: secrets replaced, all else byte for byte.

use super::announce::{is_announced, is_value};
use super::names;
use super::patterns::is_card;
use super::redactor::Redactor;
use crate::model::{Path, Seg};
use crate::syntax::json::{Document, Elements, Member, Members, Shape, Text, Value, escape_into};
use crate::syntax::notation::bytes_of;

/// A container below this depth is replaced as a whole.
const MAX_DEPTH: usize = 512;

/// How much is to be rewritten, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// The way to the value from the root of its body.
    pub base: &'s Path,
    /// Once the output is longer than this many bytes, the rest is left out.
    pub limit: usize,
    /// In how many strings the text was found as JSON.
    pub nesting: u8,
}

/// The text with its secrets replaced; nothing where it holds none and is within the limit.
pub(super) fn rewrite(
    redactor: &Redactor,
    document: &Document<'_>,
    text: &str,
    scope: Scope<'_>,
) -> Option<String> {
    let mut rewriter = Rewriter {
        redactor,
        document,
        text,
        scope,
        path: scope.base.clone(),
        levels: Vec::new(),
        out: String::new(),
        copied: 0,
        seen: 0,
    };
    rewriter.value(document.root(), false);
    rewriter.run()
}

/// What stands for a JSON value: strings are hashed by their content, so that equal secrets look
/// equal in bodies and headers.
pub(super) fn mark(redactor: &Redactor, raw: &[u8]) -> String {
    let content = raw.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    match content {
        Some(content) => redactor.marks.of(&Text::new(content).canonical()),
        None => redactor.marks.of(raw),
    }
}

/// Whether a value says no more than that there is none, or yes or no.
pub(super) fn is_harmless(raw: &[u8]) -> bool {
    matches!(raw, b"null" | b"true" | b"false" | b"\"\"" | b"{}" | b"[]")
}

/// An open container, and what of it is still to come.
enum Level<'d, 'a> {
    Object {
        members: Members<'d, 'a>,
        /// Whether one member says that another holds a secret: `{"name": "token", "value": …}`.
        announced: bool,
    },
    Array(Elements<'d, 'a>, usize),
}

struct Rewriter<'r, 'd, 'a> {
    redactor: &'r Redactor,
    document: &'d Document<'a>,
    text: &'r str,
    scope: Scope<'r>,
    path: Path,
    levels: Vec<Level<'d, 'a>>,
    out: String,
    /// How much of the text was copied or replaced.
    copied: usize,
    /// Up to where it was looked at.
    seen: usize,
}

impl Rewriter<'_, '_, '_> {
    fn run(mut self) -> Option<String> {
        while !self.is_full() {
            let depth = self.levels.len();
            if !self.step() {
                self.levels.pop();
                self.path.0.pop();
            } else if self.levels.len() == depth {
                self.path.0.pop();
            }
            if self.levels.is_empty() {
                self.seen = self.text.len();
                break;
            }
        }
        if self.out.is_empty() && self.seen == self.text.len() {
            return None;
        }
        let rest = self.text.get(self.copied..self.seen).unwrap_or_default();
        self.out.push_str(rest);
        Some(self.out)
    }

    fn is_full(&self) -> bool {
        self.out.len() + self.seen.saturating_sub(self.copied) > self.scope.limit
    }

    /// Looks at the next child of the innermost container; false if there is none.
    fn step(&mut self) -> bool {
        match self.levels.last_mut() {
            Some(Level::Object { members, announced }) => {
                let announced = *announced;
                let Some(Member { key, value }) = members.next() else { return false };
                let name = key.to_display();
                self.path.0.push(Seg::Key(name.clone()));
                self.key(key, &name, value);
                let secret = names::is_secret(&name) || announced && is_value(&name);
                self.value(value, secret);
            }
            Some(Level::Array(elements, index)) => {
                let Some(value) = elements.next() else { return false };
                self.path.0.push(Seg::Index(*index));
                *index += 1;
                self.value(value, false);
            }
            None => return false,
        }
        true
    }

    /// A key that looks like a secret itself, or is too long for a name, is replaced too.
    fn key(&mut self, key: Text<'_>, name: &str, value: Value) {
        if name.len() <= names::MAX_NAME && self.redactor.scanner.find(name).is_empty() {
            return;
        }
        let before = self.text.get(..value.start()).unwrap_or_default();
        let colon = before.trim_end().strip_suffix(':').unwrap_or_default();
        let end = colon.trim_end().len();
        let start = end.saturating_sub(key.raw().len() + 2);
        let mark = self.redactor.marks.of(&key.canonical());
        self.splice(start, end, &mark);
    }

    fn value(&mut self, value: Value, secret: bool) {
        self.seen = value.start();
        let raw = self.document.raw(value);
        if (secret || self.redactor.selects(&self.path)) && !is_harmless(raw) {
            return self.replace(value);
        }
        match self.document.shape(value) {
            Shape::Object | Shape::Array if self.levels.len() >= MAX_DEPTH => self.replace(value),
            Shape::Object => {
                let members = self.document.members(value);
                let announced = is_announced(self.document, members.clone());
                self.levels.push(Level::Object { members, announced });
            }
            Shape::Array => self.levels.push(Level::Array(self.document.elements(value), 0)),
            Shape::String => self.string(value),
            Shape::Number if is_card(raw) => self.replace(value),
            Shape::Number | Shape::Bool | Shape::Null => {}
        }
    }

    fn string(&mut self, value: Value) {
        let content = self.document.string(value).to_display();
        let nested = Scope { base: &self.path, nesting: self.scope.nesting, limit: usize::MAX };
        // Bytes of a binary format may be text: a secret in them is no less one.
        if let Some(bytes) = bytes_of(&content)
            && self.redactor.within(&String::from_utf8_lossy(&bytes), nested).is_some()
        {
            return self.replace(value);
        }
        if let Some(redacted) = self.redactor.within(&content, nested) {
            let mut inside = String::with_capacity(redacted.len());
            escape_into(&mut inside, &redacted);
            self.splice(value.start(), value.end(), &inside);
        }
    }

    fn replace(&mut self, value: Value) {
        let mark = mark(self.redactor, self.document.raw(value));
        self.splice(value.start(), value.end(), &mark);
    }

    /// Copies what lies before, and writes a string in place of what lies between.
    fn splice(&mut self, start: usize, end: usize, inside: &str) {
        self.out.push_str(self.text.get(self.copied..start).unwrap_or_default());
        self.out.push('"');
        self.out.push_str(inside);
        self.out.push('"');
        self.copied = end;
        self.seen = end;
    }
}
