//! What the gate comes to: checks, each with its numbers and its reason.

use std::fmt;

/// What a check, or the gate as a whole, comes to; the last is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    Pass,
    Inconclusive,
    Fail,
}

impl Verdict {
    pub const ALL: [Self; 3] = [Self::Pass, Self::Inconclusive, Self::Fail];

    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a check is about; named like the threshold in `gate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckName {
    /// Diverged of compared trials.
    Divergence,
    /// Of compared trials, those in which the candidate failed and the primary did not.
    Errors,
    /// Compared trials; observed and limit are counts.
    Samples,
    /// Compared of what was chosen for mirroring; the limit is a floor.
    Coverage,
}

impl CheckName {
    pub const ALL: [Self; 4] = [Self::Divergence, Self::Errors, Self::Samples, Self::Coverage];

    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Divergence => "divergence",
            Self::Errors => "errors",
            Self::Samples => "samples",
            Self::Coverage => "coverage",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One threshold held against the session, or against one endpoint of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub name: CheckName,
    /// Absent: the whole session.
    pub endpoint: Option<String>,
    pub verdict: Verdict,
    /// A ratio, or a count for [`CheckName::Samples`]; 0 where there is nothing to divide by.
    pub observed: f64,
    /// In the unit of `observed`.
    pub limit: f64,
    /// How many requests `observed` was taken over.
    pub samples: u64,
    /// The same in words. May hold endpoint names, which come from traffic.
    pub reason: String,
}

/// All checks, and the worst of their verdicts.
#[derive(Clone, Debug, PartialEq)]
pub struct GateResult {
    pub verdict: Verdict,
    pub checks: Vec<Check>,
}

impl GateResult {
    /// For `shadow gate`: 0 for a pass, 1 for a fail, 3 for inconclusive.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::Inconclusive => 3,
        }
    }
}
