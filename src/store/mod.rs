//! What was found out, kept: the running session in memory.
//!
//! - [`Book`] is the running session, exact and bounded; compare workers write into it.
//!
//! This module never does I/O.

mod book;
mod changes;
mod sample;
#[cfg(test)]
mod testing;

pub use book::{
    Book, Judgement, MAX_ENDPOINTS, MAX_FINDINGS, MAX_FINDINGS_PER_ENDPOINT, Mark, OTHER,
    SAMPLES_PER_FINDING,
};
pub use changes::{Changes, FindingChange, Sums, Totals};
