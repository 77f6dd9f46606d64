//! What earlier exchanges have taught, as one comparison is told of it, and what it teaches itself.
//!
//! Main types: [`Known`] and [`Learned`].
//!
//! This module never decides what holds.

use super::flow::Pairs;
use super::offsets::Runs;
use crate::model::Place;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of the session that a request belongs to, and of its endpoint.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub(super) pairs: Arc<Pairs>,
    pub(super) runs: Arc<Runs>,
    /// When the request came in.
    pub(super) at: Timestamp,
}

impl Known {
    /// What two memories say at the time of a request.
    pub fn new(pairs: Arc<Pairs>, runs: Arc<Runs>, at: Timestamp) -> Self {
        Self { pairs, runs, at }
    }

    /// Whether earlier exchanges have shown the two texts to be one identifier.
    pub(super) fn has(&self, room: Option<&str>, u: &[u8], v: &[u8]) -> bool {
        let pair = self.pairs.of_primary(room, u, self.at);
        pair.is_some_and(|pair| *pair.candidate == *v)
    }

    /// Whether one of two texts is known for sure to belong to another one. Short numbers never
    /// are: they are kept by their keys.
    pub(super) fn contradicts(&self, u: &[u8], v: &[u8]) -> bool {
        let fwd = self.pairs.of_primary(None, u, self.at);
        let bwd = self.pairs.of_candidate(None, v, self.at);
        fwd.is_some_and(|pair| pair.confirmed && *pair.candidate != *v)
            || bwd.is_some_and(|pair| pair.confirmed && *pair.primary != *u)
    }

    /// Whether any place's numbers may be known to be higher.
    pub(super) fn has_offsets(&self) -> bool {
        !self.runs.is_empty()
    }

    /// By how much the candidate's numbers at a place are higher, where that is settled.
    pub(super) fn offset(&self, pattern: &str) -> Option<i64> {
        self.runs.settled(pattern)
    }
}

/// What one comparison teaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    pub(super) pairs: Vec<Lesson>,
    /// Whole numbers that differ, by the pattern of their place.
    pub(super) numbers: BTreeMap<String, Numbers>,
}

/// Two texts that are one identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lesson {
    pub room: Option<String>,
    pub primary: Arc<[u8]>,
    pub candidate: Arc<[u8]>,
    /// More than one place says so.
    pub confirmed: bool,
}

/// What the numbers at one pattern have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The primary's first.
    pub primary: i64,
    /// By how much all of the candidate's are higher; nothing where that is not the same for all.
    pub by: Option<i64>,
}

impl Learned {
    /// Patterns of one comparison beyond so many are not learned from.
    const MAX_PATTERNS: usize = 64;

    /// Numbers of one comparison beyond so many are not learned from.
    pub(super) const MAX_NUMBERS: usize = 1_024;

    /// Whether there is nothing to be learned.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.numbers.is_empty()
    }

    pub(super) fn number(&mut self, place: &Place, primary: i64, candidate: i64) {
        let pattern = place.pattern();
        let by = candidate.checked_sub(primary);
        if let Some(known) = self.numbers.get_mut(&pattern) {
            known.by = known.by.filter(|known| Some(*known) == by);
        } else if self.numbers.len() < Self::MAX_PATTERNS {
            self.numbers.insert(pattern, Numbers { primary, by });
        }
    }
}
