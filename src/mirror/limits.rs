//! The bounds that all workers' mirrors share. Each can be changed while they run.

use crate::base::{Budget, clock};
use crate::config;
use crate::mirror::Sample;
use crate::mirror::breaker::{BreakerState, Ending, Event, Gate, Pass, Step};
use crate::mirror::rate::Limiter;
use crate::mirror::readings::Readings;
use crate::model::DropReason;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Memory, queue, concurrency and rate of everything on the shadow side.
pub struct Limits {
    /// Bytes of exchanges captured, waiting, in flight or not yet judged.
    pub memory: Arc<Budget>,
    rate: Limiter,
    started: Instant,
    queue: AtomicUsize,
    queued: AtomicUsize,
    queued_bytes: AtomicUsize,
    off: AtomicBool,
    protected: AtomicBool,
    /// Wakes whoever waits for a slot when mirroring stops.
    halted: Notify,
    /// The tap adds more than this to a slow answer, in nanoseconds.
    slow: AtomicU64,
    /// One for each worker; locked when one starts, and by the control thread.
    readings: Mutex<Vec<Arc<Readings>>>,
    breaker: Gate,
    slots: Arc<Semaphore>,
    /// How many slots there are; locked only by a reload.
    concurrency: Mutex<usize>,
}

impl Limits {
    /// The bounds that a config sets.
    pub fn new(mirror: &config::Mirror) -> Arc<Self> {
        let started = clock::now();
        let limits = Self {
            memory: Budget::new(mirror.memory.as_usize()),
            rate: Limiter::default(),
            started,
            queue: AtomicUsize::new(mirror.queue),
            queued: AtomicUsize::new(0),
            queued_bytes: AtomicUsize::new(0),
            off: AtomicBool::new(false),
            protected: AtomicBool::new(false),
            halted: Notify::new(),
            slow: AtomicU64::new(slow(mirror)),
            readings: Mutex::default(),
            breaker: Gate::new(mirror.breaker, started),
            slots: Arc::new(Semaphore::new(mirror.concurrency)),
            concurrency: Mutex::new(mirror.concurrency),
        };
        limits.rate.set(mirror.rate.map(|rate| rate.per_second));
        Arc::new(limits)
    }

    /// Takes over the bounds of a new config.
    pub fn reload(&self, mirror: &config::Mirror) {
        self.memory.set_limit(mirror.memory.as_usize());
        self.rate.set(mirror.rate.map(|rate| rate.per_second));
        self.queue.store(mirror.queue, Relaxed);
        self.breaker.set(mirror.breaker);
        self.slow.store(slow(mirror), Relaxed);
        let mut concurrency = self.concurrency.lock().unwrap_or_else(PoisonError::into_inner);
        if mirror.concurrency > *concurrency {
            self.slots.add_permits(mirror.concurrency - *concurrency);
        } else {
            self.shrink(*concurrency - mirror.concurrency);
        }
        *concurrency = mirror.concurrency;
    }

    /// Takes slots away: free ones at once, the others as they come back.
    fn shrink(&self, by: usize) {
        let missing = by - self.slots.forget_permits(by);
        if let Ok(missing) = u32::try_from(missing)
            && missing > 0
        {
            let slots = self.slots.clone();
            tokio::spawn(async move {
                if let Ok(permits) = slots.acquire_many_owned(missing).await {
                    permits.forget();
                }
            });
        }
    }

    /// Turns the kill switch: while it is off, nothing that waits is sent any more.
    pub fn set_off(&self, off: bool) {
        self.off.store(off, Relaxed);
        self.halted.notify_waiters();
    }

    /// Stops mirroring for the sake of the live path, or lets it go on.
    pub fn set_protected(&self, protected: bool) {
        self.protected.store(protected, Relaxed);
        self.halted.notify_waiters();
    }

    /// Why nothing is sent at the moment, whatever the candidate does.
    pub(super) fn halt(&self) -> Option<DropReason> {
        if self.off.load(Relaxed) {
            return Some(DropReason::Paused);
        }
        self.protected.load(Relaxed).then_some(DropReason::Protected)
    }

    /// Waits until nothing is to be sent.
    pub(super) async fn halted(&self) {
        loop {
            let mut halted = pin!(self.halted.notified());
            halted.as_mut().enable();
            if self.halt().is_some() {
                return;
            }
            halted.await;
        }
    }

    /// Readings for one more worker.
    pub(super) fn worker(&self) -> Arc<Readings> {
        let readings = Arc::new(Readings::new(self.started));
        self.readings().push(readings.clone());
        readings
    }

    /// Whether the tap added too much to an answer.
    pub(super) fn is_slow(&self, added: Duration) -> bool {
        added.as_nanos() > u128::from(self.slow.load(Relaxed))
    }

    /// What the workers have measured since the last time.
    pub fn sample(&self, now: Instant) -> Sample {
        let mut sample = Sample { queue_age: self.queue_age(now), ..Sample::default() };
        for readings in self.readings().iter() {
            let (answers, slow) = readings.take_answers();
            sample.answers += answers;
            sample.slow += slow;
            let (ticks, late) = readings.take_ticks();
            sample.ticks += ticks;
            sample.late += late;
        }
        sample
    }

    /// How long the oldest queued exchange has waited.
    pub fn queue_age(&self, now: Instant) -> Duration {
        let readings = self.readings();
        readings.iter().map(|each| each.queue_age(now)).max().unwrap_or_default()
    }

    fn readings(&self) -> MutexGuard<'_, Vec<Arc<Readings>>> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why an exchange need not be captured at all: its copy would be dropped.
    pub fn bar(&self) -> Option<DropReason> {
        if self.protected.load(Relaxed) {
            return Some(DropReason::Protected);
        }
        self.breaker.is_shut(clock::now).then_some(DropReason::Breaker)
    }

    /// Leave to send one copy, if the breaker gives it.
    pub(super) fn pass(&self, now: Instant) -> Option<Pass> {
        match self.breaker.step(now, Event::Ask) {
            Step::Pass(pass) => Some(pass),
            _ => None,
        }
    }

    /// Tells the breaker how a copy that had leave has ended.
    pub(super) fn ended(&self, pass: Pass, ending: Ending, now: Instant) {
        match self.breaker.step(now, Event::Ended(pass, ending)) {
            Step::Opened => tracing::warn!("the candidate fails: copies are dropped for a while"),
            Step::Closed => tracing::info!("the candidate answers again: copies are sent"),
            Step::Reopened => tracing::debug!("the candidate was tried, and fails still"),
            Step::Pass(_) | Step::Drop | Step::Noted => {}
        }
    }

    /// Where the breaker stands.
    pub fn breaker(&self) -> BreakerState {
        self.breaker.state(clock::now())
    }

    /// Exchanges that wait for a slot now.
    pub fn queued(&self) -> usize {
        self.queued.load(Relaxed)
    }

    /// Bytes that these hold, of `memory`.
    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes.load(Relaxed)
    }

    /// Copies at the candidate now.
    pub fn in_flight(&self) -> usize {
        let slots = *self.concurrency.lock().unwrap_or_else(PoisonError::into_inner);
        slots.saturating_sub(self.slots.available_permits())
    }

    /// How many may wait.
    pub(super) fn queue(&self) -> usize {
        self.queue.load(Relaxed)
    }

    pub(super) fn within_rate(&self) -> bool {
        self.rate.allows(|| clock::now().saturating_duration_since(self.started))
    }

    /// Takes a place in the queue for so many bytes; false where it is full.
    pub(super) fn enqueue(&self, bytes: usize) -> bool {
        let fits = self.queued.fetch_add(1, Relaxed) < self.queue();
        if fits {
            self.queued_bytes.fetch_add(bytes, Relaxed);
        } else {
            self.queued.fetch_sub(1, Relaxed);
        }
        fits
    }

    pub(super) fn dequeue(&self, bytes: usize) {
        self.queued.fetch_sub(1, Relaxed);
        self.queued_bytes.fetch_sub(bytes, Relaxed);
    }

    /// A slot at the candidate, if one is free.
    pub(super) fn try_slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().try_acquire_owned().ok()
    }

    /// A slot at the candidate, as soon as one is free; in the order of asking.
    pub(super) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().acquire_owned().await.ok()
    }
}

fn slow(mirror: &config::Mirror) -> u64 {
    let nanos = mirror.protect.added_p99.map(|added| u64::try_from(added.as_nanos()));
    nanos.and_then(Result::ok).unwrap_or(u64::MAX)
}
