//! Changes as records under keys, and records back as a session.
//!
//! | key | record |
//! | --- | --- |
//! | `m` | what the session is about |
//! | `t` | the totals of the last flush |
//! | `e`, xxh3-128 of the endpoint | the counts of an endpoint |
//! | `f`, signature | a finding without its samples |
//! | `r`, xxh3-128 of the rule's place and text | what a rule was good for |
//! | `s`, signature, slot | a sample; slot 0 has the smallest rank |
//! | `v`, response signature | a variant without its traces |
//! | `w`, response signature | the traces of a variant |
//!
//! An endpoint or a finding that goes by another name since keeps its key: its record says that it
//! is gone. Variants come and go without end, so that their records are taken away.
//!
//! A record that cannot be read is left out, counted and named, never guessed at.
//!
//! This module never does I/O.

use crate::model::{
    EndpointStats, Finding, RuleName, RuleUse, Sample, Session, Signature, Traces, Variant,
};
use crate::store::format::envelope::{self, EnvelopeError};
use crate::store::format::record::{self, Meta, RecordError};
use crate::store::format::{rule, variant};
use crate::store::{Changes, MAX_VARIANTS, SAMPLES_PER_FINDING, Sums, Totals, VariantChange};
use std::collections::BTreeMap;
use std::error::Error;
use xxhash_rust::xxh3::xxh3_128;

/// Key and value, as the database has them.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The database's share of a flush.
pub(in crate::store) fn encode(changes: &Changes) -> Vec<Pair> {
    let flush = changes.totals.flush;
    let mut pairs = envelope::seal(b"t", &changes.totals.to_json());
    if let Some(info) = changes.info.clone() {
        pairs.extend(envelope::seal(b"m", &Meta { info, flush }.to_json()));
    }
    for (endpoint, stats) in &changes.endpoints {
        let key = [&b"e"[..], &xxh3_128(endpoint.as_bytes()).to_be_bytes()].concat();
        pairs.extend(envelope::seal(&key, &record::endpoint_to_json(endpoint, stats)));
    }
    for endpoint in &changes.gone.endpoints {
        let key = [&b"e"[..], &xxh3_128(endpoint.as_bytes()).to_be_bytes()].concat();
        pairs.extend(envelope::seal(&key, &record::gone_endpoint_to_json(endpoint)));
    }
    for &signature in &changes.gone.findings {
        let key = of(b"f", signature);
        pairs.extend(envelope::seal(&key, &record::gone_finding_to_json(signature)));
    }
    for (name, used) in &changes.rules {
        let hash = xxh3_128(format!("{}\0{}", name.key, name.text).as_bytes());
        let key = [&b"r"[..], &hash.to_be_bytes()].concat();
        pairs.extend(envelope::seal(&key, &rule::to_json(name, used)));
    }
    for change in &changes.findings {
        let finding = &change.finding;
        let key = of(b"f", finding.signature);
        pairs.extend(envelope::seal(&key, &record::finding_to_json(finding, change.kept)));
        for (slot, (&rank, sample)) in (0u8..).zip(&finding.samples) {
            let key = [&of(b"s", finding.signature)[..], &[slot]].concat();
            pairs.extend(envelope::seal(&key, &record::sample_to_json(rank, sample)));
        }
    }
    changes.variants.iter().for_each(|change| pairs.extend(encode_variant(change)));
    for signature in &changes.gone.variants {
        pairs.extend([b"v", b"w"].iter().flat_map(|kind| envelope::erase(&of(kind, *signature))));
    }
    pairs
}

fn encode_variant(VariantChange { variant, traces }: &VariantChange) -> Vec<Pair> {
    let mut pairs = envelope::seal(&of(b"v", variant.signature), &variant::to_json(variant));
    if *traces {
        let traces = variant::traces_to_json(&variant.traces);
        pairs.extend(envelope::seal(&of(b"w", variant.signature), &traces));
    }
    pairs
}

/// The key of a record that belongs to a signature.
fn of(kind: &[u8; 1], Signature(signature): Signature) -> Vec<u8> {
    [&kind[..], &signature].concat()
}

/// What a database turned out to hold.
#[derive(Debug, Default)]
pub(in crate::store) struct Contents {
    pub meta: Option<Meta>,
    pub totals: Option<Totals>,
    pub records: u64,
    /// The records that could not be read, each with the reason.
    pub damaged: Vec<String>,
    endpoints: BTreeMap<String, EndpointStats>,
    findings: BTreeMap<Signature, Finding>,
    /// How many slots of a finding count, where there once were more.
    kept: BTreeMap<Signature, u8>,
    samples: Vec<(Signature, u64, Sample)>,
    rules: BTreeMap<RuleName, RuleUse>,
    variants: BTreeMap<Signature, Variant>,
    traces: BTreeMap<Signature, Traces>,
}

/// Why one record is left out.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("its key belongs to no kind of record")]
    Key,
    #[error("a piece of it is missing")]
    Piece,
}

/// Reads what a database holds; the pairs come in the order of their keys.
pub(in crate::store) fn decode(pairs: impl IntoIterator<Item = Pair>) -> Contents {
    let mut contents = Contents::default();
    let mut joined: Option<Joined> = None;
    for (piece_key, value) in pairs {
        if value.is_empty() {
            // What was taken away.
            continue;
        }
        let Some((key, number)) = envelope::split_key(&piece_key) else {
            contents.damaged.push(format!("{}: {}", name(&piece_key), Unread::Key));
            continue;
        };
        if joined.as_ref().is_none_or(|joined| joined.key != key) {
            contents.take(joined.replace(Joined::new(key)));
        }
        if let Some(joined) = &mut joined {
            joined.add(number, &value);
        }
    }
    contents.take(joined);
    contents.check_samples();
    contents.check_traces();
    contents
}

/// The session that the pairs of a database still tell of, and what of them is damaged; nothing
/// where they do not even say what it is about. The pairs come in the order of their keys, and
/// nothing in them is trusted.
pub fn salvage(pairs: impl IntoIterator<Item = Pair>) -> Option<(Session, Vec<String>)> {
    decode(pairs).into_session(None)
}

/// The pieces of one record.
struct Joined {
    key: Vec<u8>,
    bytes: Vec<u8>,
    /// How many pieces follow each other without a gap.
    pieces: u16,
    gap: bool,
}

impl Joined {
    fn new(key: &[u8]) -> Self {
        Self { key: key.to_owned(), bytes: Vec::new(), pieces: 0, gap: false }
    }

    fn add(&mut self, number: u16, piece: &[u8]) {
        // What follows a gap cannot belong to the record, unless the record is not whole.
        self.gap |= number != self.pieces;
        if !self.gap {
            self.bytes.extend_from_slice(piece);
            self.pieces += 1;
        }
    }

    fn open(&self) -> Result<Vec<u8>, Unread> {
        match envelope::open(&self.key, &self.bytes) {
            Err(EnvelopeError::Short) if self.gap => Err(Unread::Piece),
            other => Ok(other?),
        }
    }
}

impl Contents {
    fn take(&mut self, joined: Option<Joined>) {
        let Some(joined) = joined else { return };
        self.records += 1;
        if let Err(unread) = self.read(&joined) {
            let reason = crate::base::Chain(&unread as &dyn Error);
            self.damaged.push(format!("{}: {reason}", name(&joined.key)));
        }
    }

    fn read(&mut self, joined: &Joined) -> Result<(), Unread> {
        let payload = joined.open()?;
        match joined.key.as_slice() {
            [b'm'] => self.meta = Some(Meta::from_json(&payload)?),
            [b't'] => self.totals = Some(Totals::from_json(&payload)?),
            [b'e', ..] => self.endpoints.extend(record::endpoint_from_json(&payload)?),
            [b'r', ..] => self.rules.extend([rule::from_json(&payload)?]),
            [b'f', ..] => {
                let (finding, kept) = record::finding_from_json(&payload)?;
                if let Some(kept) = kept {
                    self.kept.insert(finding.signature, kept);
                }
                if finding.count > 0 {
                    self.findings.insert(finding.signature, finding);
                }
            }
            [b'v', ..] => {
                let variant = variant::from_json(&payload)?;
                if self.variants.len() < MAX_VARIANTS {
                    self.variants.insert(variant.signature, variant);
                }
            }
            [b'w', signature @ ..] => {
                let signature = signature.try_into().map_err(|_| Unread::Key)?;
                self.traces.insert(Signature(signature), variant::traces_from_json(&payload)?);
            }
            [b's', signature @ .., slot] => {
                let signature = signature.try_into().map_err(|_| Unread::Key)?;
                let (rank, sample) = record::sample_from_json(&payload)?;
                let signature = Signature(signature);
                // Findings come before samples in the order of keys.
                if self.kept.get(&signature).is_none_or(|kept| slot < kept) {
                    self.samples.push((signature, rank, sample));
                }
            }
            _ => return Err(Unread::Key),
        }
        Ok(())
    }

    /// Hands the samples to their findings.
    fn check_samples(&mut self) {
        for (signature, rank, sample) in std::mem::take(&mut self.samples) {
            match self.findings.get_mut(&signature) {
                Some(finding) if finding.samples.len() < SAMPLES_PER_FINDING => {
                    finding.samples.insert(rank, sample);
                }
                _ => self.damaged.push(format!("sample {signature}: its finding is missing")),
            }
        }
    }

    /// Hands the traces to their variants: each variant has some.
    fn check_traces(&mut self) {
        for (signature, variant) in &mut self.variants {
            match self.traces.remove(signature) {
                Some(traces) => variant.traces = traces,
                None => self.damaged.push(format!("variant {signature}: its traces are missing")),
            }
        }
        for signature in std::mem::take(&mut self.traces).into_keys() {
            self.damaged.push(format!("traces {signature}: their variant is missing"));
        }
    }

    /// The session, if its meta record or the listed `meta` says what it is about; the more recent
    /// of the two is believed. A database that is older than its listing, or whose records do not
    /// add up to its totals, is one thing more that is damaged.
    pub(in crate::store) fn into_session(
        mut self,
        listed: Option<Meta>,
    ) -> Option<(Session, Vec<String>)> {
        let totals = self.totals.unwrap_or_default();
        if let Some(listed) = listed.as_ref().filter(|listed| listed.flush > totals.flush) {
            let (lost, last) = (listed.flush, totals.flush);
            self.damaged.push(format!("totals: flush {lost} is listed, flush {last} is the last"));
        }
        let metas = [self.meta, listed];
        let newest = metas.into_iter().flatten().max_by_key(|meta| meta.flush)?;
        let mut session = Session::new(newest.info);
        session.endpoints = self.endpoints;
        session.findings = self.findings;
        session.rules = self.rules;
        session.variants = self.variants;
        session.overflow = totals.overflow;
        if Sums::of(&session) != totals.sums {
            self.damaged.push("totals: the records do not add up to them".to_owned());
        }
        Some((session, self.damaged))
    }
}

/// How a record is called in messages.
fn name(key: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match key {
        [b'm'] => "meta".to_owned(),
        [b't'] => "totals".to_owned(),
        [b'e', hash @ ..] => format!("endpoint {}", hex(hash)),
        [b'r', hash @ ..] => format!("rule {}", hex(hash)),
        [b'f', signature @ ..] => format!("finding {}", hex(signature)),
        [b's', signature @ .., slot] => format!("sample {}/{slot}", hex(signature)),
        [b'v', signature @ ..] => format!("variant {}", hex(signature)),
        [b'w', signature @ ..] => format!("traces {}", hex(signature)),
        other => format!("key {}", hex(other)),
    }
}
