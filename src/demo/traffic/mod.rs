//! The traffic: what was asked of the shop in an hour, and the client that asks it again.
//!
//! [`load`] reads the bundled [`FixtureRequest`]s; [`send`] plays them, each flow in order on a
//! connection of its own, several flows at a time.
//!
//! This module never looks at what is answered, beyond the status.

mod client;
mod fixture;
mod player;

pub use client::SendError;
pub use fixture::{FixtureRequest, load};
pub use player::{Progress, Sent, send};

#[cfg(test)]
pub use client::Client;
