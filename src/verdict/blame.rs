//! The few findings that are behind nearly all that diverged.
//!
//! This module never looks at what a finding says: findings come in the order in which they matter.

use crate::base::Percent;
use crate::model::{Finding, Signature, Variant};
use std::collections::HashMap;

/// Findings that together are shown by nearly all trials that diverged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blame {
    /// Trials that show at least one of the findings that were asked about.
    pub of: u64,
    /// Those that show one of these.
    pub covered: u64,
    /// Whatever is behind most comes first.
    pub findings: Vec<Blamed>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blamed {
    pub signature: Signature,
    /// Trials that show it and none of those before it.
    pub adds: u64,
}

/// The smallest set of findings that so much of what diverged shows, by greedy set cover: again
/// and again the one that most of what is left shows, of equal ones the first in the order given.
/// It is at most a logarithm larger than the least possible (Chvátal, "A greedy heuristic for the
/// set-covering problem", 1979).
pub fn blame<'a>(
    findings: &[&Finding],
    variants: impl IntoIterator<Item = &'a Variant>,
    share: Percent,
) -> Blame {
    let mut cover = Cover::of(findings, variants);
    let mut blame = Blame { of: cover.left.iter().sum(), ..Blame::default() };
    let whole = u128::from(Percent::ALL.millionths());
    let wanted = u128::from(blame.of) * u128::from(share.millionths());
    while u128::from(blame.covered) * whole < wanted {
        let Some((place, adds)) = cover.next() else { break };
        blame.covered += adds;
        let finding = findings.get(place);
        blame.findings.extend(finding.map(|one| Blamed { signature: one.signature, adds }));
    }
    blame
}

/// What is not covered yet.
struct Cover {
    /// The findings that each variant shows, by their places.
    shown: Vec<Vec<usize>>,
    /// The trials of each variant; none once it is covered.
    left: Vec<u64>,
    /// The variants that show each finding.
    showing: Vec<Vec<usize>>,
    /// The trials that each finding would cover.
    gains: Vec<u64>,
}

impl Cover {
    fn of<'a>(findings: &[&Finding], variants: impl IntoIterator<Item = &'a Variant>) -> Self {
        let places: HashMap<_, _> = findings.iter().map(|one| one.signature).zip(0..).collect();
        let mut cover = Self {
            shown: Vec::new(),
            left: Vec::new(),
            showing: vec![Vec::new(); findings.len()],
            gains: vec![0; findings.len()],
        };
        for variant in variants {
            let shown = variant.findings.iter().filter_map(|one| places.get(one).copied());
            let mut shown: Vec<_> = shown.collect();
            shown.sort_unstable();
            shown.dedup();
            if !shown.is_empty() {
                cover.push(shown, variant.count);
            }
        }
        cover
    }

    fn push(&mut self, shown: Vec<usize>, count: u64) {
        for &place in &shown {
            if let Some(gain) = self.gains.get_mut(place) {
                *gain += count;
            }
            if let Some(showing) = self.showing.get_mut(place) {
                showing.push(self.left.len());
            }
        }
        self.shown.push(shown);
        self.left.push(count);
    }

    /// The finding that covers most of what is left, and how much; nothing where none covers any.
    fn next(&mut self) -> Option<(usize, u64)> {
        let gains = self.gains.iter().copied().enumerate().filter(|(_, gain)| *gain > 0);
        // The last of equal ones wins: they are looked through from the end.
        let (place, gain) = gains.rev().max_by_key(|(_, gain)| *gain)?;
        for variant in self.showing.get(place).cloned().unwrap_or_default() {
            let count = self.left.get_mut(variant).map_or(0, std::mem::take);
            for &other in self.shown.get(variant).into_iter().flatten() {
                if let Some(gain) = self.gains.get_mut(other) {
                    *gain -= count;
                }
            }
        }
        Some((place, gain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::groups::testing::{finding, variant};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const SHARE: Percent = Percent::of_hundred(95);

    fn of(variants: &[(&[u8], u64)], share: Percent) -> Blame {
        let findings: Vec<_> = (0..20).map(finding).collect();
        let findings: Vec<_> = findings.iter().collect();
        let variants: Vec<_> =
            variants.iter().map(|(shown, count)| variant(shown, *count)).collect();
        blame(&findings, &variants, share)
    }

    fn check(variants: &[(&[u8], u64)], expected: &[(u8, u64)], covered: (u64, u64)) {
        let found = of(variants, SHARE);
        let expected: Vec<_> = expected
            .iter()
            .map(|&(number, adds)| Blamed { signature: finding(number).signature, adds })
            .collect();
        assert_eq!(found.findings, expected);
        assert_eq!((found.covered, found.of), covered);
    }

    #[test]
    fn whatever_is_behind_most_comes_first_until_nearly_all_is_covered() {
        check(&[], &[], (0, 0));
        check(&[(&[1], 3)], &[(1, 3)], (3, 3));
        check(&[(&[1, 2], 10), (&[2], 1), (&[1], 5)], &[(1, 15), (2, 1)], (16, 16));
        // The rare one is not needed for 95 %.
        check(&[(&[1], 60), (&[2], 35), (&[3], 5)], &[(1, 60), (2, 35)], (95, 100));
        // One that shows in all is to blame for all.
        check(&[(&[1, 9], 4), (&[2, 9], 4), (&[9], 1)], &[(9, 9)], (9, 9));
    }

    #[test]
    fn of_equal_ones_the_first_is_to_blame() {
        check(&[(&[5, 3, 7], 2)], &[(3, 2)], (2, 2));
    }

    #[test]
    fn what_shows_no_finding_that_was_asked_about_does_not_count() {
        check(&[(&[200], 50), (&[1, 200], 2)], &[(1, 2)], (2, 2));
    }

    proptest! {
        #[test]
        fn it_covers_what_was_asked_for_and_tells_the_truth_of_it(
            variants in proptest::collection::vec(
                (proptest::collection::btree_set(0u8..20, 1..5), 1u64..100), 0..40),
            share in 0u8..=100,
        ) {
            let listed: Vec<Vec<u8>> =
                variants.iter().map(|(shown, _)| shown.iter().copied().collect()).collect();
            let given: Vec<(&[u8], u64)> =
                listed.iter().zip(&variants).map(|(shown, (_, count))| (&shown[..], *count)).collect();
            let found = of(&given, Percent::of_hundred(share));
            let total: u64 = variants.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(found.of, total);
            // Replayed: each adds what it says, and the last one was needed.
            let mut chosen = BTreeSet::new();
            let covered = |chosen: &BTreeSet<Signature>| -> u64 {
                let hit = |shown: &BTreeSet<u8>| {
                    shown.iter().any(|&number| chosen.contains(&finding(number).signature))
                };
                variants.iter().filter(|(shown, _)| hit(shown)).map(|(_, count)| count).sum()
            };
            for one in &found.findings {
                let before = covered(&chosen);
                prop_assert!(before * 100 < total * u64::from(share));
                prop_assert!(chosen.insert(one.signature));
                prop_assert_eq!(covered(&chosen) - before, one.adds);
            }
            prop_assert_eq!(covered(&chosen), found.covered);
            prop_assert!(found.covered * 100 >= total * u64::from(share));
            prop_assert!(found.findings.is_sorted_by(|one, next| one.adds >= next.adds));
        }

        #[test]
        fn the_order_of_the_variants_makes_no_difference(
            (one, other) in proptest::collection::vec(
                (proptest::collection::vec(0u8..20, 1..5), 1u64..100), 0..30)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            let given = |all: &[(Vec<u8>, u64)]| {
                let all: Vec<(&[u8], u64)> =
                    all.iter().map(|(shown, count)| (&shown[..], *count)).collect();
                of(&all, SHARE)
            };
            prop_assert_eq!(given(&one), given(&other));
        }
    }
}
