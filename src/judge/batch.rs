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
pub(super) struct Told<'a> {
    pub subject: Subject<'a>,
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
    subject: Kept,
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

/// Entries that are looked at again.
const RECENT: usize = 32;

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
    entries: Vec<Entry>,
    /// Entries by a hash of what they say, each one's number plus one: traffic repeats itself.
    recent: [u32; RECENT],
    answered: Vec<Answered>,
    trials: Vec<Pending>,
    equals: Vec<(Kept, Equal)>,
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
        let subject = self.keep(subject);
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

    /// The entries, by subject.
    pub(super) fn entries(&self) -> impl Iterator<Item = Told<'_>> {
        self.entries.iter().map(|entry| Told {
            subject: self.subject(&entry.subject),
            seen: if entry.seen { entry.times } else { 0 },
            settled: entry.settled.map(|disposition| (disposition, entry.times)),
        })
    }

    fn subject<'a>(&'a self, kept: &'a Kept) -> Subject<'a> {
        let path = self.paths.get(kept.path.clone()).unwrap_or_default();
        Subject { method: &kept.method, path, name: kept.name.as_ref() }
    }

    /// The equal trials, by subject.
    pub(super) fn equals(&self) -> impl Iterator<Item = (Subject<'_>, Equal)> {
        self.equals.iter().map(|(subject, equal)| (self.subject(subject), *equal))
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
        let slot = xxh3_64(subject.path.as_bytes()) ^ u64::from(settled.is_some());
        let slot = usize::try_from(slot % RECENT as u64).unwrap_or(0);
        if self.again(slot, subject, seen, settled) {
            return;
        }
        let subject = self.keep(subject);
        self.entries.push(Entry { subject, seen, settled, times: 1 });
        if let (Some(place), Ok(number)) =
            (self.recent.get_mut(slot), u32::try_from(self.entries.len()))
        {
            *place = number;
        }
    }

    fn keep(&mut self, Subject { method, path, name }: Subject<'_>) -> Kept {
        let start = self.paths.len();
        self.paths.push_str(path);
        Kept { method: method.clone(), path: start..self.paths.len(), name: name.cloned() }
    }

    /// Counts what was told a moment ago in the same words.
    fn again(
        &mut self,
        slot: usize,
        subject: Subject<'_>,
        seen: bool,
        settled: Option<Disposition>,
    ) -> bool {
        let number = self.recent.get(slot).map_or(0, |number| *number as usize);
        let Some(entry) = number.checked_sub(1).and_then(|index| self.entries.get(index)) else {
            return false;
        };
        let same = self.subject(&entry.subject) == subject
            && (entry.seen, entry.settled) == (seen, settled);
        if let Some(entry) = self.entries.get_mut(number - 1).filter(|_| same) {
            entry.times += 1;
        }
        same
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
        assert_eq!(batch.entries().count(), 12);
        assert!(batch.entries().all(|told| told.seen + told.settled.map_or(0, |it| it.1) <= 2));
    }
}
