//! A validated text, and the way through it one level at a time.

use super::Text;
use super::scan::{Container, Invalid, scan, scan_value};
use super::string::string_end;
use super::tokens::skip_space;
use std::str::from_utf8;

/// A JSON text that was validated once, with the ends of its containers: eight bytes for each.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    text: &'a [u8],
    containers: Vec<Container>,
}

/// Where a value stands in its document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    start: u32,
    end: u32,
    /// The number of the container that it is, or of the first that follows.
    container: u32,
}

/// What sort of value it is, as its first byte tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// One member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub key: Text<'a>,
    pub value: Value,
}

impl Value {
    /// Offset of its first byte in the document's text.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// Offset behind its last byte.
    pub fn end(self) -> usize {
        self.end as usize
    }
}

impl<'a> Document<'a> {
    /// Validates a text: one value, white space around it, UTF-8, no byte-order mark.
    pub fn parse(text: &'a [u8]) -> Result<Self, Invalid> {
        Ok(Self { text, containers: scan(text)? })
    }

    /// Validates the value that begins at `at` in a text, after white space perhaps, and no more;
    /// tells where it ends.
    pub fn prefix(text: &'a [u8], at: usize) -> Result<(Self, usize), Invalid> {
        let start = skip_space(text, at);
        let rest = text.get(start..).unwrap_or_default();
        let shifted = |invalid: Invalid| Invalid { at: start + invalid.at, ..invalid };
        let (containers, length) = scan_value(rest).map_err(shifted)?;
        let text = rest.get(..length).unwrap_or_default();
        if let Err(error) = from_utf8(text) {
            let at = start + error.valid_up_to();
            return Err(Invalid { at, problem: "it is not UTF-8" });
        }
        Ok((Self { text, containers }, start + length))
    }

    /// A text that was validated elsewhere, with its containers.
    pub(super) fn listed(text: &'a [u8], containers: Vec<Container>) -> Self {
        Self { text, containers }
    }

    pub(super) fn containers(&self) -> &[Container] {
        &self.containers
    }

    /// All of it, white space included.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The outermost value.
    pub fn root(&self) -> Value {
        let mut cursor = Cursor { document: self, at: skip_space(self.text, 0), container: 0 };
        cursor.value().unwrap_or(Value { start: 0, end: 0, container: 0 })
    }

    /// The text of a value, without the white space around it.
    pub fn raw(&self, value: Value) -> &'a [u8] {
        self.text.get(value.start()..value.end()).unwrap_or_default()
    }

    /// What sort of value it is.
    pub fn shape(&self, value: Value) -> Shape {
        match self.text.get(value.start()) {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::String,
            Some(b't' | b'f') => Shape::Bool,
            Some(b'n') | None => Shape::Null,
            Some(_) => Shape::Number,
        }
    }

    /// What stands between the quotes of a string.
    pub fn string(&self, value: Value) -> Text<'a> {
        let inner = self.text.get(value.start() + 1..value.end().saturating_sub(1));
        Text::new(inner.unwrap_or_default())
    }

    /// The elements of an array in order; none for any other value.
    pub fn elements(&self, value: Value) -> Elements<'_, 'a> {
        let inside = self.shape(value) == Shape::Array;
        Elements(inside.then(|| Cursor::inside(self, value)))
    }

    /// The members of an object in order, repeated keys included; none for any other value.
    pub fn members(&self, value: Value) -> Members<'_, 'a> {
        let inside = self.shape(value) == Shape::Object;
        Members(inside.then(|| Cursor::inside(self, value)))
    }
}

/// A place between two children. The text is valid: whatever contradicts that ends the listing.
#[derive(Clone, Debug)]
struct Cursor<'d, 'a> {
    document: &'d Document<'a>,
    at: usize,
    /// The next container to come.
    container: u32,
}

impl<'d, 'a> Cursor<'d, 'a> {
    fn inside(document: &'d Document<'a>, value: Value) -> Self {
        Self { document, at: value.start() + 1, container: value.container + 1 }
    }

    fn peek(&self) -> Option<u8> {
        self.document.text.get(self.at).copied()
    }

    /// Moves on to the next child, if there is one.
    fn advance(&mut self) -> Option<u8> {
        self.at = skip_space(self.document.text, self.at);
        if self.peek() == Some(b',') {
            self.at = skip_space(self.document.text, self.at + 1);
        }
        self.peek().filter(|byte| !matches!(byte, b']' | b'}'))
    }

    fn value(&mut self) -> Option<Value> {
        let (text, start, container) = (self.document.text, self.at, self.container);
        match self.peek()? {
            b'{' | b'[' => {
                let found = self.document.containers.get(container as usize)?;
                self.at = found.end as usize;
                self.container = found.next;
            }
            b'"' => self.at = string_end(text, start + 1),
            _ => {
                let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t'..=b'\r');
                let rest = text.get(start..)?;
                self.at = start + rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        let (start, end) = (u32::try_from(start).ok()?, u32::try_from(self.at).ok()?);
        Some(Value { start, end, container })
    }

    fn key(&mut self) -> Option<Text<'a>> {
        let start = self.at + 1;
        let end = string_end(self.document.text, start);
        let key = self.document.text.get(start..end.saturating_sub(1))?;
        self.at = skip_space(self.document.text, end);
        self.at = skip_space(self.document.text, self.at + 1);
        Some(Text::new(key))
    }
}

/// The elements of an array in order.
#[derive(Clone, Debug)]
pub struct Elements<'d, 'a>(Option<Cursor<'d, 'a>>);

impl Iterator for Elements<'_, '_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let cursor = self.0.as_mut()?;
        cursor.advance()?;
        cursor.value()
    }
}

/// The members of an object in order, repeated keys included.
#[derive(Clone, Debug)]
pub struct Members<'d, 'a>(Option<Cursor<'d, 'a>>);

impl<'a> Iterator for Members<'_, 'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let cursor = self.0.as_mut()?;
        cursor.advance()?;
        let key = cursor.key()?;
        Some(Member { key, value: cursor.value()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#" { "a" : [1 , -2.5e3,"x]\"",[],{}] ,"b\"":{"c":null},
        "" :"","d":true} "#;

    fn parse(text: &str) -> Document<'_> {
        Document::parse(text.as_bytes()).expect(text)
    }

    fn raw<'a>(document: &Document<'a>, value: Value) -> &'a str {
        str::from_utf8(document.raw(value)).expect("validated")
    }

    #[test]
    fn members_and_elements_come_in_order_with_their_raw_text() {
        let document = parse(TEXT);
        let members: Vec<_> = document
            .members(document.root())
            .map(|member| (member.key.to_display(), raw(&document, member.value)))
            .collect();
        let found: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        let array = r#"[1 , -2.5e3,"x]\"",[],{}]"#;
        let expected = [("a", array), ("b\"", r#"{"c":null}"#), ("", "\"\""), ("d", "true")];
        assert_eq!(found, expected);
        let first = document.members(document.root()).next().expect("a member").value;
        let elements: Vec<_> = document.elements(first).map(|each| raw(&document, each)).collect();
        assert_eq!(elements, ["1", "-2.5e3", r#""x]\"""#, "[]", "{}"]);
        assert_eq!(document.elements(document.root()).count(), 0);
    }

    #[test]
    fn a_nested_container_is_found_by_its_number() {
        let document = parse("[[[1],[2]],[[3]]]");
        let mut value = document.root();
        for expected in ["[[3]]", "[3]", "3"] {
            value = document.elements(value).last().expect("an element");
            assert_eq!(raw(&document, value), expected);
        }
    }

    #[test]
    fn a_value_is_read_where_it_begins_and_what_follows_is_left() {
        let prefix = |text: &'static [u8], at| {
            let read = Document::prefix(text, at);
            read.map(|(document, end)| (document.text(), end)).map_err(|invalid| invalid.at)
        };
        assert_eq!(prefix(br#"{"a": [1] ,"#, 5), Ok((&b"[1]"[..], 9)));
        assert_eq!(prefix(b"[1, 2 \xff", 3), Ok((&b"2"[..], 5)));
        assert_eq!(prefix(b"[\"\xff\"]", 1), Err(2));
        assert_eq!(prefix(b"[ ]", 1), Err(2));
        assert_eq!(prefix(b"1", 7), Err(7));
        let (document, _) = Document::prefix(br#"[0,[1,{"a":[]}]]"#, 3).expect("valid");
        let inner = document.elements(document.root()).nth(1).expect("two elements");
        let last = document.members(inner).next().expect("a member");
        assert_eq!(document.raw(last.value), b"[]");
    }

    #[test]
    fn a_scalar_is_a_document_too() {
        for (text, shape) in [
            (" null ", Shape::Null),
            ("false", Shape::Bool),
            ("-1", Shape::Number),
            ("\"a\"", Shape::String),
            ("[]", Shape::Array),
            ("{}", Shape::Object),
        ] {
            let document = parse(text);
            assert_eq!(document.shape(document.root()), shape);
            assert_eq!(raw(&document, document.root()), text.trim());
        }
    }
}
