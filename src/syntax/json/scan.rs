//! The one validating pass over a text.

use super::tokens::{Problem, Tokens};
use std::str::from_utf8;

/// Why a text is not JSON, and where that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {at}: {problem}")]
pub struct Invalid {
    /// Offset in bytes.
    pub at: usize,
    pub problem: &'static str,
}

/// Where a container ends, and the number of the first container after it. Containers are
/// numbered in the order in which they open.
///
/// While it is still open, `end` is the number of the container around it and `next` tells an
/// object from an array: nesting of any depth needs no other stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Container {
    pub end: u32,
    pub next: u32,
}

const NONE: u32 = u32::MAX;
const OBJECT: u32 = 1;
const ARRAY: u32 = 0;

/// Validates the whole text and lists its containers.
pub(super) fn scan(text: &[u8]) -> Result<Vec<Container>, Invalid> {
    if let Err(error) = from_utf8(text) {
        return Err(Invalid { at: error.valid_up_to(), problem: "it is not UTF-8" });
    }
    let (containers, end) = scan_value(text)?;
    let mut rest = Tokens::new(text, end);
    match rest.after_space() {
        None => Ok(containers),
        Some(_) => Err(Invalid { at: rest.at(), problem: "more text after the value" }),
    }
}

/// Validates the value that a text begins with, but not that it is UTF-8; lists its containers, and
/// tells where it ends.
pub(super) fn scan_value(text: &[u8]) -> Result<(Vec<Container>, usize), Invalid> {
    if u32::try_from(text.len()).is_err() {
        return Err(Invalid { at: 0, problem: "it is over 4 GiB" });
    }
    let tokens = Tokens::new(text, 0);
    let mut scanner = Scanner { tokens, containers: Vec::new(), open: NONE, object: false };
    match scanner.whole_value() {
        Ok(()) => Ok((scanner.containers, scanner.tokens.at())),
        Err(problem) => Err(Invalid { at: scanner.tokens.at(), problem }),
    }
}

struct Scanner<'a> {
    tokens: Tokens<'a>,
    containers: Vec<Container>,
    /// The innermost open container, and whether it is an object.
    open: u32,
    object: bool,
}

impl Scanner<'_> {
    /// Reads one value and all that is in it.
    fn whole_value(&mut self) -> Result<(), Problem> {
        loop {
            if self.value()? {
                self.before_value()?;
            } else if !self.after_value()? {
                return Ok(());
            }
        }
    }

    /// Reads a scalar or an empty container whole, or just opens a container: then it says true.
    #[inline(always)]
    fn value(&mut self) -> Result<bool, Problem> {
        match self.tokens.after_space() {
            Some(b'{') => Ok(self.enter(true, b'}')),
            Some(b'[') => Ok(self.enter(false, b']')),
            _ => self.tokens.scalar().map(|()| false),
        }
    }

    /// Opens a container; says false if it is empty, and closed again.
    fn enter(&mut self, object: bool, end: u8) -> bool {
        let kind = if self.object { OBJECT } else { ARRAY };
        // At most one container a byte, and the text is shorter than 4 GiB.
        let number = u32::try_from(self.containers.len()).unwrap_or(NONE);
        self.containers.push(Container { end: self.open, next: kind });
        (self.open, self.object) = (number, object);
        self.tokens.pass();
        let is_empty = self.tokens.after_space() == Some(end);
        if is_empty {
            self.leave();
        }
        !is_empty
    }

    fn leave(&mut self) {
        self.tokens.pass();
        let end = u32::try_from(self.tokens.at()).unwrap_or(NONE);
        let next = u32::try_from(self.containers.len()).unwrap_or(NONE);
        if let Some(container) = self.containers.get_mut(self.open as usize) {
            (self.open, self.object) = (container.end, container.next == OBJECT);
            *container = Container { end, next };
        }
    }

    /// Reads the key and the colon, if the open container is an object.
    #[inline(always)]
    fn before_value(&mut self) -> Result<(), Problem> {
        if self.object { self.tokens.key().map(|_| ()) } else { Ok(()) }
    }

    /// Closes what ends here; says whether another value must follow.
    #[inline(always)]
    fn after_value(&mut self) -> Result<bool, Problem> {
        while self.open != NONE {
            match (self.tokens.after_space(), self.object) {
                (Some(b','), _) => {
                    self.tokens.pass();
                    self.before_value()?;
                    return Ok(true);
                }
                (Some(b'}'), true) | (Some(b']'), false) => self.leave(),
                (None, _) => return Err("the text ends within a container"),
                _ => return Err("a comma or a closing bracket is missing"),
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expected: Result<usize, (usize, &'static str)>) {
        let found = scan(text).map(|containers| containers.len());
        let expected = expected.map_err(|(at, problem)| Invalid { at, problem });
        assert_eq!(found, expected, "{}", text.escape_ascii());
    }

    #[test]
    fn what_rfc_8259_allows_is_accepted() {
        for scalar in ["0", "-0", "12", "1.5", "-1.5e+7", "1E-9", "0.0", "\"\"", "true", "null"] {
            check(scalar.as_bytes(), Ok(0));
        }
        check(br#" { "a" : [ 1 , { } , [ ] , "\u00e9\"\\\/\b\f\n\r\t" ] , "" : false } "#, Ok(4));
        check(br#""\ud800""#, Ok(0));
        check("\"\u{7f}é😀\"".as_bytes(), Ok(0));
        check(b"[\n        1,\n                2\n]", Ok(1));
    }

    #[test]
    fn what_rfc_8259_forbids_says_where_and_why() {
        check(b"", Err((0, "a value is missing")));
        check(b"  ", Err((2, "a value is missing")));
        check(b"1 2", Err((2, "more text after the value")));
        check(b"01", Err((1, "more text after the value")));
        check(b"[01]", Err((2, "a comma or a closing bracket is missing")));
        check(b"-", Err((1, "a digit is missing")));
        check(b"+1", Err((0, "a value is missing")));
        check(b"1.", Err((2, "a digit is missing")));
        check(b".5", Err((0, "a value is missing")));
        check(b"1e", Err((2, "a digit is missing")));
        check(b"nul", Err((0, "an unknown word")));
        check(b"NaN", Err((0, "a value is missing")));
        check(b"[1,]", Err((3, "a value is missing")));
        check(b"[1", Err((2, "the text ends within a container")));
        check(b"[}", Err((1, "a value is missing")));
        check(b"[1}", Err((2, "a comma or a closing bracket is missing")));
        check(b"{\"a\":1]", Err((6, "a comma or a closing bracket is missing")));
        check(b"{\"a\":1,}", Err((7, "a key is missing")));
        check(b"{1:1}", Err((1, "a key is missing")));
        check(b"{\"a\"}", Err((4, "a colon is missing")));
        check(b"{\"a\":}", Err((5, "a value is missing")));
        check(b"\"abc", Err((4, "the text ends within a string")));
        check(b"\"a\\", Err((2, "an unknown escape")));
        check(b"\"\\x\"", Err((1, "an unknown escape")));
        check(b"\"\\u12g4\"", Err((1, "an unknown escape")));
        check(b"\"123456789\n\"", Err((10, "a control character in a string")));
        check(b"\"\xff\"", Err((1, "it is not UTF-8")));
        check(b"\xef\xbb\xbf1", Err((0, "a value is missing")));
    }

    #[test]
    fn containers_know_where_they_end_and_who_follows() {
        let containers = scan(br#"[[],{"a":[1]},2]"#).expect("valid");
        let found: Vec<_> = containers.iter().map(|each| (each.end, each.next)).collect();
        assert_eq!(found, [(16, 4), (3, 2), (13, 4), (12, 4)]);
    }

    #[test]
    fn nesting_of_any_depth_needs_no_stack() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        check(deep.as_bytes(), Ok(1_000_000));
        check(&deep.as_bytes()[..1_000_001], Err((1_000_001, "the text ends within a container")));
    }
}
