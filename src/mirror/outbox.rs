//! What one worker's mirror has to tell the judges, sent in batches.

use crate::judge::{Batch, Inbox};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time;

/// This many events are handed over at once, without waiting for more.
const ENOUGH: usize = 1 << 10;

/// So are so many trials: those that wait count against `mirror.queue`.
const TRIALS: usize = 64;

/// So are trials whose bodies take so much memory: whoever frees it while it is still in the
/// processor's caches has it used again from there.
const LARGE: usize = 4 << 20;

/// Fewer events wait this long for company: waking a judge costs as much as a few requests.
const PATIENCE: Duration = Duration::from_millis(25);

/// Collects a worker's events. The lock is never contended: only its own worker's thread takes it.
pub struct Outbox {
    batch: Mutex<Batch>,
    begun: Notify,
    inbox: Inbox,
}

impl Outbox {
    /// An outbox that delivers to one judge.
    pub fn new(inbox: Inbox) -> Arc<Self> {
        Arc::new(Self { batch: Mutex::default(), begun: Notify::new(), inbox })
    }

    /// Adds to the batch.
    pub fn note(&self, add: impl FnOnce(&mut Batch)) {
        let mut batch = self.batch();
        let before = batch.len();
        add(&mut batch);
        if before == 0 {
            self.begun.notify_one();
        }
        if batch.len() >= ENOUGH || batch.trials() >= TRIALS || batch.held() >= LARGE {
            self.offer(&mut batch);
        }
    }

    /// Trials that nobody has judged yet, here or with the judge.
    pub fn backlog(&self) -> usize {
        self.batch().trials() + self.inbox.trials()
    }

    /// Hands over what has waited long enough, for ever.
    pub async fn deliver(&self) {
        loop {
            while !self.batch().is_empty() {
                time::sleep(PATIENCE).await;
                self.offer(&mut self.batch());
            }
            self.begun.notified().await;
        }
    }

    /// Hands over what is left, waiting for room: for the end of the worker.
    pub fn close(&self) {
        self.inbox.send(Box::new(std::mem::take(&mut *self.batch())));
    }

    /// A judge without room leaves the batch here: it grows, and is offered again.
    fn offer(&self, batch: &mut Batch) {
        if let Err(full) = self.inbox.offer(Box::new(std::mem::take(batch))) {
            *batch = *full;
        }
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
