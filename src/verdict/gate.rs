//! The gate: thresholds over a session, each with its own check, the worst of them the verdict.

use crate::base::{Percent, grouped};
use crate::config::Gate;
use crate::model::Session;
use crate::verdict::rate::Rate;
use crate::verdict::{Check, CheckName, Coverage, GateResult, Loss, Verdict};
use std::cmp::{Ordering, Reverse};

/// Holds the thresholds against the session.
///
/// A rate exactly at its limit passes, one just above fails. With fewer than `min_samples`
/// compared, and always with none, a rate is inconclusive, and so is coverage below the floor. A
/// fail stands whatever the other checks say, and inconclusive wins over pass.
pub fn gate(limits: &Gate, session: &Session) -> GateResult {
    let needed = limits.min_samples.max(1);
    let total = Tally::over(session);
    let mut checks = vec![total.divergence(limits.divergence, needed)];
    for (name, limit) in &limits.endpoints {
        checks.push(Tally::of(session, name).divergence(*limit, needed));
    }
    checks.push(total.errors(limits.errors, needed));
    checks.push(samples(total.compared, needed));
    checks.push(total.coverage(limits.min_coverage));
    for (name, _) in &limits.endpoints {
        let tally = Tally::of(session, name);
        // An endpoint of which nothing was compared is inconclusive by its divergence check already.
        if tally.compared > 0 {
            checks.push(tally.coverage(limits.min_coverage));
        }
    }
    let verdict = checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Inconclusive);
    GateResult { verdict, checks }
}

fn samples(compared: u64, needed: u64) -> Check {
    let enough = compared >= needed;
    let (have, need) = (grouped(compared), grouped(needed));
    Check {
        name: CheckName::Samples,
        endpoint: None,
        verdict: if enough { Verdict::Pass } else { Verdict::Inconclusive },
        observed: compared as f64,
        limit: needed as f64,
        samples: compared,
        reason: match (enough, compared) {
            (true, _) => format!("{have} compared, at least {need} needed"),
            (false, 0) => format!("none compared, at least {need} needed"),
            (false, _) => format!("only {have} compared, at least {need} needed"),
        },
    }
}

/// What the checks need to know of a session or of one of its endpoints.
#[derive(Default)]
struct Tally<'a> {
    endpoint: Option<&'a str>,
    seen: u64,
    compared: u64,
    diverged: u64,
    worse: u64,
    coverage: Coverage,
    /// Endpoints with how many requests each has lost, the most first; for the whole session.
    losers: Vec<(&'a str, u64)>,
}

impl<'a> Tally<'a> {
    fn over(session: &'a Session) -> Self {
        let mut tally = Self::default();
        for (name, stats) in &session.endpoints {
            tally.seen += stats.ledger.seen;
            tally.compared += stats.ledger.compared;
            tally.diverged += stats.diverged;
            tally.worse += stats.worse;
            let lost = Coverage::of(&stats.ledger).lost_total();
            if lost > 0 {
                tally.losers.push((name, lost));
            }
        }
        tally.coverage = Coverage::over(session.endpoints.values().map(|stats| &stats.ledger));
        tally.losers.sort_by_key(|&(_, lost)| Reverse(lost));
        tally
    }

    fn of(session: &'a Session, name: &'a str) -> Self {
        let Some(stats) = session.endpoints.get(name) else {
            return Self { endpoint: Some(name), ..Self::default() };
        };
        Self {
            endpoint: Some(name),
            seen: stats.ledger.seen,
            compared: stats.ledger.compared,
            diverged: stats.diverged,
            worse: stats.worse,
            coverage: Coverage::of(&stats.ledger),
            losers: Vec::new(),
        }
    }

    fn divergence(&self, limit: Percent, needed: u64) -> Check {
        self.rate(CheckName::Divergence, self.diverged, (limit, needed))
    }

    fn errors(&self, limit: Percent, needed: u64) -> Check {
        self.rate(CheckName::Errors, self.worse, (limit, needed))
    }

    fn rate(&self, name: CheckName, part: u64, (limit, needed): (Percent, u64)) -> Check {
        let rate = Rate { part, whole: self.compared, limit };
        let crossed = rate.against_limit() == Ordering::Greater;
        let verdict = match (self.compared >= needed, crossed) {
            (false, _) => Verdict::Inconclusive,
            (true, false) => Verdict::Pass,
            (true, true) => Verdict::Fail,
        };
        let reason = match self.compared {
            // Why not is said once for the session, by its coverage.
            0 if self.endpoint.is_none() => "nothing was compared".to_owned(),
            0 => self.nothing_compared(),
            _ => rate_reason(name, rate, needed),
        };
        Check {
            name,
            endpoint: self.endpoint.map(str::to_owned),
            verdict,
            observed: rate.ratio(),
            limit: limit.ratio(),
            samples: self.compared,
            reason,
        }
    }

    fn nothing_compared(&self) -> String {
        match (self.seen, self.endpoint) {
            (0, None) => "no request was seen".to_owned(),
            (0, Some(_)) => {
                "no such endpoint was seen; name it exactly as the report does".to_owned()
            }
            (seen, _) => {
                let all = self.coverage.uncompared.iter().map(|(&loss, &count)| (loss, count));
                format!("{} seen, none of them compared: {}", grouped(seen), list(all))
            }
        }
    }

    fn coverage(&self, floor: Percent) -> Check {
        let Coverage { chosen, compared, surplus, .. } = self.coverage;
        let rate = Rate { part: compared, whole: chosen, limit: floor };
        let covered = chosen > 0 && surplus == 0 && rate.against_limit() != Ordering::Less;
        Check {
            name: CheckName::Coverage,
            endpoint: self.endpoint.map(str::to_owned),
            verdict: if covered { Verdict::Pass } else { Verdict::Inconclusive },
            observed: rate.ratio(),
            limit: floor.ratio(),
            samples: chosen,
            reason: self.coverage_reason(rate, covered),
        }
    }

    fn coverage_reason(&self, rate: Rate, covered: bool) -> String {
        if self.coverage.chosen == 0 {
            return self.nothing_compared();
        }
        if self.coverage.surplus > 0 {
            let surplus = grouped(self.coverage.surplus);
            return format!("the ledger does not add up: {surplus} entries too many");
        }
        let (compared, chosen) = (grouped(rate.part), grouped(rate.whole));
        let shown = rate.shown();
        let found = format!("{compared} of {chosen} chosen for mirroring were compared: {shown}");
        if covered {
            return format!("{found}, at least {} needed", rate.limit);
        }
        let (lost, places) = (list(self.coverage.losses()), self.lost_where());
        format!("{found}, under the floor of {}; lost: {lost}{places}", rate.limit)
    }

    /// `; most at GET /search (180)`, for a session with more than one endpoint.
    fn lost_where(&self) -> String {
        const NAMED: usize = 3;
        if self.losers.is_empty() {
            return String::new();
        }
        let named: Vec<_> = self
            .losers
            .iter()
            .take(NAMED)
            .map(|(name, lost)| format!("{name} ({})", grouped(*lost)))
            .collect();
        let word = if self.losers.len() > NAMED { "most at" } else { "at" };
        format!("; {word} {}", named.join(", "))
    }
}

/// `200 dropped (queue_full), 52 failed (backlog)`.
fn list(losses: impl IntoIterator<Item = (Loss, u64)>) -> String {
    let words =
        losses.into_iter().map(|(loss, count)| format!("{} {}", grouped(count), loss.text()));
    words.collect::<Vec<_>>().join(", ")
}

/// `12 of 1,000 compared diverged: 1.20%, over the limit of 1%`.
fn rate_reason(name: CheckName, rate: Rate, needed: u64) -> String {
    let what = match name {
        CheckName::Errors => "failed where the primary did not",
        CheckName::Divergence | CheckName::Samples | CheckName::Coverage => "diverged",
    };
    let (part, whole, shown) = (grouped(rate.part), grouped(rate.whole), rate.shown());
    let limit = rate.limit;
    let mut reason = format!("{part} of {whole} compared {what}: {shown}, ");
    reason.push_str(&match rate.against_limit() {
        Ordering::Greater => format!("over the limit of {limit}"),
        Ordering::Equal | Ordering::Less => format!("within the limit of {limit}"),
    });
    if rate.whole < needed {
        let already = if rate.against_limit() == Ordering::Greater { " already" } else { "" };
        reason.push_str(&format!("{already}, but {} samples are needed", grouped(needed)));
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DropReason, EndpointStats, Ledger, SessionInfo, SkipReason};
    use jiff::Timestamp;

    fn percent(text: &str) -> Percent {
        text.parse().expect(text)
    }

    fn limits() -> Gate {
        Gate {
            divergence: percent("1%"),
            errors: percent("0.1%"),
            min_samples: 100,
            min_coverage: percent("90%"),
            endpoints: Vec::new(),
        }
    }

    fn session(endpoints: &[(&str, EndpointStats)]) -> Session {
        let mut session = Session::new(SessionInfo {
            id: "id".into(),
            service: "shop".into(),
            candidate_version: None,
            user: None,
            pull_request: None,
            commit: None,
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            assertion: None,
        });
        session.endpoints =
            endpoints.iter().map(|(name, stats)| ((*name).into(), stats.clone())).collect();
        session
    }

    /// An endpoint of which all that was seen was compared.
    fn compared(compared: u64, diverged: u64, worse: u64) -> EndpointStats {
        let ledger = Ledger { seen: compared, mirrored: compared, compared, ..Ledger::default() };
        let equal = compared.saturating_sub(diverged);
        EndpointStats { ledger, equal, diverged, worse, ..EndpointStats::default() }
    }

    fn one(stats: EndpointStats) -> Session {
        session(&[("GET /items", stats)])
    }

    fn find<'a>(result: &'a GateResult, name: CheckName, endpoint: Option<&str>) -> &'a Check {
        let fits = |check: &&Check| check.name == name && check.endpoint.as_deref() == endpoint;
        result.checks.iter().find(fits).expect("the check is made")
    }

    /// Diverged and worse of so many compared, and what both rates and the gate come to.
    fn check_rates(counts: (u64, u64, u64), expected: (Verdict, Verdict, Verdict)) {
        let (whole, diverged, worse) = counts;
        let result = gate(&limits(), &one(compared(whole, diverged, worse)));
        let divergence = find(&result, CheckName::Divergence, None);
        let errors = find(&result, CheckName::Errors, None);
        let found = (divergence.verdict, errors.verdict, result.verdict);
        assert_eq!(found, expected, "{counts:?}");
        assert_eq!((divergence.samples, errors.samples), (whole, whole));
        assert_eq!(divergence.observed * whole as f64, diverged as f64);
        assert_eq!((divergence.limit, errors.limit), (0.01, 0.001));
    }

    #[test]
    fn a_rate_at_its_limit_passes_and_one_just_above_fails() {
        use Verdict::{Fail, Inconclusive, Pass};
        // The limits: 1 % diverged, 0.1 % worse, of at least 100.
        check_rates((1_000, 0, 0), (Pass, Pass, Pass));
        check_rates((1_000, 10, 1), (Pass, Pass, Pass));
        check_rates((1_000, 11, 1), (Fail, Pass, Fail));
        check_rates((1_000, 10, 2), (Pass, Fail, Fail));
        check_rates((1_099, 11, 1), (Fail, Pass, Fail));
        check_rates((1_100, 11, 1), (Pass, Pass, Pass));
        check_rates((100, 1, 0), (Pass, Pass, Pass));
        check_rates((100, 2, 0), (Fail, Pass, Fail));
        check_rates((99, 0, 0), (Inconclusive, Inconclusive, Inconclusive));
        check_rates((99, 99, 99), (Inconclusive, Inconclusive, Inconclusive));
        check_rates((0, 0, 0), (Inconclusive, Inconclusive, Inconclusive));
        // Where a float would round: 10^15 and one more.
        let huge = 1_000_000_000_000_000;
        check_rates((huge, huge / 100, 0), (Pass, Pass, Pass));
        check_rates((huge, huge / 100 + 1, 0), (Fail, Pass, Fail));
    }

    fn check_reason(counts: (u64, u64), expected: &str) {
        let result = gate(&limits(), &one(compared(counts.0, counts.1, 0)));
        assert_eq!(find(&result, CheckName::Divergence, None).reason, expected);
    }

    #[test]
    fn a_reason_says_what_was_counted_and_what_is_missing() {
        check_reason((1_000, 0), "0 of 1,000 compared diverged: 0%, within the limit of 1%");
        check_reason((1_000, 10), "10 of 1,000 compared diverged: 1.00%, within the limit of 1%");
        check_reason(
            (2_000_000, 20_001),
            "20,001 of 2,000,000 compared diverged: 1.0001%, over the limit of 1%",
        );
        check_reason(
            (40, 2),
            "2 of 40 compared diverged: 5.00%, over the limit of 1% already, but 100 samples are \
             needed",
        );
        check_reason(
            (40, 0),
            "0 of 40 compared diverged: 0%, within the limit of 1%, but 100 samples are needed",
        );
        check_reason((0, 0), "nothing was compared");
    }

    #[test]
    fn nothing_compared_never_passes_even_where_no_sample_is_demanded() {
        let lenient = Gate { min_samples: 0, min_coverage: Percent::ZERO, ..limits() };
        for nothing in [session(&[]), one(compared(0, 0, 0))] {
            let result = gate(&lenient, &nothing);
            assert_eq!((result.verdict, result.exit_code()), (Verdict::Inconclusive, 3));
            assert!(result.checks.iter().all(|check| check.verdict == Verdict::Inconclusive));
        }
        assert_eq!(gate(&lenient, &one(compared(1, 0, 0))).exit_code(), 0);
    }

    fn check_coverage(ledger: Ledger, expected: Verdict, reason: &str) {
        let stats = EndpointStats { ledger, ..EndpointStats::default() };
        let result = gate(&limits(), &one(stats));
        let check = find(&result, CheckName::Coverage, None);
        assert_eq!(check.verdict, expected, "{}", check.reason);
        assert_eq!(check.reason, reason);
        assert_eq!(result.verdict, expected);
    }

    fn ledger(seen: u64, compared: u64) -> Ledger {
        Ledger { seen, mirrored: compared, compared, ..Ledger::default() }
    }

    #[test]
    fn coverage_at_the_floor_passes_and_just_below_it_nothing_does() {
        let mut at = ledger(1_000, 900);
        at.dropped[DropReason::Rate.index()] = 100;
        let reason = "900 of 1,000 chosen for mirroring were compared: 90.00%, at least 90% needed";
        check_coverage(at, Verdict::Pass, reason);
        let mut below = ledger(10_000, 8_999);
        below.dropped[DropReason::QueueFull.index()] = 900;
        below.skipped[SkipReason::BodyTooLarge.index()] = 101;
        check_coverage(
            below,
            Verdict::Inconclusive,
            "8,999 of 10,000 chosen for mirroring were compared: 89.99%, under the floor of 90%; lost: \
             900 dropped (queue_full), 101 skipped (body_too_large); at GET /items (1,001)",
        );
    }

    #[test]
    fn what_is_left_out_on_purpose_does_not_lower_the_coverage() {
        let mut chosen = ledger(10_000, 100);
        chosen.sampled_out = 900;
        chosen.skipped[SkipReason::Method.index()] = 9_000;
        let reason = "100 of 100 chosen for mirroring were compared: 100%, at least 90% needed";
        check_coverage(chosen, Verdict::Pass, reason);
    }

    #[test]
    fn a_crashed_session_is_inconclusive_where_too_much_was_left_unsettled() {
        check_coverage(
            ledger(1_000, 800),
            Verdict::Inconclusive,
            "800 of 1,000 chosen for mirroring were compared: 80.00%, under the floor of 90%; lost: \
             200 still in flight, or lost when a process was killed; at GET /items (200)",
        );
        let mut torn = ledger(1_000, 1_000);
        torn.sampled_out = 5;
        let reason = "the ledger does not add up: 5 entries too many";
        check_coverage(torn, Verdict::Inconclusive, reason);
    }

    #[test]
    fn only_skipped_traffic_is_inconclusive() {
        let mut skipped = ledger(300, 0);
        skipped.skipped[SkipReason::Method.index()] = 300;
        let reason = "300 seen, none of them compared: 300 skipped (method)";
        check_coverage(skipped, Verdict::Inconclusive, reason);
    }

    #[test]
    fn the_reason_names_the_endpoints_that_lost_most() {
        let lossy = |lost| EndpointStats { ledger: ledger(lost, 0), ..EndpointStats::default() };
        let result = gate(
            &limits(),
            &session(&[("A", lossy(1)), ("B", lossy(4)), ("C", lossy(2)), ("D", lossy(3))]),
        );
        let reason = &find(&result, CheckName::Coverage, None).reason;
        assert!(reason.ends_with("; most at B (4), D (3), C (2)"), "{reason}");
    }

    #[test]
    fn a_fail_stands_where_coverage_is_low_and_inconclusive_wins_over_pass() {
        let mut harmful = compared(1_000, 500, 0);
        harmful.ledger.seen = 100_000;
        let result = gate(&limits(), &one(harmful));
        assert_eq!(find(&result, CheckName::Coverage, None).verdict, Verdict::Inconclusive);
        assert_eq!((result.verdict, result.exit_code()), (Verdict::Fail, 1));
        let mut unproven = compared(1_000, 0, 0);
        unproven.ledger.seen = 100_000;
        let result = gate(&limits(), &one(unproven));
        assert_eq!(find(&result, CheckName::Divergence, None).verdict, Verdict::Pass);
        assert_eq!(result.verdict, Verdict::Inconclusive);
    }

    /// One endpoint with a limit of its own beside one that is large and equal.
    fn check_endpoint(stats: Option<EndpointStats>, limit: &str, expected: (Verdict, &str)) {
        let name = "POST /orders";
        let limits = Gate { endpoints: vec![(name.into(), percent(limit))], ..limits() };
        let mut endpoints = vec![("GET /items", compared(100_000, 0, 0))];
        endpoints.extend(stats.map(|stats| (name, stats)));
        let result = gate(&limits, &session(&endpoints));
        let check = find(&result, CheckName::Divergence, Some(name));
        assert_eq!((check.verdict, check.reason.as_str()), expected);
        assert_eq!(find(&result, CheckName::Divergence, None).verdict, Verdict::Pass);
        assert_eq!(result.verdict, expected.0);
    }

    #[test]
    fn an_endpoint_is_held_to_its_own_limit() {
        use Verdict::{Fail, Inconclusive, Pass};
        let within = "0 of 100 compared diverged: 0%, within the limit of 0%";
        check_endpoint(Some(compared(100, 0, 0)), "0%", (Pass, within));
        let over = "1 of 100 compared diverged: 1.00%, over the limit of 0%";
        check_endpoint(Some(compared(100, 1, 0)), "0%", (Fail, over));
        let early = "1 of 99 compared diverged: 1.01%, over the limit of 0% already, but 100 \
                     samples are needed";
        check_endpoint(Some(compared(99, 1, 0)), "0%", (Inconclusive, early));
        let unseen = "no such endpoint was seen; name it exactly as the report does";
        check_endpoint(None, "0%", (Inconclusive, unseen));
        let mut skipped = compared(0, 0, 0);
        skipped.ledger.seen = 6;
        skipped.ledger.skipped[SkipReason::Method.index()] = 6;
        let uncompared = "6 seen, none of them compared: 6 skipped (method)";
        check_endpoint(Some(skipped), "0%", (Inconclusive, uncompared));
    }

    #[test]
    fn an_endpoint_with_a_limit_of_its_own_needs_the_coverage_too() {
        let name = "POST /orders";
        let limits = Gate { endpoints: vec![(name.into(), Percent::ZERO)], ..limits() };
        let mut lossy = compared(200, 0, 0);
        lossy.ledger.seen = 2_000;
        let result =
            gate(&limits, &session(&[("GET /items", compared(100_000, 0, 0)), (name, lossy)]));
        assert_eq!(find(&result, CheckName::Coverage, None).verdict, Verdict::Pass);
        assert_eq!(find(&result, CheckName::Coverage, Some(name)).verdict, Verdict::Inconclusive);
        assert_eq!(result.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn every_threshold_of_the_config_has_a_check() {
        let result = gate(&limits(), &one(compared(100, 0, 0)));
        let mut names: Vec<_> = result.checks.iter().map(|check| check.name).collect();
        names.sort();
        assert_eq!(names, CheckName::ALL);
    }
}
