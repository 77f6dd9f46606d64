//! The in-memory truth of the running session.
//!
//! A [`Book`] takes what the tap saw and what the comparer found ([`Judgement`], [`Mark`]), keeps
//! the counts exact within fixed bounds, and hands out what changed as
//! [`Changes`] for the writer.
//!
//! This module never does I/O and never reads a clock.

use crate::model::{
    Disposition, EndpointStats, Finding, Judged, Ledger, RuleName, RuleUse, Sample, Session,
    SessionInfo, Signature,
};
use crate::store::changes::{Changes, FindingChange, Sums, Totals};
use crate::store::judgement::{Judgement, Mark};
use crate::store::sample;
use jiff::Timestamp;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Endpoints of a session; the requests of all others fold into [`OTHER`].
pub const MAX_ENDPOINTS: usize = 512;
/// Findings of a session.
pub const MAX_FINDINGS: usize = 2_000;
/// Findings of one endpoint, so that an endpoint whose every answer differs somewhere else leaves
/// room for the others.
pub const MAX_FINDINGS_PER_ENDPOINT: usize = 250;
/// Rules of a session; the uses of all others are not told.
pub const MAX_RULES: usize = 1_000;
/// Samples of a finding: those with the smallest ranks.
pub const SAMPLES_PER_FINDING: usize = 5;
/// The endpoint that stands for those beyond [`MAX_ENDPOINTS`].
pub const OTHER: &str = "__other__";

/// Endpoint templates and paths longer than this many bytes come from hostile or odd traffic.
const MAX_NAME: usize = 1024;
/// Bytes that the samples of a session may take before new ones are kept without their messages.
const FULL_SAMPLES: usize = 4 << 20;
/// Bytes that the samples of a session may take in all.
const ALL_SAMPLES: usize = 5 << 20;

/// One session, bounded, with a note of what changed since the last flush.
///
/// Nothing is lost in silence: `overflow["endpoints"]` counts the requests that were folded into
/// [`OTHER`], `overflow["findings"]` the marks whose finding was not kept (so that the findings'
/// counts and it add up to all marks), `overflow["sample_bodies"]` the samples kept without their
/// messages, `overflow["samples"]` those not kept for want of room, and `overflow["rules"]` how often
/// a rule beyond [`MAX_RULES`] was told of.
#[derive(Debug)]
pub struct Book {
    session: Session,
    findings_by_endpoint: HashMap<String, usize>,
    sample_bytes: usize,
    flushes: u64,
    dirty: Dirty,
}

#[derive(Debug, Default)]
struct Dirty {
    info: bool,
    endpoints: HashSet<String>,
    /// Whether the samples changed too.
    findings: HashMap<Signature, bool>,
    rules: HashSet<RuleName>,
}

impl Book {
    /// An empty book, all of it still to be written.
    pub fn new(info: SessionInfo) -> Self {
        Self {
            session: Session::new(info),
            findings_by_endpoint: HashMap::new(),
            sample_bytes: 0,
            flushes: 0,
            dirty: Dirty { info: true, ..Dirty::default() },
        }
    }

    /// The session as it stands.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Counts requests that came in for an endpoint.
    pub fn seen(&mut self, endpoint: &str, n: u64) {
        if self.on(endpoint, |stats| stats.ledger.seen += n) == OTHER {
            self.overflow("endpoints", n);
        }
    }

    /// Books requests that came to their end without being compared.
    pub fn settle(&mut self, endpoint: &str, disposition: Disposition, n: u64) {
        self.on(endpoint, |stats| stats.ledger.settle_many(disposition, n));
    }

    /// Books requests whose endpoint is not known any more, under [`OTHER`].
    pub fn fold(&mut self, ledger: &Ledger) {
        self.overflow("endpoints", ledger.seen);
        self.on(OTHER, |stats| stats.ledger.merge(ledger));
    }

    /// Books one compared trial in which nothing differs.
    pub fn equal(&mut self, judgement: &Judgement) {
        self.on(&judgement.endpoint, |stats| count(stats, judgement));
    }

    /// Books one compared trial. `rank` orders the samples of a finding (equal for equal requests,
    /// whatever the process); `sample` makes one and is called only for those that are kept.
    pub fn judge(
        &mut self,
        judgement: &Judgement,
        rank: &dyn Fn(&Mark) -> u64,
        sample: &mut dyn FnMut(&Mark) -> Sample,
    ) {
        self.on(&judgement.endpoint, |stats| count(stats, judgement));
        let mut noted = HashSet::new();
        for mark in &judgement.marks {
            if noted.insert(mark.signature) && self.note(judgement, mark) {
                self.offer_sample(mark, rank(mark), sample);
            }
        }
    }

    /// A rule holds, whether or not it will be of use.
    pub fn declare(&mut self, name: RuleName, line: u64) {
        self.on_rule(name, |rule| rule.line = line);
    }

    /// A rule was of use.
    pub fn used(&mut self, name: RuleName, matched: u64, excused: u64, fields: Vec<String>) {
        self.on_rule(name, |rule| {
            rule.matched += matched;
            rule.excused += excused;
            let room = RuleUse::MAX_FIELDS.saturating_sub(rule.fields.len());
            let new = fields.into_iter().map(|field| sample::cut(&field, MAX_NAME));
            let new: Vec<_> = new.filter(|field| !rule.fields.contains(field)).take(room).collect();
            rule.fields.extend(new);
        });
    }

    fn on_rule(&mut self, name: RuleName, change: impl FnOnce(&mut RuleUse)) {
        let rules = &mut self.session.rules;
        if rules.len() >= MAX_RULES && !rules.contains_key(&name) {
            return self.overflow("rules", 1);
        }
        change(rules.entry(name.clone()).or_default());
        self.dirty.rules.insert(name);
    }

    /// The session is over.
    pub fn end(&mut self, at: Timestamp) {
        self.session.info.ended_at = Some(at);
        self.dirty.info = true;
    }

    /// Copies of all that changed since the last time; `at` is the time of the flush.
    pub fn take_dirty(&mut self, at: Timestamp) -> Changes {
        let dirty = std::mem::take(&mut self.dirty);
        let session = &self.session;
        let endpoint = |name: String| {
            let stats = session.endpoints.get(&name)?.clone();
            Some((name, stats))
        };
        let finding = |(key, samples)| Some(copy(session.findings.get(&key)?, samples));
        let rule = |name: RuleName| {
            let used = session.rules.get(&name)?.clone();
            Some((name, used))
        };
        let mut changes = Changes {
            info: dirty.info.then(|| session.info.clone()),
            endpoints: dirty.endpoints.into_iter().filter_map(endpoint).collect(),
            findings: dirty.findings.into_iter().filter_map(finding).collect(),
            rules: dirty.rules.into_iter().filter_map(rule).collect(),
            totals: Totals {
                flush: self.flushes,
                at,
                sums: Sums::of(session),
                overflow: session.overflow.clone(),
            },
        };
        if !changes.is_empty() {
            self.flushes += 1;
            changes.totals.flush = self.flushes;
        }
        changes
    }

    /// Takes back changes that could not be written: the next flush has the same places, with the
    /// values of its own time.
    pub fn restore(&mut self, changes: Changes) {
        self.dirty.info |= changes.info.is_some();
        self.dirty.endpoints.extend(changes.endpoints.into_iter().map(|(name, _)| name));
        self.dirty.rules.extend(changes.rules.into_iter().map(|(name, _)| name));
        for change in changes.findings {
            *self.dirty.findings.entry(change.finding.signature).or_default() |= change.samples;
        }
    }

    /// Everything is to be written again, because it goes to a new place.
    pub fn mark_all(&mut self) {
        self.dirty.info = true;
        self.dirty.endpoints = self.session.endpoints.keys().cloned().collect();
        self.dirty.findings = self.session.findings.keys().map(|&key| (key, true)).collect();
        self.dirty.rules = self.session.rules.keys().cloned().collect();
    }

    /// Where an endpoint is counted. An endpoint is folded always or never: places are not given
    /// up, so that one without a place does not get one later.
    fn place<'a>(&self, endpoint: &'a str) -> &'a str {
        let endpoints = &self.session.endpoints;
        let listed = endpoints.len() - usize::from(endpoints.contains_key(OTHER));
        let room = listed < MAX_ENDPOINTS && endpoint.len() <= MAX_NAME;
        if room || endpoints.contains_key(endpoint) { endpoint } else { OTHER }
    }

    /// Changes the counts of one endpoint and gives the name that it is counted under. Allocates
    /// only where the endpoint is new, or unchanged since the last flush.
    fn on<'a>(&mut self, endpoint: &'a str, change: impl FnOnce(&mut EndpointStats)) -> &'a str {
        let name = match self.session.endpoints.get_mut(endpoint) {
            Some(stats) => {
                change(stats);
                endpoint
            }
            None => {
                let name = self.place(endpoint);
                change(self.session.endpoints.entry(name.to_owned()).or_default());
                name
            }
        };
        if !self.dirty.endpoints.contains(name) {
            self.dirty.endpoints.insert(name.to_owned());
        }
        name
    }

    /// Counts a mark in its finding; false where there is no room for the finding.
    fn note(&mut self, judgement: &Judgement, mark: &Mark) -> bool {
        let full = self.session.findings.len() >= MAX_FINDINGS;
        let folded = self.place(&judgement.endpoint);
        match self.session.findings.entry(mark.signature) {
            Entry::Occupied(mut known) => recount(known.get_mut(), judgement.at, mark),
            Entry::Vacant(place) => {
                let listed = self.findings_by_endpoint.get(folded).copied().unwrap_or(0);
                if full || listed >= MAX_FINDINGS_PER_ENDPOINT {
                    self.overflow("findings", 1);
                    return false;
                }
                self.findings_by_endpoint.insert(folded.to_owned(), listed + 1);
                place.insert(first(judgement, mark));
            }
        }
        self.dirty.findings.entry(mark.signature).or_default();
        true
    }

    /// Keeps a sample if its rank is among the smallest, within the bytes that samples may take.
    fn offer_sample(&mut self, mark: &Mark, rank: u64, make: &mut dyn FnMut(&Mark) -> Sample) {
        let Some(finding) = self.session.findings.get_mut(&mark.signature) else { return };
        let full = finding.samples.len() >= SAMPLES_PER_FINDING;
        let leaving = finding.samples.last_key_value().filter(|_| full);
        let late = leaving.is_some_and(|(&last, _)| rank > last);
        if late || finding.samples.contains_key(&rank) {
            return;
        }
        let others = self.sample_bytes - leaving.map_or(0, |(_, sample)| sample::weight(sample));
        let mut kept = make(mark);
        sample::bound(&mut kept);
        let trimmed = others + sample::weight(&kept) > FULL_SAMPLES;
        if trimmed {
            sample::trim(&mut kept);
        }
        let bytes = others + sample::weight(&kept);
        if bytes > ALL_SAMPLES {
            return self.overflow("samples", 1);
        }
        if full {
            finding.samples.pop_last();
        }
        finding.samples.insert(rank, kept);
        self.sample_bytes = bytes;
        self.dirty.findings.insert(mark.signature, true);
        if trimmed {
            self.overflow("sample_bodies", 1);
        }
    }

    fn overflow(&mut self, bound: &str, n: u64) {
        match self.session.overflow.get_mut(bound) {
            Some(count) => *count += n,
            None => {
                self.session.overflow.insert(bound.to_owned(), n);
            }
        }
    }
}

fn count(stats: &mut EndpointStats, judgement: &Judgement) {
    let verdict = match judgement.judged() {
        Judged::Equal => &mut stats.equal,
        Judged::Diverged => &mut stats.diverged,
        Judged::Noise => &mut stats.noise,
        Judged::Expected => &mut stats.expected,
    };
    *verdict += 1;
    stats.ledger.settle(Disposition::Compared);
    stats.worse += u64::from(judgement.worse);
    stats.primary.record(judgement.primary);
    stats.candidate.record(judgement.candidate);
}

/// A new finding; it names its own endpoint even where that one's counts are folded.
fn first(judgement: &Judgement, mark: &Mark) -> Finding {
    Finding {
        signature: mark.signature,
        endpoint: sample::cut(&judgement.endpoint, MAX_NAME),
        kind: mark.kind,
        path: sample::cut(&mark.path, MAX_NAME),
        severity: mark.severity,
        status: mark.status,
        count: 1,
        first_seen: judgement.at,
        last_seen: judgement.at,
        samples: BTreeMap::new(),
    }
}

/// One more trial shows the finding: the status is the latest, the severity the worst.
fn recount(finding: &mut Finding, at: Timestamp, mark: &Mark) {
    finding.count += 1;
    finding.status = mark.status;
    finding.severity = finding.severity.min(mark.severity);
    finding.first_seen = finding.first_seen.min(at);
    finding.last_seen = finding.last_seen.max(at);
}

fn copy(finding: &Finding, samples: bool) -> FindingChange {
    let finding = Finding {
        endpoint: finding.endpoint.clone(),
        path: finding.path.clone(),
        samples: if samples { finding.samples.clone() } else { BTreeMap::new() },
        ..*finding
    };
    FindingChange { finding, samples }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DropReason, SkipReason};
    use crate::model::{Severity, Status};
    use crate::store::testing::{at, info, judgement, mark, sample};
    use proptest::prelude::*;

    fn judge(book: &mut Book, judgement: &Judgement, rank: u64) -> usize {
        let mut made = 0;
        book.judge(judgement, &|_| rank, &mut |_| {
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
            let marks =
                (0u8..).zip(marks).map(|(n, &(severity, status))| marked(n, severity, status));
            judge(&mut book, &judgement("GET /", marks.collect()), 1);
            let stats = &book.session().endpoints["GET /"];
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
            book.seen(&format!("GET /{n}"), 1);
        }
        assert!(book.session().overflow.is_empty());
        book.seen("GET /more", 2);
        book.settle("GET /more", Disposition::SampledOut, 2);
        book.seen("GET /0", 1);
        let session = book.session();
        assert_eq!(session.endpoints.len(), MAX_ENDPOINTS + 1);
        assert_eq!(session.endpoints[OTHER].ledger.sampled_out, 2);
        assert_eq!(session.endpoints["GET /0"].ledger.seen, 2);
        assert_eq!(session.overflow["endpoints"], 2);
    }

    #[test]
    fn an_endpoint_with_an_endless_name_folds_too() {
        let mut book = Book::new(info("a"));
        book.seen(&"x".repeat(MAX_NAME + 1), 1);
        assert_eq!(book.session().overflow["endpoints"], 1);
        let long = Mark { path: "y".repeat(10_000), ..mark(1) };
        judge(&mut book, &judgement(&"x".repeat(10_000), vec![long]), 1);
        let finding = book.session().findings.values().next().expect("kept");
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
        let of =
            |endpoint| session.findings.values().filter(move |f| f.endpoint == endpoint).count();
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
        let finding = &book.session().findings[&Signature([1; 16])];
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
        let kept: Vec<_> = book.session().findings[&Signature([1; 16])].samples.keys().collect();
        assert_eq!(kept, [&4, &5, &6, &7, &8]);
    }

    #[test]
    fn samples_take_no_more_than_their_share_of_memory() {
        let mut book = Book::new(info("a"));
        for n in 0..2_000u32 {
            let mut signature = Signature([0; 16]);
            signature.0[..4].copy_from_slice(&n.to_le_bytes());
            let trial =
                judgement(&format!("GET /{}", n / 100), vec![Mark { signature, ..mark(1) }]);
            for rank in 0..5 {
                book.judge(&trial, &|_| rank, &mut |_| {
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
            prop_assert_eq!(&copy, book.session());
        }
    }

    #[test]
    fn every_rule_is_told_of_whether_or_not_it_was_of_use() {
        let mut book = Book::new(info("a"));
        let name = |text: &str| RuleName { key: "compare.ignore[0]".into(), text: text.into() };
        book.declare(name("$.a"), 3);
        book.declare(name("$.b"), 4);
        let fields = |from: usize| (from..from + 10).map(|number| format!("$.{number}")).collect();
        book.used(name("$.a"), 2, 1, fields(0));
        book.used(name("$.a"), 2, 1, fields(5));
        let mut session = Session::new(info("a"));
        book.take_dirty(Timestamp::UNIX_EPOCH).apply(&mut session);
        assert_eq!(&session, book.session());
        let used = &session.rules[&name("$.a")];
        assert_eq!((used.line, used.matched, used.excused, used.fields.len()), (3, 4, 2, 15));
        assert_eq!(session.rules[&name("$.b")], RuleUse { line: 4, ..RuleUse::default() });
        (0..MAX_RULES).for_each(|number| book.declare(name(&number.to_string()), 1));
        assert_eq!(book.session().rules.len(), MAX_RULES);
        assert_eq!(book.session().overflow["rules"], 2);
    }
}
