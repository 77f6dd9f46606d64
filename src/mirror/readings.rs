//! What a worker's thread can tell of itself at the cost of a few words written.
//!
//! This module never judges what it is told.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Readings of one worker. It writes, the control thread reads.
#[derive(Debug)]
pub(super) struct Readings {
    start: Instant,
    answers: AtomicU64,
    slow: AtomicU64,
    /// When the oldest queued exchange was queued, in nanoseconds since `start`; 0 for none.
    oldest: AtomicU64,
    ticks: AtomicU64,
    late: AtomicU64,
}

impl Readings {
    pub(super) fn new(start: Instant) -> Self {
        let (answers, slow, oldest, ticks, late) = Default::default();
        Self { start, answers, slow, oldest, ticks, late }
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

    /// The worker's thread has come to a timer, too late or not.
    pub(super) fn ticked(&self, late: bool) {
        self.ticks.fetch_add(1, Relaxed);
        if late {
            self.late.fetch_add(1, Relaxed);
        }
    }

    /// Answers, and slow ones among them, since this was last asked.
    pub(super) fn take_answers(&self) -> (u64, u64) {
        (self.answers.swap(0, Relaxed), self.slow.swap(0, Relaxed))
    }

    /// Timers that the thread has come to, and those among them to which it came too late, since
    /// this was last asked.
    pub(super) fn take_ticks(&self) -> (u64, u64) {
        (self.ticks.swap(0, Relaxed), self.late.swap(0, Relaxed))
    }

    /// How long the oldest queued exchange has waited.
    pub(super) fn queue_age(&self, now: Instant) -> Duration {
        match self.oldest.load(Relaxed) {
            0 => Duration::ZERO,
            oldest => now.saturating_duration_since(self.start + Duration::from_nanos(oldest)),
        }
    }
}
