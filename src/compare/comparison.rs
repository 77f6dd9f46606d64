//! What a comparison found.

use super::class::{Pair, of_json, of_text};
use super::rename::{Learned, Names, Suspected, Suspects};
use super::uses::Uses;
use crate::model::{Class, Divergence, Kind, Path, Place, Severity};
use std::ops::Range;

/// The divergences of one trial. None means that the two answers are equal under the rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison<'a> {
    /// In document order; the first [`Comparison::MAX_RECORDED`] of them, at most
    /// [`Comparison::MAX_INFO`] of which are merely worth knowing.
    pub divergences: Vec<Divergence<'a>>,
    /// All of them, recorded or not.
    pub total: u64,
    /// Whether the fuel ran out, and `total` is the least there are.
    pub truncated: bool,
    /// What the rules were good for.
    pub uses: Uses,
    /// What was taken for identifiers with other names; none of it is a divergence.
    pub names: Names,
    /// What later comparisons may go by.
    pub learned: Learned,
    /// How many of the recorded ones are merely worth knowing.
    infos: usize,
    /// What may be no divergence. It counts as one until it is settled.
    pub(super) suspects: Suspects<'a>,
}

impl<'a> Comparison<'a> {
    /// More are counted, not recorded.
    pub const MAX_RECORDED: usize = 256;

    /// What is merely worth knowing never takes the room of what is worse: no trial passes for equal
    /// because so much has moved in it.
    pub const MAX_INFO: usize = 64;

    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.total == 0
    }

    /// What was found so far.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            recorded: self.divergences.len(),
            total: self.total,
            truncated: self.truncated,
            uses: self.uses.clone(),
            suspects: self.suspects.mark(),
        }
    }

    /// Forgets what was found since.
    pub(super) fn rewind(&mut self, mark: Mark) {
        let Mark { recorded, total, truncated, uses, suspects } = mark;
        self.divergences.truncate(recorded);
        let infos = self.divergences.iter().filter(|each| each.severity == Severity::Info);
        self.infos = infos.count();
        self.suspects.rewind(suspects);
        (self.total, self.truncated, self.uses) = (total, truncated, uses);
    }

    /// Counts a divergence, and records it if there is room.
    pub(super) fn add(&mut self, kind: Kind, place: impl FnOnce() -> Place, sides: Sides<'a>) {
        self.add_made(kind.severity(), || sides.divergence(kind, place()));
    }

    /// Counts a divergence so bad, and makes it if there is room.
    pub(super) fn add_made(&mut self, severity: Severity, make: impl FnOnce() -> Divergence<'a>) {
        self.total += 1;
        let is_info = severity == Severity::Info;
        if self.divergences.len() < Self::MAX_RECORDED && !(is_info && self.infos >= Self::MAX_INFO)
        {
            self.infos += usize::from(is_info);
            self.divergences.push(make());
        }
    }

    /// Counts two values that differ, and records them unless they may be identifiers.
    pub(super) fn value(&mut self, raw: (&'a [u8], &'a [u8]), path: &Path) {
        match self.suspects.value(raw, path, self.divergences.len()) {
            true => self.total += 1,
            false => self.add(Kind::Value, || Place::Body(path.clone()), Sides::Json(raw.0, raw.1)),
        }
    }

    /// Counts lines of a header that differ, and records them unless they may hold identifiers.
    pub(super) fn lines(&mut self, x: &[&'a [u8]], y: &[&'a [u8]], divergence: Divergence<'a>) {
        match self.suspects.lines((x, y), &divergence, self.divergences.len()) {
            true => self.total += 1,
            false => self.push(divergence),
        }
    }

    /// What differs at this place of the primary's text has been told.
    pub(super) fn ended(&mut self, place: Range<usize>) {
        self.suspects.ended(place, self.divergences.len());
    }

    /// Counts and records what the caller has made.
    pub(super) fn push(&mut self, divergence: Divergence<'a>) {
        self.add_made(divergence.severity, || divergence);
    }
}

/// A place in the course of a comparison.
pub(super) struct Mark {
    recorded: usize,
    total: u64,
    truncated: bool,
    uses: Uses,
    suspects: Suspected,
}

/// What stands on each side of a divergence, and how its classes are told.
#[derive(Clone, Copy)]
pub(super) enum Sides<'a> {
    /// Two JSON values.
    Json(&'a [u8], &'a [u8]),
    /// A JSON value on one side only.
    JsonPrimary(&'a [u8]),
    JsonCandidate(&'a [u8]),
    /// Header fields and the like.
    Text(Option<&'a [u8]>, Option<&'a [u8]>),
    /// Values of known classes.
    Known([Option<&'a [u8]>; 2], [Class; 2]),
}

impl<'a> Sides<'a> {
    pub(super) fn divergence(self, kind: Kind, place: Place) -> Divergence<'a> {
        let ([primary, candidate], [primary_class, candidate_class]) = self.resolve();
        Divergence {
            kind,
            severity: kind.severity(),
            place,
            primary,
            candidate,
            primary_class,
            candidate_class,
            count: 1,
        }
    }

    /// Whether an object or an array stands on one of the sides.
    pub(super) fn has_container(self) -> bool {
        let values = match self {
            Self::Json(x, y) => [Some(x), Some(y)],
            Self::JsonPrimary(only) | Self::JsonCandidate(only) => [Some(only), None],
            Self::Text(x, y) | Self::Known([x, y], _) => [x, y],
        };
        values.iter().flatten().any(|side| matches!(side.first(), Some(b'{' | b'[')))
    }

    fn resolve(self) -> ([Option<&'a [u8]>; 2], [Class; 2]) {
        match self {
            Self::Json(x, y) => {
                let pair = Pair::of_json(x, y);
                ([Some(x), Some(y)], [pair.primary, pair.candidate])
            }
            Self::JsonPrimary(x) => ([Some(x), None], [of_json(x), Class::Absent]),
            Self::JsonCandidate(y) => ([None, Some(y)], [Class::Absent, of_json(y)]),
            Self::Text(Some(x), Some(y)) => {
                let pair = Pair::of_text(x, y);
                ([Some(x), Some(y)], [pair.primary, pair.candidate])
            }
            Self::Text(x, y) => ([x, y], [x, y].map(|side| side.map_or(Class::Absent, of_text))),
            Self::Known(values, classes) => (values, classes),
        }
    }
}
