//! From a text to the steps of a pattern: RFC 9535, RFC 6901, and `**`.
//!
//! This module never guesses: what is not in the grammar is refused with the reason.

use super::filter;
use super::lex::{blank, int, number, quoted};
use super::place::is_name_char;
use super::select::{Selector, Slice, Step};

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("a path starts with `$` (as in $.items[*].id) or with `/` (as in /items/0/id)")]
    Start,
    #[error(
        "`{0}` cannot be read as a step; steps are .name, ['other name'], [0], [-1], [1:3], [*], \
         .*, ..name and [?@.name == 'x']"
    )]
    Step(String),
    #[error("in a filter, {why}; this stands there: `{at}`")]
    Filter { at: String, why: &'static str },
    #[error("a `~` in a pointer is followed by 0 or by 1: ~0 is `~`, ~1 is `/`")]
    Tilde,
    #[error(
        "a path has at most {MAX_STEPS} steps, and a bracket at most {MAX_SELECTORS} selectors"
    )]
    TooLong,
}

/// More steps are refused.
pub(super) const MAX_STEPS: usize = 64;

/// More in one bracket are refused.
const MAX_SELECTORS: usize = 64;

/// What was read, and the rest of the text.
pub(super) type Read<'a, T> = Result<(T, &'a str), PatternError>;

pub(super) fn steps(text: &str) -> Result<Vec<Step>, PatternError> {
    let steps = match text.strip_prefix('$') {
        Some(rest) => match segments(rest, 0)? {
            (steps, "") => steps,
            (_, rest) => return Err(PatternError::Step(rest.to_owned())),
        },
        None if text.starts_with('/') => pointer(text)?,
        None => return Err(PatternError::Start),
    };
    if steps.len() > MAX_STEPS { Err(PatternError::TooLong) } else { Ok(steps) }
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

/// All segments that follow each other, within so many filters.
pub(super) fn segments(text: &str, depth: usize) -> Read<'_, Vec<Step>> {
    let (mut steps, mut rest) = (Vec::new(), text);
    while let at = blank(rest)
        && at.starts_with(['.', '['])
    {
        rest = segment(at, depth, &mut steps)?;
    }
    Ok((steps, rest))
}

/// Reads one segment, and gives the rest of the text.
fn segment<'a>(at: &'a str, depth: usize, steps: &mut Vec<Step>) -> Result<&'a str, PatternError> {
    let (after, deep) = match at.strip_prefix("..") {
        Some(after) => (after, true),
        None => (at, false),
    };
    if deep {
        steps.push(Step::Deep);
    }
    let word = if deep { Some(after) } else { after.strip_prefix('.') };
    let read = match after.strip_prefix('[') {
        Some(inside) => bracket(inside, depth)?,
        None => word.and_then(word_after_dot),
    };
    let (step, rest) = read.ok_or_else(|| PatternError::Step(at.to_owned()))?;
    steps.push(step);
    Ok(rest)
}

/// A step after a dot: `name`, `*` or `**`, and the rest of the text.
fn word_after_dot(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix("**") {
        return Some((Step::Deep, rest));
    }
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Step::One(vec![Selector::Any]), rest));
    }
    let (word, rest) = name(text)?;
    Some((Step::One(vec![Selector::Name(word.to_owned())]), rest))
}

/// A name that needs no quotes.
pub(super) fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|char| !is_name_char(char)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let first = word.chars().next()?;
    (!first.is_ascii_digit()).then_some((word, rest))
}

/// What stands between `[` and `]`, and the rest of the text; nothing where it cannot be read.
fn bracket(text: &str, depth: usize) -> Result<Option<(Step, &str)>, PatternError> {
    let (mut selectors, mut rest) = (Vec::new(), text);
    loop {
        let Some((selector, after)) = selector(blank(rest), depth)? else { return Ok(None) };
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

fn selector(text: &str, depth: usize) -> Result<Option<(Selector, &str)>, PatternError> {
    if let Some(rest) = text.strip_prefix('?') {
        let (filter, rest) = filter::read(blank(rest), depth)?;
        return Ok(Some((Selector::Filter(filter), rest)));
    }
    if let Some(rest) = text.strip_prefix('*') {
        return Ok(Some((Selector::Any, rest)));
    }
    if text.starts_with(['\'', '"']) {
        return Ok(quoted(text).map(|(name, rest)| (Selector::Name(name), rest)));
    }
    Ok(index_or_slice(text))
}

fn index_or_slice(text: &str) -> Option<(Selector, &str)> {
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
        assert!(
            matches!("$.x-price".parse::<Pattern>(), Err(PatternError::Step(at)) if at == "-price")
        );
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
        check("$['x-price']..y", "$['x-price'].**.y");
        check("/a~1b/0/*/**/c", "$['a/b'][0,'0'][*].**.c");
        check("/", "$['']");
    }
}
