//! How many different things were seen, from the smallest of their hashes.
//!
//! This module never hashes anything.

/// The k smallest hashes that were seen (k minimum values: Bar-Yossef and others, "Counting
/// distinct elements in a data stream", 2002). They are the same whatever the order of arrival,
/// and those of two shards together are the smallest of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities {
    /// In order, each once.
    smallest: Vec<u64>,
}

impl Entities {
    /// So many hashes are kept; the estimate is within an eighth, two times of three.
    pub const KEPT: usize = 64;

    /// Takes note of one thing, by its hash; whether that made a difference.
    pub fn add(&mut self, hash: u64) -> bool {
        let Err(place) = self.smallest.binary_search(&hash) else { return false };
        if place >= Self::KEPT {
            return false;
        }
        self.smallest.insert(place, hash);
        self.smallest.truncate(Self::KEPT);
        true
    }

    /// Takes note of all that another has seen.
    pub fn merge(&mut self, other: &Self) {
        other.smallest.iter().for_each(|&hash| {
            self.add(hash);
        });
    }

    /// About how many different things were seen; exact below [`Entities::KEPT`].
    pub fn estimate(&self) -> u64 {
        let last = self.smallest.last().filter(|_| self.smallest.len() == Self::KEPT);
        let Some(&last) = last else { return self.smallest.len() as u64 };
        // The hashes are spread evenly: k - 1 of them lie below the k-th.
        let all = u128::from(u64::MAX) * (Self::KEPT as u128 - 1) / u128::from(last.max(1));
        u64::try_from(all).unwrap_or(u64::MAX)
    }

    /// The hashes, in order.
    pub fn hashes(&self) -> &[u64] {
        &self.smallest
    }
}

impl FromIterator<u64> for Entities {
    fn from_iter<T: IntoIterator<Item = u64>>(hashes: T) -> Self {
        let mut entities = Self::default();
        hashes.into_iter().for_each(|hash| {
            entities.add(hash);
        });
        entities
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Spreads small numbers over all hashes (the finaliser of SplitMix64).
    fn hash(number: u64) -> u64 {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[test]
    fn many_are_estimated_within_a_third() {
        for count in [100_u64, 1_000, 10_000, 100_000] {
            let seen: Entities = (0..3 * count).map(|number| hash(number % count)).collect();
            let estimate = seen.estimate();
            assert!(estimate * 3 > count * 2 && estimate * 3 < count * 4, "{estimate} of {count}");
        }
    }

    proptest! {
        #[test]
        fn few_are_counted_exactly(numbers in proptest::collection::vec(0u64..63, 0..200)) {
            let seen: Entities = numbers.iter().map(|&number| hash(number)).collect();
            let distinct: BTreeSet<_> = numbers.into_iter().collect();
            prop_assert_eq!(seen.estimate(), distinct.len() as u64);
        }

        #[test]
        fn two_halves_together_are_the_whole_in_any_order(
            (numbers, shuffled) in proptest::collection::vec(0u64..500, 0..300)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            at in 0usize..300,
        ) {
            let whole: Entities = numbers.iter().map(|&number| hash(number)).collect();
            let (one, other) = shuffled.split_at(at.min(shuffled.len()));
            let of = |part: &[u64]| part.iter().map(|&number| hash(number)).collect::<Entities>();
            let mut merged = of(other);
            merged.merge(&of(one));
            prop_assert_eq!(merged, whole);
        }
    }
}
