//! What a secret looks like, wherever it stands.

use std::collections::BTreeMap;
use std::ops::Range;

/// Whether these digits may be the number of a payment card: 13 to 19 of them, with Luhn's check
/// digit (ISO/IEC 7812-1). Numbers that begin with 0 or 1 are left out: no payment card does, and
/// times in milliseconds do.
pub(super) fn is_card(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().map(|(index, digit)| {
        let value = u32::from(digit.wrapping_sub(b'0'));
        match (index % 2, value) {
            (0, value) => value,
            (_, value) if value < 5 => value * 2,
            (_, value) => value * 2 - 9,
        }
    });
    (13..=19).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && !matches!(digits.first(), Some(b'0' | b'1'))
        && sum.sum::<u32>().is_multiple_of(10)
}

/// The card numbers among groups of digits that stand one separator apart: one group, or several
/// of which the first has four digits and the others at least four, but for the last.
pub(super) fn cards(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let groups = groups(text, run);
    let mut found: Vec<Range<usize>> = Vec::new();
    for first in 0..groups.len() {
        let mut digits = Vec::new();
        for (count, group) in groups.iter().skip(first).enumerate() {
            let Some(start) = groups.get(first).map(|group| group.start) else { break };
            digits.extend(text.get(group.clone()).unwrap_or_default().bytes());
            if digits.len() > 19 {
                break;
            }
            let already = found.last().is_some_and(|last| last.end > start);
            if !already && is_card(&digits) {
                found.push(start..group.end);
            }
            if count == 0 && group.len() != 4 || count > 0 && group.len() < 4 {
                break;
            }
        }
    }
    found
}

fn groups(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (offset, byte) in text.get(run.clone()).unwrap_or_default().bytes().enumerate() {
        let at = run.start + offset;
        match groups.last_mut() {
            _ if !byte.is_ascii_digit() => {}
            Some(group) if group.end == at => group.end = at + 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

/// Whether what follows `Basic` is credentials: base64 of something with a colon in it (RFC 7617).
pub(super) fn is_basic(text: &str) -> bool {
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            if bits >> count & 0xff == u32::from(b':') {
                return true;
            }
        }
    }
    text.len() >= 24
}

/// What ends a value in free text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    /// Of a pair in a query: what no URL holds.
    Pair,
    /// Of a word elsewhere: a separator too.
    Word,
    Line,
    Entity(&'static str),
    /// So many backslashes stand before the quote.
    Quote(char, usize),
}

/// The values in a text. Each search for an end is made once: a text of nothing but names would
/// be searched to its end for each of them.
pub(super) struct Values<'t> {
    text: &'t str,
    /// From where a search went, and where it ended.
    ends: BTreeMap<Stop, Range<usize>>,
}

impl<'t> Values<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, ends: BTreeMap::new() }
    }

    /// The value that follows `name=` (`query`) or `name:`, from `at` on: what is quoted, the rest
    /// of the line for a container, else what comes before the next separator.
    pub(super) fn value(&mut self, at: usize, query: bool) -> Option<Range<usize>> {
        let rest = self.text.get(at..)?;
        for entity in ["&quot;", "&#34;", "&#39;"] {
            if rest.starts_with(entity) {
                let start = at + entity.len();
                return Some(start..self.end(Stop::Entity(entity), start));
            }
        }
        let slashes = rest.bytes().take_while(|&byte| byte == b'\\').count();
        let (start, stop) = match rest.get(slashes..)?.chars().next()? {
            quote @ ('"' | '\'') => (at + slashes + 1, Stop::Quote(quote, slashes)),
            '{' | '[' => (at, Stop::Line),
            _ if query => (at, Stop::Pair),
            _ => (at, Stop::Word),
        };
        let range = start..self.end(stop, start);
        let word = self.text.get(range.clone())?;
        let harmless = matches!(word, "" | "null" | "true" | "false" | "None" | "undefined");
        (!harmless).then_some(range)
    }

    /// Where what starts here ends: the same place for all that start before it.
    fn end(&mut self, stop: Stop, start: usize) -> usize {
        let known = self.ends.get(&stop).filter(|known| (known.start..=known.end).contains(&start));
        if let Some(known) = known {
            return known.end;
        }
        let end = stop.find(self.text, start);
        self.ends.insert(stop, start..end);
        end
    }
}

impl Stop {
    fn find(self, text: &str, start: usize) -> usize {
        let rest = text.get(start..).unwrap_or_default();
        let blank = |char: char| char.is_whitespace() || "&\"'<>".contains(char);
        let found = match self {
            Self::Pair => rest.find(blank),
            Self::Word => rest.find(|char: char| blank(char) || ",;}])".contains(char)),
            Self::Line => rest.find('\n'),
            Self::Entity(entity) => rest.find(entity),
            Self::Quote(quote, slashes) => return closing(text, start, quote, slashes),
        };
        start + found.unwrap_or(rest.len())
    }
}

/// Where a quoted value ends: before a quote that is no deeper escaped than the one that opened
/// it, or where the text does.
fn closing(text: &str, start: usize, quote: char, slashes: usize) -> usize {
    let inside = text.get(start..).unwrap_or_default();
    for (offset, _) in inside.match_indices(quote) {
        let before = inside.get(..offset).unwrap_or_default();
        let escapes = before.bytes().rev().take_while(|&byte| byte == b'\\').count();
        if escapes <= slashes {
            return start + offset - escapes;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_have_13_to_19_digits_and_a_check_digit() {
        for number in [
            "4111111111111111",
            "5555555555554444",
            "378282246310005",
            "6011000990139424",
            "4222222222222",
        ] {
            assert!(is_card(number.as_bytes()), "{number}");
        }
        for number in [
            "4111111111111112",
            "411111111111",
            "1700000000000",
            "0000000000000000",
            "41111111111111111111",
        ] {
            assert!(!is_card(number.as_bytes()), "{number}");
        }
    }

    #[test]
    fn cards_are_found_among_groups_of_digits() {
        let check = |text: &str, expected: &[&str]| {
            let found = cards(text, 0..text.len());
            let found: Vec<_> = found.into_iter().filter_map(|range| text.get(range)).collect();
            assert_eq!(found, expected);
        };
        check("4111111111111111", &["4111111111111111"]);
        check("4111 1111 1111 1111", &["4111 1111 1111 1111"]);
        check("3782-822463-10005", &["3782-822463-10005"]);
        check("12 4111111111111111 12", &["4111111111111111"]);
        check("4111 1111 1111 1111 123", &["4111 1111 1111 1111"]);
        check("2026-10-31 10-20-30-40", &[]);
        check("411 111 111 111 111 1", &[]);
    }

    #[test]
    fn basic_credentials_hold_a_colon() {
        assert!(is_basic("dXNlcjpwYXNz"));
        assert!(is_basic("Og=="));
        assert!(!is_basic("plan"));
        assert!(!is_basic("training"));
    }

    #[test]
    fn a_value_in_free_text_ends_where_its_form_says() {
        let check = |text: &str, separator: &str, expected: Option<&str>| {
            assert_eq!(
                Values::of(text).value(0, separator == "=").and_then(|range| text.get(range)),
                expected,
                "{text}"
            );
        };
        check("abc&d=1", "=", Some("abc"));
        check("a,b;c d", "=", Some("a,b;c"));
        check("abc, d", ":", Some("abc"));
        check("\"a b\\\"c\", d", ":", Some("a b\\\"c"));
        check("\\\"a b\\\", d", ":", Some("a b"));
        check("'a b", "=", Some("a b"));
        check("{\"a\": 1}\nnext", ":", Some("{\"a\": 1}"));
        check("null, d", ":", None);
        check("\"\"", ":", None);
        check("", "=", None);
    }

    #[test]
    fn a_search_that_was_made_is_not_made_again() {
        let text = "a=a=a=\"a=\"a={a,\na=&quot;a=&quot;a=\\'a='a;a=a".repeat(3);
        let mut values = Values::of(&text);
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            for query in [true, false] {
                assert_eq!(values.value(at, query), Values::of(&text).value(at, query), "{at}");
            }
        }
        let text = "password=".repeat(10_000);
        let mut values = Values::of(&text);
        let ends = (0..text.len()).filter_map(|at| values.end(Stop::Pair, at).checked_sub(at));
        assert_eq!(ends.sum::<usize>(), (1..=text.len()).sum::<usize>());
        assert_eq!(values.ends, BTreeMap::from([(Stop::Pair, 0..text.len())]));
    }
}
