//! The bounds that all workers' mirrors share. Each can be changed while they run.

use crate::base::{Budget, clock};
use crate::config;
use crate::mirror::rate::Limiter;
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
    slots: Arc<Semaphore>,
    /// How many slots there are; locked only by a reload.
    concurrency: Mutex<usize>,
}

impl Limits {
    /// The bounds that a config sets.
    pub fn new(mirror: &config::Mirror) -> Arc<Self> {
        let limits = Self {
            memory: Budget::new(mirror.memory.as_usize()),
            rate: Limiter::default(),
            started: clock::now(),
            queue: AtomicUsize::new(mirror.queue),
            queued: AtomicUsize::new(0),
            off: AtomicBool::new(false),
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

    /// Exchanges that wait for a slot now.
    pub fn queued(&self) -> usize {
        self.queued.load(Relaxed)
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
