//! Small things that every room may use: units, the clock, and how errors are printed.
//!
//! This module never knows the product's nouns.

mod chain;
pub mod clock;
mod units;

pub use chain::Chain;
pub use units::{ByteSize, Percent, Rate, UnitError, parse_duration, show_duration};
