//! Values that have another name on the candidate's side, and count as equal.
//!
//! This module never decides which they are.

/// How many such values there were, by why they count as equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renames {
    /// Identifiers that have one other name wherever they are seen, at two places at least.
    pub renamed: u64,
    /// Random identifiers that are seen at one place only.
    pub opaque: u64,
    /// Numbers that are higher by the same in exchange after exchange.
    pub offset: u64,
    /// By how much those are higher, as far as it is known.
    pub by: Option<i64>,
}

impl Renames {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.renamed + self.opaque + self.offset
    }

    /// Adds others at the same place, or at others.
    pub fn merge(&mut self, other: &Self) {
        self.renamed += other.renamed;
        self.opaque += other.opaque;
        self.offset += other.offset;
        self.by = other.by.or(self.by);
    }
}
