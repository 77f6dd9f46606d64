//! From a text to the steps of a pattern: RFC 9535 without filters, RFC 6901, and `**`.
//!
//! This module never guesses: what is not in the grammar is refused with the reason.

use super::place::is_name_char;
use super::select::{Selector, Slice, Step};

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("a path starts with `$` (as in $.items[*].id) or with `/` (as in /items/0/id)")]
    Start,
    #[error(
        "`{0}` cannot be read as a step; steps are .name, ['name'], [0], [-1], [1:3], [*], .* and \
         ..name"
    )]
    Step(String),
    #[error("`{0}` is a filter, which rules do not have; name the fields, or write [*]")]
    Filter(String),
    #[error("a `~` in a pointer is followed by 0 or by 1: ~0 is `~`, ~1 is `/`")]
    Tilde,
    #[error("a path has at most 64 steps, and a bracket at most {MAX_SELECTORS} selectors")]
    TooLong,
}

/// More in one bracket are refused.
const MAX_SELECTORS: usize = 64;

/// Integers beyond are refused (RFC 9535, section 2.1).
const MAX_INT: i64 = (1 << 53) - 1;

pub(super) fn steps(text: &str) -> Result<Vec<Step>, PatternError> {
    match text.strip_prefix('$') {
        Some(rest) => selectors(rest),
        None if text.starts_with('/') => pointer(text),
        None => Err(PatternError::Start),
    }
}

fn pointer(text: &str) -> Result<Vec<Step>, PatternError> {
    text.split('/').skip(1).map(token).collect()
}

fn token(token: &str) -> Result<Step, PatternError> {
    if token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
        return Err(PatternError::Tilde);
    }
    Ok(match token {
        "*" => Step::One(vec![Selector::Any]),
        "**" => Step::Deep,
        _ => {
            let name = Selector::Name(token.replace("~1", "/").replace("~0", "~"));
            let index = int(token).filter(|index| *index >= 0).map(Selector::Index);
            Step::One(index.into_iter().chain([name]).collect())
        }
    })
}

fn selectors(text: &str) -> Result<Vec<Step>, PatternError> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = blank(rest);
        if at.is_empty() {
            return Err(PatternError::Step(rest.to_owned()));
        }
        rest = segment(at, &mut steps)?;
    }
    Ok(steps)
}

/// Reads one segment, and gives the rest of the text.
fn segment<'a>(at: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, PatternError> {
    let bad = || PatternError::Step(at.to_owned());
    let (after, deep) = match at.strip_prefix("..") {
        Some(after) => (after, true),
        None => (at, false),
    };
    if deep {
        steps.push(Step::Deep);
    }
    if let Some(inside) = after.strip_prefix('[') {
        if blank(inside).starts_with('?') {
            return Err(PatternError::Filter(at.to_owned()));
        }
        let (step, rest) = bracket(inside)?.ok_or_else(bad)?;
        steps.push(step);
        return Ok(rest);
    }
    let word = if deep { Some(after) } else { after.strip_prefix('.') };
    let (step, rest) = word.and_then(name).ok_or_else(bad)?;
    steps.push(step);
    Ok(rest)
}

/// What follows white space.
fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// A step after a dot: `name`, `*` or `**`, and the rest of the text. Beside what RFC 9535 allows
/// in a name, a `-` may stand in it.
fn name(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix("**") {
        return Some((Step::Deep, rest));
    }
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Step::One(vec![Selector::Any]), rest));
    }
    let end = text.find(|char| !is_name_char(char) && char != '-').unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let first = word.chars().next()?;
    let fits = !first.is_ascii_digit() && first != '-';
    fits.then(|| (Step::One(vec![Selector::Name(word.to_owned())]), rest))
}

/// What stands between `[` and `]`, and the rest of the text; nothing where it cannot be read.
fn bracket(text: &str) -> Result<Option<(Step, &str)>, PatternError> {
    let mut selectors = Vec::new();
    let mut rest = text;
    loop {
        let at = blank(rest);
        if at.starts_with('?') {
            return Err(PatternError::Filter(at.to_owned()));
        }
        let Some((selector, after)) = selector(at) else { return Ok(None) };
        selectors.push(selector);
        if selectors.len() > MAX_SELECTORS {
            return Err(PatternError::TooLong);
        }
        let after = blank(after);
        if let Some(after) = after.strip_prefix(']') {
            return Ok(Some((Step::One(selectors), after)));
        }
        let Some(after) = after.strip_prefix(',') else { return Ok(None) };
        rest = after;
    }
}

fn selector(text: &str) -> Option<(Selector, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Selector::Any, rest));
    }
    if let Some(quote) = text.chars().next().filter(|char| matches!(char, '\'' | '"')) {
        let (name, rest) = quoted(text.strip_prefix(quote)?, quote)?;
        return Some((Selector::Name(name), rest));
    }
    let (first, rest) = number(text)?;
    match blank(rest).strip_prefix(':') {
        Some(rest) => slice(first, rest),
        None => Some((Selector::Index(first?), rest)),
    }
}

/// What follows the first colon of a slice.
fn slice(start: Option<i64>, rest: &str) -> Option<(Selector, &str)> {
    let (end, rest) = number(blank(rest))?;
    let (step, rest) = match blank(rest).strip_prefix(':') {
        Some(after) => number(blank(after))?,
        None => (None, rest),
    };
    let slice = Slice { start, end, step: step.unwrap_or(1) };
    Some((Selector::Slice(slice), rest))
}

/// An integer, if one stands here, and the rest of the text.
fn number(text: &str) -> Option<(Option<i64>, &str)> {
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '-').unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    match digits {
        "" => Some((None, rest)),
        _ => Some((Some(int(digits)?), rest)),
    }
}

/// An integer as RFC 9535 writes it: no leading zero, no `-0`.
fn int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !digits.starts_with('0');
    let number = (plain && canonical).then(|| text.parse::<i64>().ok()).flatten()?;
    (number.abs() <= MAX_INT).then_some(number)
}

fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut chars = text.chars();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pattern;

    #[test]
    fn a_text_that_is_no_path_says_why() {
        assert_eq!("items.id".parse::<Pattern>(), Err(PatternError::Start));
        for bad in [
            "$items",
            "$.",
            "$[",
            "$[]",
            "$[01]",
            "$[-0]",
            "$[1.0]",
            "$['a]",
            "$.a b",
            "$..",
            "$.. a",
            "$. a",
            "$.a ",
            "$['a',]",
            "$[,'a']",
            "$['\\x']",
            "$['\\\"']",
            "$['\u{1}']",
            "$['\\ud800']",
            "$['\\u+041']",
            "$.1",
            "$.-a",
            "$[1:2:3:4]",
            "$[9007199254740992]",
            "$[1,]",
            "$[a]",
            "$.&",
            "$['a'",
        ] {
            assert!(matches!(bad.parse::<Pattern>(), Err(PatternError::Step(_))), "{bad}");
        }
        for filter in ["$[?@.a]", "$.a[ ?@>1]", "$..[?(@.a)]", "$[0,?@.a]"] {
            assert!(matches!(filter.parse::<Pattern>(), Err(PatternError::Filter(_))), "{filter}");
        }
        assert_eq!("/a~2".parse::<Pattern>(), Err(PatternError::Tilde));
        assert_eq!("/a~".parse::<Pattern>(), Err(PatternError::Tilde));
        assert_eq!("/a".repeat(65).parse::<Pattern>(), Err(PatternError::TooLong));
        let wide = format!("$[{}0]", "0,".repeat(64));
        assert_eq!(wide.parse::<Pattern>(), Err(PatternError::TooLong));
    }

    fn check(text: &str, normal: &str) {
        assert_eq!(text.parse::<Pattern>().expect(text).normalised(), normal, "{text}");
    }

    #[test]
    fn one_selection_has_one_normal_spelling() {
        check("$", "$");
        check("$ ['a'] [\"b\"]", "$.a.b");
        check("$[ 'a' , 1 , -1 , 1 : 2 , :: , * ]", "$['a',1,-1,1:2:1,::1,*]");
        check("$['\\ud83d\\ude00']['\\u0041\\n']", "$.😀['A\\u000a']");
        check("$['it\\'s']", r"$['it\'s']");
        check("$[\"it's\"]", r"$['it\'s']");
        check("$['a[0]']", "$['a[0]']");
        check("$[']','[']", "$[']','[']");
        check("$.x-price..y", "$['x-price'].**.y");
        check("/a~1b/0/*/**/c", "$['a/b'][0,'0'][*].**.c");
        check("/", "$['']");
    }
}
