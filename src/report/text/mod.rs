//! The report for a terminal of 80 columns: [`render`] gives the whole, [`gate`] the verdict alone.
//!
//! This module never prints a control, format or invisible character that came from traffic.

mod coverage;
mod endpoints;
mod findings;
mod head;
mod page;
#[cfg(test)]
mod tests;
mod verdict;

pub use coverage::rules;
pub(super) use head::{change, times};
pub use page::{gate, render};
