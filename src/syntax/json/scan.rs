//! The one validating pass over a text.

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
    if u32::try_from(text.len()).is_err() {
        return Err(Invalid { at: 0, problem: "it is over 4 GiB" });
    }
    if let Err(error) = from_utf8(text) {
        return Err(Invalid { at: error.valid_up_to(), problem: "it is not UTF-8" });
    }
    let mut scanner = Scanner { text, at: 0, containers: Vec::new(), open: NONE, object: false };
    match scanner.document() {
        Ok(()) => Ok(scanner.containers),
        Err(problem) => Err(Invalid { at: scanner.at, problem }),
    }
}

/// What a step found wrong where the scanner stands.
type Problem = &'static str;

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    containers: Vec<Container>,
    /// The innermost open container, and whether it is an object.
    open: u32,
    object: bool,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), Problem> {
        loop {
            if self.value()? {
                self.before_value()?;
            } else if !self.after_value()? {
                break;
            }
        }
        self.at = skip_space(self.text, self.at);
        if self.at == self.text.len() { Ok(()) } else { Err("more text after the value") }
    }

    /// Reads a scalar or an empty container whole, or just opens a container: then it says true.
    fn value(&mut self) -> Result<bool, Problem> {
        self.at = skip_space(self.text, self.at);
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'{') => return self.enter(true, b'}'),
            Some(b'[') => return self.enter(false, b']'),
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            _ => return Err("a value is missing"),
        }
        Ok(false)
    }

    /// Opens a container; says false if it is empty, and closed again.
    fn enter(&mut self, object: bool, end: u8) -> Result<bool, Problem> {
        let kind = if self.object { OBJECT } else { ARRAY };
        // At most one container a byte, and the text is shorter than 4 GiB.
        let number = u32::try_from(self.containers.len()).unwrap_or(NONE);
        self.containers.push(Container { end: self.open, next: kind });
        (self.open, self.object) = (number, object);
        self.at = skip_space(self.text, self.at + 1);
        if self.peek() == Some(end) {
            self.leave();
            return Ok(false);
        }
        Ok(true)
    }

    fn leave(&mut self) {
        self.at += 1;
        let end = u32::try_from(self.at).unwrap_or(NONE);
        let next = u32::try_from(self.containers.len()).unwrap_or(NONE);
        if let Some(container) = self.containers.get_mut(self.open as usize) {
            (self.open, self.object) = (container.end, container.next == OBJECT);
            *container = Container { end, next };
        }
    }

    // Inlining these two is worth a fifth of the whole pass.
    /// Reads the key and the colon, if the open container is an object.
    #[inline(always)]
    fn before_value(&mut self) -> Result<(), Problem> {
        if !self.object {
            return Ok(());
        }
        self.at = skip_space(self.text, self.at);
        if self.peek() != Some(b'"') {
            return Err("a key is missing");
        }
        self.string()?;
        self.at = skip_space(self.text, self.at);
        if self.peek() != Some(b':') {
            return Err("a colon is missing");
        }
        self.at += 1;
        Ok(())
    }

    /// Closes what ends here; says whether another value must follow.
    fn after_value(&mut self) -> Result<bool, Problem> {
        while self.open != NONE {
            self.at = skip_space(self.text, self.at);
            match (self.peek(), self.object) {
                (Some(b','), _) => {
                    self.at += 1;
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

    #[inline(always)]
    fn string(&mut self) -> Result<(), Problem> {
        self.at += 1;
        loop {
            self.at = plain_run(self.text, self.at);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err("a control character in a string"),
                None => return Err("the text ends within a string"),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Problem> {
        self.at += match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if self.text.get(self.at + 2..self.at + 6).is_some_and(hexadecimal) => 6,
            _ => return Err("an unknown escape"),
        };
        Ok(())
    }

    fn number(&mut self) -> Result<(), Problem> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1
        } else {
            self.digits()?
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err("a digit is missing") } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Problem> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word) {
            return Err("an unknown word");
        }
        self.at = end;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

fn hexadecimal(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// The first place from `at` on that is not white space.
#[inline]
pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
        // Indented text: eight spaces in one step.
        while eight(text, at) == Some(0x2020_2020_2020_2020) {
            at += 8;
        }
    }
    at
}

/// The first place from `at` on that a string cannot just run over: a quote, a backslash, a
/// control character or the end.
#[inline]
pub(super) fn plain_run(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = eight(text, at) {
        let stops = stops(word);
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while text.get(at).is_some_and(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at
}

#[inline]
fn eight(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Marks, by its top bit, each of eight bytes that is a quote, a backslash or below 0x20. The
/// lowest mark is exact; a borrow may set false ones above it (Mycroft's zero-byte test).
#[inline]
fn stops(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES << 7;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * u64::from(b'"')));
    let backslash = zero(word ^ (ONES * u64::from(b'\\')));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & TOPS
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

    #[test]
    fn a_run_stops_at_the_first_byte_that_matters_wherever_it_stands() {
        for stop in [b'"', b'\\', 0, b'\n', 0x1f] {
            for before in 0..20 {
                let mut text = vec![b'#'; 24];
                text[before] = stop;
                assert_eq!(plain_run(&text, 0), before);
            }
        }
        assert_eq!(plain_run("é\u{7f}ÿ!  #[]^x".as_bytes(), 0), "é\u{7f}ÿ!  #[]^x".len());
    }
}
