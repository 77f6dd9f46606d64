//! Sessions made up for tests.
//!
//! This module never reaches a release build.

use crate::compare::Stem;
use crate::model::{
    Kind, Origin, RequestId, Sample, SampleReply, SampleRequest, SessionInfo, Severity, Signature,
    Status,
};
use crate::store::{Judgement, Mark, Occasion};
use jiff::Timestamp;
use std::time::Duration;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("in range")
}

pub fn info(id: &str) -> SessionInfo {
    SessionInfo {
        id: id.to_owned(),
        service: "shop".to_owned(),
        candidate_version: Some("v2".to_owned()),
        user: None,
        pull_request: Some("17".to_owned()),
        commit: None,
        started_at: at(0),
        ended_at: None,
        assertion: None,
    }
}

pub fn mark(n: u8) -> Mark {
    Mark {
        signature: Signature([n; 16]),
        stem: Stem([n; 16]),
        kind: Kind::Value,
        severity: Severity::Behavioural,
        path: format!("$.items[*].field{n}"),
        status: Status::Open,
    }
}

pub fn judgement(endpoint: &str, marks: Vec<Mark>) -> Judgement {
    Judgement {
        endpoint: endpoint.to_owned(),
        origin: Origin::Given,
        at: at(1),
        primary: Duration::from_millis(10),
        candidate: Duration::from_millis(20),
        worse: false,
        marks,
        renames: Vec::new(),
    }
}

/// The request of that number, for a path of its own.
pub fn occasion(n: u64) -> Occasion<'static> {
    Occasion {
        id: RequestId { process: 7, number: n },
        entity: n,
        bytes: 1_000 - n % 1_000,
        outcomes: ["200", "200"],
        target: &|| "GET /items?page=1".to_owned(),
    }
}

pub fn sample(n: u64) -> Sample {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let reply = |outcome: &str, body: &str| SampleReply {
        outcome: outcome.to_owned(),
        headers: headers.clone(),
        body: Some(body.to_owned()),
    };
    Sample {
        request_id: RequestId { process: 7, number: n }.to_string(),
        at: at(1),
        pointer: "/items/0/price".to_owned(),
        primary: Some("9.99".to_owned()),
        candidate: None,
        request: SampleRequest {
            method: "GET".to_owned(),
            target: "/items?page=1".to_owned(),
            headers: headers.clone(),
            body: None,
        },
        primary_reply: reply("200", r#"{"items":[{"price":9.99}]}"#),
        candidate_reply: reply("200", r#"{"items":[{}]}"#),
    }
}
