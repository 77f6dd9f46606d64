//! What trials have taught about identifiers, for those that come later.
//!
//! All judges share one memory: a flow's requests may come in by several connections, and so to
//! several judges. A trial takes what is known when it is compared; what two judges learn at the same
//! time neither of them knows yet. That can only make more of a trial count as differing.
//!
//! This module never holds the lock while anything is compared.

use crate::compare::{Flows, Known, Learned, Offsets};
use crate::model::Request;
use crate::policy::{Plan, flow};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The memory of all judges.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    flows: Flows,
    offsets: Offsets,
}

/// Whose trial it is.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    flow: u64,
    endpoint: &'a str,
    at: Timestamp,
}

impl<'a> Owner<'a> {
    /// Of a request that came in at this time.
    pub(super) fn new(request: &Request, plan: &Plan, endpoint: &'a str, at: Timestamp) -> Self {
        Self { flow: flow(&plan.mirror.sticky, request), endpoint, at }
    }
}

impl Memory {
    pub(super) fn known(&self, owner: Owner<'_>) -> Known {
        let parts = self.parts();
        Known::new(parts.flows.known(owner.flow), parts.offsets.known(owner.endpoint), owner.at)
    }

    /// Learns from a trial; says for how much there was no room.
    pub(super) fn learn(&self, owner: Owner<'_>, learned: &Learned) -> u64 {
        if learned.is_empty() {
            return 0;
        }
        let mut parts = self.parts();
        let lost = parts.flows.learn(owner.flow, owner.at, learned);
        lost + parts.offsets.learn(owner.endpoint, learned)
    }

    /// Whether there is anything that equal answers could end.
    pub(super) fn is_counting(&self) -> bool {
        !self.parts().offsets.is_empty()
    }

    /// Both answers of trials at these endpoints are equal.
    pub(super) fn agreed<'e>(&self, endpoints: impl IntoIterator<Item = &'e str>) {
        let mut endpoints = endpoints.into_iter().peekable();
        if endpoints.peek().is_some() {
            let mut parts = self.parts();
            endpoints.for_each(|endpoint| parts.offsets.agreed(endpoint));
        }
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
