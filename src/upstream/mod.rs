//! Speaking HTTP/1.1 to one side: connecting, keeping connections alive, and naming what fails.
//!
//! A [`Pool`] belongs to one worker and one target; the live plane and the shadow plane each have
//! their own, so that nothing of one can hold up the other. A [`Lease`] is one connection on loan:
//! it goes back when the answer has been read to its end, and is closed otherwise.
//!
//! This module never retries, times out or decides anything: its callers do.

mod connect;
mod fault;
mod pool;

pub use connect::Address;
pub use fault::classify;
pub use pool::{Lease, Pool, Refusal};
