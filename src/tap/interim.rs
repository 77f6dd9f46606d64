//! Interim answers of the primary. 100 lets a client send its body that waits for that; 101 begins
//! a tunnel. All others end here, since hyper's server sends none over HTTP/1, and are counted.
//!
//! Watching a request for them costs four allocations. So one request in 64 is watched, the first
//! one among them, each that is sent once more, and every request once such an answer has been seen.

use crate::telemetry::Name;
use http::header::{EXPECT, HeaderMap};
use http::{Request, StatusCode};
use hyper::ext::on_informational;
use metrics::{Counter, counter};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// One request in so many is watched until an interim answer has been seen.
const EACH: u32 = 64;

/// A body that its client holds back until it is told to go on is held back by us for so long: then
/// the primary is taken for one that does not tell (RFC 9110 section 10.1.1).
const PATIENCE: Duration = Duration::from_secs(1);

/// Until then a body is not asked for.
pub(super) type Hold = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The watch of one worker.
pub(super) struct Interim {
    requests: AtomicU32,
    seen: Arc<AtomicBool>,
    counter: Counter,
}

impl Interim {
    pub fn new() -> Self {
        let counter = counter!(Name::PrimaryInterim.as_str());
        Self { requests: AtomicU32::new(0), seen: Arc::default(), counter }
    }

    /// Has the body of a request held back until the primary says 100, or has said nothing for too
    /// long.
    pub fn hold<B>(&self, request: &mut Request<B>) -> Hold {
        let (seen, counter) = (self.seen.clone(), self.counter.clone());
        let told = Arc::new(Notify::new());
        let tell = told.clone();
        on_informational(request, move |answer| match answer.status() {
            StatusCode::CONTINUE => tell.notify_one(),
            _ => note(&seen, &counter),
        });
        Box::pin(async move {
            timeout(PATIENCE, told.notified()).await.ok();
        })
    }

    /// Has the interim answers to a request counted, where it is its turn.
    pub fn watch<B>(&self, request: &mut Request<B>) {
        let turn = self.requests.fetch_add(1, Relaxed).is_multiple_of(EACH);
        if turn || self.seen.load(Relaxed) {
            self.count(request);
        }
    }

    /// Has the interim answers to a request counted.
    pub fn count<B>(&self, request: &mut Request<B>) {
        let (seen, counter) = (self.seen.clone(), self.counter.clone());
        on_informational(request, move |answer| {
            if answer.status() != StatusCode::CONTINUE {
                note(&seen, &counter);
            }
        });
    }
}

/// Whether a client waits to be told to send its body (RFC 9110 section 10.1.1).
pub(super) fn is_expected(head: &HeaderMap) -> bool {
    let expectation = head.get(EXPECT);
    expectation.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn note(seen: &AtomicBool, counter: &Counter) {
    seen.store(true, Relaxed);
    counter.increment(1);
}
