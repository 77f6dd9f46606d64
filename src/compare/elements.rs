//! The elements of a field that is a list (RFC 9110, section 5.6.1).
//!
//! This module never decides whether their order counts.

use std::collections::BTreeSet;

/// The elements of all lines in their order, without white space around them; empty ones are left
/// out. A comma in a quoted string or in angle brackets separates nothing.
pub(super) fn elements<'a>(lines: &[&'a [u8]]) -> Vec<&'a [u8]> {
    lines.iter().flat_map(|line| split(line)).filter(|element| !element.is_empty()).collect()
}

/// The elements as a set, in lower case.
pub(super) fn words(lines: &[&[u8]]) -> BTreeSet<Vec<u8>> {
    elements(lines).into_iter().map(<[u8]>::to_ascii_lowercase).collect()
}

fn split(line: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut start, mut close, mut escaped) = (Vec::new(), 0, None, false);
    for (index, &byte) in line.iter().enumerate() {
        match (close, byte) {
            _ if escaped => escaped = false,
            (Some(b'"'), b'\\') => escaped = true,
            (Some(end), _) if byte == end => close = None,
            (None, b'"') => close = Some(b'"'),
            (None, b'<') => close = Some(b'>'),
            (None, b',') => {
                found.push(line.get(start..index).unwrap_or_default().trim_ascii());
                start = index + 1;
            }
            _ => {}
        }
    }
    found.push(line.get(start..).unwrap_or_default().trim_ascii());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        let found = elements(&[line.as_bytes()]);
        let found: Vec<_> = found.into_iter().map(String::from_utf8_lossy).collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn commas_separate_but_for_those_in_quotes_and_angle_brackets() {
        check("a, b ,,c", &["a", "b", "c"]);
        check("", &[]);
        check(r#"private="a, b", max-age=1"#, &[r#"private="a, b""#, "max-age=1"]);
        check("</a,b>; rel=next, </c>", &["</a,b>; rel=next", "</c>"]);
        check(r#"a="\",", b"#, &[r#"a="\",""#, "b"]);
        check("a=\"open, b", &["a=\"open, b"]);
    }

    #[test]
    fn words_have_neither_order_nor_case() {
        assert_eq!(words(&[b"A, b", b"c"]), words(&[b"C,B", b"a"]));
        assert_ne!(words(&[b"a"]), words(&[b"a, b"]));
    }
}
