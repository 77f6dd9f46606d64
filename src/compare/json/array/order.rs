//! What has kept its order.
//!
//! This module never looks at a value.

use crate::compare::table::Map;

/// Which of these places belong to a longest run that rises: all others have moved.
pub(in crate::compare) fn kept(places: &[usize]) -> Vec<bool> {
    if places.is_sorted_by(|one, next| one < next) {
        return vec![true; places.len()];
    }
    let mut kept = vec![false; places.len()];
    let (mut tails, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
    let at = |index: usize| places.get(index).copied().unwrap_or(0);
    for (index, &place) in places.iter().enumerate() {
        let length = tails.partition_point(|&tail| at(tail) < place);
        before.push(length.checked_sub(1).and_then(|last| tails.get(last).copied()));
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let mut next = tails.last().copied();
    while let Some(index) = next {
        if let Some(kept) = kept.get_mut(index) {
            *kept = true;
        }
        next = before.get(index).copied().flatten();
    }
    kept
}

/// Where the same hashes stand in another order: the place in `b` of each of `a`, those of one hash
/// in their order; nothing where they are not the same.
pub(super) fn permutation(a: &[u64], b: &[u64]) -> Option<Vec<usize>> {
    if a.len() != b.len() {
        return None;
    }
    let mut places = Places::of(b);
    a.iter().map(|hash| places.take(*hash)).collect()
}

/// Where each hash stands, the first place of it first.
pub(in crate::compare) struct Places {
    first: Map<u64, usize>,
    /// The next place of the same hash; absent behind the last.
    next: Vec<Option<usize>>,
}

impl Places {
    pub(in crate::compare) fn of(hashes: &[u64]) -> Self {
        let mut first = Map::with_capacity_and_hasher(hashes.len(), Default::default());
        let mut next = vec![None; hashes.len()];
        let places = hashes.iter().enumerate().zip(&mut next).rev();
        for ((place, hash), next) in places {
            *next = first.insert(*hash, place);
        }
        Self { first, next }
    }

    /// The first place of a hash that was not taken yet.
    pub(super) fn take(&mut self, hash: u64) -> Option<usize> {
        let first = self.first.get_mut(&hash)?;
        let place = *first;
        match self.next.get(place).copied().flatten() {
            Some(next) => *first = next,
            None => {
                self.first.remove(&hash);
            }
        }
        Some(place)
    }

    /// The place of a hash that stands nowhere else.
    pub(in crate::compare) fn only(&self, hash: u64) -> Option<usize> {
        let place = *self.first.get(&hash)?;
        self.next.get(place)?.is_none().then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn check(places: &[usize], expected: usize) {
        let kept: Vec<_> = kept(places).into_iter().zip(places).filter(|each| each.0).collect();
        assert!(kept.is_sorted_by(|one, next| one.1 < next.1), "{places:?}");
        assert_eq!(kept.len(), expected, "{places:?}");
    }

    #[test]
    fn as_many_as_can_have_kept_their_order() {
        check(&[], 0);
        check(&[0, 1, 2, 3], 4);
        check(&[3, 0, 1, 2], 3);
        check(&[1, 2, 3, 0], 3);
        check(&[3, 2, 1, 0], 1);
        check(&[2, 0, 3, 1], 2);
    }

    /// The length by looking at each pair.
    fn longest(places: &[usize]) -> usize {
        let mut lengths: Vec<usize> = Vec::new();
        for (index, place) in places.iter().enumerate() {
            let before = places.iter().zip(&lengths).take(index);
            let best = before.filter(|(other, _)| *other < place).map(|(_, length)| *length).max();
            lengths.push(1 + best.unwrap_or(0));
        }
        lengths.into_iter().max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_longer_run_rises(places in Just((0..24).collect::<Vec<usize>>()).prop_shuffle()) {
            check(&places, longest(&places));
        }

        #[test]
        fn a_permutation_leads_to_the_same_hash(
            a in vec(0_u64..6, 0..20), shuffle in any::<prop::sample::Index>(),
        ) {
            let mut b = a.clone();
            b.rotate_left(shuffle.index(a.len().max(1)).min(a.len()));
            let places = permutation(&a, &b).expect("the same hashes");
            for (hash, place) in a.iter().zip(&places) {
                prop_assert_eq!(b.get(*place), Some(hash));
            }
            let mut all = places.clone();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), a.len());
            b.push(6);
            prop_assert_eq!(permutation(&a, &b), None);
        }
    }
}
