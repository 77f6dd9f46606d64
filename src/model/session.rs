//! A session: one run of one candidate version, and all that it has found out.

use crate::base::Percent;
use crate::model::{Histogram, Kind, Ledger, Renames, Severity, Signature, Variant};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a session is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// A UUID of version 7: later sessions sort later.
    pub id: String,
    pub service: String,
    pub candidate_version: Option<String>,
    pub user: Option<String>,
    pub pull_request: Option<String>,
    pub commit: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What the user asserted about the candidate's side effects; every report prints it.
    pub assertion: Option<String>,
}

/// A rule of `compare`, by where it stands and what it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleName {
    /// Its place in the config: `routes[1].compare.ignore[0]`.
    pub key: String,
    /// Its path, header or host.
    pub text: String,
}

/// What a rule was good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleUse {
    /// Of the config file.
    pub line: u64,
    /// Places that it selected at which the two answers were written differently.
    pub matched: u64,
    /// Differences that it took away.
    pub excused: u64,
    /// The patterns of the places where it did; the first [`RuleUse::MAX_FIELDS`] of them.
    pub fields: BTreeSet<String>,
}

impl RuleUse {
    /// Fields of one rule beyond so many are not named.
    pub const MAX_FIELDS: usize = 16;
}

/// One run of one candidate version, with its counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub info: SessionInfo,
    /// By endpoint template (`GET /items/{int}`).
    pub endpoints: BTreeMap<String, EndpointStats>,
    pub findings: BTreeMap<Signature, Finding>,
    /// In which ways answers differ, by response signature.
    pub variants: BTreeMap<Signature, Variant>,
    /// The rules of the config that held at some time.
    pub rules: BTreeMap<RuleName, RuleUse>,
    /// What was let go at a bound, by the bound's name (`findings`, `endpoints`, …).
    pub overflow: BTreeMap<String, u64>,
}

impl Session {
    /// An empty session.
    pub fn new(info: SessionInfo) -> Self {
        Self {
            info,
            endpoints: BTreeMap::new(),
            findings: BTreeMap::new(),
            variants: BTreeMap::new(),
            rules: BTreeMap::new(),
            overflow: BTreeMap::new(),
        }
    }

    /// The ledger over all endpoints.
    pub fn ledger(&self) -> Ledger {
        let mut total = Ledger::default();
        self.endpoints.values().for_each(|endpoint| total.merge(&endpoint.ledger));
        total
    }
}

/// The counts of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointStats {
    pub ledger: Ledger,
    /// Compared trials without a divergence that counts.
    pub equal: u64,
    /// Compared trials with at least one unexplained divergence above info.
    pub diverged: u64,
    /// Compared trials whose only divergences are noise.
    pub noise: u64,
    /// Compared trials whose only divergences are expected changes.
    pub expected: u64,
    /// Compared trials in which the candidate failed (a fault or a 5xx) and the primary did not.
    pub worse: u64,
    /// Values that count as equal for being identifiers with other names, by the pattern of their
    /// place; all beyond the first [`EndpointStats::MAX_PLACES`] under one name.
    pub renames: BTreeMap<String, Renames>,
    /// Latencies of compared trials.
    pub primary: Histogram,
    pub candidate: Histogram,
}

impl EndpointStats {
    /// Places of renamed values that are told apart.
    pub const MAX_PLACES: usize = 16;
    /// What the others are counted under.
    pub const ELSEWHERE: &str = "elsewhere";

    /// Counts values that have other names at a place.
    pub fn rename(&mut self, pattern: &str, renames: &Renames) {
        let room = self.renames.len() < Self::MAX_PLACES || self.renames.contains_key(pattern);
        let pattern = if room { pattern } else { Self::ELSEWHERE };
        self.renames.entry(pattern.to_owned()).or_default().merge(renames);
    }

    /// All values that have other names; what is higher by how much, each place says.
    pub fn renamed(&self) -> Renames {
        let mut sum = Renames::default();
        self.renames.values().for_each(|renames| sum.merge(renames));
        Renames { by: None, ..sum }
    }

    /// Adds what was counted for another name of the same endpoint.
    pub fn merge(&mut self, other: &Self) {
        self.ledger.merge(&other.ledger);
        self.equal += other.equal;
        self.diverged += other.diverged;
        self.noise += other.noise;
        self.expected += other.expected;
        self.worse += other.worse;
        other.renames.iter().for_each(|(pattern, renames)| self.rename(pattern, renames));
        self.primary.merge(&other.primary);
        self.candidate.merge(&other.candidate);
    }
}

/// What people have decided about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    Open,
    Noise,
    Expected,
    Bug,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Open, Self::Noise, Self::Expected, Self::Bug];

    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Noise => "noise",
            Self::Expected => "expected",
            Self::Bug => "bug",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.name() == name)
    }
}

/// A signature with its counts and samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub signature: Signature,
    pub endpoint: String,
    pub kind: Kind,
    /// The place's pattern: `$.items[*].price`, `status`, `header:location`.
    pub path: String,
    pub severity: Severity,
    pub status: Status,
    /// Trials that show it.
    pub count: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// The bottom k by rank: the same ones whatever the order of arrival.
    pub samples: BTreeMap<u64, Sample>,
}

/// What every redacted value begins with; a keyed hash follows, so that equality still shows.
pub const REDACTED: &str = "redacted:";

/// One occurrence of a finding, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub request_id: String,
    pub at: Timestamp,
    /// RFC 6901 pointer into the body; empty for what is not in it.
    pub pointer: String,
    /// The value on each side, at most 256 bytes; absent where there is none.
    pub primary: Option<String>,
    pub candidate: Option<String>,
    pub request: SampleRequest,
    pub primary_reply: SampleReply,
    pub candidate_reply: SampleReply,
}

/// The request of a sample, redacted: enough to send it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleRequest {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    /// At most 16 KiB of text; absent where it is empty or not text.
    pub body: Option<String>,
}

/// A side's answer in a sample, redacted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleReply {
    /// The status code, or the name of the fault.
    pub outcome: String,
    pub headers: Vec<(String, String)>,
    /// At most 16 KiB of text; absent where it is empty or not text.
    pub body: Option<String>,
}

/// What people have switched beside the config, through the admin API; it outlives a restart. An
/// absent switch leaves the config's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    /// The kill switch.
    pub enabled: Option<bool>,
    /// The dial; it goes for every route.
    pub sample: Option<Percent>,
}

/// What a compared trial counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Judged {
    /// Nothing differs that counts.
    Equal,
    /// Something differs that nobody has explained.
    Diverged,
    /// All that differs is noise.
    Noise,
    /// All that differs is expected.
    Expected,
}

impl Judged {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Equal, Self::Diverged, Self::Noise, Self::Expected];

    /// The word for it in reports and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Diverged => "diverged",
            Self::Noise => "noise",
            Self::Expected => "expected",
        }
    }
}
