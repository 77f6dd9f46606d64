//! Wiring: the only place that knows everyone.
//!
//! [`Instance::start`] brings a whole process up from a config; [`Instance::stop`] takes it down in
//! order: clients first, then copies, then verdicts, then the store.
//!
//! This module never decides anything.

mod instance;
mod intake;
mod session;
mod supervise;
pub mod worker;

pub use instance::{Instance, Origin, StartError, Stopped};
