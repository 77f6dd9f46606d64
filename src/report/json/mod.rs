//! The report as JSON, a public contract: fields may be added, and none changes its meaning
//! without a new `schema_version`.
//!
//! Values from traffic stand as they are, in JSON's own escapes; what a terminal would act on is
//! escaped too. Times are RFC 3339 in UTC, latencies seconds.
//!
//! This module never prints a number that its schema does not describe.

mod render;
#[cfg(test)]
mod schema_check;
#[cfg(test)]
mod tests;
mod together;
mod wire;

pub use render::{finding, gate, render, schema, sessions};
