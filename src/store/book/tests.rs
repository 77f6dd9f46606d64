//! Books that count, within their bounds.
//!
//! This module never waits for time to pass.

use crate::compare::Stem;
use crate::model::{
    Disposition, DropReason, EndpointName, Origin, Session, Severity, Signature, SkipReason, Status,
};
use crate::store::book::pages::{ALL_SAMPLES, MAX_NAME};
use crate::store::format::encode;
use crate::store::sample;
use crate::store::testing::{at, info, judgement, mark, occasion, sample};
use crate::store::{
    Book, Judgement, MAX_ENDPOINTS, MAX_FINDINGS, MAX_FINDINGS_PER_ENDPOINT, MAX_NAMES, Mark,
    OTHER, SAMPLES_PER_FINDING, salvage,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn judge(book: &mut Book, judgement: &Judgement, rank: u64) -> usize {
    let mut made = 0;
    book.judge(judgement, &occasion(rank), &|_| rank, &mut |_| {
        made += 1;
        sample(rank)
    });
    made
}

fn marked(n: u8, severity: Severity, status: Status) -> Mark {
    Mark { severity, status, ..mark(n) }
}

#[test]
fn a_trial_counts_as_what_its_marks_say() {
    let check = |marks: &[(Severity, Status)], expected: [u64; 4]| {
        let mut book = Book::new(info("a"));
        let marks = (0u8..).zip(marks).map(|(n, &(severity, status))| marked(n, severity, status));
        judge(&mut book, &judgement("GET /", marks.collect()), 1);
        let session = book.session();
        let stats = &session.endpoints["GET /"];
        let found = [stats.equal, stats.diverged, stats.expected, stats.noise];
        assert_eq!(found, expected);
        assert!((stats.ledger.mirrored, stats.ledger.compared) == (1, 1));
        assert!((stats.primary.count(), stats.candidate.count()) == (1, 1));
    };
    use Severity::{Additive, Breaking, Info};
    use Status::{Bug, Expected, Noise, Open};
    check(&[], [1, 0, 0, 0]);
    check(&[(Info, Open)], [1, 0, 0, 0]);
    check(&[(Additive, Open)], [0, 1, 0, 0]);
    check(&[(Breaking, Bug)], [0, 1, 0, 0]);
    check(&[(Breaking, Expected)], [0, 0, 1, 0]);
    check(&[(Breaking, Noise)], [0, 0, 0, 1]);
    check(&[(Info, Noise), (Info, Open)], [0, 0, 0, 1]);
    check(&[(Breaking, Noise), (Breaking, Expected)], [0, 0, 1, 0]);
    check(&[(Breaking, Expected), (Additive, Open)], [0, 1, 0, 0]);
}

#[test]
fn the_ledger_is_exact_once_everything_is_settled() {
    let mut book = Book::new(info("a"));
    book.seen("GET /", 10);
    assert_eq!(book.session().ledger().unsettled(), 10);
    book.settle("GET /", Disposition::SampledOut, 4);
    book.settle("GET /", Disposition::Skipped(SkipReason::Method), 3);
    book.settle("GET /", Disposition::Dropped(DropReason::Rate), 2);
    judge(&mut book, &judgement("GET /", vec![]), 1);
    assert!(book.session().ledger().is_exact());
}

#[test]
fn endpoints_beyond_the_bound_fold_into_other_and_are_counted() {
    let mut book = Book::new(info("a"));
    for n in 0..MAX_ENDPOINTS {
        book.seen(&format!("GET /{n}"), 3);
    }
    assert!(book.session().overflow.is_empty());
    book.seen("GET /more", 2);
    book.settle("GET /more", Disposition::SampledOut, 2);
    book.seen("GET /0", 1);
    let session = book.session();
    assert_eq!(session.endpoints.len(), MAX_ENDPOINTS + 1);
    assert_eq!(session.endpoints[OTHER].ledger.sampled_out, 2);
    assert_eq!(session.endpoints["GET /0"].ledger.seen, 4);
    assert_eq!(session.overflow["endpoints"], 2);
}

#[test]
fn names_beyond_the_bound_fold_into_other_for_good() {
    let mut book = Book::new(info("a"));
    for n in 0..MAX_NAMES {
        book.seen(&format!("GET /{n}"), 1);
    }
    book.seen("GET /more", 9_000);
    book.settle("GET /more", Disposition::SampledOut, 9_000);
    let session = book.session();
    assert_eq!(session.endpoints.len(), MAX_ENDPOINTS + 1);
    assert_eq!(session.endpoints[OTHER].ledger.sampled_out, 9_000);
    let seen: u64 = session.endpoints.values().map(|stats| stats.ledger.seen).sum();
    assert_eq!(seen, MAX_NAMES as u64 + 9_000);
    assert_eq!(session.overflow["endpoints"], session.endpoints[OTHER].ledger.seen);
}

fn observed(text: &str) -> EndpointName<'_> {
    EndpointName { text, origin: Origin::Observed }
}

/// One request of an observed name, which is compared and differs.
fn differs(book: &mut Book, name: &str, rank: u64) {
    book.seen(observed(name), 1);
    let stem = Stem([7; 16]);
    let found = Mark { stem, signature: stem.at(name), ..mark(7) };
    let trial = Judgement { origin: Origin::Observed, ..judgement(name, vec![found]) };
    judge(book, &trial, rank);
}

#[test]
fn names_that_are_one_endpoint_have_its_counts_and_findings_together() {
    let mut book = Book::new(info("a"));
    for n in 0..400_u64 {
        differs(&mut book, &format!("GET /users/u{}", n % 40), 1_000 - n);
    }
    differs(&mut book, "GET /items", 1);
    let (session, signature) = (book.session(), Stem([7; 16]).at("GET /users/{*}"));
    let names: Vec<_> = session.endpoints.keys().collect();
    assert_eq!(names, ["GET /items", "GET /users/{*}"]);
    let stats = &session.endpoints["GET /users/{*}"];
    assert!(stats.ledger.is_exact());
    assert_eq!((stats.ledger.seen, stats.diverged, stats.primary.count()), (400, 400, 400));
    let finding = &session.findings[&signature];
    assert_eq!((finding.count, finding.signature), (400, signature));
    assert_eq!(finding.samples.keys().copied().collect::<Vec<_>>(), [601, 602, 603, 604, 605]);
    assert_eq!(session.findings.len(), 2);
}

#[test]
fn names_without_end_are_joined_for_good_and_lose_no_count() {
    let mut book = Book::new(info("a"));
    let mut copy = Session::new(info("a"));
    for n in 0..3 * MAX_NAMES as u64 {
        differs(&mut book, &format!("GET /users/u{n}/cart"), n);
        if n % 1_000 == 0 {
            book.take_dirty(at(1)).apply(&mut copy);
        }
    }
    book.take_dirty(at(2)).apply(&mut copy);
    let session = book.session();
    assert_eq!(copy, *session);
    let stats = &session.endpoints["GET /users/{*}/cart"];
    assert_eq!((stats.ledger.seen, stats.diverged), (3 * MAX_NAMES as u64, 3 * MAX_NAMES as u64));
    assert!(session.endpoints.len() == 1 && stats.ledger.is_exact());
    let marks: u64 = session.findings.values().map(|finding| finding.count).sum();
    let lost = session.overflow.get("findings").copied().unwrap_or(0);
    assert_eq!((session.findings.len(), marks + lost), (1, 3 * MAX_NAMES as u64));
    assert!(!session.overflow.contains_key("endpoints"));
}

#[test]
fn a_given_name_is_never_one_of_many() {
    let mut book = Book::new(info("a"));
    for n in 0..40 {
        book.seen(&format!("GET /users/u{n}"), 10);
    }
    assert_eq!(book.session().endpoints.len(), 40);
}

#[test]
fn a_request_that_is_named_later_keeps_both_ledgers_exact() {
    let mut book = Book::new(info("a"));
    book.seen("POST /graphql", 1);
    assert!(book.rename("POST /graphql", "query Items"));
    book.settle("query Items", Disposition::Compared, 1);
    // There is nothing left to be renamed.
    assert!(!book.rename("POST /graphql", "query Items"));
    let session = book.session();
    assert!(session.endpoints.values().all(|stats| stats.ledger.is_exact()));
    assert_eq!(session.endpoints["query Items"].ledger.seen, 1);
}

#[test]
fn an_endpoint_with_an_endless_name_folds_too() {
    let mut book = Book::new(info("a"));
    book.seen(&"x".repeat(MAX_NAME + 1), 1);
    assert_eq!(book.session().overflow["endpoints"], 1);
    let long = Mark { path: "y".repeat(10_000), ..mark(1) };
    judge(&mut book, &judgement(&"x".repeat(10_000), vec![long]), 1);
    let session = book.session();
    let finding = session.findings.values().next().expect("kept");
    assert!(finding.endpoint.len() + finding.path.len() <= 2 * (MAX_NAME + 3));
}

#[test]
fn every_mark_is_counted_in_a_finding_or_in_the_overflow() {
    let mut book = Book::new(info("a"));
    let mut marks = 0;
    for n in 0..3_000u32 {
        let mut signature = Signature([0; 16]);
        signature.0[..4].copy_from_slice(&n.to_le_bytes());
        let marked = Mark { signature, ..mark(1) };
        // The first endpoint has more than its share.
        let endpoint = format!("GET /{}", n.saturating_sub(500) / 100);
        judge(&mut book, &judgement(&endpoint, vec![marked.clone(), marked]), 1);
        marks += 1;
    }
    let session = book.session();
    let counted: u64 = session.findings.values().map(|finding| finding.count).sum();
    assert_eq!(counted + session.overflow["findings"], marks);
    let of = |endpoint| session.findings.values().filter(move |f| f.endpoint == endpoint).count();
    assert_eq!(of("GET /0"), MAX_FINDINGS_PER_ENDPOINT);
    assert_eq!(of("GET /1"), 100);
    assert_eq!(session.findings.len(), MAX_FINDINGS);
}

#[test]
fn a_finding_keeps_its_worst_severity_its_latest_status_and_its_first_and_last_time() {
    let mut book = Book::new(info("a"));
    let trials = [
        (5, Severity::Additive, Status::Open),
        (9, Severity::Breaking, Status::Open),
        (1, Severity::Additive, Status::Expected),
    ];
    for (second, severity, status) in trials {
        let trial = judgement("GET /", vec![marked(1, severity, status)]);
        judge(&mut book, &Judgement { at: at(second), ..trial }, 1);
    }
    let session = book.session();
    let finding = &session.findings[&Signature([1; 16])];
    assert_eq!((finding.severity, finding.status), (Severity::Breaking, Status::Expected));
    assert_eq!((finding.first_seen, finding.last_seen, finding.count), (at(1), at(9), 3));
}

#[test]
fn a_sample_is_made_only_if_it_is_kept() {
    let mut book = Book::new(info("a"));
    let trial = judgement("GET /", vec![mark(1)]);
    let made: Vec<_> =
        [9, 8, 7, 6, 5, 10, 5, 4, 9].map(|rank| judge(&mut book, &trial, rank)).into();
    assert_eq!(made, [1, 1, 1, 1, 1, 0, 0, 1, 0]);
    let session = book.session();
    let kept: Vec<_> = session.findings[&Signature([1; 16])].samples.keys().collect();
    assert_eq!(kept, [&4, &5, &6, &7, &8]);
}

#[test]
fn samples_take_no_more_than_their_share_of_memory() {
    let mut book = Book::new(info("a"));
    for n in 0..2_000u32 {
        let mut signature = Signature([0; 16]);
        signature.0[..4].copy_from_slice(&n.to_le_bytes());
        let trial = judgement(&format!("GET /{}", n / 100), vec![Mark { signature, ..mark(1) }]);
        for rank in 0..5 {
            book.judge(&trial, &occasion(rank), &|_| rank, &mut |_| {
                let mut big = sample(rank);
                big.primary_reply.body = Some("x".repeat(16 << 10));
                big.request.target = "t".repeat(1000);
                big
            });
        }
    }
    let session = book.session();
    let samples = || session.findings.values().flat_map(|finding| finding.samples.values());
    let bytes: usize = samples().map(sample::weight).sum();
    assert_eq!(book.sample_bytes, bytes);
    assert!(bytes <= ALL_SAMPLES, "{bytes}");
    let whole = samples().filter(|sample| sample.primary_reply.body.is_some()).count();
    let kept = u64::try_from(samples().count()).expect("few");
    assert!(whole > 200 && session.overflow["sample_bodies"] > 500, "{whole}");
    assert_eq!(kept + session.overflow["samples"], 10_000);
}

#[test]
fn a_flush_has_only_what_changed() {
    let mut book = Book::new(info("a"));
    book.seen("GET /a", 1);
    judge(&mut book, &judgement("GET /b", vec![mark(1), mark(2)]), 5);
    let first = book.take_dirty(at(1));
    assert!(first.info.is_some() && first.findings.iter().all(|change| change.samples));
    assert_eq!((first.endpoints.len(), first.findings.len(), first.totals.flush), (2, 2, 1));
    assert!(book.take_dirty(at(2)).is_empty());
    for rank in [1, 2, 3, 4] {
        judge(&mut book, &judgement("GET /b", vec![mark(2)]), rank);
    }
    book.take_dirty(at(3));
    judge(&mut book, &judgement("GET /b", vec![mark(2)]), 99);
    let third = book.take_dirty(at(4));
    assert_eq!((third.endpoints.len(), third.findings.len(), third.totals.flush), (1, 1, 3));
    assert!(third.info.is_none() && !third.findings[0].samples);
    assert!(third.findings[0].finding.samples.is_empty());
    book.mark_all();
    let all = book.take_dirty(at(5));
    assert!(all.info.is_some() && all.findings.iter().all(|change| change.samples));
    assert_eq!((all.endpoints.len(), all.findings.len()), (2, 2));
}

proptest! {
    #[test]
    fn the_same_samples_are_kept_whatever_the_order_of_arrival(
        mut ranks in proptest::collection::vec(0u64..50, 1..40),
    ) {
        let kept = |ranks: &[u64]| {
            let mut book = Book::new(info("a"));
            for &rank in ranks {
                judge(&mut book, &judgement("GET /", vec![mark(1)]), rank);
            }
            book.session().findings[&Signature([1; 16])].samples.clone()
        };
        let first = kept(&ranks);
        ranks.sort_unstable();
        prop_assert_eq!(&first, &kept(&ranks));
        ranks.dedup();
        ranks.truncate(SAMPLES_PER_FINDING);
        prop_assert_eq!(first.into_keys().collect::<Vec<_>>(), ranks);
    }

    #[test]
    fn whatever_flushes_fail_the_next_good_one_brings_the_copy_up_to_date(
        steps in proptest::collection::vec((0u8..4, 0u8..6, 0u64..20, any::<bool>()), 1..60),
    ) {
        let mut book = Book::new(info("a"));
        let mut copy = Session::new(info("a"));
        for (step, which, rank, works) in steps {
            let endpoint = format!("GET /{which}");
            match step {
                0 => book.seen(&endpoint, rank),
                1 => book.settle(&endpoint, Disposition::SampledOut, rank),
                2 => {
                    judge(&mut book, &judgement(&endpoint, vec![mark(which)]), rank);
                }
                _ => {
                    let changes = book.take_dirty(at(0));
                    if works { changes.apply(&mut copy) } else { book.restore(changes) }
                }
            }
        }
        book.end(at(9));
        book.take_dirty(at(10)).apply(&mut copy);
        prop_assert_eq!(&copy, &*book.session());
    }

    #[test]
    fn what_is_stored_is_what_is_reported_however_names_come_to_be_joined(
        steps in proptest::collection::vec((0u8..60, 0u8..9, any::<bool>()), 200..500),
    ) {
        let mut book = Book::new(info("a"));
        let mut copy = Session::new(info("a"));
        let mut stored = BTreeMap::new();
        for (which, step, works) in steps {
            match step {
                0 => {
                    let changes = book.take_dirty(at(0));
                    if works {
                        stored.extend(encode(&changes));
                        changes.apply(&mut copy);
                    } else {
                        book.restore(changes);
                    }
                }
                1 => (0..30).for_each(|_| differs(&mut book, "GET /users/me", 9)),
                _ => differs(&mut book, &format!("GET /users/u{which}"), which.into()),
            }
        }
        let changes = book.take_dirty(at(10));
        stored.extend(encode(&changes));
        changes.apply(&mut copy);
        prop_assert_eq!(&copy, &*book.session());
        let (read, damaged) = salvage(stored).expect("it says what it is about");
        prop_assert_eq!(damaged, Vec::<String>::new());
        prop_assert_eq!(&read, &*book.session());
    }

    #[test]
    fn the_order_of_arrival_makes_no_difference_to_what_is_reported(
        (one, other) in proptest::collection::vec(0u8..80, 300..600)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let reported = |order: &[u8]| {
            let mut book = Book::new(info("a"));
            for &which in order {
                // Some are asked for much more often than others.
                let which = if which > 60 { 1 } else { which };
                differs(&mut book, &format!("GET /users/u{which}"), which.into());
            }
            book.session().into_owned()
        };
        prop_assert_eq!(reported(&one), reported(&other));
    }
}
