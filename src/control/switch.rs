//! The kill switch and the dial.

use crate::base::Percent;
use crate::mirror::BreakerState;
use crate::model::Strain;

/// What is to be changed; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub enabled: Option<bool>,
    pub sample: Option<Percent>,
}

/// What holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MirrorState {
    pub enabled: bool,
    /// Of the eligible requests that match no route.
    pub sample: Percent,
    /// Exchanges that wait for a slot at the candidate.
    pub queued: usize,
    /// Trials that wait to be compared.
    pub backlog: usize,
    /// Bytes held on the shadow side.
    pub memory: usize,
    /// Copies at the candidate now.
    pub in_flight: usize,
    pub breaker: BreakerState,
    /// Why mirroring is off for the sake of the live path.
    pub strain: Option<Strain>,
    /// The stage of the ramp that holds, counted from 1.
    pub stage: Option<usize>,
}

/// Whether a change outlives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    Yes,
    /// It holds now, but could not be written down, for this reason.
    No(String),
}
