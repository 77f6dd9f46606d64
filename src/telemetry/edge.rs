//! Counting what is out of the ordinary at the edge.

use crate::model::Rule;
use crate::telemetry::Name;
use metrics::{Counter, Histogram, counter, histogram};
use std::time::Duration;

/// Handles on the counters of one worker's edge.
pub struct EdgeMeters {
    refused: Vec<Counter>,
    stripped: Counter,
    tunnels: Counter,
    unaccepted: Counter,
    lag: Histogram,
}

impl EdgeMeters {
    /// Handles on the recorder of the process.
    pub fn new() -> Self {
        let refused = |rule: &Rule| counter!(Name::Refused.as_str(), "rule" => rule.name());
        Self {
            refused: Rule::ALL.iter().map(refused).collect(),
            stripped: counter!(Name::MarkersStripped.as_str()),
            tunnels: counter!(Name::Tunnels.as_str()),
            unaccepted: counter!(Name::AcceptErrors.as_str()),
            lag: histogram!(Name::LagSeconds.as_str()),
        }
    }

    /// A request or connection was refused.
    pub fn refused(&self, rule: Rule) {
        if let Some(counter) = self.refused.get(rule.index()) {
            counter.increment(1);
        }
    }

    /// A marker without its signature was removed.
    pub fn stripped(&self) {
        self.stripped.increment(1);
    }

    /// No client could be accepted, for want of something.
    pub fn unaccepted(&self) {
        self.unaccepted.increment(1);
    }

    /// The worker's thread has come to a timer by so much too late.
    pub fn lag(&self, lag: Duration) {
        self.lag.record(lag.as_secs_f64());
    }

    /// A connection was upgraded.
    pub fn tunnel(&self) {
        self.tunnels.increment(1);
    }
}

impl Default for EdgeMeters {
    fn default() -> Self {
        Self::new()
    }
}
