//! The smallest parts of a path as RFC 9535 spells them: blanks, integers and quoted strings. Each
//! function gives what it has read and the rest of the text; nothing where it cannot be read.
//!
//! This module never knows what a part stands for.

/// Integers beyond are refused (RFC 9535, section 2.1).
const MAX_INT: i64 = (1 << 53) - 1;

/// What follows white space.
pub(super) fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// An integer, if one stands here, and the rest of the text.
pub(super) fn number(text: &str) -> Option<(Option<i64>, &str)> {
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '-').unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    match digits {
        "" => Some((None, rest)),
        _ => Some((Some(int(digits)?), rest)),
    }
}

/// An integer as RFC 9535 writes it: no leading zero, no `-0`.
pub(super) fn int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !digits.starts_with('0');
    let number = (plain && canonical).then(|| text.parse::<i64>().ok()).flatten()?;
    (number.abs() <= MAX_INT).then_some(number)
}

/// A string in single or double quotes.
pub(super) fn quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.chars();
    let quote = chars.next().filter(|char| matches!(char, '\'' | '"'))?;
    let mut key = String::new();
    loop {
        match chars.next()? {
            char if char == quote => return Some((key, chars.as_str())),
            '\\' => {
                let (char, rest) = escaped(chars.as_str(), quote)?;
                key.push(char);
                chars = rest.chars();
            }
            control if control < ' ' => return None,
            char => key.push(char),
        }
    }
}

/// What a backslash stands for together with what follows it.
fn escaped(text: &str, quote: char) -> Option<(char, &str)> {
    let mut chars = text.chars();
    let char = match chars.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(chars.as_str()),
        same if same == quote || matches!(same, '/' | '\\') => same,
        _ => return None,
    };
    Some((char, chars.as_str()))
}

/// Four hexadecimal digits, or a surrogate pair of two such escapes.
fn unicode(text: &str) -> Option<(char, &str)> {
    let (unit, rest) = unit(text)?;
    if let Some(char) = char::from_u32(u32::from(unit)) {
        return Some((char, rest));
    }
    let (low, rest) = self::unit(rest.strip_prefix("\\u")?)?;
    let char = char::decode_utf16([unit, low]).next()?.ok()?;
    Some((char, rest))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    // Else a sign would pass for a digit.
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u16::from_str_radix(digits, 16).ok()).flatten().map(|unit| (unit, rest))
}
