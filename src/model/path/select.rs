//! What one step of a pattern selects.
//!
//! This module never looks further than one step.

use super::filter::Filter;
use super::place::{Seg, push_member, push_quoted};

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// To what any of these selects: one bracket.
    One(Vec<Selector>),
    /// `..` or `**`: any number of steps, none included.
    Deep,
}

/// A selector of RFC 9535, section 2.3.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Selector {
    Name(String),
    /// From the end where it is negative: -1 is the last element.
    Index(i64),
    Slice(Slice),
    /// Every member or element.
    Any,
    /// Those whose value passes.
    Filter(Filter),
}

/// The way from a container to one of its children.
#[derive(Clone, Copy)]
pub(super) enum Hop<'h> {
    /// By its name, in generalised UTF-8.
    Member(&'h [u8]),
    Element(usize),
}

impl<'h> From<&'h Seg> for Hop<'h> {
    fn from(seg: &'h Seg) -> Self {
        match seg {
            Seg::Key(key) | Seg::AnyKey(key) => Self::Member(key.as_bytes()),
            Seg::Index(index) | Seg::KeyedBy { index, .. } => Self::Element(*index),
        }
    }
}

/// `start:end:step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slice {
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub step: i64,
}

impl Step {
    /// How many of its selectors lead there; `length` is that of the array, where it is known, and
    /// `passes` tells of a filter whether it lets the child pass.
    pub fn times<E>(
        &self,
        hop: Hop<'_>,
        length: Option<usize>,
        passes: &mut impl FnMut(&Filter) -> Result<bool, E>,
    ) -> Result<usize, E> {
        let Self::One(selectors) = self else { return Ok(0) };
        let mut times = 0;
        for selector in selectors {
            let fits = match selector {
                Selector::Filter(filter) => passes(filter)?,
                plain => plain.fits(hop, length),
            };
            times += usize::from(fits);
        }
        Ok(times)
    }

    /// Whether it depends on values.
    pub fn has_filter(&self) -> bool {
        let is_filter = |selector: &Selector| matches!(selector, Selector::Filter(_));
        matches!(self, Self::One(selectors) if selectors.iter().any(is_filter))
    }

    pub fn counts_from_the_end(&self) -> bool {
        match self {
            Self::One(selectors) => selectors.iter().any(|selector| match selector {
                Selector::Index(index) => *index < 0,
                Selector::Slice(slice) => slice.counts_from_the_end(),
                Selector::Name(_) | Selector::Any | Selector::Filter(_) => false,
            }),
            Self::Deep => false,
        }
    }

    /// Whether it leads to one member, or to one element: a pointer's `0` may be either.
    pub fn is_single(&self) -> bool {
        match self {
            Self::One(selectors) => match selectors.as_slice() {
                [Selector::Name(_) | Selector::Index(_)] => true,
                [Selector::Index(index), Selector::Name(name)] => index.to_string() == *name,
                _ => false,
            },
            Self::Deep => false,
        }
    }

    /// Whether it leads to members of several names.
    pub fn names_several(&self) -> bool {
        match self {
            Self::One(selectors) => {
                let is_name = |selector: &&Selector| matches!(selector, Selector::Name(_));
                selectors.iter().filter(is_name).count() > 1
            }
            Self::Deep => true,
        }
    }

    /// Appends the step in its one normal spelling.
    pub fn push(&self, text: &mut String) {
        match self {
            Self::Deep => text.push_str(".**"),
            Self::One(selectors) => match selectors.as_slice() {
                [Selector::Name(name)] => push_member(text, name),
                several => {
                    let words: Vec<_> = several.iter().map(Selector::show).collect();
                    text.push_str(&format!("[{}]", words.join(",")));
                }
            },
        }
    }
}

impl Selector {
    /// Whether it leads there without regard to values.
    fn fits(&self, hop: Hop<'_>, length: Option<usize>) -> bool {
        match (self, hop) {
            (Self::Any, _) => true,
            (Self::Name(wanted), Hop::Member(name)) => wanted.as_bytes() == name,
            (Self::Index(wanted), Hop::Element(index)) => is_index(*wanted, index, length),
            (Self::Slice(slice), Hop::Element(index)) => slice.has(index, length),
            (Self::Filter(_), _)
            | (Self::Name(_), Hop::Element(_))
            | (Self::Index(_) | Self::Slice(_), Hop::Member(_)) => false,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Name(name) => {
                let mut text = String::new();
                push_quoted(&mut text, name);
                text
            }
            Self::Filter(filter) => format!("?{filter}"),
            Self::Index(index) => index.to_string(),
            Self::Any => "*".into(),
            Self::Slice(Slice { start, end, step }) => {
                let bound = |bound: &Option<i64>| bound.map_or(String::new(), |at| at.to_string());
                format!("{}:{}:{step}", bound(start), bound(end))
            }
        }
    }
}

fn is_index(wanted: i64, index: usize, length: Option<usize>) -> bool {
    match (u64::try_from(wanted), length) {
        (Ok(wanted), _) => wanted == index as u64,
        (Err(_), Some(length)) => {
            index < length && wanted.unsigned_abs() == (length - index) as u64
        }
        (Err(_), None) => false,
    }
}

impl Slice {
    fn counts_from_the_end(self) -> bool {
        self.step < 0 || [self.start, self.end].into_iter().flatten().any(|bound| bound < 0)
    }

    /// RFC 9535, section 2.3.4.2.2; of an array of unknown length, what does not depend on it.
    fn has(self, index: usize, length: Option<usize>) -> bool {
        if self.counts_from_the_end() && length.is_none() {
            return false;
        }
        let length = length.map_or(i64::MAX, |length| i64::try_from(length).unwrap_or(i64::MAX));
        let Ok(index) = i64::try_from(index) else { return false };
        let from_start = |bound: i64| if bound < 0 { bound.saturating_add(length) } else { bound };
        let last = length.saturating_sub(1);
        match self.step {
            0 => false,
            1.. => {
                let lower = from_start(self.start.unwrap_or(0)).clamp(0, length);
                let upper = from_start(self.end.unwrap_or(length)).clamp(0, length);
                (lower..upper).contains(&index) && (index - lower) % self.step == 0
            }
            _ => {
                let upper = from_start(self.start.unwrap_or(last)).clamp(-1, last);
                let lower = self.end.map_or(-1, |end| from_start(end).clamp(-1, last));
                lower < index && index <= upper && (upper - index) % self.step == 0
            }
        }
    }
}
