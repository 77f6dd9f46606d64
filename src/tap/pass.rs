//! A head on its way through the tap, without the connection: refused by a rule, or made into what
//! the primary gets.
//!
//! This module never waits, and never looks at a body.

use crate::model::Rule;
use crate::tap::headers::{Peer, to_upstream};
use crate::tap::known::{Fields, Known};
use crate::tap::refuse::refusal;
use crate::tap::settings::Settings;
use http::request::Parts;
use std::net::IpAddr;

/// The rule by which a request is not forwarded, if there is one.
pub(super) fn rule_against(head: &Parts, fields: Fields, settings: &Settings) -> Option<Rule> {
    refusal(head, fields, &settings.limits).or_else(|| {
        let loops = fields.has(Known::Via)
            && settings.via.as_ref().is_some_and(|via| via.is_loop(&head.headers));
        loops.then_some(Rule::Loop)
    })
}

/// Turns a head that came from `peer` into the one that the primary gets, and says whose request
/// it is; a head that a rule is against stays as it is.
pub fn pass(head: &mut Parts, peer: IpAddr, settings: &Settings) -> Result<IpAddr, Rule> {
    let fields = Fields::of(&head.headers);
    if let Some(rule) = rule_against(head, fields, settings) {
        return Err(rule);
    }
    let peer = Peer::new(peer, settings.trust(peer));
    let client = peer.client(&head.headers, settings);
    to_upstream(head, fields, &peer, settings.via.as_ref());
    Ok(client)
}
