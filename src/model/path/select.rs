//! What one step of a pattern selects.
//!
//! This module never looks further than one step.

use super::place::{Seg, push_member};

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
}

/// `start:end:step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slice {
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub step: i64,
}

impl Step {
    /// Whether the step leads here; `length` is that of the array, where it is known.
    pub fn fits(&self, seg: &Seg, length: Option<usize>) -> bool {
        match self {
            Self::One(selectors) => selectors.iter().any(|selector| selector.fits(seg, length)),
            Self::Deep => false,
        }
    }

    pub fn counts_from_the_end(&self) -> bool {
        match self {
            Self::One(selectors) => selectors.iter().any(|selector| match selector {
                Selector::Index(index) => *index < 0,
                Selector::Slice(slice) => slice.counts_from_the_end(),
                Selector::Name(_) | Selector::Any => false,
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
    fn fits(&self, seg: &Seg, length: Option<usize>) -> bool {
        match (self, seg) {
            (Self::Any, _) => true,
            (Self::Name(wanted), Seg::Key(key) | Seg::AnyKey(key)) => wanted == key,
            (Self::Index(wanted), Seg::Index(index) | Seg::KeyedBy { index, .. }) => {
                is_index(*wanted, *index, length)
            }
            (Self::Slice(slice), Seg::Index(index) | Seg::KeyedBy { index, .. }) => {
                slice.has(*index, length)
            }
            (Self::Name(_), Seg::Index(_) | Seg::KeyedBy { .. })
            | (Self::Index(_) | Self::Slice(_), Seg::Key(_) | Seg::AnyKey(_)) => false,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Name(name) => {
                let mut text = String::new();
                push_member(&mut text, name);
                match text.strip_prefix('.') {
                    Some(plain) => format!("'{plain}'"),
                    None => text.trim_matches(['[', ']']).to_owned(),
                }
            }
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
