//! Interim answers of the primary: 1xx but 100, which each side has for itself, and 101, which is
//! a tunnel. They end here, since hyper's server sends none, and are counted.
//!
//! Watching a request for them costs four allocations. So one request in 64 is watched, the first
//! one among them, and every request once such an answer has been seen.

use crate::telemetry::Name;
use http::{Request, StatusCode};
use hyper::ext::on_informational;
use metrics::{Counter, counter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// One request in so many is watched until an interim answer has been seen.
const EACH: u32 = 64;

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

    /// Has the interim answers to a request counted, where it is its turn.
    pub fn watch<B>(&self, request: &mut Request<B>) {
        let turn = self.requests.fetch_add(1, Relaxed).is_multiple_of(EACH);
        if !turn && !self.seen.load(Relaxed) {
            return;
        }
        let (seen, counter) = (self.seen.clone(), self.counter.clone());
        on_informational(request, move |answer| {
            if answer.status() != StatusCode::CONTINUE {
                seen.store(true, Relaxed);
                counter.increment(1);
            }
        });
    }
}
