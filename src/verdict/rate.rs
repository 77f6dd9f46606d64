//! A rate and its limit, held against each other in whole numbers.

use crate::base::{Percent, share};
use std::cmp::Ordering;

/// A part of a whole, and the limit that it is held against.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    pub part: u64,
    pub whole: u64,
    pub limit: Percent,
}

impl Rate {
    /// Exact: a rate equal to its limit is not above it, however a float would round.
    pub fn against_limit(self) -> Ordering {
        let rate = u128::from(self.part) * u128::from(Percent::ALL.millionths());
        rate.cmp(&(u128::from(self.whole) * u128::from(self.limit.millionths())))
    }

    /// Between 0 and 1; 0 where there is nothing to divide by.
    pub fn ratio(self) -> f64 {
        if self.whole == 0 { 0.0 } else { self.part as f64 / self.whole as f64 }
    }

    /// The share, in so many decimals that it reads like its limit only where it is equal to it.
    pub fn shown(self) -> String {
        let is_unlike = |digits: usize| {
            let (rate, limit) = (self.ratio() * 100.0, self.limit.ratio() * 100.0);
            format!("{rate:.digits$}") != format!("{limit:.digits$}")
        };
        if self.part == 0 || self.against_limit() == Ordering::Equal || is_unlike(2) {
            return share(self.part, self.whole);
        }
        let digits = (3..=9).find(|&digits| is_unlike(digits)).unwrap_or(9);
        format!("{:.digits$}%", self.ratio() * 100.0)
    }
}
