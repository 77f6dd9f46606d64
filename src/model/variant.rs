//! In which ways the answers of an endpoint differ: what is found together in one answer.
//!
//! This module never decides what differs.

use crate::model::{Entities, RequestId, Severity, Signature};
use jiff::Timestamp;

/// One way in which answers of an endpoint differ: all trials whose outcomes are these and whose
/// findings are these. Its signature is the response signature; those of the findings are the
/// change signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    pub signature: Signature,
    pub endpoint: String,
    /// Each side's status code, or the name of its fault.
    pub primary: String,
    pub candidate: String,
    /// The worst of its findings'.
    pub severity: Severity,
    /// Signatures of the findings that such an answer shows, in order.
    pub findings: Vec<Signature>,
    /// Trials that are so.
    pub count: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub traces: Traces,
}

impl Variant {
    /// An answer with more findings is told by so many of them, the worst.
    pub const MAX_FINDINGS: usize = 32;

    /// Adds what was counted of the same variant elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.severity = self.severity.min(other.severity);
        self.count += other.count;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.traces.merge(&other.traces);
    }
}

/// What a variant was seen at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// The paths that were asked for.
    pub entities: Entities,
    pub exemplars: Exemplars,
}

impl Traces {
    /// Adds what a variant was seen at elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.entities.merge(&other.entities);
        self.exemplars.merge(&other.exemplars);
    }
}

/// One request that a variant was seen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemplar {
    pub id: RequestId,
    /// The request's place in the draw.
    pub rank: u64,
    /// When it came in.
    pub at: Timestamp,
    /// Of both bodies.
    pub bytes: u64,
    /// Method, path and query, redacted.
    pub target: String,
}

/// A few requests of many: the first, those that were drawn, and the smallest. Each of these is
/// the lowest in an order that knows nothing of the arrival, so that the same ones are kept
/// however requests come in and on however many shards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemplars {
    /// By rank.
    kept: Vec<Exemplar>,
}

impl Exemplars {
    /// So many of the earliest.
    pub const FIRST: usize = 2;
    /// So many that were drawn: those with the lowest ranks.
    pub const DRAWN: usize = 5;
    /// No more than so many in all.
    pub const MAX: usize = Self::FIRST + Self::DRAWN + 1;

    /// Takes a request if it is one of those to be kept; `target` makes its target and is called
    /// only then. Whether it was taken.
    pub fn offer(&mut self, exemplar: Exemplar, target: impl FnOnce() -> String) -> bool {
        let id = exemplar.id;
        if !self.put(exemplar) {
            return false;
        }
        self.prune();
        let kept = self.kept.iter_mut().find(|kept| kept.id == id);
        kept.map(|kept| kept.target = target()).is_some()
    }

    /// Takes those of another.
    pub fn merge(&mut self, other: &Self) {
        other.kept.iter().cloned().for_each(|one| {
            self.put(one);
        });
        self.prune();
    }

    /// All of them, by rank.
    pub fn iter(&self) -> impl Iterator<Item = &Exemplar> {
        self.kept.iter()
    }

    /// The earliest.
    pub fn first(&self) -> Option<&Exemplar> {
        self.kept.iter().min_by_key(|one| (one.at, one.id))
    }

    /// The one with the fewest bytes in its answers.
    pub fn smallest(&self) -> Option<&Exemplar> {
        self.kept.iter().min_by_key(|one| (one.bytes, one.rank, one.id))
    }

    /// Puts a request in its place; false where it stands there already.
    fn put(&mut self, one: Exemplar) -> bool {
        let key = |one: &Exemplar| (one.rank, one.id);
        match self.kept.binary_search_by_key(&key(&one), key) {
            Ok(_) => false,
            Err(place) => {
                self.kept.insert(place, one);
                true
            }
        }
    }

    /// Lets go what is neither among the first, nor drawn, nor the smallest.
    fn prune(&mut self) {
        let mut early: Vec<_> = self.kept.iter().map(|one| (one.at, one.id)).collect();
        early.sort_unstable();
        early.truncate(Self::FIRST);
        let smallest = self.smallest().map(|one| one.id);
        let mut place = 0;
        self.kept.retain(|one| {
            place += 1;
            place <= Self::DRAWN || early.contains(&(one.at, one.id)) || smallest == Some(one.id)
        });
    }
}

impl FromIterator<Exemplar> for Exemplars {
    fn from_iter<T: IntoIterator<Item = Exemplar>>(all: T) -> Self {
        let mut exemplars = Self::default();
        for one in all {
            exemplars.put(one);
            exemplars.prune();
        }
        exemplars
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every request has its own rank, time and size, or shares them.
    fn request(number: u64) -> Exemplar {
        Exemplar {
            id: RequestId { process: 7, number },
            rank: number * 7_919 % 101,
            at: Timestamp::from_second(i64::try_from(number * 31 % 97).expect("small"))
                .expect("in range"),
            bytes: number * 17 % 89,
            target: format!("GET /{number}"),
        }
    }

    fn of(numbers: &[u64]) -> Exemplars {
        let mut exemplars = Exemplars::default();
        for &number in numbers {
            let (exemplar, target) = (request(number), request(number).target);
            exemplars.offer(Exemplar { target: String::new(), ..exemplar }, || target);
        }
        exemplars
    }

    proptest! {
        #[test]
        fn the_first_the_drawn_and_the_smallest_are_kept(
            numbers in proptest::collection::vec(0u64..80, 1..60),
        ) {
            let mut all: Vec<_> = numbers.iter().map(|&number| request(number)).collect();
            all.sort_by_key(|one| one.id);
            all.dedup();
            let lowest = |count: usize, key: &dyn Fn(&Exemplar) -> (u64, u64, RequestId)| {
                let mut sorted = all.clone();
                sorted.sort_by_key(key);
                sorted.truncate(count);
                sorted
            };
            let at = |one: &Exemplar| u64::try_from(one.at.as_second()).expect("after 1970");
            let mut expected = lowest(2, &|one| (at(one), 0, one.id));
            expected.extend(lowest(5, &|one| (one.rank, 0, one.id)));
            expected.extend(lowest(1, &|one| (one.bytes, one.rank, one.id)));
            expected.sort_by_key(|one| (one.rank, one.id));
            expected.dedup();
            let kept = of(&numbers);
            prop_assert_eq!(kept.iter().cloned().collect::<Vec<_>>(), expected);
            let collected: Exemplars = all.into_iter().rev().collect();
            prop_assert_eq!(kept, collected);
        }

        #[test]
        fn two_halves_together_are_the_whole_in_any_order(
            (numbers, shuffled) in proptest::collection::vec(0u64..80, 0..60)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            at in 0usize..60,
        ) {
            let (one, other) = shuffled.split_at(at.min(shuffled.len()));
            let mut merged = of(other);
            merged.merge(&of(one));
            prop_assert_eq!(merged, of(&numbers));
        }
    }

    #[test]
    fn a_target_is_made_only_where_the_request_is_kept() {
        let mut exemplars = of(&(0..80).collect::<Vec<_>>());
        let kept: Vec<_> = exemplars.iter().map(|one| one.id.number).collect();
        for number in 0..80 {
            let again = request(number);
            assert!(!exemplars.offer(again, || unreachable!("it is kept or refused already")));
        }
        assert!(kept.len() <= Exemplars::MAX);
    }
}
