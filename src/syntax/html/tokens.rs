//! A page as tags and texts.
//!
//! This module never fails: what is no tag is text.

use htmlize::unescape_attribute;

/// An attribute's name in lower case, and its value.
pub(super) type Attribute = (String, String);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open { name: String, attributes: Vec<Attribute>, self_closing: bool },
    Close(String),
    Text(&'a str),
}

/// The tokens of a page, in order.
pub(super) struct Tokens<'a>(pub &'a str);

impl<'a> Tokens<'a> {
    /// All up to the end tag of this name, which stays; all of it where there is none.
    pub(super) fn raw(&mut self, name: &str) -> &'a str {
        let mut searched = 0;
        loop {
            let found = self.0.get(searched..).and_then(|rest| rest.find("</"));
            let Some(at) = found.map(|at| searched + at) else { break };
            let after = self.0.get(at + 2..).unwrap_or_default();
            let same = after.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
            let ends = |char: char| char.is_ascii_whitespace() || matches!(char, '>' | '/');
            if same && after.get(name.len()..).is_some_and(|rest| rest.starts_with(ends)) {
                return self.take(at);
            }
            searched = at + 2;
        }
        self.take(self.0.len())
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.0.split_at_checked(end).unwrap_or((self.0, ""));
        self.0 = rest;
        taken
    }

    /// Passes over all up to the end of a mark, the mark included.
    fn skip(&mut self, mark: &str) {
        let end = self.0.find(mark).map_or(self.0.len(), |at| at + mark.len());
        self.take(end);
    }

    fn open(&mut self) -> Token<'a> {
        self.take(1);
        let name = self.name();
        let (mut attributes, mut self_closing) = (Vec::new(), false);
        loop {
            self.spaces();
            let mut chars = self.0.chars();
            match chars.next() {
                None => break,
                Some('>') => {
                    self.take(1);
                    break;
                }
                Some('/') => {
                    self.take(1);
                    self_closing = self.0.starts_with('>');
                }
                Some(_) => attributes.push(self.attribute()),
            }
        }
        // The first of a name counts; sorting keeps it first.
        attributes.sort_by(|(one, _): &Attribute, (other, _)| one.cmp(other));
        attributes.dedup_by(|(one, _), (other, _)| one == other);
        Token::Open { name, attributes, self_closing }
    }

    fn close(&mut self) -> Token<'a> {
        self.take(2);
        let name = self.name();
        self.skip(">");
        Token::Close(name)
    }

    fn name(&mut self) -> String {
        let ends = |char: char| char.is_ascii_whitespace() || matches!(char, '>' | '/');
        self.take(self.0.find(ends).unwrap_or(self.0.len())).to_ascii_lowercase()
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_start_matches(|char: char| char.is_ascii_whitespace());
    }

    /// The name has at least one character, whatever that is.
    fn attribute(&mut self) -> Attribute {
        let first = self.0.chars().next().map_or(0, char::len_utf8);
        let ends = |char: char| char.is_ascii_whitespace() || matches!(char, '>' | '/' | '=');
        let rest = self.0.get(first..).unwrap_or_default();
        let name = self.take(first + rest.find(ends).unwrap_or(rest.len())).to_ascii_lowercase();
        self.spaces();
        if !self.0.starts_with('=') {
            return (name, String::new());
        }
        self.take(1);
        self.spaces();
        let quote = self.0.chars().next().filter(|char| matches!(char, '"' | '\''));
        let value = match quote {
            Some(quote) => {
                self.take(1);
                let value = self.take(self.0.find(quote).unwrap_or(self.0.len()));
                self.take(usize::from(!self.0.is_empty()));
                value
            }
            None => {
                let ends = |char: char| char.is_ascii_whitespace() || char == '>';
                self.take(self.0.find(ends).unwrap_or(self.0.len()))
            }
        };
        (name, unescape_attribute(value).into_owned())
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let after = self.0.strip_prefix('<').and_then(|rest| rest.chars().next());
            match after {
                Some(char) if char.is_ascii_alphabetic() => return Some(self.open()),
                Some('/') if self.0.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic) => {
                    return Some(self.close());
                }
                Some('!') if self.0.starts_with("<!--") => self.skip("-->"),
                Some('!' | '?' | '/') => self.skip(">"),
                _ if self.0.is_empty() => return None,
                // A character that is no tag's beginning, and all up to the next that may be one.
                _ => {
                    let first = self.0.chars().next().map_or(0, char::len_utf8);
                    let rest = self.0.get(first..).unwrap_or_default();
                    let end = first + rest.find('<').unwrap_or(rest.len());
                    return Some(Token::Text(self.take(end)));
                }
            }
        }
    }
}
