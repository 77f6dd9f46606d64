//! Character references.
//!
//! This module never changes what it does not know: an unknown reference stays as it is written.

use std::borrow::Cow;

/// The longest reference that is looked for.
const LONGEST: usize = 10;

/// The text with its references replaced. `&amp;` stays where what follows would read as a
/// reference without it: so two texts that mean different things never become one.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.bytes().take(LONGEST).position(|byte| byte == b';');
        let name = end.and_then(|end| after.get(..end));
        let tail = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
        let doubtful = tail.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '#');
        match name.and_then(character) {
            Some('&') if doubtful => {
                out.push_str("&amp;");
                rest = tail;
            }
            Some(char) => {
                out.push(char);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(number.ok()?).filter(|char| *char != '\0');
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "copy" => '©',
        "reg" => '®',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "euro" => '€',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_characters_and_all_else_stays() {
        for (text, expected) in [
            ("a &lt;b&gt; &#39;c&#x27; &amp; d", "a <b> 'c' & d"),
            ("&nbsp;&unknown; & &; &#xd800; &#0;", "\u{a0}&unknown; & &; &#xd800; &#0;"),
            ("&amp;lt; &amp;#39; &amp;", "&amp;lt; &amp;#39; &"),
            ("&lt", "&lt"),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }
}
