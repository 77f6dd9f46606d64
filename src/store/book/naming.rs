//! Which names of a book are one endpoint: what many requests show, no single one does.
//!
//! The book counts under the names as they were observed, and [`Naming`] says under which name
//! each is reported. It is a function of the counts, so that neither the order of arrival nor a
//! flush in between has a say. Counts and findings of names that are joined are added up: nothing
//! is lost by it, and a finding's signature is that which it would have had under the joined name
//! from the start.
//!
//! This module never changes what a book has counted.

use crate::compare::Stem;
use crate::compare::endpoint::learn;
use crate::model::{EndpointStats, Finding, Sample, Session, Signature, Variant};
use crate::store::book::variants::{renamed, signed};
use crate::store::changes::uses;
use crate::store::{MAX_ENDPOINTS, OTHER, SAMPLES_PER_FINDING, Sums};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Fewer names cannot be joined: no node of their paths has enough children.
const FEW: usize = 32;

/// What a book knows of its names and findings beside the session.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Names that were given, and stay as they are.
    pub given: HashSet<String>,
    /// What the findings would be called by under another name.
    pub stems: HashMap<Signature, Stem>,
    /// The same for the findings of the variants.
    pub shown: HashMap<Signature, Vec<Stem>>,
}

/// Under which name each is reported.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Naming {
    /// Names that are one of many for the same endpoint, with that one's name.
    joined: HashMap<String, String>,
    /// Endpoints that are counted under [`OTHER`], for there are too many.
    folded: HashSet<String>,
}

impl Naming {
    /// The names of a session. Where there are more than [`MAX_ENDPOINTS`], those with the fewest
    /// requests are counted as [`OTHER`].
    pub(super) fn of(session: &Session, given: &HashSet<String>) -> Self {
        let mut naming = Self::learned(session, given);
        if session.endpoints.len() <= MAX_ENDPOINTS {
            return naming;
        }
        let mut requests: HashMap<&str, u64> = HashMap::new();
        for (name, stats) in session.endpoints.iter().filter(|(name, _)| *name != OTHER) {
            *requests.entry(naming.name(name)).or_default() += stats.ledger.seen;
        }
        let mut order: Vec<_> = requests.into_iter().collect();
        order.sort_by_key(|&(name, seen)| (Reverse(seen), name));
        let folded = order.iter().skip(MAX_ENDPOINTS).map(|(name, _)| (*name).to_owned());
        let folded = folded.collect();
        naming.folded = folded;
        naming
    }

    /// The names by what was learned alone.
    pub(super) fn learned(session: &Session, given: &HashSet<String>) -> Self {
        if session.endpoints.len() <= FEW + given.len() {
            return Self::default();
        }
        let observed = session.endpoints.iter().filter(|(name, _)| !given.contains(*name));
        let observed: Vec<_> =
            observed.map(|(name, stats)| (name.as_str(), stats.ledger.seen)).collect();
        let pairs = observed.iter().zip(learn(&observed));
        let joined = pairs.filter(|((name, _), learned)| name != learned);
        let joined = joined.map(|((name, _), learned)| ((*name).to_owned(), learned)).collect();
        Self { joined, folded: HashSet::new() }
    }

    /// Whether every name is reported as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.joined.is_empty() && self.folded.is_empty()
    }

    /// The names that are one of many, each with the endpoint's.
    pub(super) fn into_joined(self) -> HashMap<String, String> {
        self.joined
    }

    /// What the endpoint is called.
    fn name<'a>(&'a self, observed: &'a str) -> &'a str {
        self.joined.get(observed).map_or(observed, String::as_str)
    }

    /// The name under which requests are counted.
    pub(super) fn counted<'a>(&'a self, observed: &'a str) -> &'a str {
        let name = self.name(observed);
        if self.folded.contains(name) { OTHER } else { name }
    }

    /// The signature that a finding goes by.
    pub(super) fn signature(&self, finding: &Finding, sources: &Sources) -> Signature {
        let joined = self.joined.get(&finding.endpoint);
        let stem = sources.stems.get(&finding.signature);
        joined.zip(stem).map_or(finding.signature, |(name, stem)| stem.at(name))
    }

    /// The counts of the endpoints that are wanted.
    pub(super) fn endpoints(
        &self,
        session: &Session,
        wanted: impl Fn(&str) -> bool,
    ) -> BTreeMap<String, EndpointStats> {
        let mut endpoints: BTreeMap<String, EndpointStats> = BTreeMap::new();
        for (observed, stats) in &session.endpoints {
            let name = self.counted(observed);
            if wanted(name) {
                match endpoints.get_mut(name) {
                    Some(sum) => sum.merge(stats),
                    None => drop(endpoints.insert(name.to_owned(), stats.clone())),
                }
            }
        }
        endpoints
    }

    /// The findings that are wanted.
    pub(super) fn findings(
        &self,
        session: &Session,
        sources: &Sources,
        wanted: impl Fn(Signature) -> bool,
    ) -> BTreeMap<Signature, Finding> {
        let mut findings: BTreeMap<Signature, Finding> = BTreeMap::new();
        for finding in session.findings.values() {
            let signature = self.signature(finding, sources);
            if !wanted(signature) {
                continue;
            }
            let endpoint = self.name(&finding.endpoint).to_owned();
            let finding = Finding { signature, endpoint, ..finding.clone() };
            match findings.get_mut(&signature) {
                Some(sum) => join(sum, finding),
                None => drop(findings.insert(signature, finding)),
            }
        }
        findings
    }

    /// The signature that a variant goes by.
    pub(super) fn response(&self, variant: &Variant, sources: &Sources) -> Signature {
        let moved = self.moved(variant, sources);
        moved.map_or(variant.signature, |(stems, name)| signed(variant, stems, name).0)
    }

    /// What a variant's findings are made from, and its endpoint's name, where that is another.
    fn moved<'a>(
        &'a self,
        variant: &Variant,
        sources: &'a Sources,
    ) -> Option<(&'a [Stem], &'a str)> {
        let name = self.joined.get(&variant.endpoint)?;
        let stems = sources.shown.get(&variant.signature)?;
        Some((stems, name))
    }

    /// The variants that are wanted.
    pub(super) fn variants(
        &self,
        session: &Session,
        sources: &Sources,
        wanted: impl Fn(Signature) -> bool,
    ) -> BTreeMap<Signature, Variant> {
        let mut variants: BTreeMap<Signature, Variant> = BTreeMap::new();
        for variant in session.variants.values() {
            let signature = self.response(variant, sources);
            if !wanted(signature) {
                continue;
            }
            match (variants.get_mut(&signature), self.moved(variant, sources)) {
                (Some(sum), _) => sum.merge(variant),
                (None, Some((stems, name))) => {
                    drop(variants.insert(signature, renamed(variant.clone(), stems, name)));
                }
                (None, None) => drop(variants.insert(signature, variant.clone())),
            }
        }
        variants
    }

    /// The session as it is reported.
    pub(super) fn session(&self, session: &Session, sources: &Sources) -> Session {
        Session {
            info: session.info.clone(),
            endpoints: self.endpoints(session, |_| true),
            findings: self.findings(session, sources, |_| true),
            variants: self.variants(session, sources, |_| true),
            rules: session.rules.clone(),
            overflow: self.overflow(session),
        }
    }

    /// What was let go at bounds: requests of folded endpoints too.
    pub(super) fn overflow(&self, session: &Session) -> BTreeMap<String, u64> {
        let mut overflow = session.overflow.clone();
        if !self.folded.is_empty() {
            let of = |(name, _): &(&String, &EndpointStats)| self.folded.contains(self.name(name));
            let seen = session.endpoints.iter().filter(of).map(|(_, stats)| stats.ledger.seen);
            *overflow.entry("endpoints".to_owned()).or_default() += seen.sum::<u64>();
        }
        overflow
    }

    /// The sums over the session as it is reported.
    pub(super) fn sums(&self, session: &Session, sources: &Sources) -> Sums {
        let mut ranks: HashMap<Signature, Vec<u64>> = HashMap::new();
        let (ledger, uses) = (session.ledger(), uses(session));
        let mut sums = Sums { ledger, uses, ..Sums::default() };
        for finding in session.findings.values() {
            sums.marks += finding.count;
            let kept = ranks.entry(self.signature(finding, sources)).or_default();
            kept.extend(finding.samples.keys());
            kept.sort_unstable();
            kept.dedup();
            kept.truncate(SAMPLES_PER_FINDING);
        }
        let variants: HashSet<_> =
            session.variants.values().map(|variant| self.response(variant, sources)).collect();
        sums.variants = variants.len() as u64;
        sums.shown = session.variants.values().map(|variant| variant.count).sum();
        sums.findings = ranks.len() as u64;
        sums.ranks = ranks.values().flatten().fold(0, |sum: u64, rank| sum.wrapping_add(*rank));
        sums
    }
}

/// Adds one finding to another of the same name: those samples stay that would have been kept if
/// it had always been one. The status is the later one's, as for the occurrences of one.
pub(super) fn join(sum: &mut Finding, other: Finding) {
    if (other.last_seen, other.status) > (sum.last_seen, sum.status) {
        sum.status = other.status;
    }
    sum.count += other.count;
    sum.severity = sum.severity.min(other.severity);
    sum.first_seen = sum.first_seen.min(other.first_seen);
    sum.last_seen = sum.last_seen.max(other.last_seen);
    let samples: BTreeMap<u64, Sample> = other.samples;
    for (rank, sample) in samples {
        sum.samples.entry(rank).or_insert(sample);
    }
    while sum.samples.len() > SAMPLES_PER_FINDING {
        sum.samples.pop_last();
    }
}
