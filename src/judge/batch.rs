//! What one worker has to tell, collected so that it costs one hand-over.

use crate::base::Charge;
use crate::model::{Answered, Disposition, Ledger, Trial};
use crate::policy::Plan;
use http::Method;
use std::ops::Range;
use std::sync::Arc;

/// Which endpoint a request belongs to, as far as the live thread knows.
#[derive(Clone, Copy, Debug)]
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

/// What happened to one request: it was seen, it was settled, or both at once.
#[derive(Debug)]
struct Entry {
    method: Method,
    path: Range<usize>,
    name: Option<Arc<str>>,
    seen: bool,
    settled: Option<Disposition>,
}

/// A trial to be compared, with the memory that it holds until then.
pub struct Pending {
    pub trial: Trial,
    pub plan: Arc<Plan>,
    pub charge: Charge,
}

/// Events of one worker in their order.
#[derive(Default)]
pub struct Batch {
    paths: String,
    entries: Vec<Entry>,
    answered: Vec<Answered>,
    trials: Vec<Pending>,
    /// Requests whose endpoint is forgotten: the batch was full when they came.
    folded: Ledger,
}

impl Batch {
    /// Entries beyond this are counted without their endpoint, answers beyond it not timed.
    const FULL: usize = 16_384;

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
        self.trials.push(pending);
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.entries.len() + self.answered.len() + self.trials.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.folded == Ledger::default()
    }

    /// How many trials wait.
    pub fn trials(&self) -> usize {
        self.trials.len()
    }

    /// The entries, by subject.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Subject<'_>, bool, Option<Disposition>)> {
        self.entries.iter().map(|entry| {
            let path = self.paths.get(entry.path.clone()).unwrap_or_default();
            let subject = Subject { method: &entry.method, path, name: entry.name.as_ref() };
            (subject, entry.seen, entry.settled)
        })
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
        let start = self.paths.len();
        self.paths.push_str(subject.path);
        self.entries.push(Entry {
            method: subject.method.clone(),
            path: start..self.paths.len(),
            name: subject.name.cloned(),
            seen,
            settled,
        });
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
        let kept = batch.entries().filter(|(subject, ..)| subject.path == "/a").count() as u64;
        assert_eq!(kept + batch.folded().seen, Batch::FULL as u64 + 5);
        assert!(batch.folded().is_exact());
    }
}
