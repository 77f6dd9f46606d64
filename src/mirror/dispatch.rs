//! Which copy is sent when: at once where a slot is free, else in turn, else not at all.

use crate::base::{Alarms, Charge, clock};
use crate::compare::endpoint::{Asked, may_have_operation};
use crate::compare::same;
use crate::judge::{Batch, Equal, Glances, Pending, Subject};
use crate::mirror::breaker::{Ending, Pass};
use crate::mirror::copy::{self, Answer, Replay, Sending};
use crate::mirror::crew::Crew;
use crate::mirror::readings::Readings;
use crate::mirror::{Limits, Outbox};
use crate::model::{
    Answered, Disposition, DropReason, Exchange, FailReason, Fault, Outcome, Payload, Request,
    SkipReason, Trial,
};
use crate::policy::Plan;
use crate::upstream::{Endpoint, Pool};
use http::HeaderValue;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::panicking;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// No connection rests for this long.
const LONG: Duration = Duration::from_secs(60);

/// Of the equal trials under rules, after the first ones, one in so many is handed on.
const GLANCES: u64 = 64;

/// A complete exchange whose copy is to be sent.
pub struct Job {
    pub exchange: Box<Exchange>,
    pub plan: Arc<Plan>,
    pub charge: Charge,
}

/// The mirror of one worker.
pub struct Mirror {
    limits: Arc<Limits>,
    outbox: Arc<Outbox>,
    pool: Option<Arc<Pool<Replay>>>,
    /// The value of our marker on every copy.
    marker: HeaderValue,
    queue: Mutex<VecDeque<Waiting>>,
    queued: Notify,
    in_flight: AtomicUsize,
    landed: Notify,
    crew: Crew<Flight>,
    alarms: Alarms,
    readings: Arc<Readings>,
    glances: Glances,
}

/// A job in the queue, and since when.
struct Waiting {
    job: Job,
    since: Instant,
}

impl Mirror {
    /// A mirror that sends to `candidate`; without one it never gets a job.
    pub fn new(
        candidate: Option<Endpoint>,
        limits: Arc<Limits>,
        outbox: Arc<Outbox>,
        marker: HeaderValue,
    ) -> Arc<Self> {
        Arc::new(Self {
            readings: limits.worker(),
            limits,
            outbox,
            pool: candidate.map(Pool::new),
            marker,
            queue: Mutex::default(),
            queued: Notify::new(),
            in_flight: AtomicUsize::new(0),
            landed: Notify::new(),
            crew: Crew::new(),
            alarms: Alarms::default(),
            glances: Glances::each(GLANCES),
        })
    }

    /// Takes an exchange, or counts it as dropped.
    pub fn offer(self: &Arc<Self>, job: Job) {
        if let Some(reason) = self.limits.halt() {
            return self.settle(&job, Disposition::Dropped(reason));
        }
        if self.outbox.backlog() > self.limits.queue() {
            return self.settle(&job, Disposition::Dropped(DropReason::Backlog));
        }
        if !self.limits.within_rate() {
            return self.settle(&job, Disposition::Dropped(DropReason::Rate));
        }
        let mut queue = self.queue();
        if queue.is_empty()
            && let Some(slot) = self.limits.try_slot()
        {
            drop(queue);
            self.launch(job, slot);
        } else if self.limits.enqueue(job.charge.bytes()) {
            queue.push_back(Waiting { job, since: clock::now() });
            self.readings.queued(queue.front().map(|oldest| oldest.since));
            self.queued.notify_one();
        } else {
            drop(queue);
            self.settle(&job, Disposition::Dropped(DropReason::QueueFull));
        }
    }

    /// Launches what is queued as slots become free, for ever.
    pub async fn feed(self: &Arc<Self>) {
        loop {
            while !self.queue().is_empty() {
                let slot = tokio::select! {
                    biased;
                    () = self.limits.halted() => None,
                    slot = self.limits.slot() => slot,
                };
                // Where mirroring has stopped, this lets go of all that waits.
                if let (Some(job), Some(slot)) = (self.next(), slot) {
                    self.launch(job, slot);
                }
            }
            self.queued.notified().await;
        }
    }

    /// Waits until no copy is queued or in flight.
    pub async fn idle(&self) {
        loop {
            let landed = self.landed.notified();
            if self.in_flight.load(Relaxed) == 0 && self.queue().is_empty() {
                return;
            }
            landed.await;
        }
    }

    /// Counts what is still queued as dropped: the process is stopping.
    pub fn abandon(&self) {
        while let Some(job) = self.take() {
            self.settle(&job, Disposition::Dropped(DropReason::Shutdown));
        }
        drop(self.crew.recall());
    }

    /// A client has been answered.
    pub fn answered(&self, answered: &Answered) {
        self.readings.answered(self.limits.is_slow(answered.added));
    }

    /// The worker's thread has come to a timer by so much too late.
    pub fn ticked(&self, lag: Duration) {
        self.readings.ticked(self.limits.is_slow(lag));
    }

    /// Ends tasks, and closes connections to the candidate, that have rested for too long. While nothing is sent
    /// that is all of them: they give way to those of clients.
    pub fn prune(&self, now: Instant) {
        self.crew.prune();
        let Some(pool) = &self.pool else { return };
        pool.prune(if self.limits.halt().is_some() { now + LONG } else { now });
    }

    fn launch(self: &Arc<Self>, job: Job, slot: OwnedSemaphorePermit) {
        self.in_flight.fetch_add(1, Relaxed);
        let flight = Flight { mirror: self.clone(), job: Some(job), _slot: slot };
        if let Some(flight) = self.crew.call(flight) {
            tokio::spawn(self.clone().fly(flight));
        }
    }

    /// Sends copies for as long as there are any, and then whenever there are.
    async fn fly(self: Arc<Self>, mut flight: Flight) {
        loop {
            flight.run().await;
            // The slot goes from copy to copy while there are any.
            while let Some(job) = self.next() {
                flight.job = Some(job);
                flight.run().await;
            }
            drop(flight);
            flight = match self.crew.rest().await {
                Some(flight) => flight,
                None => return,
            };
        }
    }

    /// The next copy to be sent. Where mirroring has been switched off, what waits is let go.
    fn next(&self) -> Option<Job> {
        loop {
            let job = self.take()?;
            match self.limits.halt() {
                None => return Some(job),
                Some(reason) => self.settle(&job, Disposition::Dropped(reason)),
            }
        }
    }

    fn take(&self) -> Option<Job> {
        let mut queue = self.queue();
        let job = queue.pop_front()?.job;
        self.readings.queued(queue.front().map(|oldest| oldest.since));
        self.limits.dequeue(job.charge.bytes());
        Some(job)
    }

    /// Whether an equal trial is worth a look all the same: its operation stands in its body, or it
    /// is one of the few that show what the rules select.
    fn is_for_the_judge(&self, request: &Request, plan: &Plan) -> bool {
        let is_named = plan.name.is_some();
        (!is_named && may_have_operation(Asked::of(request), &request.body))
            || (!plan.rules.names().is_empty() && self.glances.take())
    }

    /// Hands a trial on to be compared. Equal answers are seen to be so at once, which costs a look
    /// at their headers and frees their memory: nothing is left of them but to be booked.
    fn tell(&self, Job { exchange, plan, charge }: Job, answer: Answer) {
        let Answer { outcome, latency, same_body } = answer;
        let equal = same_body && same(&exchange.primary, &outcome, &plan.rules);
        if equal && !self.is_for_the_judge(&exchange.request, &plan) {
            let request = &exchange.request;
            let subject = Subject::new(&request.method, request.uri.path(), Some(&plan));
            let equal = Equal { at: exchange.at, primary: exchange.latency, candidate: latency };
            return self.outbox.note(|batch| batch.equal(subject, equal));
        }
        let trial = Trial { exchange, candidate: outcome, latency };
        self.outbox.note(|batch| batch.trial(Pending { trial, plan, charge }));
    }

    fn settle(&self, job: &Job, disposition: Disposition) {
        let request = &job.exchange.request;
        let subject = Subject::new(&request.method, request.uri.path(), Some(&job.plan));
        self.outbox.note(|batch: &mut Batch| batch.settled(subject, disposition));
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A copy on its way. Dropped on the way, because the process ends or a bug strikes, it is counted
/// as failed.
struct Flight {
    mirror: Arc<Mirror>,
    job: Option<Job>,
    _slot: OwnedSemaphorePermit,
}

impl Flight {
    async fn run(&mut self) {
        let (Some(job), Some(pool)) = (&mut self.job, &self.mirror.pool) else { return };
        // Before it is made: an open breaker is to cost the live thread nothing.
        let Some(leave) = Leave::ask(&self.mirror.limits) else {
            return self.end(Disposition::Dropped(DropReason::Breaker));
        };
        let Job { exchange, plan, charge } = job;
        let copy = || copy::copy(exchange, plan, &self.mirror.marker);
        let request = match copy() {
            Ok(request) => request,
            Err(error) => {
                tracing::debug!(%error, id = %exchange.id, "a copy is not sent");
                return self.end(Disposition::Skipped(SkipReason::Rewrite));
            }
        };
        let now = clock::now();
        let like = match &exchange.primary {
            Outcome::Reply(reply) => &reply.body,
            Outcome::Fault(_) => &Payload::default(),
        };
        let alarms = &self.mirror.alarms;
        let sending = Sending { pool, alarms, plan, like, again: || copy().ok(), now };
        let Ok(answer) = copy::send(request, sending, charge).await else {
            return self.end(Disposition::Failed(FailReason::Memory));
        };
        leave.end(ending(&answer.outcome), now + answer.latency);
        if let Some(job) = self.job.take() {
            self.mirror.tell(job, answer);
        }
    }

    fn end(&mut self, disposition: Disposition) {
        if let Some(job) = self.job.take() {
            self.mirror.settle(&job, disposition);
        }
    }
}

/// The breaker's leave to send one copy. It always learns how that ended, even where the copy is
/// given up on the way, so that no probe is waited for in vain.
struct Leave {
    limits: Arc<Limits>,
    pass: Pass,
    /// How it has ended, and when.
    ended: Option<(Ending, Instant)>,
}

impl Leave {
    fn ask(limits: &Arc<Limits>) -> Option<Self> {
        let pass = limits.pass(clock::now())?;
        Some(Self { limits: limits.clone(), pass, ended: None })
    }

    fn end(mut self, ending: Ending, now: Instant) {
        self.ended = Some((ending, now));
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        let (ending, now) = self.ended.unwrap_or_else(|| (Ending::Unknown, clock::now()));
        self.limits.ended(self.pass, ending, now);
    }
}

/// What an outcome says of the candidate as a whole. A status is an answer, whatever it is, and so
/// is one that is too large or no HTTP.
fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Reply(_) | Outcome::Fault(Fault::Malformed | Fault::TooLarge) => Ending::Answered,
        Outcome::Fault(
            Fault::Refused | Fault::Dns | Fault::Tls | Fault::Reset | Fault::Timeout,
        ) => Ending::Failed,
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let reason = if panicking() { FailReason::Panic } else { FailReason::Shutdown };
        self.end(Disposition::Failed(reason));
        self.mirror.in_flight.fetch_sub(1, Relaxed);
        self.mirror.landed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::caught;
    use crate::config::parse;
    use crate::judge::{Judge, Judges};
    use crate::model::{Controls, Ledger, RequestId};
    use crate::policy::{Constants, Policy};
    use crate::store::Book;
    use crate::store::testing::{at, info};
    use http::{HeaderMap, Method, Uri};

    /// A mirror, and all that it tells of.
    struct Scene {
        mirror: Arc<Mirror>,
        limits: Arc<Limits>,
        outbox: Arc<Outbox>,
        policy: Policy,
        judges: Judges,
        book: Arc<Mutex<Book>>,
    }

    impl Scene {
        fn new(config: &str) -> Self {
            let config = parse(config, "shadow.yaml", &|_| None).expect("a config");
            let constants = Constants { session: String::new(), key: [0; 32] };
            let policy = Policy::new(&config, Controls::default(), None, &constants);
            let book = Arc::new(Mutex::new(Book::new(info("a"))));
            let (judges, mut inboxes) =
                Judges::start([Judge::new(book.clone())]).expect("a thread");
            let outbox = Outbox::new(inboxes.remove(0));
            let limits = Limits::new(policy.limits());
            let (mark, candidate) = (HeaderValue::from_static("ours"), config.candidate.as_ref());
            let (candidate, limited) = (candidate.map(Endpoint::from), limits.clone());
            let mirror = Mirror::new(candidate, limited, outbox.clone(), mark);
            Self { mirror, limits, outbox, policy, judges, book }
        }

        /// A copy that has its slot, of a request of which nothing else has become.
        fn flight(&self) -> Flight {
            let request = Request {
                method: Method::GET,
                uri: Uri::from_static("/"),
                headers: HeaderMap::new(),
                body: Payload::default(),
                trailers: None,
            };
            let exchange = Box::new(Exchange {
                id: RequestId { process: 1, number: 1 },
                at: at(0),
                request,
                primary: Outcome::Fault(Fault::Reset),
                latency: Duration::ZERO,
            });
            let charge = self.limits.memory.take(9).expect("room");
            let plan = self.policy.plan(&Method::GET, "/").clone();
            self.outbox.note(|batch| batch.seen(Subject::new(&Method::GET, "/", None)));
            self.mirror.in_flight.fetch_add(1, Relaxed);
            let slot = self.limits.try_slot().expect("a slot");
            let job = Some(Job { exchange, plan, charge });
            Flight { mirror: self.mirror.clone(), job, _slot: slot }
        }

        /// What was told, once all that was held has been given back.
        fn ledger(self) -> Ledger {
            let held = (self.limits.memory.used(), self.mirror.in_flight.load(Relaxed));
            assert_eq!(held, (0, 0));
            self.outbox.close();
            drop((self.mirror, self.outbox));
            self.judges.join();
            let book = self.book.lock().expect("no judge has panicked");
            let ledger = book.session().ledger().clone();
            assert!(ledger.is_exact(), "{ledger:?}");
            ledger
        }
    }

    #[test]
    fn a_copy_that_a_bug_strikes_is_counted_as_failed_and_gives_its_room_back() {
        let scene = Scene::new("primary: { url: http://a:1 }");
        let flight = scene.flight();
        let struck = caught(|| {
            let _flight = flight;
            panic!("as the test wants it")
        });
        assert_eq!(struck, None::<()>);
        assert_eq!(scene.ledger().failed[FailReason::Panic.index()], 1);
    }

    #[tokio::test]
    async fn a_copy_that_the_breaker_drops_is_not_even_made() {
        // To make it is to find that its path cannot be rewritten.
        let scene = Scene::new(
            "primary: { url: http://a:1 }\ncandidate: { url: http://b:1 }\n\
             isolation: { assert: x, request: { replace: [{ path: /, with: ' ' }] } }",
        );
        let now = clock::now();
        while let Some(pass) = scene.limits.pass(now) {
            scene.limits.ended(pass, Ending::Failed, now);
        }
        let mut flight = scene.flight();
        flight.run().await;
        drop(flight);
        assert_eq!(scene.ledger().dropped[DropReason::Breaker.index()], 1);
    }
}
