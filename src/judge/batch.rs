//! What one worker has to tell, collected so that it costs one hand-over.

use crate::base::Charge;
use crate::model::{Answered, Disposition, Ledger, Trial};
use crate::policy::Plan;
use http::Method;
use jiff::Timestamp;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// Which endpoint a request belongs to, as far as the live thread knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    /// The endpoint's name where a route gives one.
    pub name: Option<&'a Arc<str>>,
}

impl<'a> Subject<'a> {
    /// Longer paths are cut here: no template needs more.
    const LONGEST: usize = 512;

    /// The subject of a request that falls under a plan.
    pub fn new(method: &'a Method, path: &'a str, plan: Option<&'a Plan>) -> Self {
        let end = path.floor_char_boundary(Self::LONGEST);
        let path = path.get(..end).unwrap_or(path);
        Self { method, path, name: plan.and_then(|plan| plan.name.as_ref()) }
    }
}

/// What a batch tells of a subject.
pub(super) struct Told {
    /// The subject's number.
    pub subject: usize,
    /// So many requests were seen.
    pub seen: u64,
    /// So many came to this end.
    pub settled: Option<(Disposition, u64)>,
}

/// A subject whose path is kept by the batch.
#[derive(Debug)]
struct Kept {
    method: Method,
    path: Range<usize>,
    name: Option<Arc<str>>,
}

/// What happened to one request: it was seen, it was settled, or both at once.
#[derive(Debug)]
struct Entry {
    /// The subject's number.
    subject: usize,
    seen: bool,
    settled: Option<Disposition>,
    /// How many requests it was so for.
    times: u64,
}

/// A trial to be compared, with the memory that it holds until then.
pub struct Pending {
    pub trial: Trial,
    pub plan: Arc<Plan>,
    pub charge: Charge,
}

/// So many subjects, and so many entries, are looked at again.
const RECENT: usize = 32;

/// What was kept a moment ago, by a hash of what it says: traffic repeats itself.
#[derive(Default)]
struct Recent([u32; RECENT]);

impl Recent {
    /// Where the last thing of this hash was kept, or of another that shares its slot.
    fn at(&self, hash: u64) -> Option<usize> {
        let place = self.0.get(Self::slot(hash))?;
        (*place as usize).checked_sub(1)
    }

    fn keep(&mut self, hash: u64, place: usize) {
        if let (Some(kept), Ok(number)) =
            (self.0.get_mut(Self::slot(hash)), u32::try_from(place + 1))
        {
            *kept = number;
        }
    }

    fn slot(hash: u64) -> usize {
        usize::try_from(hash % RECENT as u64).unwrap_or(0)
    }
}

/// What is left to be booked of a trial whose answers are equal as they came.
#[derive(Clone, Copy, Debug)]
pub struct Equal {
    /// When the request came in.
    pub at: Timestamp,
    /// What each side took.
    pub primary: Duration,
    pub candidate: Duration,
}

/// Events of one worker in their order.
#[derive(Default)]
pub struct Batch {
    paths: String,
    /// Most of them but once.
    subjects: Vec<Kept>,
    recent_subjects: Recent,
    entries: Vec<Entry>,
    recent_entries: Recent,
    answered: Vec<Answered>,
    trials: Vec<Pending>,
    /// Each with its subject's number.
    equals: Vec<(usize, Equal)>,
    /// Bytes that the trials hold.
    held: usize,
    /// Requests whose endpoint is forgotten: the batch was full when they came.
    folded: Ledger,
}

impl Batch {
    /// Entries beyond this are counted without their endpoint, answers beyond it not timed.
    const FULL: usize = 16_384;

    /// As many trials as there mostly are in one batch.
    const TRIALS: usize = 128;

    /// A request has been seen.
    pub fn seen(&mut self, subject: Subject<'_>) {
        self.enter(subject, true, None);
    }

    /// A request that was seen before has come to its end.
    pub fn settled(&mut self, subject: Subject<'_>, disposition: Disposition) {
        self.enter(subject, false, Some(disposition));
    }

    /// A request has been seen and come to its end.
    pub fn seen_and_settled(&mut self, subject: Subject<'_>, disposition: Disposition) {
        self.enter(subject, true, Some(disposition));
    }

    /// A client has been answered.
    pub fn answered(&mut self, answered: Answered) {
        if self.answered.len() < Self::FULL {
            self.answered.push(answered);
        }
    }

    /// A trial is to be compared.
    pub fn trial(&mut self, pending: Pending) {
        if self.trials.is_empty() {
            // Growing would copy them again and again.
            self.trials.reserve(Self::TRIALS);
        }
        self.held += pending.charge.bytes();
        self.trials.push(pending);
    }

    /// A trial has been found equal: nothing is left to be compared.
    pub fn equal(&mut self, subject: Subject<'_>, equal: Equal) {
        let subject = self.number(subject);
        self.equals.push((subject, equal));
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.entries.len() + self.answered.len() + self.trials()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.folded == Ledger::default()
    }

    /// How many bytes the trials hold that wait.
    pub fn held(&self) -> usize {
        self.held
    }

    /// How many trials wait.
    pub fn trials(&self) -> usize {
        self.trials.len() + self.equals.len()
    }

    /// The subjects by their numbers.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.subjects.iter().map(|kept| self.subject(kept))
    }

    /// The entries, by subject.
    pub(super) fn entries(&self) -> impl Iterator<Item = Told> {
        self.entries.iter().map(|entry| Told {
            subject: entry.subject,
            seen: if entry.seen { entry.times } else { 0 },
            settled: entry.settled.map(|disposition| (disposition, entry.times)),
        })
    }

    /// The equal trials, each with its subject's number.
    pub(super) fn equals(&self) -> &[(usize, Equal)] {
        &self.equals
    }

    pub(super) fn answers(&self) -> &[Answered] {
        &self.answered
    }

    pub(super) fn folded(&self) -> &Ledger {
        &self.folded
    }

    pub(super) fn take_trials(&mut self) -> Vec<Pending> {
        std::mem::take(&mut self.trials)
    }

    fn enter(&mut self, subject: Subject<'_>, seen: bool, settled: Option<Disposition>) {
        if self.entries.len() >= Self::FULL {
            self.folded.seen += u64::from(seen);
            settled.into_iter().for_each(|disposition| self.folded.settle(disposition));
            return;
        }
        let subject = self.number(subject);
        let hash = (subject as u64) << 1 | u64::from(settled.is_some());
        if let Some(entry) =
            self.recent_entries.at(hash).and_then(|place| self.entries.get_mut(place))
            && (entry.subject, entry.seen, entry.settled) == (subject, seen, settled)
        {
            entry.times += 1;
            return;
        }
        self.recent_entries.keep(hash, self.entries.len());
        self.entries.push(Entry { subject, seen, settled, times: 1 });
    }

    /// The number of a subject, which is kept where it was not a moment ago.
    fn number(&mut self, subject: Subject<'_>) -> usize {
        let hash = xxh3_64(subject.path.as_bytes());
        if let Some(place) = self.recent_subjects.at(hash)
            && self.subjects.get(place).is_some_and(|kept| self.subject(kept) == subject)
        {
            return place;
        }
        let Subject { method, path, name } = subject;
        let (start, number) = (self.paths.len(), self.subjects.len());
        self.paths.push_str(path);
        let path = start..self.paths.len();
        self.subjects.push(Kept { method: method.clone(), path, name: name.cloned() });
        self.recent_subjects.keep(hash, number);
        number
    }

    fn subject<'a>(&'a self, kept: &'a Kept) -> Subject<'a> {
        let path = self.paths.get(kept.path.clone()).unwrap_or_default();
        Subject { method: &kept.method, path, name: kept.name.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SkipReason;

    #[test]
    fn a_full_batch_forgets_endpoints_but_no_request() {
        let mut batch = Batch::default();
        let subject = Subject::new(&Method::GET, "/a", None);
        let skipped = Disposition::Skipped(SkipReason::Disabled);
        (0..Batch::FULL + 5).for_each(|_| batch.seen_and_settled(subject, skipped));
        let told: u64 = batch.entries().map(|told| told.seen).sum();
        assert_eq!((told, batch.entries().count()), (Batch::FULL as u64 + 5, 1));
        let paths: Vec<_> = (0..Batch::FULL + 5).map(|number| format!("/{number}")).collect();
        let subjects = paths.iter().map(|path| Subject::new(&Method::GET, path, None));
        subjects.for_each(|subject| batch.seen_and_settled(subject, skipped));
        let told: u64 = batch.entries().map(|told| told.seen).sum();
        assert_eq!(batch.entries().count(), Batch::FULL);
        assert_eq!(told + batch.folded().seen, 2 * (Batch::FULL as u64 + 5));
        assert!(batch.folded().is_exact());
    }

    #[test]
    fn all_that_is_told_of_a_subject_goes_by_one_number() {
        let equal =
            Equal { at: Timestamp::UNIX_EPOCH, primary: Duration::ZERO, candidate: Duration::ZERO };
        let paths: Vec<_> = (0..3 * RECENT).map(|number| format!("/{number}")).collect();
        let mut batch = Batch::default();
        for path in &paths {
            let subject = Subject::new(&Method::GET, path, None);
            batch.seen(subject);
            batch.equal(subject, equal);
            batch.settled(subject, Disposition::SampledOut);
        }
        assert_eq!(batch.subjects().count(), paths.len());
        let told: Vec<_> = batch.entries().map(|told| told.subject).collect();
        let expected: Vec<_> = (0..paths.len()).flat_map(|number| [number; 2]).collect();
        assert_eq!(told, expected);
        assert!(batch.equals().iter().map(|(subject, _)| *subject).eq(0..paths.len()));
        assert!(batch.subjects().map(|subject| subject.path).eq(&paths));
    }

    #[test]
    fn what_differs_in_a_word_is_told_apart() {
        let mut batch = Batch::default();
        let name: Arc<str> = "orders".into();
        let subject = Subject::new(&Method::GET, "/a", None);
        for subject in [
            subject,
            Subject { method: &Method::PUT, ..subject },
            Subject { name: Some(&name), ..subject },
            Subject { path: "/b", ..subject },
        ] {
            batch.seen(subject);
            batch.settled(subject, Disposition::SampledOut);
            batch.seen_and_settled(subject, Disposition::SampledOut);
        }
        assert_eq!((batch.entries().count(), batch.subjects().count()), (12, 4));
        assert!(batch.entries().all(|told| told.seen + told.settled.map_or(0, |it| it.1) <= 2));
    }
}
