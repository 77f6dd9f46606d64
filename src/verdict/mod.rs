//! What a session comes to: coverage, the gate over it, what belongs together in it, and what is to
//! blame.
//!
//! [`gate()`] weighs a session against the config's thresholds and gives a [`GateResult`] with one
//! [`Check`] for each; [`Coverage`] says how much of what was chosen for mirroring was compared.
//! [`Groups`] joins findings that come from one cause, and [`blame()`] names the few that are behind
//! nearly all that diverged.
//!
//! This module never does I/O or reads a clock: the same session and thresholds give the same
//! verdict.

mod blame;
mod check;
mod coverage;
mod gate;
mod groups;
mod rate;

pub use blame::{Blame, Blamed, blame};
pub use check::{Check, CheckName, GateResult, Verdict};
pub use coverage::{Coverage, Loss};
pub use gate::gate;
pub use groups::Groups;
