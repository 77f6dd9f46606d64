//! What the comparer tells the book of one trial.
//!
//! This module never decides what differs.

use crate::compare::Stem;
use crate::model::{
    Disposition, EndpointName, EndpointStats, Judged, Kind, Origin, Renames, Severity, Signature,
    Status,
};
use crate::store::book::pages::MAX_NAME;
use crate::store::sample;
use jiff::Timestamp;
use std::time::Duration;

/// What the comparer found out about one trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub endpoint: String,
    pub origin: Origin,
    /// When the request came in.
    pub at: Timestamp,
    pub primary: Duration,
    pub candidate: Duration,
    /// The candidate failed (a fault or a 5xx) and the primary did not.
    pub worse: bool,
    /// None: the answers are equal.
    pub marks: Vec<Mark>,
    /// What counts as equal for being an identifier with another name, by its place's pattern.
    pub renames: Vec<(String, Renames)>,
}

/// One signature that a trial shows, however many places of the answer it is found at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub signature: Signature,
    /// What the signature is made from beside the endpoint.
    pub stem: Stem,
    pub kind: Kind,
    pub severity: Severity,
    /// The place's pattern.
    pub path: String,
    pub status: Status,
}

impl Mark {
    /// Whether it makes a trial one that diverged.
    pub(super) fn is_unexplained(&self) -> bool {
        self.severity < Severity::Info && matches!(self.status, Status::Open | Status::Bug)
    }
}

impl Judgement {
    pub(super) fn name(&self) -> EndpointName<'_> {
        EndpointName { text: &self.endpoint, origin: self.origin }
    }

    /// What the trial counts as: divergences of severity info never count.
    pub fn judged(&self) -> Judged {
        let has = |status| self.marks.iter().any(|mark| mark.status == status);
        if self.marks.iter().any(Mark::is_unexplained) {
            Judged::Diverged
        } else if has(Status::Expected) {
            Judged::Expected
        } else if has(Status::Noise) {
            Judged::Noise
        } else {
            Judged::Equal
        }
    }
}

pub(super) fn count(stats: &mut EndpointStats, judgement: &Judgement) {
    let verdict = match judgement.judged() {
        Judged::Equal => &mut stats.equal,
        Judged::Diverged => &mut stats.diverged,
        Judged::Noise => &mut stats.noise,
        Judged::Expected => &mut stats.expected,
    };
    *verdict += 1;
    stats.ledger.settle(Disposition::Compared);
    stats.worse += u64::from(judgement.worse);
    for (pattern, renames) in &judgement.renames {
        stats.rename(&sample::cut(pattern, MAX_NAME), renames);
    }
    stats.primary.record(judgement.primary);
    stats.candidate.record(judgement.candidate);
}
