//! What those are told who watch a connection of HTTP/2.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;
use tokio::time::sleep;

/// What has come on a connection, for those who watch it in the task that reads it.
#[derive(Clone, Default)]
pub struct Course(Arc<Come>);

#[derive(Default)]
struct Come {
    /// Odd while a field block is under way.
    blocks: AtomicUsize,
    /// Windows that were opened further.
    updates: AtomicUsize,
    /// DATA came on a stream that its client had ended.
    stray: AtomicBool,
    /// The newest stream of those that were taken up.
    taken_up: AtomicU32,
    /// Streams that were reset as malformed before they were.
    malformed: AtomicUsize,
}

/// What a stream is reset with whose head is malformed (RFC 9113 section 8.1.1).
const PROTOCOL_ERROR: u32 = 1;

impl Course {
    /// How often a window was opened further.
    pub fn updates(&self) -> usize {
        self.0.updates.load(Relaxed)
    }

    /// A stream was taken up, after all that came before it.
    pub fn take_up(&self, stream: u32) {
        self.0.taken_up.store(stream, Relaxed);
    }

    /// How many heads were refused as malformed since this was asked.
    pub fn malformed(&self) -> usize {
        match self.0.malformed.load(Relaxed) {
            0 => 0,
            _ => self.0.malformed.swap(0, Relaxed),
        }
    }

    /// Waits until DATA has come behind the end of its stream. To be polled after what reads.
    pub async fn strayed(&self) {
        poll_fn(|_| match self.0.stray.load(Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    /// Waits until a field block has been under way for so long. To be polled after what reads.
    pub async fn late(&self, patience: Duration) {
        loop {
            let begun = poll_fn(|_| match self.block() {
                block if block % 2 == 1 => Poll::Ready(block),
                _ => Poll::Pending,
            });
            let begun = begun.await;
            let mut timer = pin!(sleep(patience));
            let late = poll_fn(|cx| match self.block() == begun {
                true => timer.as_mut().poll(cx).map(|()| true),
                false => Poll::Ready(false),
            });
            if late.await {
                return;
            }
        }
    }

    /// A stream was reset. One that had not been taken up had a malformed head, if not more.
    pub(super) fn reset(&self, stream: u32, code: u32) {
        if code == PROTOCOL_ERROR && stream > self.0.taken_up.load(Relaxed) {
            self.0.malformed.fetch_add(1, Relaxed);
        }
    }

    /// DATA came on a stream that its client had ended.
    pub(super) fn stray(&self) {
        self.0.stray.store(true, Relaxed);
    }

    /// A window was opened further.
    pub(super) fn update(&self) {
        self.0.updates.fetch_add(1, Relaxed);
    }

    fn block(&self) -> usize {
        self.0.blocks.load(Relaxed)
    }

    pub(super) fn begin(&self) {
        self.0.blocks.store(self.block() | 1, Relaxed);
    }

    pub(super) fn end(&self) {
        self.0.blocks.store(self.block().wrapping_add(1) & !1, Relaxed);
    }
}
