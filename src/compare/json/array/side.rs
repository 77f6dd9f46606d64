//! One side of an array, as far as it is not paired yet.
//!
//! This module never looks at the other side.

use super::hash::{Child, Grain, Hasher};
use super::matching::Pair;
use super::tolerated::Tolerated;
use crate::compare::fuel::Fuel;
use crate::syntax::json::Value;
use std::mem::replace;

/// A run of elements with their hashes.
pub(super) struct Side<'s, 'a> {
    pub hasher: Hasher<'s, 'a>,
    pub values: &'s [Value],
    /// The index of the first of them in the array.
    pub first: usize,
    /// As many as there are values, once they are [hashed](Self::hash).
    pub hashes: Vec<u64>,
}

impl<'s, 'a> Side<'s, 'a> {
    pub(super) fn new(hasher: Hasher<'s, 'a>, values: &'s [Value]) -> Self {
        Self { hasher, values, first: 0, hashes: Vec::new() }
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        match (self.values.first(), self.values.last()) {
            (Some(first), Some(last)) => last.end() - first.start(),
            _ => 0,
        }
    }

    pub(super) fn hash(&mut self) {
        let elements = self.values.iter().enumerate();
        let hash =
            |(index, value): (usize, &Value)| self.hasher.element(self.first + index, *value);
        self.hashes = elements.map(hash).collect();
    }

    /// The hashes of these elements by another grain.
    pub(super) fn hashes_by(
        &mut self,
        grain: Grain,
        places: impl Iterator<Item = usize>,
    ) -> Vec<u64> {
        places.map(|at| self.hash_by(grain, at)).collect()
    }

    fn hash_by(&mut self, grain: Grain, at: usize) -> u64 {
        let usual = replace(&mut self.hasher.grain, grain);
        let hash = self.value(at).map_or(0, |value| self.hasher.element(self.first + at, value));
        self.hasher.grain = usual;
        hash
    }

    /// What the rules let differ within bounds in the element at a place.
    pub(super) fn tolerated(&mut self, at: usize) -> Vec<Tolerated> {
        match self.value(at) {
            Some(value) if self.hasher.has_rules() => self.hasher.tolerated(self.first + at, value),
            _ => Vec::new(),
        }
    }

    /// Leaves out so many at either end.
    pub(super) fn trim(&mut self, head: usize, tail: usize) {
        let end = self.values.len().saturating_sub(tail);
        self.values = self.values.get(head..end).unwrap_or_default();
        self.hashes.truncate(end);
        self.hashes.drain(..head.min(self.hashes.len()));
        self.first += head;
    }

    pub(super) fn value(&self, at: usize) -> Option<Value> {
        self.values.get(at).copied()
    }

    /// What looking at these once more costs, in units of fuel.
    pub(super) fn price_of(&self, places: &[usize]) -> u64 {
        let length = |at: &usize| self.value(*at).map_or(0, |value| value.end() - value.start());
        places.iter().map(|at| self.hasher.price(length(at))).sum()
    }

    pub(super) fn hash_at(&self, at: usize) -> Option<u64> {
        self.hashes.get(at).copied()
    }

    /// What the element holds at a place of this run.
    pub(super) fn children(&mut self, at: usize) -> Vec<Child> {
        let Some(value) = self.value(at) else { return Vec::new() };
        self.hasher.children(self.first + at, value)
    }
}

/// Two sides, in an order that does not depend on which is the primary's.
pub(super) struct Sides<'s, 'a> {
    pub a: Side<'s, 'a>,
    pub b: Side<'s, 'a>,
}

impl Sides<'_, '_> {
    /// Pays for looking at all of both once more; says false, and pays nothing, where that would
    /// take too much of what is left.
    pub(super) fn afford(&self, fuel: &mut Fuel) -> bool {
        let (a, b) = (&self.a, &self.b);
        fuel.afford(a.hasher.price(a.bytes()) + b.hasher.price(b.bytes()))
    }

    /// Pairs by place in `a` and `b` as pairs by index in the arrays.
    pub(super) fn absolute(&self, pairs: Vec<Pair>) -> Vec<Pair> {
        let (first_a, first_b) = (self.a.first, self.b.first);
        let absolute = |pair: Pair| Pair { x: first_a + pair.x, y: first_b + pair.y, ..pair };
        pairs.into_iter().map(absolute).collect()
    }

    /// Whether the elements of a pair by place have one text, or one hash, up to renaming.
    pub(super) fn are_equal(&mut self, pair: Pair) -> bool {
        let (Some(one), Some(other)) = (self.a.value(pair.x), self.b.value(pair.y)) else {
            return false;
        };
        let grain = if self.a.hasher.renames() { Grain::Renamed } else { Grain::Tolerant };
        let (a, b) = (&mut self.a, &mut self.b);
        a.hasher.document.raw(one) == b.hasher.document.raw(other)
            || a.hash_by(grain, pair.x) == b.hash_by(grain, pair.y)
    }

    /// The hashes of all elements by another grain; nothing where the fuel is too short for it.
    pub(super) fn hashes_by(&mut self, grain: Grain, fuel: &mut Fuel) -> Option<[Vec<u64>; 2]> {
        let (n, m) = self.lengths();
        let affords = self.afford(fuel);
        affords.then(|| [self.a.hashes_by(grain, 0..n), self.b.hashes_by(grain, 0..m)])
    }

    pub(super) fn lengths(&self) -> (usize, usize) {
        (self.a.values.len(), self.b.values.len())
    }
}
