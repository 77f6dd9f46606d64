//! Places in an answer, exact and as patterns.
//!
//! This module never decides which places a rule selects.

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
pub(super) fn push_member(text: &mut String, key: &str) {
    let mut chars = key.chars();
    let plain = chars.next().is_some_and(|first| is_name_char(first) && !first.is_ascii_digit())
        && chars.all(is_name_char);
    if plain {
        text.push('.');
        text.push_str(key);
        return;
    }
    text.push('[');
    push_quoted(text, key);
    text.push(']');
}

/// Appends a string in single quotes.
pub(super) fn push_quoted(text: &mut String, content: &str) {
    text.push('\'');
    for char in content.chars() {
        match char {
            '\'' | '\\' => text.extend(['\\', char]),
            control if (control as u32) < 0x20 => {
                text.push_str(&format!("\\u{:04x}", control as u32));
            }
            other => text.push(other),
        }
    }
    text.push('\'');
}

pub(super) fn is_name_char(char: char) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pattern;

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
