//! Where the live plane meets the shadow plane: the onlooker of one worker's tap.

use crate::base::{Charge, caught, clock};
use crate::judge::Subject;
use crate::mirror::{Job, Limits, Mirror, Outbox};
use crate::model::{Answered, Disposition, DropReason, Exchange, RequestId, SkipReason};
use crate::policy::{Decision, Plan, Policy};
use crate::tap::{Admission, Admitted, Captured, Sink};
use arc_swap::ArcSwap;
use http::Method;
use http::request::Parts;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What one exchange holds beside its bodies: two heads with the read buffers that they lie in.
const HEADS: usize = 16 * 1024;

/// Decides on each request, offers complete exchanges to the mirror, and books the rest. A bug on
/// this side never reaches the client's connection: its copy is dropped instead.
pub struct Intake {
    pub policy: Arc<ArcSwap<Policy>>,
    pub limits: Arc<Limits>,
    pub mirror: Arc<Mirror>,
    pub outbox: Arc<Outbox>,
    pub ids: Ids,
}

/// Request ids of one worker: no two workers of a process give the same one.
pub struct Ids {
    process: u64,
    next: AtomicU64,
    step: u64,
}

impl Ids {
    /// The ids of worker `index` of `workers`.
    pub fn new(process: u64, index: u64, workers: u64) -> Self {
        Self { process, next: AtomicU64::new(index), step: workers }
    }

    fn next(&self) -> RequestId {
        RequestId { process: self.process, number: self.next.fetch_add(self.step, Relaxed) }
    }
}

impl Intake {
    /// Room for one exchange; refused where its copy would come to nothing.
    fn charge(&self) -> Result<Charge, DropReason> {
        match self.limits.bar() {
            Some(reason) => Err(reason),
            None => self.limits.memory.take(HEADS).ok_or(DropReason::Memory),
        }
    }

    fn pass(&self, head: &Parts, plan: Option<&Plan>, disposition: Disposition) -> Admission {
        let subject = Subject::new(&head.method, head.uri.path(), plan);
        self.outbox.note(|batch| batch.seen_and_settled(subject, disposition));
        Admission::Pass
    }

    fn decide(&self, head: &Parts, client: IpAddr) -> Admission {
        let policy = self.policy.load();
        let id = self.ids.next();
        let (decision, plan) = policy.decide(head, client, id);
        match decision {
            Decision::Skip(reason) => self.pass(head, Some(plan), Disposition::Skipped(reason)),
            Decision::SampledOut => self.pass(head, Some(plan), Disposition::SampledOut),
            Decision::Mirror => match self.charge() {
                Err(reason) => self.pass(head, Some(plan), Disposition::Dropped(reason)),
                Ok(charge) => {
                    let subject = Subject::new(&head.method, head.uri.path(), Some(plan));
                    self.outbox.note(|batch| batch.seen(subject));
                    let (plan, max_body) = (plan.clone(), plan.mirror.max_body.as_usize());
                    Admission::Capture(Admitted { id, at: clock::wall(), plan, max_body, charge })
                }
            },
        }
    }
}

impl Sink for Intake {
    fn admit(&self, head: &Parts, client: IpAddr) -> Admission {
        caught(|| self.decide(head, client))
            .unwrap_or_else(|| self.pass(head, None, Disposition::Dropped(DropReason::Panic)))
    }

    fn refused(&self, method: &Method, path: &str) {
        let subject = Subject::new(method, path, None);
        let refused = Disposition::Skipped(SkipReason::Refused);
        self.outbox.note(|batch| batch.seen_and_settled(subject, refused));
    }

    fn settle(&self, exchange: &Exchange, plan: &Plan, disposition: Disposition) {
        let request = &exchange.request;
        let subject = Subject::new(&request.method, request.uri.path(), Some(plan));
        self.outbox.note(|batch| batch.settled(subject, disposition));
    }

    fn offer(&self, captured: Captured) {
        let Captured { exchange, plan, charge } = captured;
        // One that is lost here is shown as not settled.
        caught(|| self.mirror.offer(Job { exchange, plan, charge }));
    }

    fn answered(&self, answered: Answered) {
        self.mirror.answered(&answered);
        self.outbox.note(|batch| batch.answered(answered));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_requests_are_counted_and_never_given_twice() {
        let workers = [Ids::new(7, 0, 2), Ids::new(7, 1, 2)];
        let given: Vec<_> = (0..6).map(|turn| workers[turn % 2].next()).collect();
        let counted = (0..6).map(|number| RequestId { process: 7, number });
        assert_eq!(given, counted.collect::<Vec<_>>());
    }
}
