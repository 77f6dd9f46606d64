//! What to do next: one line at the end of a report.

use crate::base::grouped;
use crate::model::{DropReason, FailReason, SkipReason};
use crate::report::{Report, short};
use crate::verdict::{CheckName, Loss, Verdict};

/// The step that helps most, for a person who has just read the report.
pub(super) fn next(report: &Report<'_>) -> String {
    if report.ledger.seen == 0 {
        return nothing_seen(report);
    }
    if report.totals.compared == 0 {
        return nothing_compared(report);
    }
    if let Some(finding) = report.unexplained().next() {
        let signature = short(finding.signature);
        return format!("`shadow show {signature}` shows the first finding side by side");
    }
    let unproven = |name| {
        let checks = report.gate.checks.iter();
        checks.into_iter().any(|check| check.name == name && check.verdict == Verdict::Inconclusive)
    };
    if unproven(CheckName::Coverage)
        && let Some((loss, _)) = report.coverage.losses().first()
    {
        return mend(*loss).to_owned();
    }
    match report.gate.verdict {
        Verdict::Pass => {
            "nothing to do; `shadow gate` tells CI the same with exit code 0".to_owned()
        }
        Verdict::Fail => "`shadow gate` tells CI the same with exit code 1".to_owned(),
        Verdict::Inconclusive => {
            "send more traffic; `shadow gate --wait 5m` waits until there is enough".to_owned()
        }
    }
}

fn nothing_seen(report: &Report<'_>) -> String {
    match report.left_out.endpoints {
        0 => "no request was seen yet: send some through the address in `listen`".to_owned(),
        _ => "no endpoint fits `--endpoint`; leave it out to see them all".to_owned(),
    }
}

fn nothing_compared(report: &Report<'_>) -> String {
    let largest = report.coverage.uncompared.iter().max_by_key(|(_, count)| **count);
    let Some((&loss, &count)) = largest else { return "send more traffic".to_owned() };
    let (text, mend) = (loss.text(), mend(loss));
    format!("nothing was compared, {} {text}: {mend}", grouped(count))
}

/// How to get requests compared that were lost in this way.
fn mend(loss: Loss) -> &'static str {
    match loss {
        Loss::SampledOut => "`shadow percent 100` or a larger `mirror.sample` takes them in",
        Loss::Skipped(SkipReason::Disabled) => {
            "mirroring is off; `shadow resume` or `mirror.enabled: true` turns it on"
        }
        Loss::Skipped(SkipReason::NoCandidate) => "name the version under test in `candidate.url`",
        Loss::Skipped(SkipReason::Method) => {
            "only GET, HEAD and OPTIONS are mirrored; `mirror.methods: all` takes writes in, once \
             they are isolated"
        }
        Loss::Skipped(SkipReason::Refused) => {
            "the tap answered these itself: malformed, or of a method that never passes"
        }
        Loss::Skipped(SkipReason::Marker) => {
            "these were copies of another tap already; point it elsewhere"
        }
        Loss::Skipped(SkipReason::Upgrade) => "upgrades and tunnels are passed on, never mirrored",
        Loss::Skipped(SkipReason::BodyTooLarge) => "a larger `mirror.max_body` takes them in",
        Loss::Skipped(SkipReason::Partial) => "their clients went away before the answer ended",
        Loss::Skipped(SkipReason::Rewrite) => {
            "a rule of `isolation.request` does not fit them; `shadow run -v` names it"
        }
        Loss::Dropped(DropReason::QueueFull) => {
            "the candidate is too slow; a larger `mirror.concurrency` or a smaller `mirror.sample` \
             helps"
        }
        Loss::Dropped(DropReason::Memory) | Loss::Failed(FailReason::Memory) => {
            "a larger `mirror.memory` or a smaller `mirror.sample` helps"
        }
        Loss::Dropped(DropReason::Rate) => "`mirror.rate` is lower than the traffic",
        Loss::Dropped(DropReason::Breaker) => "the candidate fails too often; see its own log",
        Loss::Dropped(DropReason::Protected) => {
            "mirroring stepped back for the live path; the log says why, a smaller `mirror.sample` \
             helps"
        }
        Loss::Dropped(DropReason::Backlog) => {
            "comparing is behind; a smaller `mirror.sample` helps"
        }
        Loss::Dropped(DropReason::Paused) => "mirroring was switched off while they waited",
        Loss::Dropped(DropReason::Shutdown) | Loss::Failed(FailReason::Shutdown) => {
            "`shadow run` was stopped before they were done"
        }
        Loss::Dropped(DropReason::Panic) | Loss::Failed(FailReason::Panic) => {
            "shadow failed on them: a bug; the log has more"
        }
        Loss::Unsettled => "these are in flight, or were lost when `shadow run` was killed",
    }
}
