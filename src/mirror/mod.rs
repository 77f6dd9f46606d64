//! Sending copies to the candidate, within bounds, and handing the trials on.
//!
//! A [`Mirror`] belongs to one worker: complete exchanges are offered to it, it sends their copies,
//! and its [`Outbox`] carries what came of them to the judges. What all workers share is in
//! [`Limits`]. An answer that is the primary's byte by byte is seen to be so while it comes in: only
//! the count of it goes on. A mirror has its own connections; it shares no pool, buffer or lock with
//! a live exchange.
//!
//! This module never makes a live request wait: `offer` takes an exchange or counts it as dropped.

mod arriving;
mod breaker;
mod copy;
mod crew;
mod dispatch;
mod limits;
mod outbox;
mod protect;
mod rate;
mod readings;

pub use breaker::BreakerState;
pub use dispatch::{Job, Mirror};
pub use limits::Limits;
pub use outbox::Outbox;
pub use protect::{Advice, Descriptors, Protector, Sample};
