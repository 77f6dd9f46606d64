//! The account of every request that was seen: nothing is lost without a reason.

use crate::model::words::words;

words! {
    /// Why an exchange was not eligible for mirroring.
    SkipReason {
        /// The tap answered it by itself: a malformed request, or a method that never passes.
        Refused = "refused",
        /// `mirror.enabled: false`, or the kill switch.
        Disabled = "disabled",
        /// The config names no candidate.
        NoCandidate = "no_candidate",
        /// The method is not among `mirror.methods`.
        Method = "method",
        /// The request carries our own marker: it is a copy already.
        Marker = "marker",
        /// An upgrade, CONNECT or another tunnel.
        Upgrade = "upgrade",
        /// A body is over `mirror.max_body`.
        BodyTooLarge = "body_too_large",
        /// The client went away, or the exchange was cut off, before it was complete.
        Partial = "partial",
        /// A rewrite rule could not be applied to the copy.
        Rewrite = "rewrite",
    }
}

words! {
    /// Why an eligible, sampled exchange was let go before it reached the candidate.
    DropReason {
        /// `mirror.queue` is full.
        QueueFull = "queue_full",
        /// `mirror.memory` is used up.
        Memory = "memory",
        /// `mirror.rate` is used up.
        Rate = "rate",
        /// The breaker is open: the candidate fails too often.
        Breaker = "breaker",
        /// The live path suffers: `mirror.protect`, memory, or file descriptors.
        Protected = "protected",
        /// Comparing is behind by more than `mirror.queue` trials.
        Backlog = "backlog",
        /// Mirroring was switched off while it waited.
        Paused = "paused",
        /// A bug in shadow struck while it was decided on or handed on.
        Panic = "panic",
        /// The process was stopping.
        Shutdown = "shutdown",
    }
}

words! {
    /// Why a mirrored exchange was not compared.
    FailReason {
        /// A bug in shadow struck while its copy was sent or compared.
        Panic = "panic",
        /// The process was stopping before the candidate had answered.
        Shutdown = "shutdown",
        /// The candidate's answer did not fit into `mirror.memory`.
        Memory = "memory",
    }
}

/// Where one request ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    SampledOut,
    Skipped(SkipReason),
    Dropped(DropReason),
    /// Sent to the candidate and compared.
    Compared,
    /// Sent to the candidate, and not compared.
    Failed(FailReason),
}

/// For one endpoint or for all: at rest, `seen = mirrored + sampled_out + skipped + dropped` and
/// `mirrored = compared + failed`, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub seen: u64,
    pub mirrored: u64,
    pub compared: u64,
    pub sampled_out: u64,
    pub skipped: [u64; SkipReason::COUNT],
    pub dropped: [u64; DropReason::COUNT],
    pub failed: [u64; FailReason::COUNT],
}

impl Ledger {
    /// Books one request that has come to its end.
    pub fn settle(&mut self, disposition: Disposition) {
        self.settle_many(disposition, 1);
    }

    /// Books so many requests that have come to the same end.
    pub fn settle_many(&mut self, disposition: Disposition, n: u64) {
        match disposition {
            Disposition::SampledOut => self.sampled_out += n,
            Disposition::Skipped(reason) => bump(&mut self.skipped, reason.index(), n),
            Disposition::Dropped(reason) => bump(&mut self.dropped, reason.index(), n),
            Disposition::Compared => {
                self.mirrored += n;
                self.compared += n;
            }
            Disposition::Failed(reason) => {
                self.mirrored += n;
                bump(&mut self.failed, reason.index(), n);
            }
        }
    }

    /// Adds what another ledger counted.
    pub fn merge(&mut self, other: &Self) {
        self.seen += other.seen;
        self.mirrored += other.mirrored;
        self.compared += other.compared;
        self.sampled_out += other.sampled_out;
        add(&mut self.skipped, &other.skipped);
        add(&mut self.dropped, &other.dropped);
        add(&mut self.failed, &other.failed);
    }

    /// Requests seen that have no entry yet: in flight, or lost by a process that was killed.
    pub fn unsettled(&self) -> u64 {
        let settled =
            self.mirrored + self.sampled_out + self.skipped_total() + self.dropped_total();
        self.seen.saturating_sub(settled)
    }

    /// Both identities hold and nothing is in flight.
    pub fn is_exact(&self) -> bool {
        let settled =
            self.mirrored + self.sampled_out + self.skipped_total() + self.dropped_total();
        self.seen == settled && self.mirrored == self.compared + self.failed.iter().sum::<u64>()
    }

    pub fn skipped_total(&self) -> u64 {
        self.skipped.iter().sum()
    }

    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub fn failed_total(&self) -> u64 {
        self.failed.iter().sum()
    }
}

fn bump(counts: &mut [u64], index: usize, n: u64) {
    if let Some(count) = counts.get_mut(index) {
        *count += n;
    }
}

fn add(ours: &mut [u64], theirs: &[u64]) {
    ours.iter_mut().zip(theirs).for_each(|(our, their)| *our += their);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disposition_keeps_the_ledger_exact() {
        let mut all = vec![Disposition::SampledOut, Disposition::Compared];
        all.extend(SkipReason::ALL.iter().map(|&reason| Disposition::Skipped(reason)));
        all.extend(DropReason::ALL.iter().map(|&reason| Disposition::Dropped(reason)));
        all.extend(FailReason::ALL.iter().map(|&reason| Disposition::Failed(reason)));
        let mut ledger = Ledger::default();
        for disposition in all {
            ledger.seen += 1;
            assert_eq!(ledger.unsettled(), 1);
            ledger.settle(disposition);
            assert!(ledger.is_exact(), "{disposition:?}");
        }
        let mut twice = ledger.clone();
        twice.merge(&ledger);
        assert!(twice.is_exact());
        assert_eq!(twice.seen, 2 * ledger.seen);
    }

    #[test]
    fn names_lead_back_to_their_reasons() {
        for &reason in SkipReason::ALL {
            assert_eq!(SkipReason::from_name(reason.name()), Some(reason));
        }
        assert_eq!(DropReason::from_name("nonsense"), None);
    }
}
