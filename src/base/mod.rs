//! Small things that every room may use: units, the clock, figures, and how errors are printed.
//!
//! This module never knows the product's nouns.

mod budget;
mod chain;
pub mod clock;
mod figures;
mod units;

pub use budget::{Budget, Charge};
pub use chain::Chain;
pub use figures::{grouped, share};
pub use units::{ByteSize, Percent, Rate, UnitError, parse_duration, show_duration};
