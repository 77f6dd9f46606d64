//! The threads that judge, and the way to them.

use crate::base::caught;
use crate::judge::{Batch, Judge};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Batches that may wait for one judge; more stay with their workers.
const WAITING: usize = 64;

/// How much lower than the live plane the kernel ranks judging. At 5 a saturated core still gives
/// it a quarter, so that it keeps up with what is mirrored.
const NICE: i32 = 5;

/// The way to one judge.
#[derive(Clone)]
pub struct Inbox {
    batch_tx: SyncSender<Box<Batch>>,
    trials: Arc<AtomicUsize>,
}

impl Inbox {
    /// Hands a batch over with one wake-up, or gives it back where too many wait.
    pub fn offer(&self, batch: Box<Batch>) -> Result<(), Box<Batch>> {
        let trials = batch.trials();
        self.trials.fetch_add(trials, Relaxed);
        self.batch_tx.try_send(batch).map_err(|error| {
            self.trials.fetch_sub(trials, Relaxed);
            match error {
                TrySendError::Full(batch) | TrySendError::Disconnected(batch) => batch,
            }
        })
    }

    /// Hands a batch over, waiting for room: for the end of a worker, when nobody is served.
    pub fn send(&self, batch: Box<Batch>) {
        self.trials.fetch_add(batch.trials(), Relaxed);
        // Without a judge there is nobody left to count.
        self.batch_tx.send(batch).ok();
    }

    /// Trials handed over and not judged yet.
    pub fn trials(&self) -> usize {
        self.trials.load(Relaxed)
    }

    /// A gauge of how far the judge is behind.
    pub fn backlog(&self) -> Backlog {
        Backlog(self.trials.clone())
    }
}

/// How far a judge is behind; unlike an inbox it does not keep the judge running.
#[derive(Clone)]
pub struct Backlog(Arc<AtomicUsize>);

impl Backlog {
    /// Trials handed over and not judged yet.
    pub fn trials(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// The running judges. They end when every inbox is gone and the last batch is judged.
pub struct Judges {
    threads: Vec<JoinHandle<()>>,
}

impl Judges {
    /// Starts one thread for each judge.
    pub fn start(judges: impl IntoIterator<Item = Judge>) -> std::io::Result<(Self, Vec<Inbox>)> {
        let (mut threads, mut inboxes) = (Vec::new(), Vec::new());
        for judge in judges {
            let (bench, inbox) = Bench::new(judge);
            let thread = Builder::new().name("shadow-judge".into());
            threads.push(thread.spawn(move || bench.sit())?);
            inboxes.push(inbox);
        }
        Ok((Self { threads }, inboxes))
    }

    /// Waits for the last verdict.
    pub fn join(self) {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a judge has panicked; its last batch is lost");
            }
        }
    }
}

/// A judge with the batches that wait for it.
pub struct Bench {
    judge: Judge,
    batch_rx: Receiver<Box<Batch>>,
    trials: Arc<AtomicUsize>,
}

impl Bench {
    /// Nothing waits yet; what is put into the inbox will.
    pub fn new(judge: Judge) -> (Self, Inbox) {
        let (batch_tx, batch_rx) = sync_channel(WAITING);
        let trials = Arc::new(AtomicUsize::new(0));
        let inbox = Inbox { batch_tx, trials: trials.clone() };
        (Self { judge, batch_rx, trials }, inbox)
    }

    /// Judges what waits now, on the calling thread; says how many batches that were.
    pub fn catch_up(&mut self) -> usize {
        let mut batches = 0;
        while let Ok(batch) = self.batch_rx.try_recv() {
            self.judge(*batch);
            batches += 1;
        }
        batches
    }

    /// Judges all that comes, until every inbox is gone.
    fn sit(mut self) {
        // Where it is not allowed, judging competes on equal terms.
        rustix::process::setpriority_process(None, NICE).ok();
        while let Ok(batch) = self.batch_rx.recv() {
            self.judge(*batch);
        }
    }

    fn judge(&mut self, batch: Batch) {
        let count = batch.trials();
        if caught(|| self.judge.work(batch)).is_none() {
            tracing::error!("a batch is not wholly booked");
        }
        self.trials.fetch_sub(count, Relaxed);
    }
}
