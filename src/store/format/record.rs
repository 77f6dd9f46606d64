//! What is stored, field by field: the JSON types behind the records and `meta.json`.
//!
//! Readers take no notice of fields that they do not know; a field is never given another meaning.
//! Words come from closed sets, and a record with an unknown one is not understood.
//!
//! This module never decides where a record lies.

use crate::model::{
    DropReason, EndpointStats, FailReason, Finding, Histogram, Kind, Ledger, Sample, SampleReply,
    SampleRequest, SessionInfo, Severity, Signature, SkipReason, Status,
};
use crate::store::format::renames;
use crate::store::{Sums, Totals};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why JSON is not a record.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum RecordError {
    #[error("it is not the JSON of a record")]
    Json(#[from] serde_json::Error),
    #[error("it has the unknown {what} `{word}`")]
    Word { what: &'static str, word: String },
    #[error("it counts to {0}, which nobody does")]
    Count(u64),
}

/// A larger count is no count of ours: a million requests a second reach it in twelve days. Sums
/// over as many records as a session may have stay far within 64 bits.
const MAX_COUNT: u64 = 1 << 40;

/// Refuses counts that would overflow the sums over them.
pub(super) fn check_counts<'a>(
    counts: impl IntoIterator<Item = &'a u64>,
) -> Result<(), RecordError> {
    let wrong = counts.into_iter().find(|count| **count > MAX_COUNT);
    wrong.map_or(Ok(()), |&count| Err(RecordError::Count(count)))
}

/// What a session is about, and the number of the flush that wrote so.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) struct Meta {
    pub info: SessionInfo,
    pub flush: u64,
}

#[derive(Serialize, Deserialize)]
struct MetaRecord {
    id: String,
    service: String,
    candidate_version: Option<String>,
    user: Option<String>,
    pull_request: Option<String>,
    commit: Option<String>,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    assertion: Option<String>,
    flush: u64,
}

impl Meta {
    pub(in crate::store) fn to_json(&self) -> Vec<u8> {
        let info = self.info.clone();
        json(&MetaRecord {
            id: info.id,
            service: info.service,
            candidate_version: info.candidate_version,
            user: info.user,
            pull_request: info.pull_request,
            commit: info.commit,
            started_at: info.started_at,
            ended_at: info.ended_at,
            assertion: info.assertion,
            flush: self.flush,
        })
    }

    pub(in crate::store) fn from_json(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: MetaRecord = serde_json::from_slice(bytes)?;
        let info = SessionInfo {
            id: record.id,
            service: record.service,
            candidate_version: record.candidate_version,
            user: record.user,
            pull_request: record.pull_request,
            commit: record.commit,
            started_at: record.started_at,
            ended_at: record.ended_at,
            assertion: record.assertion,
        };
        Ok(Self { info, flush: record.flush })
    }
}

#[derive(Serialize, Deserialize)]
struct LedgerRecord {
    seen: u64,
    mirrored: u64,
    compared: u64,
    sampled_out: u64,
    /// By reason; those that never happened are left out.
    skipped: BTreeMap<String, u64>,
    dropped: BTreeMap<String, u64>,
    failed: BTreeMap<String, u64>,
}

impl From<&Ledger> for LedgerRecord {
    fn from(ledger: &Ledger) -> Self {
        let skipped = SkipReason::ALL.iter().map(|reason| reason.name()).zip(ledger.skipped);
        let dropped = DropReason::ALL.iter().map(|reason| reason.name()).zip(ledger.dropped);
        let failed = FailReason::ALL.iter().map(|reason| reason.name()).zip(ledger.failed);
        Self {
            seen: ledger.seen,
            mirrored: ledger.mirrored,
            compared: ledger.compared,
            sampled_out: ledger.sampled_out,
            skipped: by_name(skipped),
            dropped: by_name(dropped),
            failed: by_name(failed),
        }
    }
}

impl TryFrom<LedgerRecord> for Ledger {
    type Error = RecordError;

    fn try_from(record: LedgerRecord) -> Result<Self, RecordError> {
        check_counts([&record.seen, &record.mirrored, &record.compared, &record.sampled_out])?;
        for counts in [&record.skipped, &record.dropped, &record.failed] {
            check_counts(counts.values())?;
        }
        let skip = |name: &str| SkipReason::from_name(name).map(SkipReason::index);
        let drop = |name: &str| DropReason::from_name(name).map(DropReason::index);
        let fail = |name: &str| FailReason::from_name(name).map(FailReason::index);
        Ok(Self {
            seen: record.seen,
            mirrored: record.mirrored,
            compared: record.compared,
            sampled_out: record.sampled_out,
            skipped: by_index(&record.skipped, "reason to skip", skip)?,
            dropped: by_index(&record.dropped, "reason to drop", drop)?,
            failed: by_index(&record.failed, "reason to fail", fail)?,
        })
    }
}

fn by_name(counts: impl Iterator<Item = (&'static str, u64)>) -> BTreeMap<String, u64> {
    counts.filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_owned(), count)).collect()
}

fn by_index<const N: usize>(
    counts: &BTreeMap<String, u64>,
    what: &'static str,
    index: impl Fn(&str) -> Option<usize>,
) -> Result<[u64; N], RecordError> {
    let mut array = [0; N];
    for (name, &count) in counts {
        let place = index(name).and_then(|index| array.get_mut(index));
        *place.ok_or_else(|| RecordError::Word { what, word: name.clone() })? = count;
    }
    Ok(array)
}

#[derive(Serialize, Deserialize)]
struct TotalsRecord {
    flush: u64,
    at: Timestamp,
    ledger: LedgerRecord,
    findings: u64,
    marks: u64,
    ranks: u64,
    /// Absent in what older versions wrote.
    #[serde(default)]
    uses: u64,
    #[serde(default)]
    variants: u64,
    #[serde(default)]
    shown: u64,
    overflow: BTreeMap<String, u64>,
}

impl Totals {
    pub(in crate::store) fn to_json(&self) -> Vec<u8> {
        json(&TotalsRecord {
            flush: self.flush,
            at: self.at,
            ledger: (&self.sums.ledger).into(),
            findings: self.sums.findings,
            marks: self.sums.marks,
            ranks: self.sums.ranks,
            uses: self.sums.uses,
            variants: self.sums.variants,
            shown: self.sums.shown,
            overflow: self.overflow.clone(),
        })
    }

    pub(in crate::store) fn from_json(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: TotalsRecord = serde_json::from_slice(bytes)?;
        let TotalsRecord { findings, marks, ranks, uses, variants, shown, overflow, .. } = record;
        let counts = [&findings, &marks, &uses, &variants, &shown];
        check_counts(counts.into_iter().chain(overflow.values()))?;
        let ledger = record.ledger.try_into()?;
        let sums = Sums { ledger, findings, marks, ranks, uses, variants, shown };
        Ok(Self { flush: record.flush, at: record.at, sums, overflow })
    }
}

#[derive(Serialize, Deserialize)]
struct EndpointRecord {
    endpoint: String,
    /// It goes by another name since.
    #[serde(default, skip_serializing_if = "is_false")]
    gone: bool,
    ledger: LedgerRecord,
    equal: u64,
    diverged: u64,
    noise: u64,
    expected: u64,
    worse: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    renames: renames::Records,
    /// Bucket and count.
    primary: Vec<(u16, u64)>,
    candidate: Vec<(u16, u64)>,
}

pub(in crate::store) fn endpoint_to_json(endpoint: &str, stats: &EndpointStats) -> Vec<u8> {
    json(&EndpointRecord {
        endpoint: endpoint.to_owned(),
        gone: false,
        ledger: (&stats.ledger).into(),
        equal: stats.equal,
        diverged: stats.diverged,
        noise: stats.noise,
        expected: stats.expected,
        worse: stats.worse,
        renames: renames::to_records(&stats.renames),
        primary: stats.primary.buckets().collect(),
        candidate: stats.candidate.buckets().collect(),
    })
}

/// What replaces the counts of an endpoint that goes by another name since.
pub(in crate::store) fn gone_endpoint_to_json(endpoint: &str) -> Vec<u8> {
    json(&EndpointRecord {
        endpoint: endpoint.to_owned(),
        gone: true,
        ledger: (&Ledger::default()).into(),
        equal: 0,
        diverged: 0,
        noise: 0,
        expected: 0,
        worse: 0,
        renames: BTreeMap::new(),
        primary: Vec::new(),
        candidate: Vec::new(),
    })
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Nothing where the endpoint goes by another name since.
pub(in crate::store) fn endpoint_from_json(
    bytes: &[u8],
) -> Result<Option<(String, EndpointStats)>, RecordError> {
    let record: EndpointRecord = serde_json::from_slice(bytes)?;
    if record.gone {
        return Ok(None);
    }
    let EndpointRecord { equal, diverged, noise, expected, worse, .. } = &record;
    check_counts([equal, diverged, noise, expected, worse])?;
    check_counts(record.primary.iter().chain(&record.candidate).map(|(_, count)| count))?;
    let stats = EndpointStats {
        ledger: record.ledger.try_into()?,
        equal: record.equal,
        diverged: record.diverged,
        noise: record.noise,
        expected: record.expected,
        worse: record.worse,
        renames: renames::from_records(record.renames)?,
        primary: Histogram::from_buckets(record.primary),
        candidate: Histogram::from_buckets(record.candidate),
    };
    Ok(Some((record.endpoint, stats)))
}

#[derive(Serialize, Deserialize)]
struct FindingRecord {
    signature: String,
    endpoint: String,
    kind: String,
    path: String,
    severity: String,
    status: String,
    /// 0: it goes by another name since.
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// How many samples it has, where there were more once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    samples: Option<u8>,
}

/// What replaces a finding that goes by another signature since.
pub(in crate::store) fn gone_finding_to_json(signature: Signature) -> Vec<u8> {
    json(&FindingRecord {
        signature: signature.to_string(),
        endpoint: String::new(),
        kind: Kind::Value.name().to_owned(),
        path: String::new(),
        severity: Severity::Info.name().to_owned(),
        status: Status::Noise.name().to_owned(),
        count: 0,
        first_seen: Timestamp::UNIX_EPOCH,
        last_seen: Timestamp::UNIX_EPOCH,
        samples: Some(0),
    })
}

/// The finding without its samples; how many of those count where it once had more.
pub(in crate::store) fn finding_to_json(finding: &Finding, samples: Option<u8>) -> Vec<u8> {
    json(&FindingRecord {
        signature: finding.signature.to_string(),
        endpoint: finding.endpoint.clone(),
        kind: finding.kind.name().to_owned(),
        path: finding.path.clone(),
        severity: finding.severity.name().to_owned(),
        status: finding.status.name().to_owned(),
        count: finding.count,
        first_seen: finding.first_seen,
        last_seen: finding.last_seen,
        samples,
    })
}

/// A finding, without samples, and how many of its samples count.
pub(in crate::store) fn finding_from_json(
    bytes: &[u8],
) -> Result<(Finding, Option<u8>), RecordError> {
    let record: FindingRecord = serde_json::from_slice(bytes)?;
    check_counts([&record.count])?;
    let unknown = |what, word: &str| RecordError::Word { what, word: word.to_owned() };
    let samples = record.samples;
    let finding = Finding {
        signature: record.signature.parse().map_err(|_| unknown("signature", &record.signature))?,
        endpoint: record.endpoint,
        kind: Kind::from_name(&record.kind).ok_or_else(|| unknown("kind", &record.kind))?,
        path: record.path,
        severity: Severity::from_name(&record.severity)
            .ok_or_else(|| unknown("severity", &record.severity))?,
        status: Status::from_name(&record.status)
            .ok_or_else(|| unknown("status", &record.status))?,
        count: record.count,
        first_seen: record.first_seen,
        last_seen: record.last_seen,
        samples: BTreeMap::new(),
    };
    Ok((finding, samples))
}

#[derive(Serialize, Deserialize)]
struct SampleRecord {
    rank: u64,
    request_id: String,
    at: Timestamp,
    pointer: String,
    primary: Option<String>,
    candidate: Option<String>,
    request: RequestRecord,
    primary_reply: ReplyRecord,
    candidate_reply: ReplyRecord,
}

#[derive(Serialize, Deserialize)]
struct RequestRecord {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ReplyRecord {
    outcome: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

pub(in crate::store) fn sample_to_json(rank: u64, sample: &Sample) -> Vec<u8> {
    let sample = sample.clone();
    let SampleRequest { method, target, headers, body } = sample.request;
    json(&SampleRecord {
        rank,
        request_id: sample.request_id,
        at: sample.at,
        pointer: sample.pointer,
        primary: sample.primary,
        candidate: sample.candidate,
        request: RequestRecord { method, target, headers, body },
        primary_reply: sample.primary_reply.into(),
        candidate_reply: sample.candidate_reply.into(),
    })
}

pub(in crate::store) fn sample_from_json(bytes: &[u8]) -> Result<(u64, Sample), RecordError> {
    let record: SampleRecord = serde_json::from_slice(bytes)?;
    let RequestRecord { method, target, headers, body } = record.request;
    let sample = Sample {
        request_id: record.request_id,
        at: record.at,
        pointer: record.pointer,
        primary: record.primary,
        candidate: record.candidate,
        request: SampleRequest { method, target, headers, body },
        primary_reply: record.primary_reply.into(),
        candidate_reply: record.candidate_reply.into(),
    };
    Ok((record.rank, sample))
}

impl From<SampleReply> for ReplyRecord {
    fn from(SampleReply { outcome, headers, body }: SampleReply) -> Self {
        Self { outcome, headers, body }
    }
}

impl From<ReplyRecord> for SampleReply {
    fn from(ReplyRecord { outcome, headers, body }: ReplyRecord) -> Self {
        Self { outcome, headers, body }
    }
}

pub(super) fn json(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have only named fields and string keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Disposition, Signature};
    use crate::store::testing::{at, info, mark, sample};
    use std::fmt::Debug;
    use std::time::Duration;

    /// A record is written as the golden text says, and the text is read back as the record: also
    /// with a field from the future in it, and not without one of its own.
    fn check<T: PartialEq + Debug>(
        record: &T,
        golden: &str,
        write: impl Fn(&T) -> Vec<u8>,
        read: impl Fn(&[u8]) -> Result<T, RecordError>,
    ) {
        assert_eq!(String::from_utf8_lossy(&write(record)), golden);
        let newer = golden.replacen('{', r#"{"from_the_future":[1],"#, 1);
        for text in [golden, &newer] {
            assert_eq!(&read(text.as_bytes()).expect(text), record);
        }
        let cut = golden.strip_suffix('}').expect("an object");
        for bad in [cut, "{}", "[]", "", "\u{ff}"] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    fn ledger() -> Ledger {
        let mut ledger = Ledger { seen: 7, ..Ledger::default() };
        ledger.settle_many(Disposition::Compared, 2);
        ledger.settle(Disposition::SampledOut);
        ledger.settle(Disposition::Skipped(SkipReason::Marker));
        ledger.settle(Disposition::Dropped(DropReason::QueueFull));
        ledger.settle_many(Disposition::Failed(FailReason::Panic), 2);
        ledger
    }

    const LEDGER: &str = concat!(
        r#"{"seen":7,"mirrored":4,"compared":2,"sampled_out":1,"skipped":{"marker":1},"#,
        r#""dropped":{"queue_full":1},"failed":{"panic":2}}"#,
    );

    #[test]
    fn what_a_session_is_about_has_this_record() {
        let golden = concat!(
            r#"{"id":"a","service":"shop","candidate_version":"v2","user":null,"#,
            r#""pull_request":"17","commit":null,"started_at":"2027-01-15T08:00:00Z","#,
            r#""ended_at":"2027-01-15T08:00:05Z","assertion":null,"flush":3}"#,
        );
        let info = SessionInfo { ended_at: Some(at(5)), ..info("a") };
        check(&Meta { info, flush: 3 }, golden, Meta::to_json, Meta::from_json);
    }

    #[test]
    fn totals_have_this_record() {
        let golden = format!(
            r#"{{"flush":3,"at":"2027-01-15T08:00:05Z","ledger":{LEDGER},{}}}"#,
            r#""findings":1,"marks":2,"ranks":3,"uses":4,"variants":5,"shown":6,"overflow":{"findings":9}"#,
        );
        let overflow = BTreeMap::from([("findings".to_owned(), 9)]);
        let (variants, shown) = (5, 6);
        let sums =
            Sums { ledger: ledger(), findings: 1, marks: 2, ranks: 3, uses: 4, variants, shown };
        let totals = Totals { flush: 3, at: at(5), sums, overflow };
        check(&totals, &golden, Totals::to_json, Totals::from_json);
    }

    #[test]
    fn an_endpoint_has_this_record() {
        let golden = format!(
            r#"{{"endpoint":"GET /","ledger":{LEDGER},"equal":1,"diverged":2,"noise":3,"expected":4,{}}}"#,
            r#""worse":5,"primary":[[349,1]],"candidate":[[349,1],[466,1]]"#,
        );
        let mut stats = EndpointStats {
            ledger: ledger(),
            equal: 1,
            diverged: 2,
            noise: 3,
            expected: 4,
            worse: 5,
            ..EndpointStats::default()
        };
        stats.primary.record(Duration::from_millis(1));
        stats.candidate.record(Duration::from_millis(1));
        stats.candidate.record(Duration::from_millis(10));
        let write = |(endpoint, stats): &(String, EndpointStats)| endpoint_to_json(endpoint, stats);
        let read = |bytes: &[u8]| endpoint_from_json(bytes).map(|read| read.expect("it is there"));
        check(&("GET /".to_owned(), stats), &golden, write, read);
    }

    #[test]
    fn a_count_that_would_overflow_a_sum_is_refused() {
        let endpoint = |seen: u64, count: u64| {
            let ledger = LEDGER.replacen("\"seen\":7", &format!("\"seen\":{seen}"), 1);
            let text = format!(
                r#"{{"endpoint":"GET /","ledger":{ledger},"equal":1,"diverged":2,"noise":3,{}{count}]],"candidate":[]}}"#,
                r#""expected":4,"worse":5,"primary":[[349,"#,
            );
            endpoint_from_json(text.as_bytes()).map(|read| read.map(|(_, stats)| stats.ledger.seen))
        };
        assert_eq!(endpoint(MAX_COUNT, MAX_COUNT).ok(), Some(Some(MAX_COUNT)));
        for (seen, count) in [(MAX_COUNT + 1, 1), (1, u64::MAX)] {
            let refused = endpoint(seen, count).expect_err("too large");
            assert!(matches!(refused, RecordError::Count(found) if found == seen.max(count)));
        }
    }

    #[test]
    fn a_finding_has_this_record() {
        let golden = concat!(
            r#"{"signature":"01010101010101010101010101010101","endpoint":"GET /","#,
            r#""kind":"value","path":"$.items[*].field1","severity":"behavioural","#,
            r#""status":"open","count":12,"first_seen":"2027-01-15T08:00:00Z","#,
            r#""last_seen":"2027-01-15T08:01:00Z"}"#,
        );
        let mark = mark(1);
        let finding = Finding {
            signature: Signature([1; 16]),
            endpoint: "GET /".to_owned(),
            kind: mark.kind,
            path: mark.path,
            severity: mark.severity,
            status: mark.status,
            count: 12,
            first_seen: at(0),
            last_seen: at(60),
            samples: BTreeMap::new(),
        };
        let write = |finding: &Finding| finding_to_json(finding, None);
        let read = |bytes: &[u8]| finding_from_json(bytes).map(|(finding, _)| finding);
        check(&finding, golden, write, read);
    }

    #[test]
    fn a_sample_has_this_record() {
        let golden = concat!(
            r#"{"rank":18446744073709551615,"request_id":"0000000000000007-1","#,
            r#""at":"2027-01-15T08:00:01Z","pointer":"/items/0/price","primary":"9.99","#,
            r#""candidate":null,"request":{"method":"GET","target":"/items?page=1","#,
            r#""headers":[["content-type","application/json"]],"body":null},"#,
            r#""primary_reply":{"outcome":"200","headers":[["content-type","application/json"]],"#,
            r#""body":"{\"items\":[{\"price\":9.99}]}"},"#,
            r#""candidate_reply":{"outcome":"200","headers":[["content-type","application/json"]],"#,
            r#""body":"{\"items\":[{}]}"}}"#,
        );
        let write = |(rank, sample): &(u64, Sample)| sample_to_json(*rank, sample);
        check(&(u64::MAX, sample(1)), golden, write, sample_from_json);
    }

    #[test]
    fn a_record_with_an_unknown_word_is_not_understood() {
        let golden = LEDGER.replace("marker", "aliens");
        let text = format!(
            r#"{{"flush":3,"at":"2027-01-15T08:00:05Z","ledger":{golden},{}}}"#,
            r#""findings":0,"marks":0,"ranks":0,"overflow":{}"#,
        );
        let error = Totals::from_json(text.as_bytes()).expect_err("unknown").to_string();
        assert_eq!(error, "it has the unknown reason to skip `aliens`");
    }
}
