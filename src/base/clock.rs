//! The only place where time is read. Decisions take `now` as an argument; the thin loops around
//! them ask here.

use jiff::Timestamp;
use std::time::Instant;

/// Monotonic time, for durations and deadlines.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the one reader of the monotonic clock")]
    Instant::now()
}

/// Calendar time, for records that people read.
pub fn wall() -> Timestamp {
    Timestamp::now()
}
