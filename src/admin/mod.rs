//! The admin API: health, metrics, reports and switches, on a listener of its own.
//!
//! This module never serves on the live port, and off the loopback never without a token.

mod access;
mod mirror;
mod report;
mod server;

pub use server::{AdminError, serve};
