//! Places in an answer, and patterns over them. One path dialect: RFC 9535 selectors for patterns
//! (`$.items[*].price`), RFC 6901 pointers for places (`/items/0/price`); rules accept both, and
//! `**` for any depth.

use std::fmt;
use std::str::FromStr;

/// One step from a container to what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Seg {
    /// A member of an object.
    Key(String),
    /// An element of an array, by its index on the primary's side (the candidate's, if extra).
    Index(usize),
    /// An element found by the value of one of its fields.
    KeyedBy { field: String, value: String, index: usize },
    /// A member of an object that is used as a map: its key is data.
    AnyKey(String),
}

/// The way from the root of a body to one value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Seg>);

impl Path {
    /// The exact place as an RFC 6901 pointer.
    pub fn pointer(&self) -> String {
        let mut text = String::new();
        for seg in &self.0 {
            text.push('/');
            match seg {
                Seg::Key(key) | Seg::AnyKey(key) => {
                    text.push_str(&key.replace('~', "~0").replace('/', "~1"));
                }
                Seg::Index(index) | Seg::KeyedBy { index, .. } => {
                    text.push_str(&index.to_string());
                }
            }
        }
        text
    }

    /// The pattern that this place shares with its like in other answers: indices and map keys
    /// become `[*]`.
    pub fn pattern(&self) -> String {
        let mut text = String::from("$");
        for seg in &self.0 {
            match seg {
                Seg::Key(key) => push_member(&mut text, key),
                Seg::Index(_) | Seg::KeyedBy { .. } | Seg::AnyKey(_) => text.push_str("[*]"),
            }
        }
        text
    }

    /// Keys from the root down, array steps left out.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|seg| match seg {
            Seg::Key(key) | Seg::AnyKey(key) => Some(key.as_str()),
            Seg::Index(_) | Seg::KeyedBy { .. } => None,
        })
    }
}

/// Appends `.name`, or `['odd name']` where the shorthand of RFC 9535 does not allow it.
fn push_member(text: &mut String, key: &str) {
    let mut chars = key.chars();
    let plain = chars.next().is_some_and(|first| is_name_char(first) && !first.is_ascii_digit())
        && chars.all(is_name_char);
    if plain {
        text.push('.');
        text.push_str(key);
        return;
    }
    text.push_str("['");
    for char in key.chars() {
        match char {
            '\'' | '\\' => text.extend(['\\', char]),
            control if (control as u32) < 0x20 => {
                text.push_str(&format!("\\u{:04x}", control as u32));
            }
            other => text.push(other),
        }
    }
    text.push_str("']");
}

fn is_name_char(char: char) -> bool {
    char == '_' || char.is_ascii_alphanumeric() || !char.is_ascii()
}

/// Where in an answer something stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The outcome as a whole: a fault on one side, say.
    Outcome,
    Status,
    /// A header field, by its lower-case name.
    Header(String),
    /// A trailer field, by its lower-case name.
    Trailer(String),
    /// A value in the body; the root stands for the whole of it.
    Body(Path),
}

impl Place {
    /// The text that findings are grouped under: `status`, `header:location`, `$.items[*].price`.
    pub fn pattern(&self) -> String {
        match self {
            Self::Outcome => "outcome".into(),
            Self::Status => "status".into(),
            Self::Header(name) => format!("header:{name}"),
            Self::Trailer(name) => format!("trailer:{name}"),
            Self::Body(path) => path.pattern(),
        }
    }

    /// The exact place within the body as an RFC 6901 pointer; empty for the root and for all
    /// that is not in the body.
    pub fn pointer(&self) -> String {
        match self {
            Self::Body(path) => path.pointer(),
            _ => String::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Key(String),
    Index(usize),
    /// `[*]` or `.*`: every member or element.
    Any,
    /// `..` or `**`: any number of steps, none included.
    Deep,
}

/// A rule's selection of places in a body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    steps: Vec<Step>,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("a path starts with `$` (as in $.items[*].id) or with `/` (as in /items/0/id)")]
    Start,
    #[error("`{0}` cannot be read as a step; steps are .name, ['name'], [0], [*], .* and ..name")]
    Step(String),
    #[error("a path has at most {} steps", Pattern::MAX_STEPS)]
    TooLong,
}

impl Pattern {
    /// Longer ones are refused.
    pub const MAX_STEPS: usize = 64;

    /// Whether the place is selected.
    pub fn matches(&self, path: &Path) -> bool {
        matches(&self.steps, &path.0)
    }

    /// Whether the pattern ends at one named field: false for `$..*`, `$.items[*]` and the like,
    /// which are broader than one field.
    pub fn names_a_field(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Key(_)))
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn pointer(text: &str) -> Vec<Step> {
        text.split('/')
            .skip(1)
            .map(|token| match token {
                "*" => Step::Any,
                "**" => Step::Deep,
                _ => match index(token) {
                    Some(index) => Step::Index(index),
                    None => Step::Key(token.replace("~1", "/").replace("~0", "~")),
                },
            })
            .collect()
    }

    fn selectors(text: &str) -> Result<Vec<Step>, PatternError> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let bad = || PatternError::Step(rest.to_owned());
            if let Some(after) = rest.strip_prefix("..") {
                steps.push(Step::Deep);
                rest = after;
                if rest.starts_with('[') {
                    continue;
                }
                let (step, after) = name(rest).ok_or_else(bad)?;
                steps.push(step);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('.') {
                let (step, after) = name(after).ok_or_else(bad)?;
                steps.push(step);
                rest = after;
            } else {
                let (step, after) = rest.strip_prefix('[').and_then(bracket).ok_or_else(bad)?;
                steps.push(step);
                rest = after;
            }
        }
        Ok(steps)
    }
}

/// A step after a dot: `name`, `*` or `**`, and the rest of the text.
fn name(text: &str) -> Option<(Step, &str)> {
    for (word, step) in [("**", Step::Deep), ("*", Step::Any)] {
        if let Some(rest) = text.strip_prefix(word) {
            return Some((step, rest));
        }
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let fits = !word.is_empty() && word.chars().all(|char| is_name_char(char) || char == '-');
    fits.then(|| (Step::Key(word.to_owned()), rest))
}

/// A step after `[`, its closing bracket included, and the rest of the text.
fn bracket(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix("*]") {
        return Some((Step::Any, rest));
    }
    if let Some(quote) = text.chars().next().filter(|char| matches!(char, '\'' | '"')) {
        let (key, rest) = quoted(text.strip_prefix(quote)?, quote)?;
        return Some((Step::Key(key), rest.strip_prefix(']')?));
    }
    let (digits, rest) = text.split_once(']')?;
    Some((Step::Index(index(digits)?), rest))
}

fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            char if char == quote => return Some((key, chars.as_str())),
            '\\' => match chars.next()? {
                'u' => {
                    let (digits, rest) = chars.as_str().split_at_checked(4)?;
                    // Else a sign would pass for a digit.
                    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                        return None;
                    }
                    key.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                    chars = rest.chars();
                }
                'n' => key.push('\n'),
                't' => key.push('\t'),
                'r' => key.push('\r'),
                other => key.push(other),
            },
            char => key.push(char),
        }
    }
}

/// An array index as RFC 6901 and RFC 9535 write it: no sign, no leading zero.
fn index(digits: &str) -> Option<usize> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits == "0" || !digits.starts_with('0');
    (plain && canonical).then(|| digits.parse().ok()).flatten()
}

/// Two-cursor glob matching: linear but for one step back to the last `Deep`.
fn matches(steps: &[Step], segs: &[Seg]) -> bool {
    let (mut step, mut seg) = (0, 0);
    let mut last_deep = None;
    while seg < segs.len() {
        match (steps.get(step), segs.get(seg)) {
            (Some(Step::Deep), _) => {
                last_deep = Some((step, seg));
                step += 1;
            }
            (Some(wanted), Some(found)) if fits(wanted, found) => {
                step += 1;
                seg += 1;
            }
            _ => {
                let Some((deep, from)) = last_deep else { return false };
                last_deep = Some((deep, from + 1));
                (step, seg) = (deep + 1, from + 1);
            }
        }
    }
    steps.iter().skip(step).all(|step| *step == Step::Deep)
}

fn fits(step: &Step, seg: &Seg) -> bool {
    match (step, seg) {
        (Step::Any, _) => true,
        (Step::Key(wanted), Seg::Key(key) | Seg::AnyKey(key)) => wanted == key,
        // A pointer cannot tell `/0` the index from `/0` the key.
        (Step::Index(wanted), Seg::Key(key) | Seg::AnyKey(key)) => index(key) == Some(*wanted),
        (Step::Index(wanted), Seg::Index(index) | Seg::KeyedBy { index, .. }) => wanted == index,
        (Step::Key(_), Seg::Index(_) | Seg::KeyedBy { .. }) | (Step::Deep, _) => false,
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let steps = match text.strip_prefix('$') {
            Some(rest) => Self::selectors(rest)?,
            None if text.starts_with('/') => Self::pointer(text),
            None => return Err(PatternError::Start),
        };
        if steps.len() > Self::MAX_STEPS {
            return Err(PatternError::TooLong);
        }
        Ok(Self { text: text.to_owned(), steps })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        let seg = |token: &str| match token.parse() {
            Ok(index) => Seg::Index(index),
            Err(_) => Seg::Key(token.into()),
        };
        Path(text.split('/').skip(1).map(seg).collect())
    }

    fn check(pattern: &str, place: &str, expected: bool) {
        let parsed: Pattern = pattern.parse().expect(pattern);
        assert_eq!(parsed.matches(&path(place)), expected, "{pattern} on {place}");
    }

    #[test]
    fn patterns_select_places() {
        check("$", "", true);
        check("$.items[*].id", "/items/3/id", true);
        check("$.items[*].id", "/items/3/idempotency_key", false);
        check("$.items[0].id", "/items/1/id", false);
        check("$..id", "/items/1/id", true);
        check("$..id", "/id", true);
        check("$..id", "/items/1/name", false);
        check("$.**.id", "/a/b/c/id", true);
        check("$.*", "/a", true);
        check("$.*", "/a/b", false);
        check("$['a b'][\"c\"]", "/a b/c", true);
        check("/items/0/price", "/items/0/price", true);
        check("/items/*/price", "/items/7/price", true);
        check("/**/price", "/items/7/price", true);
        check("$..a..b", "/a/x/a/c/b", true);
        check("$..a..b", "/a/x/a/c/d", false);
    }

    #[test]
    fn a_text_that_is_no_path_says_why() {
        assert_eq!("items.id".parse::<Pattern>(), Err(PatternError::Start));
        for bad in [
            "$items",
            "$.",
            "$[",
            "$[01]",
            "$['a]",
            "$.a b",
            "$[-1]",
            "$..",
            "$[?@.a]",
            "$['\\u+041']",
        ] {
            assert!(matches!(bad.parse::<Pattern>(), Err(PatternError::Step(_))), "{bad}");
        }
        assert_eq!("/a".repeat(65).parse::<Pattern>(), Err(PatternError::TooLong));
    }

    #[test]
    fn a_place_has_a_pointer_and_a_pattern() {
        let place = Path(vec![
            Seg::Key("a/b~".into()),
            Seg::Index(4),
            Seg::Key("it's".into()),
            Seg::AnyKey("2026-01-01".into()),
            Seg::KeyedBy { field: "id".into(), value: "7".into(), index: 2 },
        ]);
        assert_eq!(place.pointer(), "/a~1b~0/4/it's/2026-01-01/2");
        assert_eq!(place.pattern(), r"$['a/b~'][*]['it\'s'][*][*]");
        let parsed: Pattern = place.pattern().parse().expect("our own pattern");
        assert!(parsed.matches(&place));
    }
}
