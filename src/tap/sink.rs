//! What the tap needs of whoever looks on.

use crate::base::Charge;
use crate::model::{Answered, Disposition, Exchange, RequestId};
use crate::policy::Plan;
use crate::tap::Captured;
use http::Method;
use http::request::Parts;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// The onlooker of one worker. Every method returns at once: nothing here may wait, block, or
/// fail.
pub trait Sink: Send + Sync + 'static {
    /// A request's head has been read. Books it as seen, and decides whether it is captured; one
    /// that is not is settled here.
    fn admit(&self, head: &Parts, client: IpAddr) -> Admission;

    /// A request was answered by the tap itself. Books it as seen, and as skipped.
    fn refused(&self, method: &Method, path: &str);

    /// A captured request came to nothing, for a reason.
    fn settle(&self, exchange: &Exchange, plan: &Plan, disposition: Disposition);

    /// A captured exchange is complete.
    fn offer(&self, captured: Captured);

    /// An answer has been handed to a client, whole or in part.
    fn answered(&self, answered: Answered);
}

/// Whether a request is captured.
pub enum Admission {
    Pass,
    Capture(Admitted),
}

/// A request that is to be captured.
pub struct Admitted {
    pub id: RequestId,
    pub at: Timestamp,
    /// What the config says of such requests, fixed for the whole life of this one.
    pub plan: Arc<Plan>,
    /// A body over this many bytes ends the capture.
    pub max_body: usize,
    /// Where the captured bytes are charged.
    pub charge: Charge,
}
