//! The shapes of the JSON report.

use crate::model;
use crate::report::json::together::{Blamed, Response, blamed};
use crate::report::{Filter, SessionSummary, view};
use crate::verdict;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, json_schema};
use serde::Serialize;
use std::collections::BTreeMap;

const SCHEMA_VERSION: u32 = 1;

/// What a session found out: where every request went, what differed, and the gate's verdict.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "A report of shadowdiff")]
pub(super) struct Report<'a> {
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    session: Session<'a>,
    /// What this report was restricted to; `gate` never is.
    filter: Restriction,
    coverage: Coverage,
    totals: Totals,
    /// By name.
    endpoints: Vec<Endpoint<'a>>,
    /// Those that the gate counts first; then by severity, and by the share of the endpoint's
    /// compared trials that show it.
    findings: Vec<Finding<'a>>,
    /// The few findings that at least 95 % of what diverged shows; whatever is behind most first.
    blame: Vec<Blamed>,
    /// In which ways answers differ, by response signature.
    responses: Vec<Response<'a>>,
    /// The rules of `compare` that held at some time, over the whole session.
    rules: Vec<Rule<'a>>,
    /// What was let go at a bound of the store, by the bound's name.
    overflow: BTreeMap<&'a str, u64>,
    gate: Gate<'a>,
}

/// What a rule of `compare` was good for.
#[derive(Serialize, JsonSchema)]
struct Rule<'a> {
    /// Where it stands in the config: `compare.ignore[0]`.
    rule: &'a str,
    line: u64,
    /// Its path, header or host.
    text: &'a str,
    /// Places that it selected at which the answers were written differently; 0: none in the
    /// session.
    matched: u64,
    /// Differences that it took away.
    excused: u64,
    /// Where it did, by pattern: 16 at most. With more than one, it is broader than one field.
    fields: Vec<&'a str>,
}

/// One run of one candidate version.
#[derive(Serialize, JsonSchema)]
struct Session<'a> {
    id: &'a str,
    service: &'a str,
    candidate_version: Option<&'a str>,
    user: Option<&'a str>,
    pull_request: Option<&'a str>,
    commit: Option<&'a str>,
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// Null while it runs, and where it was killed.
    #[schemars(extend("format" = "date-time"))]
    ended_at: Option<String>,
    /// On whose word writes were mirrored; null where isolation was not asserted.
    assertion: Option<&'a str>,
}

/// What the report was restricted to, and how much that left out.
#[derive(Serialize, JsonSchema)]
struct Restriction {
    /// A pattern over endpoint names, `*` for any run of characters.
    endpoint: Option<String>,
    /// Findings last seen before this are left out.
    #[schemars(extend("format" = "date-time"))]
    since: Option<String>,
    endpoints_left_out: usize,
    findings_left_out: usize,
}

/// At rest, seen = mirrored + sampled_out + skipped + dropped, and mirrored = compared + failed,
/// exactly. Reasons that never occurred are left out.
#[derive(Serialize, JsonSchema)]
struct Coverage {
    seen: u64,
    mirrored: u64,
    compared: u64,
    sampled_out: u64,
    skipped: BTreeMap<&'static str, u64>,
    dropped: BTreeMap<&'static str, u64>,
    failed: BTreeMap<&'static str, u64>,
    /// Seen and without an entry yet: in flight, or lost when a process was killed.
    in_flight: u64,
    /// Requests that were to be mirrored and compared: the whole of the gate's coverage.
    chosen: u64,
}

/// Compared trials by what came of them.
#[derive(Serialize, JsonSchema)]
struct Totals {
    compared: u64,
    equal: u64,
    /// With at least one unexplained divergence above info.
    diverged: u64,
    noise: u64,
    expected: u64,
    /// In which the candidate failed and the primary did not.
    worse: u64,
    /// Values that count as equal for being identifiers with other names.
    renames: Renames,
}

/// The counts of one endpoint.
#[derive(Serialize, JsonSchema)]
struct Endpoint<'a> {
    /// Method and path template, or the route's name.
    endpoint: &'a str,
    seen: u64,
    compared: u64,
    equal: u64,
    diverged: u64,
    noise: u64,
    expected: u64,
    worse: u64,
    /// Where values count as equal for being identifiers with other names: by pattern, 16 at most
    /// and the rest together.
    renames: BTreeMap<&'a str, Renames>,
    latency: Latency,
}

/// Values that differ and count as equal.
#[derive(Serialize, JsonSchema)]
struct Renames {
    /// Identifiers that have one other name wherever they are seen, at two places at least.
    renamed: u64,
    /// Random identifiers that are seen at one place only.
    opaque: u64,
    /// Numbers that are higher by the same in exchange after exchange.
    offset: u64,
    /// By how much those are, where this is about one place.
    by: Option<i64>,
}

/// Of compared trials.
#[derive(Serialize, JsonSchema)]
struct Latency {
    primary: Quantiles,
    candidate: Quantiles,
}

/// In seconds, within 1 %; 0 where nothing was compared.
#[derive(Serialize, JsonSchema)]
struct Quantiles {
    #[schemars(range(min = 0))]
    p50: f64,
    #[schemars(range(min = 0))]
    p95: f64,
    #[schemars(range(min = 0))]
    p99: f64,
}

/// Equal divergences, with how often and when they were seen.
#[derive(Serialize, JsonSchema)]
pub(super) struct Finding<'a> {
    /// The same across requests, processes and runs.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    signature: String,
    endpoint: &'a str,
    #[schemars(schema_with = "kinds")]
    kind: &'static str,
    /// The place's pattern: `$.items[*].price`, `status`, `header:location`.
    path: &'a str,
    #[schemars(schema_with = "severities")]
    severity: &'static str,
    #[schemars(schema_with = "statuses")]
    status: &'static str,
    /// The signature of the finding under which this one is told, for they come from one cause as
    /// far as can be told; its own where others are told under it; null where it is alone.
    group: Option<String>,
    /// Trials that show it.
    count: u64,
    #[schemars(extend("format" = "date-time"))]
    first_seen: String,
    #[schemars(extend("format" = "date-time"))]
    last_seen: String,
    samples: Vec<Sample<'a>>,
}

/// One occurrence, redacted. A single finding's own page has the headers, bodies and replies too.
#[derive(Serialize, JsonSchema)]
struct Sample<'a> {
    request_id: &'a str,
    #[schemars(extend("format" = "date-time"))]
    at: String,
    /// RFC 6901 pointer into the body; empty for what is not in it.
    pointer: &'a str,
    /// At most 256 bytes of the value; null where there is none.
    primary: Option<&'a str>,
    candidate: Option<&'a str>,
    request: Request<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_reply: Option<Reply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_reply: Option<Reply<'a>>,
}

/// The request as it went to the primary, redacted.
#[derive(Serialize, JsonSchema)]
struct Request<'a> {
    method: &'a str,
    /// Path and query.
    target: &'a str,
    /// Pairs of name and value.
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<&'a [(String, String)]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

/// A side's answer, redacted.
#[derive(Serialize, JsonSchema)]
struct Reply<'a> {
    /// The status code, or the name of the fault.
    outcome: &'a str,
    /// Pairs of name and value.
    headers: &'a [(String, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

/// Thresholds held against the whole session.
#[derive(Serialize, JsonSchema)]
pub(super) struct Gate<'a> {
    #[schemars(schema_with = "verdicts")]
    verdict: &'static str,
    checks: Vec<Check<'a>>,
}

/// One threshold.
#[derive(Serialize, JsonSchema)]
struct Check<'a> {
    #[schemars(schema_with = "checks")]
    name: &'static str,
    /// Null for the whole session.
    endpoint: Option<&'a str>,
    #[schemars(schema_with = "verdicts")]
    verdict: &'static str,
    /// A ratio; for `samples`, a count.
    #[schemars(range(min = 0))]
    observed: f64,
    #[schemars(range(min = 0))]
    limit: f64,
    /// How many requests `observed` was taken over.
    samples: u64,
    reason: &'a str,
}

fn words(names: impl Iterator<Item = &'static str>) -> Schema {
    json_schema!({ "type": "string", "enum": names.collect::<Vec<_>>() })
}

fn kinds(_: &mut schemars::SchemaGenerator) -> Schema {
    words(model::Kind::ALL.iter().map(|kind| kind.name()))
}

pub(super) fn severities(_: &mut schemars::SchemaGenerator) -> Schema {
    words(model::Severity::ALL.iter().map(|severity| severity.name()))
}

fn statuses(_: &mut schemars::SchemaGenerator) -> Schema {
    words(model::Status::ALL.iter().map(|status| status.name()))
}

fn verdicts(_: &mut schemars::SchemaGenerator) -> Schema {
    words(verdict::Verdict::ALL.iter().map(|verdict| verdict.name()))
}

fn checks(_: &mut schemars::SchemaGenerator) -> Schema {
    words(verdict::CheckName::ALL.iter().map(|name| name.name()))
}

impl<'a> From<&'a view::Report<'a>> for Report<'a> {
    fn from(report: &'a view::Report<'a>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            session: report.info.into(),
            filter: Restriction::new(&report.filter, report.left_out),
            coverage: Coverage::new(&report.ledger, report.coverage.chosen),
            totals: report.totals.into(),
            endpoints: report.endpoints.iter().map(|&endpoint| endpoint.into()).collect(),
            findings: report
                .findings
                .iter()
                .map(|finding| Finding::brief(finding, report.groups.lead(finding.signature)))
                .collect(),
            blame: blamed(&report.blame),
            responses: report.variants.iter().map(|variant| Response::from(*variant)).collect(),
            rules: report.rules.iter().map(|(name, used)| Rule::new(name, used)).collect(),
            overflow: report.overflow.iter().map(|(name, &count)| (name.as_str(), count)).collect(),
            gate: report.gate.into(),
        }
    }
}

impl<'a> From<&'a model::SessionInfo> for Session<'a> {
    fn from(info: &'a model::SessionInfo) -> Self {
        Self {
            id: &info.id,
            service: &info.service,
            candidate_version: info.candidate_version.as_deref(),
            user: info.user.as_deref(),
            pull_request: info.pull_request.as_deref(),
            commit: info.commit.as_deref(),
            started_at: time(info.started_at),
            ended_at: info.ended_at.map(time),
            assertion: info.assertion.as_deref(),
        }
    }
}

impl Restriction {
    fn new(filter: &Filter, left_out: view::LeftOut) -> Self {
        Self {
            endpoint: filter.endpoint.as_ref().map(ToString::to_string),
            since: filter.since.map(time),
            endpoints_left_out: left_out.endpoints,
            findings_left_out: left_out.findings,
        }
    }
}

impl Coverage {
    fn new(ledger: &model::Ledger, chosen: u64) -> Self {
        let skipped = model::SkipReason::ALL.iter().map(|reason| reason.name());
        let dropped = model::DropReason::ALL.iter().map(|reason| reason.name());
        let failed = model::FailReason::ALL.iter().map(|reason| reason.name());
        Self {
            seen: ledger.seen,
            mirrored: ledger.mirrored,
            compared: ledger.compared,
            sampled_out: ledger.sampled_out,
            skipped: skipped.zip(ledger.skipped).filter(|(_, count)| *count > 0).collect(),
            dropped: dropped.zip(ledger.dropped).filter(|(_, count)| *count > 0).collect(),
            failed: failed.zip(ledger.failed).filter(|(_, count)| *count > 0).collect(),
            in_flight: ledger.unsettled(),
            chosen,
        }
    }
}

impl<'a> Rule<'a> {
    fn new(name: &'a model::RuleName, used: &'a model::RuleUse) -> Self {
        Self {
            rule: &name.key,
            line: used.line,
            text: &name.text,
            matched: used.matched,
            excused: used.excused,
            fields: used.fields.iter().map(String::as_str).collect(),
        }
    }
}

impl From<view::Totals> for Totals {
    fn from(totals: view::Totals) -> Self {
        let view::Totals { compared, equal, diverged, noise, expected, worse, renames } = totals;
        let renames = renames.into();
        Self { compared, equal, diverged, noise, expected, worse, renames }
    }
}

impl<'a> From<(&'a str, &'a model::EndpointStats)> for Endpoint<'a> {
    fn from((endpoint, stats): (&'a str, &'a model::EndpointStats)) -> Self {
        Self {
            endpoint,
            seen: stats.ledger.seen,
            compared: stats.ledger.compared,
            equal: stats.equal,
            diverged: stats.diverged,
            noise: stats.noise,
            expected: stats.expected,
            worse: stats.worse,
            renames: stats
                .renames
                .iter()
                .map(|(pattern, renames)| (pattern.as_str(), (*renames).into()))
                .collect(),
            latency: Latency {
                primary: (&stats.primary).into(),
                candidate: (&stats.candidate).into(),
            },
        }
    }
}

impl From<model::Renames> for Renames {
    fn from(renames: model::Renames) -> Self {
        let model::Renames { renamed, opaque, offset, by } = renames;
        Self { renamed, opaque, offset, by }
    }
}

impl From<&model::Histogram> for Quantiles {
    fn from(histogram: &model::Histogram) -> Self {
        // A bucket is 2 % wide: digits below a microsecond would say nothing.
        let micros = |q| (histogram.quantile(q) * 1e6).round() / 1e6;
        Self { p50: micros(0.5), p95: micros(0.95), p99: micros(0.99) }
    }
}

/// How much of a sample is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Brief,
    Full,
}

impl<'a> Finding<'a> {
    fn brief(finding: &'a model::Finding, group: Option<model::Signature>) -> Self {
        Self::new(finding, group, Detail::Brief)
    }

    pub(super) fn full(finding: &'a model::Finding, group: Option<model::Signature>) -> Self {
        Self::new(finding, group, Detail::Full)
    }

    fn new(finding: &'a model::Finding, group: Option<model::Signature>, detail: Detail) -> Self {
        Self {
            signature: finding.signature.to_string(),
            endpoint: &finding.endpoint,
            kind: finding.kind.name(),
            path: &finding.path,
            severity: finding.severity.name(),
            status: finding.status.name(),
            group: group.map(|lead| lead.to_string()),
            count: finding.count,
            first_seen: time(finding.first_seen),
            last_seen: time(finding.last_seen),
            samples: finding.samples.values().map(|one| Sample::new(one, detail)).collect(),
        }
    }
}

impl<'a> Sample<'a> {
    fn new(sample: &'a model::Sample, detail: Detail) -> Self {
        let is_full = detail == Detail::Full;
        Self {
            request_id: &sample.request_id,
            at: time(sample.at),
            pointer: &sample.pointer,
            primary: sample.primary.as_deref(),
            candidate: sample.candidate.as_deref(),
            request: Request {
                method: &sample.request.method,
                target: &sample.request.target,
                headers: is_full.then_some(&sample.request.headers),
                body: sample.request.body.as_deref().filter(|_| is_full),
            },
            primary_reply: is_full.then(|| (&sample.primary_reply).into()),
            candidate_reply: is_full.then(|| (&sample.candidate_reply).into()),
        }
    }
}

impl<'a> From<&'a model::SampleReply> for Reply<'a> {
    fn from(reply: &'a model::SampleReply) -> Self {
        Self { outcome: &reply.outcome, headers: &reply.headers, body: reply.body.as_deref() }
    }
}

impl<'a> From<&'a verdict::GateResult> for Gate<'a> {
    fn from(result: &'a verdict::GateResult) -> Self {
        let checks = result.checks.iter().map(|check| Check {
            name: check.name.name(),
            endpoint: check.endpoint.as_deref(),
            verdict: check.verdict.name(),
            observed: check.observed,
            limit: check.limit,
            samples: check.samples,
            reason: &check.reason,
        });
        Self { verdict: result.verdict.name(), checks: checks.collect() }
    }
}

pub(super) fn time(at: Timestamp) -> String {
    at.to_string()
}

/// One session in a list, with the counts that tell it from others.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    #[serde(flatten)]
    session: Session<'a>,
    compared: u64,
    diverged: u64,
}

impl<'a> From<&'a SessionSummary> for Listed<'a> {
    fn from(summary: &'a SessionSummary) -> Self {
        let SessionSummary { info, compared, diverged } = summary;
        Self { session: info.into(), compared: *compared, diverged: *diverged }
    }
}

pub(super) fn sessions(all: &[SessionSummary]) -> Vec<Listed<'_>> {
    all.iter().map(Listed::from).collect()
}
