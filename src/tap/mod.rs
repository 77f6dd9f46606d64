//! The live plane: every client is answered by the primary, streamed both ways, and what passes is
//! teed for the shadow plane.
//!
//! [`serve`] runs one listener on the calling thread's runtime; a [`Tap`] is what its connections
//! share; whatever a [`Sink`] admits is captured and offered to it as an
//! [`Exchange`](crate::model::Exchange).
//!
//! This module never waits for the shadow plane and never sends a byte to the candidate.

mod body;
mod bound;
mod capture;
mod client;
mod complaints;
mod connection;
mod door;
mod forward;
mod headers;
mod http2;
mod incoming;
mod interim;
mod known;
mod linger;
mod listener;
mod pass;
mod patient;
mod refuse;
mod seldom;
mod settings;
mod sink;
mod tls;
mod tunnel;
mod waiting;

pub use capture::Captured;
pub use connection::{Stop, serve};
pub use door::Door;
pub use forward::Tap;
pub use known::is_hop_by_hop;
pub use listener::{BindError, Claim, bind};
pub use pass::pass;
pub use settings::Settings;
pub use sink::{Admission, Admitted, Sink};
