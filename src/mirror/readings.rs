//! What a worker's thread can tell of itself at the cost of a few words written.
//!
//! This module never judges what it is told.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Readings of one worker. It writes, the control thread reads.
#[derive(Debug)]
pub(super) struct Readings {
    start: Instant,
    answers: AtomicU64,
    slow: AtomicU64,
    /// When the oldest queued exchange was queued, in nanoseconds since `start`; 0 for none.
    oldest: AtomicU64,
    resting: AtomicUsize,
}

impl Readings {
    pub(super) fn new(start: Instant) -> Self {
        let (answers, slow, oldest) = Default::default();
        Self { start, answers, slow, oldest, resting: AtomicUsize::new(0) }
    }

    /// A client has been answered.
    pub(super) fn answered(&self, slow: bool) {
        self.answers.fetch_add(1, Relaxed);
        if slow {
            self.slow.fetch_add(1, Relaxed);
        }
    }

    /// The queue's oldest exchange has been there since then.
    pub(super) fn queued(&self, oldest: Option<Instant>) {
        let nanos = oldest.map_or(0, |oldest| {
            let since = oldest.saturating_duration_since(self.start).as_nanos();
            u64::try_from(since).unwrap_or(u64::MAX).max(1)
        });
        self.oldest.store(nanos, Relaxed);
    }

    /// So many connections to the candidate are open and unused.
    pub(super) fn rest(&self, connections: usize) {
        self.resting.store(connections, Relaxed);
    }

    /// Answers, and slow ones among them, since this was last asked.
    pub(super) fn take_answers(&self) -> (u64, u64) {
        (self.answers.swap(0, Relaxed), self.slow.swap(0, Relaxed))
    }

    /// How long the oldest queued exchange has waited.
    pub(super) fn queue_age(&self, now: Instant) -> Duration {
        match self.oldest.load(Relaxed) {
            0 => Duration::ZERO,
            oldest => now.saturating_duration_since(self.start + Duration::from_nanos(oldest)),
        }
    }

    pub(super) fn resting(&self) -> usize {
        self.resting.load(Relaxed)
    }
}
