//! From trials to verdicts: the shadow plane's threads that compare, redact and book.
//!
//! Live workers collect what happened in a [`Batch`] and hand it over with one wake-up; a
//! [`Judge`] books it, compares its trials, and keeps samples of what differs. Where judging falls
//! behind, batches wait with the worker; past a bound their requests are still counted, under the
//! endpoint `__other__`.
//!
//! A panic costs the trial that it strikes, which is counted as failed; the judge goes on.
//!
//! This module never runs on a live thread and never sends anything.

mod batch;
mod glance;
mod judgement;
mod memory;
mod named;
mod sample;
#[cfg(test)]
mod tests;
mod thread;

pub use batch::{Batch, Equal, Pending, Subject};
pub use glance::Glances;
pub use judgement::{Judge, declare};
pub use memory::Memory;
pub use thread::{Backlog, Bench, Inbox, Judges};
