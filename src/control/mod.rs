//! The running process as people steer it: its switches, its reloads, and what it has found out.
//!
//! A [`Control`] is what the admin API, the signals and the commands act on.
//!
//! This module never parses a request and never renders an answer.

mod running;
mod switch;
mod vitals;

pub use running::{Control, ControlError, Sides, Wiring};
pub use switch::{Change, MirrorState, Saved};
