//! Speaking HTTP/1.1 or HTTP/2 to one side, in clear or over TLS: connecting, keeping connections
//! alive, and naming what fails.
//!
//! A [`Pool`] belongs to one worker and one target; the live plane and the shadow plane each have
//! their own, so that nothing of one can hold up the other. An [`Endpoint`] says how connections
//! to a target are made. A [`Lease`] is one connection on loan, or one stream of a connection that
//! carries many: it goes back when the answer has been read to its end, and is closed otherwise.
//!
//! This module never times out or decides what may be sent twice: its callers do.

mod connect;
mod endpoint;
mod exchange;
mod fault;
mod framing;
mod heard;
mod multiplex;
mod pool;
mod retry;
mod watched;

pub use connect::{Address, Connect, ConnectError, Connecting, Stream};
pub use endpoint::Endpoint;
pub use exchange::{Again, Answered, is_without_content};
pub use fault::classify;
pub use framing::trim;
pub use pool::{Lease, Pool};
pub use retry::http2;
