//! What a session knows of one finding beside the finding itself.
//!
//! This module never lists more than a person reads.

use crate::model::{Entities, Exemplar, Finding, Session, Signature};
use crate::report::view::{is_unexplained, rank};
use crate::verdict::Groups;

/// The findings that are read as one item with a finding, and the requests that show it.
pub(super) struct Company<'a> {
    /// Who leads the group; nothing where the finding is alone.
    pub lead: Option<Signature>,
    /// The others of its group, the leader first.
    pub others: Vec<&'a Finding>,
    /// About how many different paths show it; nothing where it is not known.
    pub paths: Option<u64>,
    /// The request with the smallest answers of those that were kept.
    pub smallest: Option<&'a Exemplar>,
}

impl<'a> Company<'a> {
    pub(super) fn of(session: &'a Session, finding: &Finding) -> Self {
        let signature = finding.signature;
        let groups = groups(session, &finding.endpoint);
        let others = groups.others(signature);
        let others = others.iter().filter_map(|other| session.findings.get(other)).collect();
        let showing = session.variants.values().filter(|one| one.findings.contains(&signature));
        let (mut entities, mut smallest) = (Entities::default(), None::<&Exemplar>);
        for variant in showing {
            entities.merge(&variant.traces.entities);
            let all = smallest.into_iter().chain(variant.traces.exemplars.smallest());
            smallest = all.min_by_key(|one| (one.bytes, one.rank, one.id));
        }
        let paths = Some(entities.estimate()).filter(|paths| *paths > 0);
        Self { lead: groups.lead(signature), others, paths, smallest }
    }
}

/// The groups of an endpoint, as the report of the whole session has them.
fn groups(session: &Session, endpoint: &str) -> Groups {
    let of_it = |finding: &&Finding| finding.endpoint == endpoint && is_unexplained(finding);
    let mut findings: Vec<_> = session.findings.values().filter(of_it).collect();
    findings.sort_by_cached_key(|finding| rank(finding, session));
    let variants = session.variants.values().filter(|variant| variant.endpoint == endpoint);
    Groups::new(&findings, variants)
}
