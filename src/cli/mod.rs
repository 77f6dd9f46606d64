//! The command line: one file for each command.
//!
//! Data goes to stdout, everything for people to stderr; [`Exit`] has the exit codes.
//!
//! This module never does the work itself: it reads the command line, calls, and prints.

mod args;
mod check;
mod client;
mod demo;
mod diff;
mod entry;
mod exit;
mod output;
mod progress;
mod query;
mod run;
mod saved;
mod source;
mod switch;
mod write;

pub use args::Cli;
pub use entry::main;
pub use exit::{Exit, Failure};
