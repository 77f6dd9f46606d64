//! The admin API: health, metrics, reports and switches, on a listener of its own.
//!
//! It is bounded in everything: connections, their time, and what is asked of it.
//!
//! This module never serves on the live port, and off the loopback never without a token.

mod access;
mod connections;
mod mirror;
mod report;
mod server;

pub use server::{AdminError, serve};
