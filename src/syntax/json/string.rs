//! Strings by the characters that they stand for.

use super::tokens::plain_run;
use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// What stands between the quotes of a JSON string. Two are equal when they stand for the same
/// characters, whatever is escaped; a lone surrogate equals only itself.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// The content of a string whose grammar was validated, without its quotes.
    pub fn new(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// The content of the string whose opening quote stands at `at`, in a validated text.
    pub(crate) fn at(text: &'a [u8], at: usize) -> Self {
        let inner = text.get(at + 1..string_end(text, at + 1).saturating_sub(1));
        Self(inner.unwrap_or_default())
    }

    /// As it was written.
    pub fn raw(self) -> &'a [u8] {
        self.0
    }

    /// The characters in generalised UTF-8 (WTF-8), in which a lone surrogate keeps its number:
    /// plain UTF-8 but for those.
    pub fn canonical(self) -> Cow<'a, [u8]> {
        if !self.has_escapes() {
            return Cow::Borrowed(self.0);
        }
        let mut bytes = Vec::with_capacity(self.0.len());
        self.points().for_each(|point| match point {
            Point::Byte(byte) => bytes.push(byte),
            Point::Char(char) => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Point::Surrogate(unit) => bytes.extend(three_bytes(unit)),
        });
        Cow::Owned(bytes)
    }

    /// The characters as text; a lone surrogate stays the escape that it was.
    pub fn to_display(self) -> String {
        let mut bytes = Vec::with_capacity(self.0.len());
        self.points().for_each(|point| match point {
            Point::Byte(byte) => bytes.push(byte),
            Point::Char(char) => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Point::Surrogate(unit) => bytes.extend(format!("\\u{unit:04x}").as_bytes()),
        });
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    fn has_escapes(self) -> bool {
        self.0.contains(&b'\\')
    }

    fn points(self) -> Points<'a> {
        Points(self.0)
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.0 == other.0 {
            return true;
        }
        (self.has_escapes() || other.has_escapes()) && self.canonical() == other.canonical()
    }
}

impl Eq for Text<'_> {}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

/// Behind the closing quote of the string whose content starts at `at`.
pub(super) fn string_end(text: &[u8], mut at: usize) -> usize {
    loop {
        at = plain_run(text, at);
        match text.get(at) {
            Some(b'\\') => at += 2,
            Some(_) => return at + 1,
            None => return text.len(),
        }
    }
}

enum Point {
    /// A byte that stands for itself.
    Byte(u8),
    Char(char),
    Surrogate(u16),
}

struct Points<'a>(&'a [u8]);

impl Iterator for Points<'_> {
    type Item = Point;

    fn next(&mut self) -> Option<Point> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        if first != b'\\' {
            return Some(Point::Byte(first));
        }
        let (&mark, rest) = rest.split_first()?;
        self.0 = rest;
        Some(match mark {
            b'b' => Point::Byte(8),
            b'f' => Point::Byte(12),
            b'n' => Point::Byte(b'\n'),
            b'r' => Point::Byte(b'\r'),
            b't' => Point::Byte(b'\t'),
            b'u' => self.unicode(),
            itself => Point::Byte(itself),
        })
    }
}

impl Points<'_> {
    /// A character of four hexadecimal digits, or of two such escapes that are a surrogate pair.
    fn unicode(&mut self) -> Point {
        let Some((unit, rest)) = four_digits(self.0) else { return Point::Byte(b'u') };
        self.0 = rest;
        if let Some(char) = char::from_u32(u32::from(unit)) {
            return Point::Char(char);
        }
        let low = rest.strip_prefix(b"\\u").and_then(four_digits);
        let pair = low.and_then(|(low, rest)| Some((surrogate_pair(unit, low)?, rest)));
        let Some((char, rest)) = pair else { return Point::Surrogate(unit) };
        self.0 = rest;
        Point::Char(char)
    }
}

fn four_digits(text: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<4>()?;
    let unit = u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    Some((unit, rest))
}

fn surrogate_pair(high: u16, low: u16) -> Option<char> {
    char::decode_utf16([high, low]).next()?.ok()
}

/// The bytes that UTF-8's scheme gives to a surrogate's number.
fn three_bytes(unit: u16) -> [u8; 3] {
    let [high, low] = unit.to_be_bytes();
    let middle = (high & 0x0f) << 2 | low >> 6;
    [0xe0 | high >> 4, 0x80 | middle, 0x80 | (low & 0x3f)]
}

/// Appends text as the inside of a JSON string: quotes, backslashes and control characters are
/// escaped.
pub fn escape_into(out: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
}

/// Appends bytes as a JSON string. One that is no UTF-8 becomes the lone surrogate U+DC00 plus its
/// number, which no text holds: different bytes, different strings.
pub fn quote_into(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        escape_into(out, chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\udc{byte:02x}")));
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(a: &str, b: &str, expected: bool) {
        let (a, b) = (Text::new(a.as_bytes()), Text::new(b.as_bytes()));
        assert_eq!(a == b, expected, "{a:?} {b:?}");
        assert_eq!(a.canonical() == b.canonical(), expected, "{a:?} {b:?}");
    }

    #[test]
    fn strings_are_equal_by_their_characters() {
        check("abc", "abc", true);
        check("\\u00e9", "é", true);
        check("\\u00E9", "\\u00e9", true);
        check("\\ud83d\\ude00", "😀", true);
        check("\\/", "/", true);
        check("\\n\\t\\b\\f\\r\\\"\\\\", "\\u000a\\u0009\\u0008\\u000c\\u000d\\u0022\\u005c", true);
        check("e\\u0301", "\\u00e9", false);
        check("\\\\u00e9", "é", false);
        check("a", "b", false);
    }

    #[test]
    fn a_lone_surrogate_equals_only_itself() {
        check("\\ud800", "\\uD800", true);
        check("\\ud800", "\\ud801", false);
        check("\\ud800", "\u{fffd}", false);
        check("\\ud800\\ud83d\\ude00", "\\ud800😀", true);
        check("\\ude00\\ud83d", "😀", false);
        check("\\udfff", "\\\\udfff", false);
    }

    #[test]
    fn a_display_keeps_what_is_no_character_as_its_escape() {
        assert_eq!(Text::new(b"a\\u0062\\ud800\\n").to_display(), "ab\\ud800\n");
    }

    proptest! {
        #[test]
        fn what_is_escaped_reads_back(text in any::<String>()) {
            let mut escaped = String::new();
            escape_into(&mut escaped, &text);
            prop_assert_eq!(Text::new(escaped.as_bytes()).to_display(), text);
        }

        #[test]
        fn escaping_every_unit_changes_nothing(text in any::<String>()) {
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            prop_assert_eq!(Text::new(escaped.as_bytes()).canonical(), text.as_bytes());
        }
    }
}
