//! What the comparer found out about one trial, as a book takes it.
//!
//! Main types: [`Judgement`] and [`Mark`].
//!
//! This module never looks at an answer.

use crate::model::{Judged, Kind, Severity, Signature, Status};
use jiff::Timestamp;
use std::time::Duration;

/// What the comparer found out about one trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub endpoint: String,
    /// When the request came in.
    pub at: Timestamp,
    pub primary: Duration,
    pub candidate: Duration,
    /// The candidate failed (a fault or a 5xx) and the primary did not.
    pub worse: bool,
    /// None: the answers are equal.
    pub marks: Vec<Mark>,
}

/// One signature that a trial shows, however many places of the answer it is found at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub signature: Signature,
    pub kind: Kind,
    pub severity: Severity,
    /// The place's pattern.
    pub path: String,
    pub status: Status,
}

impl Judgement {
    /// What the trial counts as: divergences of severity info never count.
    pub fn judged(&self) -> Judged {
        let has = |status| self.marks.iter().any(|mark| mark.status == status);
        let unexplained = |mark: &Mark| {
            mark.severity < Severity::Info && matches!(mark.status, Status::Open | Status::Bug)
        };
        if self.marks.iter().any(unexplained) {
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
