//! The in-memory truth of the running session.
//!
//! A [`Book`] takes what the tap saw and what the comparer found ([`Judgement`], [`Mark`]), keeps
//! the counts exact within fixed bounds, and hands out what changed as
//! [`Changes`](crate::store::Changes) for the writer.
//!
//! This module never does I/O and never reads a clock.

mod flush;
mod judgement;
mod naming;
mod pages;
mod rules;
#[cfg(test)]
mod tests;
mod variants;

pub use judgement::{Judgement, Mark};
pub use pages::{
    Book, MAX_ENDPOINTS, MAX_FINDINGS, MAX_FINDINGS_PER_ENDPOINT, MAX_NAMES, OTHER,
    SAMPLES_PER_FINDING,
};
pub use variants::{MAX_VARIANTS, Occasion};
