//! The thread that copies the running session to disk, every half second.
//!
//! [`Writer::spawn`] starts it; [`Writer::health`] and [`Writer::status`] say how it does;
//! [`Writer::stop`] writes the last state and ends it.
//!
//! This module never holds the [`Book`](crate::store::Book) longer than copying what changed takes.

mod health;
mod keeper;
#[cfg(test)]
mod tests;
mod thread;

pub use health::{Health, Status};
pub use keeper::{Pace, Setup};
pub use thread::Writer;
