//! How much of what was chosen for mirroring was compared, and where the rest went.

use crate::model::{DropReason, FailReason, Ledger, SkipReason};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Where requests went that were not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    SampledOut,
    Skipped(SkipReason),
    Dropped(DropReason),
    Failed(FailReason),
    /// Seen or mirrored, and nothing more is known: in flight, or lost with a process that was
    /// killed.
    Unsettled,
}

impl Loss {
    /// The word for it, and its reason: `dropped (queue_full)`.
    pub fn text(self) -> String {
        match self {
            Self::SampledOut => "sampled out".to_owned(),
            Self::Skipped(reason) => format!("skipped ({})", reason.name()),
            Self::Dropped(reason) => format!("dropped ({})", reason.name()),
            Self::Failed(reason) => format!("failed ({})", reason.name()),
            Self::Unsettled => "still in flight, or lost when a process was killed".to_owned(),
        }
    }

    /// Whether nobody expected such a request to be compared: no loss of coverage.
    pub fn is_on_purpose(self) -> bool {
        match self {
            Self::SampledOut => true,
            Self::Skipped(reason) => match reason {
                SkipReason::Refused
                | SkipReason::Disabled
                | SkipReason::NoCandidate
                | SkipReason::Method
                | SkipReason::Marker
                | SkipReason::Upgrade => true,
                SkipReason::BodyTooLarge | SkipReason::Partial | SkipReason::Rewrite => false,
            },
            Self::Dropped(_) | Self::Failed(_) | Self::Unsettled => false,
        }
    }
}

/// `compared / chosen`, where chosen is all that was seen less what was left out on purpose:
/// sampled out, or skipped because a setting or the request itself says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Requests that were to be mirrored and compared.
    pub chosen: u64,
    pub compared: u64,
    /// What was seen and not compared, without zeros; those that were not left out on purpose add
    /// up to `chosen - compared` at rest.
    pub uncompared: BTreeMap<Loss, u64>,
    /// Entries beyond what the ledger's identities allow: above zero, it cannot be trusted.
    pub surplus: u64,
}

impl Coverage {
    /// What one ledger says.
    pub fn of(ledger: &Ledger) -> Self {
        let settled =
            ledger.mirrored + ledger.sampled_out + ledger.skipped_total() + ledger.dropped_total();
        let ended = ledger.compared + ledger.failed_total();
        let mut coverage = Self {
            compared: ledger.compared,
            surplus: settled.saturating_sub(ledger.seen) + ended.saturating_sub(ledger.mirrored),
            ..Self::default()
        };
        coverage.lose(Loss::SampledOut, ledger.sampled_out);
        for (&reason, &count) in SkipReason::ALL.iter().zip(&ledger.skipped) {
            coverage.lose(Loss::Skipped(reason), count);
        }
        for (&reason, &count) in DropReason::ALL.iter().zip(&ledger.dropped) {
            coverage.lose(Loss::Dropped(reason), count);
        }
        for (&reason, &count) in FailReason::ALL.iter().zip(&ledger.failed) {
            coverage.lose(Loss::Failed(reason), count);
        }
        let pending = ledger.mirrored.saturating_sub(ended);
        coverage.lose(Loss::Unsettled, ledger.unsettled() + pending);
        let on_purpose = coverage.uncompared.iter().filter(|(loss, _)| loss.is_on_purpose());
        let left_out = on_purpose.map(|(_, count)| count).sum();
        let chosen = ledger.seen.max(settled).saturating_sub(left_out);
        coverage.chosen = chosen.max(ledger.compared);
        coverage
    }

    /// What several ledgers say together. One's surplus never makes up for what another lost.
    pub fn over<'a>(ledgers: impl IntoIterator<Item = &'a Ledger>) -> Self {
        let mut total = Self::default();
        for one in ledgers.into_iter().map(Self::of) {
            total.chosen += one.chosen;
            total.compared += one.compared;
            total.surplus += one.surplus;
            one.uncompared.into_iter().for_each(|(loss, count)| total.lose(loss, count));
        }
        total
    }

    /// How many were chosen and not compared.
    pub fn lost_total(&self) -> u64 {
        self.chosen.saturating_sub(self.compared)
    }

    /// What lowers the coverage, the largest first.
    pub fn losses(&self) -> Vec<(Loss, u64)> {
        let uncompared = self.uncompared.iter().map(|(&loss, &count)| (loss, count));
        let mut losses: Vec<_> = uncompared.filter(|(loss, _)| !loss.is_on_purpose()).collect();
        losses.sort_by_key(|&(_, count)| Reverse(count));
        losses
    }

    fn lose(&mut self, loss: Loss, count: u64) {
        if count > 0 {
            *self.uncompared.entry(loss).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Disposition;

    fn ledger(entries: &[(Disposition, u64)]) -> Ledger {
        let mut ledger = Ledger::default();
        for &(disposition, count) in entries {
            for _ in 0..count {
                ledger.seen += 1;
                ledger.settle(disposition);
            }
        }
        ledger
    }

    fn check(disposition: Disposition, lost: u64) {
        let coverage = Coverage::of(&ledger(&[(Disposition::Compared, 7), (disposition, 3)]));
        assert_eq!((coverage.chosen, coverage.compared), (7 + lost, 7), "{disposition:?}");
        let losses: u64 = coverage.losses().iter().map(|(_, count)| count).sum();
        assert_eq!(losses, lost, "{disposition:?}");
        assert_eq!((coverage.lost_total(), coverage.surplus), (lost, 0), "{disposition:?}");
    }

    #[test]
    fn what_is_left_out_on_purpose_is_no_loss() {
        check(Disposition::SampledOut, 0);
        for reason in ["method", "disabled", "no_candidate", "marker", "upgrade"] {
            check(Disposition::Skipped(SkipReason::from_name(reason).expect(reason)), 0);
        }
    }

    #[test]
    fn whatever_else_was_not_compared_is_lost() {
        for reason in ["body_too_large", "partial", "rewrite"] {
            check(Disposition::Skipped(SkipReason::from_name(reason).expect(reason)), 3);
        }
        DropReason::ALL.iter().for_each(|&reason| check(Disposition::Dropped(reason), 3));
        FailReason::ALL.iter().for_each(|&reason| check(Disposition::Failed(reason), 3));
    }

    #[test]
    fn what_a_killed_process_left_unsettled_is_lost() {
        let crashed = Ledger { seen: 10, mirrored: 8, compared: 5, ..Ledger::default() };
        let coverage = Coverage::of(&crashed);
        assert_eq!((coverage.chosen, coverage.lost_total()), (10, 5));
        assert_eq!(coverage.uncompared, BTreeMap::from([(Loss::Unsettled, 5)]));
    }

    #[test]
    fn a_surplus_never_makes_up_for_a_loss_elsewhere() {
        let lossy = Ledger { seen: 10, mirrored: 5, compared: 5, ..Ledger::default() };
        let torn = Ledger { seen: 5, mirrored: 10, compared: 10, ..Ledger::default() };
        let coverage = Coverage::over([&lossy, &torn]);
        assert_eq!((coverage.chosen, coverage.compared, coverage.surplus), (20, 15, 5));
        assert_eq!(coverage.lost_total(), 5);
        let beyond = Ledger { seen: 1, compared: 3, ..Ledger::default() };
        assert_eq!(Coverage::of(&beyond).surplus, 3);
        assert_eq!(Coverage::of(&beyond).chosen, 3);
    }

    #[test]
    fn the_largest_loss_comes_first() {
        let coverage = Coverage::of(&ledger(&[
            (Disposition::Dropped(DropReason::Rate), 1),
            (Disposition::Failed(FailReason::Panic), 2),
        ]));
        let words: Vec<_> = coverage.losses().iter().map(|(loss, _)| loss.text()).collect();
        assert_eq!(words, ["failed (panic)", "dropped (rate)"]);
    }
}
