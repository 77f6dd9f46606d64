//! Bodies on one connection of HTTP/2 that the other side does not take.
//!
//! The next piece of a body is asked for only once the other side's windows have room for it. One
//! that is not asked for waits for the other side; where none of a connection's bodies moves, it is
//! as a socket that takes nothing is over HTTP/1.
//!
//! This module never holds a body against the one who takes it that has yet to come.

use crate::base::clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

/// The bodies on one connection that wait for the other side.
#[derive(Clone, Default)]
pub struct Unread(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: usize,
    /// When the last one moved, or began to wait where none did.
    moved: Option<Instant>,
}

impl Unread {
    /// One body, from now on; it waits for the other side.
    pub fn body(&self) -> Taking {
        let mut taking = Taking { unread: self.clone(), waits: false };
        taking.offered();
        taking
    }

    /// Waits until some wait for the other side and none has moved for so long, nor has the other
    /// side opened a window: how often it did is told by `opened`.
    pub async fn late(&self, patience: Duration, opened: impl Fn() -> usize) {
        let (mut seen, mut seen_at) = (opened(), None::<Instant>);
        loop {
            let now = clock::now();
            if opened() != seen {
                (seen, seen_at) = (opened(), Some(now));
            }
            let since = self.since().unwrap_or(now);
            let due = since.max(seen_at.unwrap_or(since)) + patience;
            if due <= now {
                return;
            }
            sleep_until(due.into()).await;
        }
    }

    /// Since when those that wait have not moved, where any do.
    pub fn since(&self) -> Option<Instant> {
        let state = self.state();
        state.moved.filter(|_| state.waiting > 0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One body on its way.
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

    /// A piece was given: from now on it waits to be taken.
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
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use tokio::task::yield_now;
    use tokio::time::{advance, timeout};

    const PATIENCE: Duration = Duration::from_secs(5);

    async fn is_late(unread: &Unread, within: Duration) -> bool {
        timeout(within, unread.late(PATIENCE, || 0)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_nobody_asks_for_is_late_and_one_that_has_yet_to_come_is_not() {
        let unread = Unread::default();
        assert!(!is_late(&unread, PATIENCE * 3).await);
        let mut body = unread.body();
        assert!(!is_late(&unread, PATIENCE - Duration::from_secs(1)).await);
        body.asked();
        assert!(!is_late(&unread, PATIENCE * 3).await);
        body.offered();
        assert!(is_late(&unread, PATIENCE + Duration::from_secs(1)).await);
        drop(body);
        assert!(!is_late(&unread, PATIENCE * 3).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_is_opened_speaks_for_the_connection() {
        let (unread, opened) = (Unread::default(), Arc::new(AtomicUsize::new(0)));
        let _still = unread.body();
        let late = tokio::spawn({
            let (unread, opened) = (unread.clone(), opened.clone());
            async move { unread.late(PATIENCE, || opened.load(Relaxed)).await }
        });
        for _ in 0..10 {
            advance(PATIENCE - Duration::from_secs(1)).await;
            opened.fetch_add(1, Relaxed);
            yield_now().await;
            assert!(!late.is_finished());
        }
        late.await.expect("no panic");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_moves_speaks_for_the_connection() {
        let unread = Unread::default();
        let (mut moving, _still) = (unread.body(), unread.body());
        let late = tokio::spawn({
            let unread = unread.clone();
            async move { unread.late(PATIENCE, || 0).await }
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
