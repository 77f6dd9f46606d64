//! The bound of a whole exchange, `listen.timeouts.total`: from its head to the last byte of its
//! answer that is handed to the client's connection.
//!
//! This module never sets a timer where the config sets no bound.

use crate::model::Rule;
use crate::tap::client::Client;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;
use tokio::time::{Sleep, sleep_until};

/// An answer that is over its time ends when it is next asked for more. Where nobody asks for so
/// long, because the client takes nothing, its whole connection ends.
const GRACE: Duration = Duration::from_secs(1);

/// The time that is left to one answer.
pub(super) struct Bound {
    timer: Pin<Box<Sleep>>,
    client: Arc<Client>,
    watchdog: AbortHandle,
}

impl Bound {
    pub fn new(end: Instant, client: &Arc<Client>) -> Self {
        let watched = client.clone();
        let watchdog = tokio::spawn(async move {
            sleep_until((end + GRACE).into()).await;
            watched.broke(Rule::TotalTimeout);
            watched.cut();
        });
        let timer = Box::pin(sleep_until(end.into()));
        Self { timer, client: client.clone(), watchdog: watchdog.abort_handle() }
    }

    /// Ready, and told of, when the time is over.
    pub fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.timer.as_mut().poll(cx));
        if !self.watchdog.is_finished() {
            self.watchdog.abort();
            self.client.broke(Rule::TotalTimeout);
        }
        Poll::Ready(())
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.watchdog.abort();
    }
}
