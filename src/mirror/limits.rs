//! The bounds that all workers' mirrors share. Each can be changed while they run.

use crate::base::{Budget, clock};
use crate::config;
use crate::mirror::breaker::{BreakerState, Ending, Event, Gate, Pass, Step};
use crate::mirror::rate::Limiter;
use crate::model::DropReason;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory, queue, concurrency and rate of everything on the shadow side.
pub struct Limits {
    /// Bytes of exchanges captured, waiting, in flight or not yet judged.
    pub memory: Arc<Budget>,
    rate: Limiter,
    started: Instant,
    queue: AtomicUsize,
    queued: AtomicUsize,
    off: AtomicBool,
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
            off: AtomicBool::new(false),
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
    }

    /// Whether mirroring has been switched off.
    pub(super) fn off(&self) -> bool {
        self.off.load(Relaxed)
    }

    /// Why an exchange need not be captured at all: its copy would be dropped.
    pub fn bar(&self) -> Option<DropReason> {
        self.breaker.is_shut(clock::now).then_some(DropReason::Breaker)
    }

    /// Leave to send one copy, if the breaker gives it.
    pub(super) fn pass(&self) -> Option<Pass> {
        match self.breaker.step(clock::now(), Event::Ask) {
            Step::Pass(pass) => Some(pass),
            _ => None,
        }
    }

    /// Tells the breaker how a copy that had leave has ended.
    pub(super) fn ended(&self, pass: Pass, ending: Ending) {
        match self.breaker.step(clock::now(), Event::Ended(pass, ending)) {
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
        self.rate.allows(clock::now().saturating_duration_since(self.started))
    }

    /// Takes a place in the queue; false where it is full.
    pub(super) fn enqueue(&self) -> bool {
        let fits = self.queued.fetch_add(1, Relaxed) < self.queue();
        if !fits {
            self.queued.fetch_sub(1, Relaxed);
        }
        fits
    }

    pub(super) fn dequeue(&self) {
        self.queued.fetch_sub(1, Relaxed);
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
