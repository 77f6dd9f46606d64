//! What every format prints: a session through a filter, in a fixed order.

use crate::base::{Percent, grouped, share};
use crate::model::{
    EndpointStats, Finding, Ledger, Renames, RuleName, RuleUse, Session, SessionInfo, Severity,
    Signature, Status, Variant,
};
use crate::report::Glob;
use crate::report::clean::clean;
use crate::store::OTHER;
use crate::verdict::{Blame, Coverage, GateResult, Groups, blame};
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// What is left out of a report. It never changes the gate's verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only endpoints whose name fits, with their findings, coverage and totals.
    pub endpoint: Option<Glob>,
    /// Only findings that were seen at this time or later.
    pub since: Option<Timestamp>,
}

/// How many the filter left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub endpoints: usize,
    pub findings: usize,
}

/// Compared trials by what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub compared: u64,
    pub equal: u64,
    pub diverged: u64,
    pub noise: u64,
    pub expected: u64,
    /// Among the diverged: the candidate failed and the primary did not.
    pub worse: u64,
    /// Values that count as equal for being identifiers with other names.
    pub renames: Renames,
}

/// A session as it is reported.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    pub info: &'a SessionInfo,
    pub filter: Filter,
    pub left_out: LeftOut,
    /// Over the endpoints that are shown, as are `coverage` and `totals`.
    pub ledger: Ledger,
    pub coverage: Coverage,
    pub totals: Totals,
    /// By name.
    pub endpoints: Vec<(&'a str, &'a EndpointStats)>,
    /// Those that the gate counts first; then by severity, by the share of the endpoint's compared
    /// trials that show it, and by name.
    pub findings: Vec<&'a Finding>,
    /// Which of the unexplained ones are read as one item.
    pub groups: Groups,
    /// Which of the unexplained ones are behind nearly all that diverged.
    pub blame: Blame,
    /// In which ways answers differ.
    pub variants: Vec<&'a Variant>,
    /// Over the whole session, whatever the filter.
    pub rules: &'a BTreeMap<RuleName, RuleUse>,
    pub overflow: &'a BTreeMap<String, u64>,
    /// Over the whole session, whatever the filter.
    pub gate: &'a GateResult,
    by_signature: HashMap<Signature, &'a Finding>,
}

/// So much of what diverged is to be explained by those who are to blame.
const BLAMED: Percent = Percent::of_hundred(95);

/// So many of those to blame are named in text.
const BLAMED_SHOWN: usize = 12;

/// The rules that select nothing, neither where something differs nor in the few answers that are
/// looked into for it, and those that excused more than one field, in words.
pub(super) fn odd_rules(rules: &BTreeMap<RuleName, RuleUse>) -> Vec<String> {
    let named = |name: &RuleName, used: &RuleUse, what: String| {
        format!("{} (line {}) {} {what}", clean(&name.key), used.line, clean(&name.text))
    };
    let idle = rules.iter().filter(|(_, used)| used.matched == 0);
    let idle = idle.map(|(name, used)| named(name, used, "matched nothing".into()));
    let broad = rules.iter().filter(|(_, used)| used.fields.len() > 1);
    let broad = broad.map(|(name, used)| {
        let fields: Vec<_> = used.fields.iter().take(4).map(|field| clean(field)).collect();
        let more = used.fields.len() - fields.len();
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        let count = used.fields.len();
        named(name, used, format!("excused {count} fields: {}{more}", fields.join(", ")))
    });
    let mut all: Vec<_> = idle.chain(broad).collect();
    let more = all.len().saturating_sub(RULES_SHOWN);
    all.truncate(RULES_SHOWN);
    all.extend((more > 0).then(|| format!("and {more} more")));
    all
}

/// So many rules are told of in text.
const RULES_SHOWN: usize = 20;

/// An endpoint counts as slower from this many trials on, from this factor on, and from this much
/// on, by the 95th percentiles of both sides. It is told, and never gates.
const SLOWER: (u64, f64, f64) = (3, 2.0, 0.1);

impl<'a> Report<'a> {
    /// Endpoints at which the candidate is markedly slower, with both 95th percentiles in seconds;
    /// the slowest first.
    pub fn slower(&self) -> Vec<(&'a str, f64, f64)> {
        let (least, factor, gap) = SLOWER;
        let mut slower: Vec<_> = self
            .endpoints
            .iter()
            .filter(|(_, stats)| stats.candidate.count() >= least)
            .map(|(name, stats)| {
                (*name, stats.primary.quantile(0.95), stats.candidate.quantile(0.95))
            })
            .filter(|(_, primary, candidate)| {
                *candidate >= factor * primary && candidate - primary >= gap
            })
            .collect();
        slower.sort_by(|one, other| (other.2 - other.1).total_cmp(&(one.2 - one.1)));
        slower
    }

    pub fn new(session: &'a Session, gate: &'a GateResult, filter: Filter) -> Self {
        let is_shown = |name: &str| filter.endpoint.as_ref().is_none_or(|glob| glob.matches(name));
        // All requests of a path may have turned out to be those of its operations.
        let has_requests =
            |(_, stats): &(&String, &EndpointStats)| stats.ledger != Ledger::default();
        let counted = session.endpoints.iter().filter(has_requests);
        let counted: Vec<_> = counted.map(|(name, stats)| (name.as_str(), stats)).collect();
        let endpoints: Vec<_> =
            counted.iter().copied().filter(|(name, _)| is_shown(name)).collect();
        let is_recent = |finding: &Finding| filter.since.is_none_or(|at| finding.last_seen >= at);
        let mut findings: Vec<_> = session
            .findings
            .values()
            .filter(|finding| is_shown(&finding.endpoint) && is_recent(finding))
            .collect();
        findings.sort_by_cached_key(|finding| rank(finding, session));
        let unexplained: Vec<_> =
            findings.iter().copied().filter(|finding| is_unexplained(finding)).collect();
        let is_told = |one: &Variant| filter.since.is_none_or(|at| one.last_seen >= at);
        let variants: Vec<_> = session
            .variants
            .values()
            .filter(|variant| is_shown(&variant.endpoint) && is_told(variant))
            .collect();
        let mut ledger = Ledger::default();
        endpoints.iter().for_each(|(_, stats)| ledger.merge(&stats.ledger));
        Self {
            info: &session.info,
            left_out: LeftOut {
                endpoints: counted.len() - endpoints.len(),
                findings: session.findings.len() - findings.len(),
            },
            filter,
            coverage: Coverage::over(endpoints.iter().map(|(_, stats)| &stats.ledger)),
            totals: totals(&endpoints),
            ledger,
            endpoints,
            groups: Groups::new(&unexplained, variants.iter().copied()),
            blame: blame(&unexplained, variants.iter().copied(), BLAMED),
            by_signature: findings.iter().map(|one| (one.signature, *one)).collect(),
            findings,
            variants,
            rules: &session.rules,
            overflow: &session.overflow,
            gate,
        }
    }

    /// Those with the most divergences first, then those with the most traffic.
    pub(super) fn worst_endpoints(&self) -> Vec<(&'a str, &'a EndpointStats)> {
        let mut endpoints = self.endpoints.clone();
        endpoints.sort_by_key(|(_, stats)| (Reverse(stats.diverged), Reverse(stats.ledger.seen)));
        endpoints
    }

    /// Findings that nobody has explained: open ones and known bugs.
    pub fn unexplained(&self) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().copied().filter(|finding| is_unexplained(finding))
    }

    /// The unexplained findings but for those that are told under another.
    pub(super) fn items(&self) -> impl Iterator<Item = &'a Finding> {
        self.unexplained().filter(|finding| !self.groups.is_led(finding.signature))
    }

    /// The findings that are told under another.
    pub(super) fn members(&self, item: &Finding) -> Vec<&'a Finding> {
        let members = self.groups.members(item.signature).iter();
        members.filter_map(|signature| self.by_signature.get(signature).copied()).collect()
    }

    /// `6 of 11 findings are in 98.15% of what diverged: 01a66d2c7ddf (214), …`; nothing where
    /// there is no choice.
    pub(super) fn blamed(&self) -> Option<String> {
        let Blame { of, covered, findings } = &self.blame;
        let all = self.unexplained().count();
        if all < 2 || findings.is_empty() {
            return None;
        }
        let (some, covered) = (findings.len(), share(*covered, *of));
        let verb = if some == 1 { "is" } else { "are" };
        let named = findings.iter().take(BLAMED_SHOWN);
        let named = named.map(|one| format!("{} ({})", short(one.signature), grouped(one.adds)));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = match some.saturating_sub(BLAMED_SHOWN) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!(
            "{some} of {all} findings {verb} in {covered} of what diverged: {named}{more}"
        ))
    }

    /// `12 more, 5 noise, 2 expected`: what is not among so many listed findings; nothing where
    /// all are.
    pub(super) fn not_listed(&self, listed: usize) -> Option<String> {
        let of = |status| self.findings.iter().filter(|finding| finding.status == status).count();
        let more = self.unexplained().count() - listed;
        let counts =
            [(more, "more"), (of(Status::Noise), "noise"), (of(Status::Expected), "expected")];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let words: Vec<_> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// `4 breaking, 6 behavioural` over the unexplained findings; empty where there is none.
    pub fn severities(&self) -> String {
        let counts = Severity::ALL.iter().map(|&severity| {
            (severity, self.unexplained().filter(|finding| finding.severity == severity).count())
        });
        let words = counts.filter(|(_, count)| *count > 0);
        words.map(|(severity, count)| format!("{count} {severity}")).collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn is_unexplained(finding: &Finding) -> bool {
    match finding.status {
        Status::Open | Status::Bug => true,
        Status::Noise | Status::Expected => false,
    }
}

/// The order of findings.
pub(super) fn rank(finding: &Finding, session: &Session) -> impl Ord + use<> {
    let Finding { severity, count, endpoint, path, kind, signature, .. } = finding;
    let is_counted = is_unexplained(finding) && *severity < Severity::Info;
    let stats = session.endpoints.get(endpoint).or_else(|| session.endpoints.get(OTHER));
    let compared = stats.map_or(0, |stats| stats.ledger.compared).max(*count).max(1);
    let rate = u128::from(*count) * 1_000_000_000 / u128::from(compared);
    let name = (endpoint.clone(), path.clone(), *kind, *signature);
    (!is_counted, *severity, Reverse(rate), Reverse(*count), name)
}

fn totals(endpoints: &[(&str, &EndpointStats)]) -> Totals {
    let mut totals = Totals::default();
    for (_, stats) in endpoints {
        totals.compared += stats.ledger.compared;
        totals.equal += stats.equal;
        totals.diverged += stats.diverged;
        totals.noise += stats.noise;
        totals.expected += stats.expected;
        totals.worse += stats.worse;
        totals.renames.merge(&stats.renamed());
    }
    totals
}

/// Findings by endpoint, the endpoint with the worst finding first.
pub(super) fn by_endpoint<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
) -> Vec<(&'a str, Vec<&'a Finding>)> {
    let mut groups: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|(endpoint, _)| *endpoint == finding.endpoint) {
            Some((_, group)) => group.push(finding),
            None => groups.push((&finding.endpoint, vec![finding])),
        }
    }
    groups
}

/// The first twelve digits of a signature: what is printed of it, and enough to find it by.
pub fn short(signature: Signature) -> String {
    signature.to_string().chars().take(12).collect()
}

/// A side's value in a sample as it is shown; absent and empty ones are told apart.
pub(super) fn shown_value(value: Option<&str>) -> String {
    match value {
        None => "(none)".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(text) => clean(text),
    }
}
