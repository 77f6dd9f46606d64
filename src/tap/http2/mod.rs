//! Clients of HTTP/2, by h2 itself: hyper's server says no interim answer to them.
//!
//! `connection` takes the streams of one client and has each answered in a task of its own
//! (`stream`), `received` is the body of a request, and `heartbeat` finds out who has gone.
//!
//! This module never decides what is answered.

mod connection;
mod heartbeat;
mod received;
mod stream;

pub(super) use connection::broken_rule;
pub use received::Received;
