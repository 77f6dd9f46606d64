//! Whether one request is mirrored. Pure.

use crate::config::{Methods, Mirror};
use crate::model::{RequestId, SkipReason};
use crate::policy::sampling::{always, sampled};
use crate::policy::{MARKER, Plan, Policy, upgrade};
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Method};
use std::net::IpAddr;
use std::sync::Arc;

/// What becomes of a request on the shadow side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Mirror,
    SampledOut,
    Skip(SkipReason),
}

impl Policy {
    /// Decides on a request by its head.
    pub fn decide(&self, head: &Parts, client: IpAddr, id: RequestId) -> (Decision, &Arc<Plan>) {
        let plan = self.plan(&head.method, head.uri.path());
        let mirror = &plan.mirror;
        let decision = match self.obstacle(mirror, head) {
            Some(reason) => Decision::Skip(reason),
            None if always(&mirror.always, head) => Decision::Mirror,
            None if sampled(mirror.sample, &mirror.sticky, head, client, id) => Decision::Mirror,
            None => Decision::SampledOut,
        };
        (decision, plan)
    }

    /// Why a request is not eligible, whatever the sample.
    fn obstacle(&self, mirror: &Mirror, head: &Parts) -> Option<SkipReason> {
        if !self.candidate {
            Some(SkipReason::NoCandidate)
        } else if !mirror.enabled {
            Some(SkipReason::Disabled)
        } else if head.headers.contains_key(&MARKER) {
            Some(SkipReason::Marker)
        } else if upgrade(head).is_some() {
            Some(SkipReason::Upgrade)
        } else if mirror.methods == Methods::Safe && !is_safe(&head.method) {
            Some(SkipReason::Method)
        } else if declared(&head.headers).is_some_and(|length| length > mirror.max_body.0) {
            Some(SkipReason::BodyTooLarge)
        } else {
            None
        }
    }
}

/// Safe by RFC 9110 section 9.2.1, and mirrored: TRACE never passes the tap.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
