//! What endpoints are called.

use crate::compare::endpoint;
use crate::model::{EndpointName, Origin};
use crate::store::OTHER;
use http::Method;

/// The endpoint of a request.
#[derive(Clone)]
pub(super) struct Named {
    pub endpoint: String,
    pub origin: Origin,
}

impl Named {
    /// Of requests that cannot be named.
    pub fn other() -> Self {
        Self { endpoint: OTHER.to_owned(), origin: Origin::Given }
    }

    pub fn name(&self) -> EndpointName<'_> {
        EndpointName { text: &self.endpoint, origin: self.origin }
    }
}

/// The endpoints of a batch's subjects, by their numbers.
pub(super) struct Register {
    named: Vec<Named>,
    other: Named,
}

impl Register {
    pub fn new(named: impl Iterator<Item = Named>) -> Self {
        Self { named: named.collect(), other: Named::other() }
    }

    pub fn of(&self, subject: usize) -> &Named {
        self.named.get(subject).unwrap_or(&self.other)
    }
}

/// The template of a path. The methods of a gRPC service are no values of a variable.
pub(super) fn observed(method: &Method, path: &str) -> Named {
    let origin = if endpoint::is_grpc(method, path) { Origin::Given } else { Origin::Observed };
    Named { endpoint: endpoint::template(method, path), origin }
}
