//! Identifiers across the exchanges of one session: what a POST has answered a GET answers again.
//!
//! Main types: [`Flows`] and [`Pairs`]. A flow is known by a key that the requests of one client
//! have in common. The order in which exchanges are learned from matters in one way only: one that
//! is compared before its predecessor is learned from knows less, and more of it is told as
//! differing.
//!
//! This module never reads a clock: times are those of the requests.

use super::known::{Learned, Lesson};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Pairs of all flows together.
const MAX_PAIRS: usize = 4_096;

/// Pairs of one flow.
const MAX_OF_ONE: usize = 512;

/// Longer identifiers are not remembered.
const LONGEST: usize = 256;

/// A pair is forgotten that was not seen for so long.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The identifiers of one flow.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    by_primary: HashMap<Key, Pair>,
    /// The primary's text for the candidate's.
    by_candidate: HashMap<Key, Arc<[u8]>>,
}

/// A text; a short number's with the key that it stands under.
type Key = (Option<String>, Arc<[u8]>);

/// Two texts for one thing.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub primary: Arc<[u8]>,
    pub candidate: Arc<[u8]>,
    /// At least two places have shown it.
    pub confirmed: bool,
    seen: Timestamp,
}

impl Pair {
    fn is_fresh(&self, at: Timestamp) -> bool {
        at.duration_since(self.seen) <= LIFETIME
    }
}

impl Pairs {
    pub(super) fn of_primary(&self, room: Option<&str>, u: &[u8], at: Timestamp) -> Option<&Pair> {
        if self.by_primary.is_empty() {
            return None;
        }
        let pair = self.by_primary.get(&key(room, u))?;
        Some(pair).filter(|pair| pair.is_fresh(at))
    }

    pub(super) fn of_candidate(
        &self,
        room: Option<&str>,
        v: &[u8],
        at: Timestamp,
    ) -> Option<&Pair> {
        if self.by_candidate.is_empty() {
            return None;
        }
        let u = self.by_candidate.get(&key(room, v))?;
        self.of_primary(room, u, at)
    }

    /// All that may stand within other texts.
    pub(super) fn texts(&self, at: Timestamp) -> impl Iterator<Item = (&[u8], &[u8])> {
        let fresh = self.by_primary.iter().filter(move |(_, pair)| pair.is_fresh(at));
        fresh.map(|((_, u), pair)| (&**u, &*pair.candidate))
    }

    fn len(&self) -> usize {
        self.by_primary.len()
    }

    /// Takes a pair, in place of what contradicts it and was not confirmed.
    fn learn(&mut self, lesson: &Lesson, at: Timestamp) {
        let Lesson { room, primary, candidate, confirmed } = lesson;
        let (u, v) = ((room.clone(), primary.clone()), (room.clone(), candidate.clone()));
        let other = self.by_candidate.get(&v).map(|other| (room.clone(), other.clone()));
        let rivals: Vec<_> = [Some(u.clone()), other].into_iter().flatten().collect();
        let before = self.by_primary.get(&u).filter(|pair| pair.candidate == *candidate);
        let (confirmed, seen) = match before {
            Some(before) => (true, before.seen.max(at)),
            None => (*confirmed, at),
        };
        let held = |pair: &Pair| pair.is_fresh(at) && pair.confirmed && room.is_none();
        if before.is_none() && rivals.iter().filter_map(|key| self.by_primary.get(key)).any(held) {
            return;
        }
        rivals.iter().for_each(|key| self.forget(key));
        let (primary, candidate) = (primary.clone(), candidate.clone());
        self.by_candidate.insert(v, primary.clone());
        self.by_primary.insert(u, Pair { primary, candidate, confirmed, seen });
    }

    fn forget(&mut self, key: &Key) {
        if let Some(pair) = self.by_primary.remove(key) {
            self.by_candidate.remove(&(key.0.clone(), pair.candidate));
        }
    }

    fn prune(&mut self, at: Timestamp) {
        let old = self.by_primary.iter().filter(|(_, pair)| !pair.is_fresh(at));
        let old: Vec<_> = old.map(|(key, _)| key.clone()).collect();
        old.iter().for_each(|key| self.forget(key));
    }
}

fn key(room: Option<&str>, text: &[u8]) -> Key {
    (room.map(str::to_owned), text.into())
}

/// The flows that were used last.
#[derive(Clone, Debug, Default)]
pub struct Flows {
    flows: HashMap<u64, Flow>,
    /// The flows by when they were used, the last one last.
    order: BTreeMap<u64, u64>,
    turn: u64,
    pairs: usize,
}

#[derive(Clone, Debug)]
struct Flow {
    pairs: Arc<Pairs>,
    turn: u64,
}

impl Flows {
    /// What is known of a flow.
    pub fn known(&self, flow: u64) -> Arc<Pairs> {
        self.flows.get(&flow).map(|flow| flow.pairs.clone()).unwrap_or_default()
    }

    /// Learns from an exchange of a flow that began at this time. Says how many pairs there was no
    /// room for, of this flow or of the one that was not used for longest.
    pub fn learn(&mut self, flow: u64, at: Timestamp, learned: &Learned) -> u64 {
        if learned.pairs.is_empty() {
            return 0;
        }
        self.turn += 1;
        let turn = self.turn;
        let entry = self.flows.entry(flow).or_insert_with(|| Flow { pairs: Arc::default(), turn });
        self.order.remove(&entry.turn);
        self.order.insert(turn, flow);
        entry.turn = turn;
        let pairs = Arc::make_mut(&mut entry.pairs);
        let before = pairs.len();
        pairs.prune(at);
        let mut lost = 0;
        for lesson in &learned.pairs {
            let short = lesson.primary.len().max(lesson.candidate.len()) <= LONGEST;
            match short && pairs.len() < MAX_OF_ONE {
                true => pairs.learn(lesson, at),
                false => lost += 1,
            }
        }
        let after = pairs.len();
        self.pairs = self.pairs + after - before;
        if after == 0 {
            self.flows.remove(&flow);
            self.order.remove(&turn);
        }
        lost + self.make_room()
    }

    /// Forgets whole flows until what is left is within the bound.
    fn make_room(&mut self) -> u64 {
        let mut lost = 0;
        while self.pairs > MAX_PAIRS {
            let Some((_, flow)) = self.order.pop_first() else { break };
            let gone = self.flows.remove(&flow).map_or(0, |flow| flow.pairs.len());
            self.pairs -= gone;
            lost += gone as u64;
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::Known;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    fn learned(pairs: &[(&str, &str, bool)]) -> Learned {
        let lesson = |(u, v, confirmed): &(&str, &str, bool)| Lesson {
            room: None,
            primary: u.as_bytes().into(),
            candidate: v.as_bytes().into(),
            confirmed: *confirmed,
        };
        Learned { pairs: pairs.iter().map(lesson).collect(), ..Learned::default() }
    }

    fn known(flows: &Flows, flow: u64, second: i64) -> Known {
        Known::new(flows.known(flow), Arc::default(), at(second))
    }

    fn has(flows: &Flows, flow: u64, second: i64, (u, v): (&str, &str)) -> bool {
        known(flows, flow, second).has(None, u.as_bytes(), v.as_bytes())
    }

    #[test]
    fn a_pair_is_known_in_its_own_flow_for_ten_minutes() {
        let mut flows = Flows::default();
        flows.learn(1, at(0), &learned(&[("a", "x", false)]));
        assert!(has(&flows, 1, 600, ("a", "x")));
        assert!(!has(&flows, 1, 601, ("a", "x")));
        assert!(!has(&flows, 1, 0, ("a", "y")));
        assert!(!has(&flows, 2, 0, ("a", "x")));
        flows.learn(1, at(300), &learned(&[("a", "x", false)]));
        assert!(has(&flows, 1, 900, ("a", "x")));
    }

    #[test]
    fn what_was_seen_twice_holds_against_what_was_seen_once() {
        let mut flows = Flows::default();
        flows.learn(1, at(0), &learned(&[("a", "x", false)]));
        flows.learn(1, at(1), &learned(&[("a", "y", false)]));
        assert!(has(&flows, 1, 1, ("a", "y")) && !known(&flows, 1, 1).contradicts(b"a", b"z"));
        flows.learn(1, at(2), &learned(&[("a", "y", false)]));
        assert!(known(&flows, 1, 2).contradicts(b"a", b"z"));
        assert!(known(&flows, 1, 2).contradicts(b"b", b"y"));
        assert!(!known(&flows, 1, 2).contradicts(b"a", b"y"));
        for pair in [("a", "z", true), ("b", "y", true)] {
            flows.learn(1, at(3), &learned(&[pair]));
            assert!(has(&flows, 1, 3, ("a", "y")), "{pair:?}");
        }
        flows.learn(1, at(700), &learned(&[("a", "z", false)]));
        assert!(has(&flows, 1, 700, ("a", "z")));
    }

    #[test]
    fn the_flow_that_was_not_used_for_longest_gives_way_and_is_counted() {
        let mut flows = Flows::default();
        let many: Vec<_> = (0..MAX_OF_ONE + 3).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(|text| (text.as_str(), text.as_str(), false)).collect();
        assert_eq!(flows.learn(0, at(0), &learned(&many)), 3);
        for flow in 1..8 {
            assert_eq!(flows.learn(flow, at(0), &learned(&many[3..])), 0);
        }
        flows.learn(0, at(1), &learned(&many[..1]));
        assert_eq!(flows.learn(8, at(1), &learned(&many[..1])), MAX_OF_ONE as u64);
        assert!(has(&flows, 0, 1, ("0", "0")) && has(&flows, 8, 1, ("0", "0")));
        assert!(!has(&flows, 1, 1, ("9", "9")) && has(&flows, 2, 1, ("9", "9")));
        assert!(flows.pairs <= MAX_PAIRS);
    }
}
