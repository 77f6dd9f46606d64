//! The golden files are the contract: a change of theirs is a change for whoever reads reports.

use super::schema_check::{check, check_as};
use super::{finding, gate as gate_json, render, schema};
use crate::model::{EndpointStats, Finding, Session};
use crate::report::clean::is_hidden;
use crate::report::fixtures::{at, empty, hostile, limits, rich, skipped_only};
use crate::report::{Filter, Glob, Report};
use crate::store::Book;
use crate::store::testing::{info, judgement, mark, occasion, sample};
use crate::verdict::gate;
use proptest::prelude::*;
use serde_json::{Value, json};

const REPORT: &str = include_str!("golden/report.json");
const SCHEMA: &str = include_str!("golden/schema.json");

fn report(session: &Session, filter: Filter) -> String {
    render(&Report::new(session, &gate(&limits(), session), filter))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("a report is JSON")
}

/// Compares with a golden file, or writes it where `SHADOW_GOLDEN=write` says so.
fn golden(name: &str, golden: &str, found: &str) {
    if std::env::var("SHADOW_GOLDEN").is_ok_and(|mode| mode == "write") {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report/json/golden");
        std::fs::write(format!("{folder}/{name}"), found).expect("the folder is there");
    }
    assert!(golden == found, "{name} changed; SHADOW_GOLDEN=write writes it anew");
}

#[test]
fn the_report_is_the_golden_file() {
    golden("report.json", REPORT, &report(&rich(), Filter::default()));
}

#[test]
fn the_schema_is_the_golden_file() {
    golden("schema.json", SCHEMA, &(serde_json::to_string_pretty(&schema()).unwrap() + "\n"));
}

#[test]
fn every_report_fits_the_schema() {
    for session in [rich(), empty(), skipped_only(), hostile()] {
        let value = parse(&report(&session, Filter::default()));
        check(&parse(SCHEMA), &value).expect("it fits");
    }
}

#[test]
fn a_report_that_strays_from_the_schema_is_told() {
    let strays = [
        ("/schema_version", json!(2), "$.schema_version: 2 is not 1"),
        ("/session/ended_at", json!(5), "$.session.ended_at: 5 is no [\"string\",\"null\"]"),
        ("/coverage/seen", json!(-1), "$.coverage.seen: -1 is below 0"),
        ("/coverage/dropped", json!({"a": "b"}), "$.coverage.dropped.a: \"b\" is no \"integer\""),
        ("/totals", json!({}), "$.totals: \"compared\" is missing"),
        ("/findings/0/signature", json!("01"), "$.findings[0].signature: \"01\" does not match"),
        ("/findings/0/kind", json!("odd"), "$.findings[0].kind: \"odd\" is not one of"),
        ("/gate/verdict", json!("maybe"), "$.gate.verdict: \"maybe\" is not one of"),
        ("/gate", json!({"verdict": "pass", "checks": [], "x": 1}), "$.gate: `x` is not described"),
    ];
    for (pointer, stray, expected) in strays {
        let mut value = parse(REPORT);
        *value.pointer_mut(pointer).expect(pointer) = stray;
        let told = check(&parse(SCHEMA), &value).expect_err(pointer);
        assert!(told.starts_with(expected), "{told}");
    }
}

/// What a report says of trials, each a number and what it shows.
fn told(trials: &[(u64, Vec<u8>)]) -> Value {
    let mut book = Book::new(info("a"));
    for (number, shown) in trials {
        let marks = shown.iter().map(|&each| mark(each)).collect();
        let trial = judgement("GET /", marks);
        book.seen("GET /", 1);
        book.judge(&trial, &occasion(*number), &|_| *number, &mut |_| sample(*number));
    }
    parse(&report(&book.session(), Filter::default()))
}

proptest! {
    #[test]
    fn arrivals_in_any_order_give_the_same_report(
        (one, other) in proptest::collection::vec(proptest::collection::vec(0u8..6, 0..4), 0..40)
            .prop_map(|all| (0..).zip(all).collect::<Vec<_>>())
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let (one, other) = (told(&one), told(&other));
        prop_assert_eq!(&one, &other);
        let shown: u64 = one["responses"].as_array().into_iter().flatten()
            .filter_map(|response| response["count"].as_u64()).sum();
        prop_assert_eq!(json!(shown), one["totals"]["diverged"].clone());
        let blame = one["blame"].as_array().and_then(|all| all.last());
        let covered = blame.map_or(1.0, |last| last["covered"].as_f64().unwrap_or(0.0));
        prop_assert!(covered >= 0.95, "{covered}");
        // A finding that leads no other, and is led by none, is alone.
        let findings = one["findings"].as_array().cloned().unwrap_or_default();
        for finding in &findings {
            let group = &finding["group"];
            let same = findings.iter().filter(|other| other["group"] == *group).count();
            prop_assert!(group.is_null() || same > 1);
        }
    }
}

fn one_reply(finding: &Finding) -> Value {
    json!(finding.samples.values().next().expect("it has samples").primary_reply.outcome)
}

#[test]
fn a_single_finding_has_all_that_was_kept_of_its_samples() {
    let session = rich();
    for one in session.findings.values() {
        let value = parse(&finding(&session, one));
        check_as("Finding", &parse(SCHEMA), &value).expect("it fits");
        let sample = &value["samples"][0];
        assert_eq!(sample["request"]["headers"][0], json!(["accept", "application/json"]));
        assert_eq!(sample["primary_reply"]["outcome"], one_reply(one));
    }
}

#[test]
fn a_filter_says_what_it_left_out() {
    let session = rich();
    let filter = Filter { endpoint: Some(Glob::new("GET /items*")), since: Some(at(500)) };
    let value = parse(&report(&session, filter));
    let expected = json!({ "endpoint": "GET /items*", "since": "2026-11-21T09:21:04Z",
        "endpoints_left_out": 6, "findings_left_out": 13 });
    assert_eq!(value["filter"], expected);
    assert_eq!(value["endpoints"].as_array().map(Vec::len), Some(2));
    assert_eq!(value["coverage"]["seen"], json!(9_060));
    assert_eq!(value["gate"], parse(REPORT)["gate"], "the gate is over the whole session");
}

#[test]
fn an_endpoint_whose_requests_all_count_under_others_is_not_listed() {
    let mut session = skipped_only();
    session.endpoints.insert("POST /graphql".into(), EndpointStats::default());
    let filter = Filter { endpoint: Some(Glob::new("POST*")), since: None };
    let value = parse(&report(&session, filter));
    assert_eq!(value["endpoints"].as_array().map(Vec::len), Some(1));
    assert_eq!(value["endpoints"][0]["endpoint"], "POST /orders");
    assert_eq!(value["filter"]["endpoints_left_out"], 0);
}

#[test]
fn the_gate_alone_is_the_gate_of_the_report() {
    let session = rich();
    assert_eq!(parse(&gate_json(&gate(&limits(), &session))), parse(REPORT)["gate"]);
}

#[test]
fn hostile_text_reads_back_as_it_was_and_stands_there_escaped() {
    let session = hostile();
    let text = report(&session, Filter::default());
    assert!(!text.chars().any(|char| char != '\n' && is_hidden(char)));
    let value = parse(&text);
    assert_eq!(value["session"]["service"], json!(session.info.service));
    for found in value["findings"].as_array().unwrap() {
        let signature = found["signature"].as_str().unwrap().parse().unwrap();
        let sample = session.findings[&signature].samples.values().next().unwrap();
        assert_eq!(found["samples"][0]["primary"], json!(sample.primary));
        assert_eq!(found["samples"][0]["request"]["target"], json!(sample.request.target));
    }
}
