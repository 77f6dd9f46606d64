//! One request with the primary's outcome, and the trial that it becomes.

use crate::model::{Fault, Outcome, Payload};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use std::fmt;
use std::time::Duration;

/// Names one request of one process: the process by a random number, the request by a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    pub process: u64,
    pub number: u64,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.process, self.number)
    }
}

/// A client's request as it went to the primary, hop-by-hop fields removed.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// Path and query as received; `uri.path_and_query()` is what goes on the wire.
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Payload,
    pub trailers: Option<HeaderMap>,
}

/// One client request and the primary's outcome.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub id: RequestId,
    /// When the request's head had been read.
    pub at: Timestamp,
    pub request: Request,
    pub primary: Outcome,
    /// From sending the request to the primary until the last byte of its answer.
    pub latency: Duration,
}

/// An exchange with the candidate's outcome.
#[derive(Clone, Debug)]
pub struct Trial {
    /// In one place of its own: a trial goes through many hands.
    pub exchange: Box<Exchange>,
    pub candidate: Outcome,
    /// From sending the copy to the candidate until the last byte of its answer.
    pub latency: Duration,
}

/// How the live side of one request went.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// The status that the client got.
    pub status: StatusCode,
    /// Why the primary gave none, or broke off.
    pub fault: Option<Fault>,
    /// From the request's head to the answer's end.
    pub latency: Duration,
    /// What the tap itself added to the time until the answer's head; nothing where the primary
    /// gave none.
    pub added: Duration,
}
