//! Numbers that the candidate counts from another start: of one place always higher by the same.
//!
//! Main types: [`Offsets`] and [`Runs`]. A number that stays what it is proves nothing, so that only
//! exchanges with another number than the last one count. An exchange at the endpoint in which both
//! answers are equal ends all of its runs: a fault that adds one now and then is no other start.
//!
//! This module never reads a clock.

use super::known::{Learned, Numbers};
use std::collections::HashMap;
use std::sync::Arc;

/// So many exchanges settle it.
const ENOUGH: u8 = 8;

/// Places that are remembered, of all endpoints together.
const MAX_RUNS: usize = 4_096;

/// The runs of one endpoint, by the pattern of the place.
#[derive(Clone, Debug, Default)]
pub struct Runs(HashMap<String, Run>);

#[derive(Clone, Copy, Debug)]
struct Run {
    by: i64,
    /// The primary's number, the last time.
    last: i64,
    exchanges: u8,
}

impl Runs {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By how much the candidate's numbers at a place are higher, once enough exchanges agree.
    pub(super) fn settled(&self, pattern: &str) -> Option<i64> {
        let run = self.0.get(pattern).filter(|run| run.exchanges >= ENOUGH)?;
        Some(run.by)
    }

    /// Learns from one exchange; says how many places there was no room for.
    fn learn(&mut self, numbers: impl Iterator<Item = (String, Numbers)>, room: usize) -> u64 {
        let most = self.0.len() + room;
        let mut lost = 0;
        for (pattern, Numbers { primary, by }) in numbers {
            let Some(by) = by else {
                self.0.remove(&pattern);
                continue;
            };
            let run = match self.0.get(&pattern).filter(|run| run.by == by) {
                Some(run) if run.last == primary => *run,
                Some(run) => {
                    Run { last: primary, exchanges: run.exchanges.saturating_add(1), ..*run }
                }
                None => Run { by, last: primary, exchanges: 1 },
            };
            if self.0.len() < most || self.0.contains_key(&pattern) {
                self.0.insert(pattern, run);
            } else {
                lost += 1;
            }
        }
        lost
    }
}

/// The runs of all endpoints.
#[derive(Clone, Debug, Default)]
pub struct Offsets {
    endpoints: HashMap<String, Arc<Runs>>,
    runs: usize,
}

impl Offsets {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    /// What is known of an endpoint.
    pub fn known(&self, endpoint: &str) -> Arc<Runs> {
        self.endpoints.get(endpoint).cloned().unwrap_or_default()
    }

    /// Learns from an exchange at an endpoint; says how many places there was no room for.
    pub fn learn(&mut self, endpoint: &str, learned: &Learned) -> u64 {
        if learned.numbers.is_empty() {
            return 0;
        }
        let room = MAX_RUNS.saturating_sub(self.runs);
        let runs = Arc::make_mut(self.endpoints.entry(endpoint.to_owned()).or_default());
        let before = runs.0.len();
        let numbers = learned.numbers.iter().map(|(pattern, numbers)| (pattern.clone(), *numbers));
        let lost = runs.learn(numbers, room);
        let after = runs.0.len();
        self.runs = self.runs + after - before;
        if after == 0 {
            self.endpoints.remove(endpoint);
        }
        lost
    }

    /// Both answers of an exchange at an endpoint are equal.
    pub fn agreed(&mut self, endpoint: &str) {
        if let Some(runs) = self.endpoints.remove(endpoint) {
            self.runs -= runs.0.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(numbers: &[(&str, i64, Option<i64>)]) -> Learned {
        let numbers = numbers.iter().map(|(pattern, primary, by)| {
            ((*pattern).to_owned(), Numbers { primary: *primary, by: *by })
        });
        Learned { numbers: numbers.collect(), ..Learned::default() }
    }

    fn settled(numbers: &[(i64, Option<i64>)]) -> Option<i64> {
        let mut offsets = Offsets::default();
        for (primary, by) in numbers {
            offsets.learn("GET /", &learned(&[("$.n", *primary, *by)]));
        }
        offsets.known("GET /").settled("$.n")
    }

    fn run(length: i64) -> Vec<(i64, Option<i64>)> {
        (0..length).map(|number| (number, Some(7))).collect()
    }

    #[test]
    fn eight_exchanges_with_different_numbers_settle_it() {
        assert_eq!(settled(&run(8)), Some(7));
        assert_eq!(settled(&run(7)), None);
        assert_eq!(settled(&[run(7), vec![(6, Some(7)); 9]].concat()), None);
        assert_eq!(settled(&[run(8), vec![(9, Some(6))]].concat()), None);
        assert_eq!(settled(&[run(8), vec![(9, None)]].concat()), None);
        assert_eq!(settled(&[run(8), vec![(9, None)], run(7)].concat()), None);
    }

    #[test]
    fn equal_answers_end_every_run_of_their_endpoint() {
        let mut offsets = Offsets::default();
        for number in 0..8 {
            offsets
                .learn("GET /a", &learned(&[("$.n", number, Some(1)), ("$.m", number, Some(2))]));
            offsets.learn("GET /b", &learned(&[("$.n", number, Some(3))]));
        }
        let known = |offsets: &Offsets, endpoint: &str| offsets.known(endpoint).settled("$.n");
        assert_eq!((known(&offsets, "GET /a"), offsets.runs), (Some(1), 3));
        offsets.agreed("GET /a");
        assert_eq!((known(&offsets, "GET /a"), known(&offsets, "GET /b")), (None, Some(3)));
        assert_eq!(offsets.runs, 1);
    }

    #[test]
    fn places_beyond_the_bound_are_counted() {
        let mut offsets = Offsets::default();
        let names: Vec<_> = (0..MAX_RUNS + 5).map(|number| format!("$.n{number}")).collect();
        let numbers: Vec<_> = names.iter().map(|name| (name.as_str(), 1, Some(1))).collect();
        assert_eq!(offsets.learn("GET /", &learned(&numbers)), 5);
        assert_eq!(offsets.learn("GET /x", &learned(&numbers[..1])), 1);
        assert_eq!(offsets.runs, MAX_RUNS);
    }
}
