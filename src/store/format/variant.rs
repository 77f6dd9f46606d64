//! The records of the ways in which answers differ: the counts of one, and what it was seen at.
//!
//! This module never decides where a record lies.

use crate::model::{
    Entities, Exemplar, Exemplars, RequestId, Severity, Signature, Traces, Variant,
};
use crate::store::format::record::{RecordError, check_counts, json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct VariantRecord {
    signature: String,
    endpoint: String,
    primary: String,
    candidate: String,
    severity: String,
    findings: Vec<String>,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

/// The variant without its traces.
pub(in crate::store) fn to_json(variant: &Variant) -> Vec<u8> {
    json(&VariantRecord {
        signature: variant.signature.to_string(),
        endpoint: variant.endpoint.clone(),
        primary: variant.primary.clone(),
        candidate: variant.candidate.clone(),
        severity: variant.severity.name().to_owned(),
        findings: variant.findings.iter().map(ToString::to_string).collect(),
        count: variant.count,
        first_seen: variant.first_seen,
        last_seen: variant.last_seen,
    })
}

/// A variant, without traces.
pub(in crate::store) fn from_json(bytes: &[u8]) -> Result<Variant, RecordError> {
    let record: VariantRecord = serde_json::from_slice(bytes)?;
    check_counts([&record.count])?;
    let unknown = |what, word: &str| RecordError::Word { what, word: word.to_owned() };
    let signature =
        |text: &String| text.parse::<Signature>().map_err(|_| unknown("signature", text));
    let findings = record.findings.iter().take(Variant::MAX_FINDINGS).map(signature);
    Ok(Variant {
        signature: signature(&record.signature)?,
        findings: findings.collect::<Result<_, _>>()?,
        severity: Severity::from_name(&record.severity)
            .ok_or_else(|| unknown("severity", &record.severity))?,
        endpoint: record.endpoint,
        primary: record.primary,
        candidate: record.candidate,
        count: record.count,
        first_seen: record.first_seen,
        last_seen: record.last_seen,
        traces: Traces::default(),
    })
}

#[derive(Serialize, Deserialize)]
struct TracesRecord {
    /// The smallest hashes of the paths.
    entities: Vec<u64>,
    exemplars: Vec<ExemplarRecord>,
}

#[derive(Serialize, Deserialize)]
struct ExemplarRecord {
    /// The process, and the request's number within it.
    id: (u64, u64),
    rank: u64,
    at: Timestamp,
    bytes: u64,
    target: String,
}

pub(in crate::store) fn traces_to_json(traces: &Traces) -> Vec<u8> {
    let exemplar = |one: &Exemplar| ExemplarRecord {
        id: (one.id.process, one.id.number),
        rank: one.rank,
        at: one.at,
        bytes: one.bytes,
        target: one.target.clone(),
    };
    json(&TracesRecord {
        entities: traces.entities.hashes().to_vec(),
        exemplars: traces.exemplars.iter().map(exemplar).collect(),
    })
}

pub(in crate::store) fn traces_from_json(bytes: &[u8]) -> Result<Traces, RecordError> {
    let TracesRecord { entities, exemplars } = serde_json::from_slice(bytes)?;
    check_counts(exemplars.iter().map(|one| &one.bytes))?;
    let exemplar = |one: ExemplarRecord| Exemplar {
        id: RequestId { process: one.id.0, number: one.id.1 },
        rank: one.rank,
        at: one.at,
        bytes: one.bytes,
        target: one.target,
    };
    Ok(Traces {
        entities: entities.into_iter().collect::<Entities>(),
        exemplars: exemplars.into_iter().map(exemplar).collect::<Exemplars>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::at;

    #[test]
    fn a_variant_has_this_record() {
        let golden = concat!(
            r#"{"signature":"81818181818181818181818181818181","endpoint":"GET /","#,
            r#""primary":"200","candidate":"timeout","severity":"breaking","#,
            r#""findings":["01010101010101010101010101010101","#,
            r#""02020202020202020202020202020202"],"count":12,"#,
            r#""first_seen":"2027-01-15T08:00:00Z","last_seen":"2027-01-15T08:01:00Z"}"#,
        );
        let variant = Variant {
            signature: Signature([0x81; 16]),
            endpoint: "GET /".to_owned(),
            primary: "200".to_owned(),
            candidate: "timeout".to_owned(),
            severity: Severity::Breaking,
            findings: vec![Signature([1; 16]), Signature([2; 16])],
            count: 12,
            first_seen: at(0),
            last_seen: at(60),
            traces: Traces::default(),
        };
        assert_eq!(String::from_utf8_lossy(&to_json(&variant)), golden);
        assert_eq!(from_json(golden.as_bytes()).ok(), Some(variant));
        for (part, other) in [("\"01", "\"x"), ("breaking", "odd"), (":12", ":9999999999999")] {
            assert!(from_json(golden.replacen(part, other, 1).as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn what_a_variant_was_seen_at_has_this_record() {
        let golden = concat!(
            r#"{"entities":[3,18446744073709551615],"exemplars":[{"id":[7,1],"rank":5,"#,
            r#""at":"2027-01-15T08:00:01Z","bytes":60,"target":"GET /items?page=1"}]}"#,
        );
        let exemplar = Exemplar {
            id: RequestId { process: 7, number: 1 },
            rank: 5,
            at: at(1),
            bytes: 60,
            target: "GET /items?page=1".to_owned(),
        };
        let traces = Traces {
            entities: [u64::MAX, 3].into_iter().collect(),
            exemplars: [exemplar].into_iter().collect(),
        };
        assert_eq!(String::from_utf8_lossy(&traces_to_json(&traces)), golden);
        assert_eq!(traces_from_json(golden.as_bytes()).ok(), Some(traces));
    }
}
