//! Which trials are looked into though nothing differs in them: a few.
//!
//! This module never keeps a trial.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The first ones, and then one in so many.
#[derive(Debug)]
pub struct Glances {
    each: u64,
    seen: AtomicU64,
}

impl Glances {
    const FIRST: u64 = 256;

    /// After the first ones, one in so many.
    pub fn each(each: u64) -> Self {
        Self { each, seen: AtomicU64::new(0) }
    }

    /// Whether the next one is looked into.
    pub fn take(&self) -> bool {
        let number = self.seen.fetch_add(1, Relaxed);
        number < Self::FIRST || number.is_multiple_of(self.each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_are_taken_and_then_a_few() {
        let glances = Glances::each(64);
        let taken = |number: u64| (0..number).filter(|_| glances.take()).count() as u64;
        assert_eq!(taken(Glances::FIRST), Glances::FIRST);
        assert_eq!(taken(6400), 100);
    }
}
