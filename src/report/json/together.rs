//! The shapes of what belongs together: in which ways answers differ, and what is to blame.
//!
//! This module never decides what belongs together.

use crate::model;
use crate::report::json::wire::{severities, time};
use crate::verdict;
use schemars::JsonSchema;
use serde::Serialize;

/// One of the findings that are behind nearly all that diverged.
#[derive(Serialize, JsonSchema)]
pub(super) struct Blamed {
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    signature: String,
    /// Trials that show it and none of those before it.
    adds: u64,
    /// What it and those before it cover of the trials that show an unexplained finding.
    #[schemars(range(min = 0, max = 1))]
    covered: f64,
}

/// All trials of an endpoint that have these outcomes and show these findings.
#[derive(Serialize, JsonSchema)]
pub(super) struct Response<'a> {
    /// The same across requests, processes and runs.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    signature: String,
    endpoint: &'a str,
    /// Each side's status code, or the name of its fault.
    primary: &'a str,
    candidate: &'a str,
    #[schemars(schema_with = "severities")]
    severity: &'static str,
    /// Signatures of findings: at most 32, the worst.
    findings: Vec<String>,
    count: u64,
    #[schemars(extend("format" = "date-time"))]
    first_seen: String,
    #[schemars(extend("format" = "date-time"))]
    last_seen: String,
    /// Different paths that were asked for; exact below 64, an estimate above.
    paths: u64,
    /// The first two requests, five that were drawn, and the one with the smallest answers.
    exemplars: Vec<Exemplar<'a>>,
}

/// One request of many.
#[derive(Serialize, JsonSchema)]
struct Exemplar<'a> {
    request_id: String,
    #[schemars(extend("format" = "date-time"))]
    at: String,
    /// Of both bodies.
    bytes: u64,
    /// Method, path and query, redacted.
    target: &'a str,
}

pub(super) fn blamed(blame: &verdict::Blame) -> Vec<Blamed> {
    let mut covered = 0;
    let each = |one: &verdict::Blamed| {
        covered += one.adds;
        let covered = covered as f64 / blame.of as f64;
        Blamed { signature: one.signature.to_string(), adds: one.adds, covered }
    };
    blame.findings.iter().map(each).collect()
}

impl<'a> From<&'a model::Variant> for Response<'a> {
    fn from(variant: &'a model::Variant) -> Self {
        Self {
            signature: variant.signature.to_string(),
            endpoint: &variant.endpoint,
            primary: &variant.primary,
            candidate: &variant.candidate,
            severity: variant.severity.name(),
            findings: variant.findings.iter().map(ToString::to_string).collect(),
            count: variant.count,
            first_seen: time(variant.first_seen),
            last_seen: time(variant.last_seen),
            paths: variant.traces.entities.estimate(),
            exemplars: variant.traces.exemplars.iter().map(Exemplar::from).collect(),
        }
    }
}

impl<'a> From<&'a model::Exemplar> for Exemplar<'a> {
    fn from(one: &'a model::Exemplar) -> Self {
        let request_id = one.id.to_string();
        Self { request_id, at: time(one.at), bytes: one.bytes, target: &one.target }
    }
}
