//! The nouns of the product, one word each, shared by every other room.
//!
//! An [`Exchange`] is one client request and the primary's [`Outcome`]; a [`Trial`] adds the
//! candidate's. Comparing a trial yields [`Divergence`]s, each at a [`Place`]; equal divergences
//! share a [`Signature`] and are one [`Finding`] of a [`Session`]; what is found together in one
//! answer is a [`Variant`]. The [`Ledger`] accounts for every request that was seen.
//!
//! This module never does I/O, reads a clock, or knows how anything is serialised.

mod divergence;
mod endpoint;
mod entities;
mod exchange;
mod histogram;
mod ledger;
mod outcome;
mod path;
mod renames;
mod rule;
mod session;
mod strain;
mod variant;
mod words;

pub use divergence::{Class, Divergence, Kind, Severity, Signature};
pub use endpoint::{EndpointName, Origin};
pub use entities::Entities;
pub use exchange::{Answered, Exchange, Request, RequestId, Trial};
pub use histogram::Histogram;
pub use ledger::{Disposition, DropReason, FailReason, Ledger, SkipReason};
pub use outcome::{Fault, Outcome, Payload, Reply};
pub use path::{Filter, Path, Pattern, PatternError, Place, Progress, Reach, Seg, Spent};
pub use renames::Renames;
pub use rule::{AdminRule, Rule};
pub use session::{
    Controls, EndpointStats, Finding, Judged, REDACTED, RuleName, RuleUse, Sample, SampleReply,
    SampleRequest, Session, SessionInfo, Status,
};
pub use strain::Strain;
pub use variant::{Exemplar, Exemplars, Traces, Variant};
