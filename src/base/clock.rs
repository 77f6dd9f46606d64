//! The only place where time is read. Decisions take `now` as an argument; the thin loops around
//! them ask here.

use jiff::Timestamp;
use std::time::Instant;
use tokio::time;

/// Monotonic time, for durations and deadlines: the time that the runtime's timers go by, so that
/// the two stand still together where a test has paused it.
pub fn now() -> Instant {
    time::Instant::now().into_std()
}

/// Calendar time, for records that people read.
pub fn wall() -> Timestamp {
    Timestamp::now()
}
