//! What the pass has noted, in the order of the document.
//!
//! Main types: [`Plan`] and [`Entry`].
//!
//! This module never looks at a value.

use crate::compare::json::task::Step;
use crate::syntax::json::Document;
use std::ops::Range;

/// So many entries may always be noted.
const FEW: usize = 1 << 10;

/// Beyond that, one for so many bytes of both texts: a plan is smaller than either.
const BYTES_AN_ENTRY: usize = 512;

/// Containers that differ within, each before what differs in it.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    entries: Vec<Entry<'a>>,
    limit: usize,
}

/// A place at which the sides differ.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// How many steps it is from the root.
    pub depth: usize,
    /// The last of them; the root has none.
    pub step: Option<Step<'a>>,
    /// Where it stands in the primary's text.
    pub place: Range<usize>,
    pub what: What<'a>,
}

#[derive(Debug)]
pub(super) enum What<'a> {
    /// A container that was followed on both sides. If it is an array, so many elements long.
    Followed { length: usize },
    /// Two values, validated, whose texts differ.
    Pair(Pair<'a>),
}

/// Two values that stand at one place.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub x: Document<'a>,
    pub y: Document<'a>,
}

impl<'a> Entry<'a> {
    pub(super) fn pair(&self) -> Option<&Pair<'a>> {
        match &self.what {
            What::Pair(pair) => Some(pair),
            What::Followed { .. } => None,
        }
    }
}

impl<'a> Plan<'a> {
    /// For texts of so many bytes together.
    pub(super) fn new(bytes: usize) -> Self {
        Self { entries: Vec::new(), limit: FEW + bytes / BYTES_AN_ENTRY }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// Notes one more, unless there are too many.
    pub(super) fn push(&mut self, entry: Entry<'a>) -> Option<()> {
        self.entries.push(entry);
        (self.entries.len() <= self.limit).then_some(())
    }

    /// Forgets what was noted from there on.
    pub(super) fn truncate(&mut self, length: usize) {
        self.entries.truncate(length);
    }

    /// Sets where the container ends whose entry this is, and how many elements it has.
    pub(super) fn close(&mut self, at: usize, end: usize, elements: usize) {
        let Some(Entry { place, what, .. }) = self.entries.get_mut(at) else { return };
        place.end = end;
        if let What::Followed { length } = what {
            *length = elements;
        }
    }
}
