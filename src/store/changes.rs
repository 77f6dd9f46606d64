//! What one flush writes: copies of whatever changed since the last one.
//!
//! Every count in [`Changes`] is an absolute value, so that writing the same changes twice, or
//! newer ones over older ones, is harmless.
//!
//! This module never decides what changed; [`Book`](crate::store::Book) does.

use crate::model::{
    EndpointStats, Finding, Ledger, RuleName, RuleUse, Session, SessionInfo, Signature, Variant,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The changes of one flush.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    pub totals: Totals,
    pub info: Option<SessionInfo>,
    pub endpoints: Vec<(String, EndpointStats)>,
    pub findings: Vec<FindingChange>,
    pub variants: Vec<VariantChange>,
    pub rules: Vec<(RuleName, RuleUse)>,
    pub gone: Gone,
}

/// What goes by another name since: its counts are in others of the same flush. Variants go too
/// where there was no room for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    pub endpoints: Vec<String>,
    pub findings: Vec<Signature>,
    pub variants: Vec<Signature>,
}

/// One changed finding.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingChange {
    /// Without its samples where only its counts changed.
    pub finding: Finding,
    /// Whether the samples changed; all of them are in `finding` then.
    pub samples: bool,
    /// How many samples it has, said where it may have had more once.
    pub kept: Option<u8>,
}

/// One changed variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantChange {
    /// Without its traces where only its counts changed.
    pub variant: Variant,
    /// Whether the traces changed; all of them are in `variant` then.
    pub traces: bool,
}

/// What goes with every flush.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Flushes are numbered from 1.
    pub flush: u64,
    pub at: Timestamp,
    pub sums: Sums,
    /// What was let go at a bound, by the bound's name.
    pub overflow: BTreeMap<String, u64>,
}

/// Sums over a session, by which a reader can tell whether the records that it finds are of one
/// and the same flush: whatever changes an endpoint, a finding or a sample changes one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub ledger: Ledger,
    /// How many findings there are.
    pub findings: u64,
    /// Their counts.
    pub marks: u64,
    /// The ranks of their samples, added up and wrapped around.
    pub ranks: u64,
    /// What all rules have matched and excused.
    pub uses: u64,
    /// How many variants there are.
    pub variants: u64,
    /// Their counts.
    pub shown: u64,
}

impl Sums {
    pub(super) fn of(session: &Session) -> Self {
        let mut sums = Self { ledger: session.ledger(), ..Self::default() };
        for finding in session.findings.values() {
            sums.findings += 1;
            sums.marks += finding.count;
            sums.ranks =
                finding.samples.keys().fold(sums.ranks, |sum, &rank| sum.wrapping_add(rank));
        }
        sums.uses = uses(session);
        sums.variants = session.variants.len() as u64;
        sums.shown = session.variants.values().map(|variant| variant.count).sum();
        sums
    }
}

/// What all rules of a session have matched and excused.
pub(super) fn uses(session: &Session) -> u64 {
    session.rules.values().map(|rule| rule.matched + rule.excused).sum()
}

impl Changes {
    /// Whether there is nothing to write: the totals change only with one of the others.
    pub fn is_empty(&self) -> bool {
        self.info.is_none()
            && self.endpoints.is_empty()
            && self.findings.is_empty()
            && self.variants.is_empty()
            && self.rules.is_empty()
            && self.gone == Gone::default()
    }

    /// Lays the changes over a session, as a reader would find them.
    pub fn apply(self, session: &mut Session) {
        if let Some(info) = self.info {
            session.info = info;
        }
        session.overflow = self.totals.overflow;
        session.endpoints.extend(self.endpoints);
        session.rules.extend(self.rules);
        self.gone.endpoints.iter().for_each(|name| drop(session.endpoints.remove(name)));
        self.gone.findings.iter().for_each(|name| drop(session.findings.remove(name)));
        self.gone.variants.iter().for_each(|name| drop(session.variants.remove(name)));
        for VariantChange { mut variant, traces } in self.variants {
            let old = session.variants.remove(&variant.signature);
            if let (Some(old), false) = (old, traces) {
                variant.traces = old.traces;
            }
            session.variants.insert(variant.signature, variant);
        }
        for FindingChange { mut finding, samples, .. } in self.findings {
            let old = session.findings.remove(&finding.signature);
            if let (Some(old), false) = (old, samples) {
                finding.samples = old.samples;
            }
            session.findings.insert(finding.signature, finding);
        }
    }
}
