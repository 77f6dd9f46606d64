//! In which ways answers differ: the findings of one answer counted together.
//!
//! This module never lets a variant go in silence: the answers that it stood for are counted.

use crate::compare::{Stem, draw, response_signature};
use crate::model::{Exemplar, RequestId, Severity, Signature, Traces, Variant};
use crate::store::book::Book;
use crate::store::book::pages::MAX_NAME;
use crate::store::{Judgement, sample};
use std::cmp::Reverse;

/// Response signatures of a session.
pub const MAX_VARIANTS: usize = 2_000;
/// So many go at once where there is no room, so that a flood of new ones is not sorted each time.
const EVICTED: usize = MAX_VARIANTS / 20;
/// Bytes of an exemplar's target.
const MAX_TARGET: usize = 256;

/// Which trial a judgement is about.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    pub id: RequestId,
    /// A keyed hash of the path that was asked for.
    pub entity: u64,
    /// Of both bodies.
    pub bytes: u64,
    /// The status code of primary and candidate, or the name of the fault.
    pub outcomes: [&'a str; 2],
    /// Method, path and query, redacted; asked only where they are kept.
    pub target: &'a dyn Fn() -> String,
}

/// One of the findings of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown {
    pub severity: Severity,
    pub stem: Stem,
    pub signature: Signature,
}

impl Book {
    /// Counts what one trial shows together: the worst of its findings, so that the response
    /// signature does not depend on how many more there are. Those of equal severity are taken in
    /// the order of their stems, which are the same under every name of the endpoint.
    pub(super) fn vary(
        &mut self,
        endpoint: &str,
        judgement: &Judgement,
        occasion: &Occasion<'_>,
        mut shown: Vec<Shown>,
    ) {
        shown.sort_unstable();
        shown.truncate(Variant::MAX_FINDINGS);
        let findings = shown.iter().map(|one| one.signature);
        let signature = response_signature(endpoint, occasion.outcomes, findings);
        if !self.session.variants.contains_key(&signature) {
            if !self.make_room(&shown) {
                return self.overflow("variants", 1);
            }
            self.sources.shown.insert(signature, shown.iter().map(|one| one.stem).collect());
            let new = first(signature, endpoint, judgement, occasion, &shown);
            self.session.variants.insert(signature, new);
            self.dirty.variant(signature, true);
        }
        let Some(variant) = self.session.variants.get_mut(&signature) else { return };
        variant.count += 1;
        variant.severity = worst(&shown).min(variant.severity);
        variant.first_seen = variant.first_seen.min(judgement.at);
        variant.last_seen = variant.last_seen.max(judgement.at);
        let left_a_trace = trace(&mut variant.traces, judgement, occasion);
        self.dirty.variant(signature, left_a_trace);
    }

    /// Makes room for a variant of such findings; false where all others are worse.
    fn make_room(&mut self, shown: &[Shown]) -> bool {
        if self.session.variants.len() < MAX_VARIANTS {
            return true;
        }
        let worst = worst(shown);
        let variants = self.session.variants.values();
        let mut least: Vec<_> = variants
            .filter(|variant| variant.severity >= worst)
            .map(|one| (Reverse(one.severity), one.count, one.last_seen, one.signature))
            .collect();
        least.sort_unstable();
        least.truncate(EVICTED);
        least.iter().for_each(|(_, _, _, signature)| self.evict(*signature));
        !least.is_empty()
    }

    fn evict(&mut self, signature: Signature) {
        let Some(variant) = self.session.variants.remove(&signature) else { return };
        // What it was flushed as has changed, or has gone.
        let flushed = self.flushed.naming.response(&variant, &self.sources);
        self.sources.shown.remove(&signature);
        self.dirty.variants.remove(&signature);
        if self.flushed.variants.contains(&flushed) {
            self.dirty.variant(flushed, true);
        }
        self.overflow("variants", variant.count);
    }

    /// The variant is its endpoint's under another name from now on.
    pub(super) fn move_variant(&mut self, old: Signature, endpoint: &str) {
        let Some(variant) = self.session.variants.remove(&old) else { return };
        let Some(stems) = self.sources.shown.remove(&old) else { return };
        let variant = renamed(variant, &stems, endpoint);
        let signature = variant.signature;
        self.sources.shown.insert(signature, stems);
        match self.session.variants.get_mut(&signature) {
            Some(sum) => sum.merge(&variant),
            None => drop(self.session.variants.insert(signature, variant)),
        }
        self.dirty.variant(old, true);
        self.dirty.variant(signature, true);
    }
}

/// The signatures of a variant and of its findings, had its endpoint always had this name.
pub(super) fn signed(
    variant: &Variant,
    stems: &[Stem],
    endpoint: &str,
) -> (Signature, Vec<Signature>) {
    let mut findings: Vec<_> = stems.iter().map(|stem| stem.at(endpoint)).collect();
    findings.sort_unstable();
    let outcomes = [variant.primary.as_str(), variant.candidate.as_str()];
    (response_signature(endpoint, outcomes, findings.iter().copied()), findings)
}

/// The variant, had its endpoint always had this name.
pub(super) fn renamed(variant: Variant, stems: &[Stem], endpoint: &str) -> Variant {
    let (signature, findings) = signed(&variant, stems, endpoint);
    Variant { signature, findings, endpoint: endpoint.to_owned(), ..variant }
}

fn worst(shown: &[Shown]) -> Severity {
    shown.first().map_or(Severity::Info, |one| one.severity)
}

/// A new variant, of which no trial is counted yet.
fn first(
    signature: Signature,
    endpoint: &str,
    judgement: &Judgement,
    occasion: &Occasion<'_>,
    shown: &[Shown],
) -> Variant {
    let [primary, candidate] = occasion.outcomes.map(str::to_owned);
    let mut findings: Vec<_> = shown.iter().map(|one| one.signature).collect();
    findings.sort_unstable();
    Variant {
        signature,
        endpoint: sample::cut(endpoint, MAX_NAME),
        primary,
        candidate,
        severity: worst(shown),
        findings,
        count: 0,
        first_seen: judgement.at,
        last_seen: judgement.at,
        traces: Traces::default(),
    }
}

/// Notes which request it was; whether that made a difference.
fn trace(traces: &mut Traces, judgement: &Judgement, occasion: &Occasion<'_>) -> bool {
    let exemplar = Exemplar {
        id: occasion.id,
        rank: draw(occasion.id),
        at: judgement.at,
        bytes: occasion.bytes,
        target: String::new(),
    };
    let target = || sample::cut(&(occasion.target)(), MAX_TARGET);
    let is_new = traces.entities.add(occasion.entity);
    traces.exemplars.offer(exemplar, target) || is_new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EndpointName, Exemplars, Origin, Session, Status};
    use crate::store::format::encode;
    use crate::store::testing::{at, info, judgement, mark, occasion, sample};
    use crate::store::{Mark, salvage};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A trial: its number, and the numbers of what it shows.
    type Trial = (u64, Vec<u8>);

    fn judge(book: &mut Book, (number, shown): &Trial) {
        let marks = shown.iter().map(|&each| mark(each)).collect();
        let trial =
            Judgement { at: at((number * 31 % 97).cast_signed()), ..judgement("GET /", marks) };
        book.judge(&trial, &occasion(*number), &|_| *number, &mut |_| sample(*number));
    }

    fn book_of(trials: &[Trial]) -> Book {
        let mut book = Book::new(info("a"));
        trials.iter().for_each(|trial| judge(&mut book, trial));
        book
    }

    fn counts(book: &Book) -> Vec<(Vec<u8>, u64)> {
        let shown = |one: &Variant| one.findings.iter().map(|finding| finding.0[0]).collect();
        let session = book.session();
        let mut all: Vec<_> =
            session.variants.values().map(|one| (shown(one), one.count)).collect();
        all.sort();
        all
    }

    #[test]
    fn what_is_found_together_is_counted_together() {
        let trials = [(1, vec![1, 2]), (2, vec![2, 1, 2]), (3, vec![1]), (4, vec![]), (5, vec![1])];
        let book = book_of(&trials);
        assert_eq!(counts(&book), [(vec![1], 2), (vec![1, 2], 2)]);
        let session = book.session();
        let signature =
            response_signature("GET /", ["200", "200"], [1, 2].map(|n| Signature([n; 16])));
        let both = &session.variants[&signature];
        assert_eq!((both.first_seen, both.last_seen), (at(31), at(62)));
        assert_eq!(both.traces.entities.hashes(), [1, 2]);
        let first = both.traces.exemplars.first().expect("one is kept");
        assert_eq!((first.id.number, first.target.as_str()), (1, "GET /items?page=1"));
        assert_eq!(both.traces.exemplars.smallest().map(|one| one.bytes), Some(998));
    }

    #[test]
    fn other_outcomes_are_another_variant() {
        let mut book = book_of(&[(1, vec![1])]);
        let outcomes = ["200", "500"];
        let trial = judgement("GET /", vec![mark(1)]);
        book.judge(&trial, &Occasion { outcomes, ..occasion(2) }, &|_| 2, &mut |_| sample(2));
        assert_eq!(counts(&book), [(vec![1], 1), (vec![1], 1)]);
    }

    #[test]
    fn what_does_not_make_a_trial_diverge_makes_no_variant() {
        let mut book = Book::new(info("a"));
        let marks = vec![
            Mark { severity: Severity::Info, ..mark(1) },
            Mark { status: Status::Noise, ..mark(2) },
            Mark { status: Status::Expected, ..mark(3) },
        ];
        let with = |more: Vec<Mark>| judgement("GET /", [marks.clone(), more].concat());
        for trial in [with(vec![]), with(vec![Mark { severity: Severity::Additive, ..mark(4) }])] {
            book.judge(&trial, &occasion(1), &|_| 1, &mut |_| sample(1));
        }
        assert_eq!(counts(&book), [(vec![4], 1)]);
    }

    #[test]
    fn an_answer_that_shows_very_much_is_told_by_the_worst() {
        let marks = |from: u8| {
            let all = (from..from + 40).map(|number| match number {
                200..=255 => Mark { severity: Severity::Breaking, ..mark(number) },
                _ => mark(number),
            });
            all.collect::<Vec<_>>()
        };
        let mut book = Book::new(info("a"));
        book.judge(&judgement("GET /", marks(170)), &occasion(1), &|_| 1, &mut |_| sample(1));
        let (shown, count) = counts(&book).pop().expect("one");
        let expected: Vec<u8> = (170..192).chain(200..210).collect();
        assert_eq!((shown, count), (expected, 1));
    }

    /// A finding of its own for each number.
    fn rare(number: u32, severity: Severity) -> Mark {
        let stem = Stem(u128::from(number).to_be_bytes());
        Mark { stem, signature: stem.at("GET /"), severity, ..mark(1) }
    }

    #[test]
    fn where_there_is_no_room_what_matters_least_goes_and_its_answers_are_counted() {
        let (mut book, mut stored) = (Book::new(info("a")), BTreeMap::new());
        let mut copy = Session::new(info("a"));
        let show = |book: &mut Book, number: u32, severity| {
            let trial = judgement("GET /", vec![rare(number, severity)]);
            let trial = Judgement { at: at(number.into()), ..trial };
            let id = u64::from(number);
            book.judge(&trial, &occasion(id), &|_| id, &mut |_| sample(id));
        };
        (0..3).for_each(|_| show(&mut book, 0, Severity::Additive));
        show(&mut book, 1, Severity::Breaking);
        (0..2).for_each(|_| show(&mut book, 2, Severity::Behavioural));
        let flood = 2 * u32::try_from(MAX_VARIANTS).expect("few");
        for number in 3..flood {
            show(&mut book, number, Severity::Behavioural);
            if number % 500 == 0 {
                let changes = book.take_dirty(at(0));
                stored.extend(encode(&changes));
                changes.apply(&mut copy);
            }
        }
        let changes = book.take_dirty(at(1));
        stored.extend(encode(&changes));
        changes.apply(&mut copy);
        let session = book.session();
        assert!(session.variants.len() <= MAX_VARIANTS);
        assert!(session.variants.len() >= MAX_VARIANTS - EVICTED);
        let kept: u64 = session.variants.values().map(|one| one.count).sum();
        assert_eq!(kept + session.overflow["variants"], session.endpoints["GET /"].diverged);
        let is_kept = |number| {
            let findings = [rare(number, Severity::Info).signature];
            let signature = response_signature("GET /", ["200", "200"], findings);
            session.variants.contains_key(&signature)
        };
        assert_eq!([0, 1, 2, 3, flood - 1].map(is_kept), [false, true, true, false, true]);
        assert_eq!(copy, *session);
        let (read, damaged) = salvage(stored).expect("it says what it is about");
        assert_eq!(damaged, Vec::<String>::new());
        assert_eq!(read, *session);
    }

    #[test]
    fn what_matters_less_than_all_that_is_there_finds_no_room() {
        let mut book = Book::new(info("a"));
        let all = u32::try_from(MAX_VARIANTS).expect("few");
        for number in 0..=all {
            let severity = if number < all { Severity::Breaking } else { Severity::Additive };
            let trial = judgement("GET /", vec![rare(number, severity)]);
            book.judge(&trial, &occasion(1), &|_| 1, &mut |_| sample(1));
        }
        let session = book.session();
        assert!(session.variants.values().all(|one| one.severity == Severity::Breaking));
        assert_eq!((session.variants.len(), session.overflow["variants"]), (MAX_VARIANTS, 1));
    }

    fn trials() -> impl Strategy<Value = Vec<Trial>> {
        let shown = proptest::collection::vec(0u8..5, 0..4);
        proptest::collection::vec(shown, 0..60).prop_map(|all| (0..).zip(all).collect())
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_makes_no_difference(
            (one, other) in trials().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            let (one, other) = (book_of(&one), book_of(&other));
            prop_assert_eq!(&one.session().variants, &other.session().variants);
            let diverged = one.session().endpoints.values().map(|stats| stats.diverged).sum::<u64>();
            prop_assert_eq!(counts(&one).iter().map(|(_, count)| count).sum::<u64>(), diverged);
            let sizes = one.session().variants.values().map(|it| it.traces.exemplars.iter().count()).max();
            prop_assert!(sizes.unwrap_or(0) <= Exemplars::MAX);
        }

        #[test]
        fn the_variants_of_two_books_together_are_those_of_one(
            all in trials(), which in proptest::collection::vec(any::<bool>(), 60),
        ) {
            let part = |wanted: bool| {
                let of_it = all.iter().zip(&which).filter(|(_, one)| **one == wanted);
                book_of(&of_it.map(|(trial, _)| trial.clone()).collect::<Vec<_>>())
            };
            let (mut sum, other) = (part(true).session().variants.clone(), part(false));
            for (signature, variant) in &other.session().variants {
                match sum.get_mut(signature) {
                    Some(known) => known.merge(variant),
                    None => drop(sum.insert(*signature, variant.clone())),
                }
            }
            let whole = book_of(&all);
            prop_assert_eq!(&sum, &whole.session().variants);
        }

        #[test]
        fn names_that_are_joined_have_the_variants_that_the_one_name_would_have(
            all in proptest::collection::vec((0u8..40, proptest::collection::vec(0u8..4, 1..3)), 200..300),
        ) {
            let (mut many, mut single) = (Book::new(info("a")), Book::new(info("a")));
            // Each name is asked for, so that they are one endpoint whatever the trials.
            for name in (0..40).cycle().take(400) {
                let endpoint = format!("GET /users/u{name}");
                let name = EndpointName { text: &endpoint, origin: Origin::Observed };
                many.seen(name, 1);
            }
            for (number, (name, shown)) in (0..).zip(&all) {
                let observed = format!("GET /users/u{name}");
                for (book, endpoint, origin) in [
                    (&mut many, observed.as_str(), Origin::Observed),
                    (&mut single, "GET /users/{*}", Origin::Given),
                ] {
                    let of = |&each: &u8| {
                        let stem = Stem([each; 16]);
                        Mark { stem, signature: stem.at(endpoint), ..mark(each) }
                    };
                    let marks = shown.iter().map(of).collect();
                    let trial = Judgement { origin, ..judgement(endpoint, marks) };
                    book.judge(&trial, &occasion(number), &|_| number, &mut |_| sample(number));
                }
            }
            prop_assert_eq!(&many.session().variants, &single.session().variants);
        }
    }
}
