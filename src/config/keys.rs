//! How a key of the file is described: its name, the shape of its value, whether it may be left
//! out, and what it does.
//!
//! Main types: [`Key`], [`Shape`], [`Need`] and [`Form`]. The descriptions themselves stand in
//! the table next door. Reading, the refusal of unknown keys, the JSON Schema and the file that
//! `shadow init` writes all follow them, so none can drift from another.
//!
//! This module never reads a file.

use regex::Regex;

/// One key that a section may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub need: Need,
    /// The default as it would stand in the file; an example where there is no default.
    pub text: &'static str,
    /// One line: what it does. For [`Need::Elsewhere`], where it belongs and why.
    pub doc: &'static str,
}

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// `Key::text` holds where the file says nothing.
    Default,
    /// Nothing holds where the file says nothing.
    Optional,
    /// In a route: the general setting holds where the route says nothing.
    Inherited,
    Required,
    /// Of all choices in a section, exactly one is given.
    Choice,
    /// Known, and not in this version yet: only an empty value is accepted.
    Later,
    /// Known, and refused here with a reason, unless it is empty.
    Elsewhere,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Bool,
    /// A whole number from 1 to this.
    Count(u64),
    /// One of these words.
    Word(&'static [&'static str]),
    Text(&'static Form),
    /// A text, or a list of such.
    Texts(&'static Form),
    List(&'static Shape),
    /// Free names, each with a value.
    Map(&'static Shape),
    Section(&'static [Key]),
    /// A section, or a list of such.
    Sections(&'static [Key]),
}

/// The form of a text.
#[derive(Debug)]
pub(super) struct Form {
    /// A regular expression that every accepted text matches.
    pub pattern: &'static str,
    /// What is wrong with another text, and the mend: `is not …; write …`.
    pub wrong: &'static str,
}

impl Key {
    /// A key, or a section that is always there, whether or not the file opens it.
    pub const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, shape, need: Need::Default, text: "", doc }
    }

    pub const fn default(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    pub const fn optional(self, example: &'static str) -> Self {
        Self { need: Need::Optional, text: example, ..self }
    }

    pub const fn required(self, example: &'static str) -> Self {
        Self { need: Need::Required, text: example, ..self }
    }

    pub const fn choice(self, example: &'static str) -> Self {
        Self { need: Need::Choice, text: example, ..self }
    }

    /// The same key in a route.
    pub const fn inherited(self) -> Self {
        Self { need: Need::Inherited, ..self }
    }

    pub const fn later(name: &'static str) -> Self {
        let key = Self::new(name, Shape::Section(&[]), "not in this version yet; remove it");
        Self { need: Need::Later, ..key }
    }

    pub const fn elsewhere(name: &'static str, reason: &'static str) -> Self {
        Self { need: Need::Elsewhere, ..Self::new(name, Shape::Section(&[]), reason) }
    }

    /// Whether this version accepts a value for it.
    pub fn is_open(&self) -> bool {
        !matches!(self.need, Need::Later | Need::Elsewhere)
    }
}

impl Shape {
    /// Whether a text has this shape. Lists, maps and sections are no texts.
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Bool => matches!(text, "true" | "false"),
            Self::Count(most) => {
                text.parse::<u64>().is_ok_and(|number| (1..=*most).contains(&number))
            }
            Self::Word(words) => words.contains(&text),
            Self::Text(form) | Self::Texts(form) => form.regex().is_match(text),
            Self::List(_) | Self::Map(_) | Self::Section(_) | Self::Sections(_) => false,
        }
    }

    /// What is wrong with a text that does not have this shape.
    pub fn wrong(&self) -> String {
        match self {
            Self::Bool => "is neither true nor false; write one of them".into(),
            Self::Count(most) => format!("is not a whole number from 1 to {most}; write one"),
            Self::Word(words) => format!("is not known here; write {}", words.join(" or ")),
            Self::Text(form) | Self::Texts(form) => form.wrong.into(),
            Self::List(_) | Self::Map(_) | Self::Section(_) | Self::Sections(_) => {
                "is a single value".into()
            }
        }
    }
}

impl Form {
    pub fn regex(&self) -> Regex {
        Regex::new(self.pattern).expect("the patterns of the table are tested")
    }
}
