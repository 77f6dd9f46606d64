//! Answers that their client does not take.
//!
//! Over HTTP/1, none is read from the primary while the client's socket is full: what is not taken
//! stays with the primary, not in the tap.
//!
//! Over HTTP/2, hyper asks for the next piece of an answer only once the client's windows have room for it. One
//! that is not asked for waits for the client; where none of a connection's answers moves, it is as
//! a socket that takes nothing is over HTTP/1.
//!
//! This module never holds an answer against a client that the primary has yet to send.

use crate::base::clock;
use crate::tap::patient::Begun;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

/// Whether the client of an answer takes it.
pub enum Reader {
    Http1(Begun),
    Http2(Taking),
}

impl Reader {
    /// The next piece is asked for: whether it is to be read.
    pub(super) fn asks(&mut self) -> bool {
        match self {
            Self::Http1(begun) => !begun.is_full(),
            Self::Http2(taking) => {
                taking.asked();
                true
            }
        }
    }

    /// A piece was given.
    pub(super) fn offered(&mut self) {
        if let Self::Http2(taking) = self {
            taking.offered();
        }
    }
}

/// The answers of one connection over HTTP/2 that wait for the client.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: usize,
    /// When the last one moved, or began to wait where none did.
    moved: Option<Instant>,
}

impl Unread {
    /// One answer, from now on; it waits for the client.
    pub fn answer(&self) -> Taking {
        let mut taking = Taking { unread: self.clone(), waits: false };
        taking.offered();
        taking
    }

    /// Waits until some wait for the client and none has moved for so long.
    pub async fn late(&self, patience: Duration) {
        loop {
            let now = clock::now();
            let due = self.since().unwrap_or(now) + patience;
            if due <= now {
                return;
            }
            sleep_until(due.into()).await;
        }
    }

    /// Since when those that wait have not moved.
    fn since(&self) -> Option<Instant> {
        let state = self.state();
        state.moved.filter(|_| state.waiting > 0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One answer on its way to the client.
pub struct Taking {
    unread: Unread,
    waits: bool,
}

impl Taking {
    /// The next piece is asked for.
    pub fn asked(&mut self) {
        if std::mem::take(&mut self.waits) {
            let mut state = self.unread.state();
            state.waiting -= 1;
            state.moved = Some(clock::now());
        }
    }

    /// A piece was given: from now on it waits for the client to take it.
    pub fn offered(&mut self) {
        self.waits = true;
        let mut state = self.unread.state();
        if state.waiting == 0 {
            state.moved = Some(clock::now());
        }
        state.waiting += 1;
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        self.asked();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::yield_now;
    use tokio::time::{advance, timeout};

    const PATIENCE: Duration = Duration::from_secs(5);

    async fn is_late(unread: &Unread, within: Duration) -> bool {
        timeout(within, unread.late(PATIENCE)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_asks_for_is_late_and_one_that_the_primary_owes_is_not() {
        let unread = Unread::default();
        assert!(!is_late(&unread, PATIENCE * 3).await);
        let mut answer = unread.answer();
        assert!(!is_late(&unread, PATIENCE - Duration::from_secs(1)).await);
        answer.asked();
        assert!(!is_late(&unread, PATIENCE * 3).await);
        answer.offered();
        assert!(is_late(&unread, PATIENCE + Duration::from_secs(1)).await);
        drop(answer);
        assert!(!is_late(&unread, PATIENCE * 3).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_moves_speaks_for_the_connection() {
        let unread = Unread::default();
        let (mut moving, _still) = (unread.answer(), unread.answer());
        let late = tokio::spawn({
            let unread = unread.clone();
            async move { unread.late(PATIENCE).await }
        });
        for _ in 0..10 {
            advance(PATIENCE - Duration::from_secs(1)).await;
            moving.asked();
            moving.offered();
            yield_now().await;
            assert!(!late.is_finished());
        }
        drop(moving);
        late.await.expect("no panic");
    }
}
