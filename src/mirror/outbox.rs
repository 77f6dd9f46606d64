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

/// Fewer events wait this long for company.
const PATIENCE: Duration = Duration::from_millis(5);

/// Events without a trial wait so many times as long: waking a judge costs as much as a few
/// requests, and nobody is short of the room that they take.
const TIMES: usize = 5;

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
            let mut waited = 0;
            while !self.batch().is_empty() {
                time::sleep(PATIENCE).await;
                waited += 1;
                let mut batch = self.batch();
                if batch.trials() > 0 || waited >= TIMES {
                    self.offer(&mut batch);
                    waited = 0;
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Bench, Equal, Judge, Subject};
    use crate::model::{Disposition, SkipReason};
    use crate::store::Book;
    use crate::store::testing::{at, info};
    use http::Method;

    fn subject() -> Subject<'static> {
        Subject::new(&Method::GET, "/", None)
    }

    fn skip(batch: &mut Batch) {
        batch.seen_and_settled(subject(), Disposition::Skipped(SkipReason::Disabled));
    }

    fn agree(batch: &mut Batch) {
        let (primary, candidate) = (Duration::ZERO, Duration::ZERO);
        batch.equal(subject(), Equal { at: at(0), primary, candidate });
    }

    /// An outbox that nobody else has, and its judge.
    fn outbox() -> (Arc<Outbox>, Bench) {
        let (bench, inbox) = Bench::new(Judge::new(Arc::new(Mutex::new(Book::new(info("a"))))));
        (Outbox::new(inbox), bench)
    }

    #[tokio::test(start_paused = true)]
    async fn trials_wait_less_than_what_nobody_is_short_of_room_for() {
        let (outbox, mut bench) = outbox();
        let delivering = outbox.clone();
        tokio::spawn(async move { delivering.deliver().await });
        for (add, times) in [(skip as fn(&mut Batch), 5), (agree, 1), (skip, 5)] {
            outbox.note(add);
            let begun = time::Instant::now();
            while bench.catch_up() == 0 {
                time::sleep(Duration::from_millis(1)).await;
            }
            let waited = begun.elapsed();
            assert!((PATIENCE * times..PATIENCE * (times + 1)).contains(&waited), "{waited:?}");
        }
    }

    #[test]
    fn so_many_trials_do_not_wait() {
        let (outbox, mut bench) = outbox();
        (1..TRIALS).for_each(|_| outbox.note(agree));
        assert_eq!((bench.catch_up(), outbox.backlog()), (0, TRIALS - 1));
        outbox.note(agree);
        assert_eq!((bench.catch_up(), outbox.backlog()), (1, 0));
    }
}
