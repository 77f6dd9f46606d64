//! Whether a session may be trusted and passes: coverage, and the gate over it.
//!
//! [`gate()`] weighs a session against the config's thresholds and gives a [`GateResult`] with one
//! [`Check`] for each; [`Coverage`] says how much of what was chosen for mirroring was compared.
//!
//! This module never does I/O or reads a clock: the same session and thresholds give the same
//! verdict.

mod check;
mod coverage;
mod gate;
mod rate;

pub use check::{Check, CheckName, GateResult, Verdict};
pub use coverage::{Coverage, Loss};
pub use gate::gate;
