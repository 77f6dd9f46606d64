//! What a flush writes: whatever changed since the last one, under the names of its own time.
//!
//! This module never counts anything.

use crate::model::{Finding, RuleName, Signature, Traces, Variant};
use crate::store::book::Book;
use crate::store::book::naming::Naming;
use crate::store::{Changes, FindingChange, Gone, Totals, VariantChange};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// What the flushes so far have left behind.
#[derive(Debug, Default)]
pub(super) struct Flushed {
    /// How names were joined in the last one.
    pub naming: Naming,
    /// Whatever may have a record.
    pub endpoints: HashSet<String>,
    pub findings: HashSet<Signature>,
    /// Whatever may have one still: variants come and go without end.
    pub variants: HashSet<Signature>,
    /// Those whose records the last flush took away.
    left: Vec<Signature>,
}

/// By the names as they came, or as they were flushed.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub info: bool,
    pub endpoints: HashSet<String>,
    /// Whether the samples changed too.
    pub findings: HashMap<Signature, bool>,
    /// Whether the traces changed too.
    pub variants: HashMap<Signature, bool>,
    pub rules: HashSet<RuleName>,
}

impl Dirty {
    pub(super) fn finding(&mut self, signature: Signature, samples: bool) {
        *self.findings.entry(signature).or_default() |= samples;
    }

    pub(super) fn variant(&mut self, signature: Signature, traces: bool) {
        *self.variants.entry(signature).or_default() |= traces;
    }
}

impl Book {
    /// Copies of all that changed since the last time; `at` is the time of the flush.
    pub fn take_dirty(&mut self, at: Timestamp) -> Changes {
        let naming = Naming::of(&self.session, &self.sources.given);
        let dirty = std::mem::take(&mut self.dirty);
        // The last flush was written, or its places are dirty again.
        for signature in self.flushed.left.drain(..).filter(|key| !dirty.variants.contains_key(key))
        {
            self.flushed.variants.remove(&signature);
        }
        let mut wanted = self.renamed(&naming);
        // What was flushed under a name is known by it; what came under one, by what it is now.
        for name in &dirty.endpoints {
            wanted.endpoints.insert(naming.counted(name).to_owned());
            wanted.endpoints.insert(name.clone());
        }
        for (&key, &samples) in &dirty.findings {
            let finding = self.session.findings.get(&key);
            let signature = finding.map(|finding| naming.signature(finding, &self.sources));
            wanted.finding(signature.unwrap_or(key), samples);
            wanted.finding(key, samples);
        }
        for (&key, &traces) in &dirty.variants {
            let variant = self.session.variants.get(&key);
            let signature = variant.map(|variant| naming.response(variant, &self.sources));
            wanted.variant(signature.unwrap_or(key), traces);
            wanted.variant(key, traces);
        }
        self.flushed.naming = naming;
        (wanted.info, wanted.rules) = (dirty.info, dirty.rules);
        let mut changes = self.changes(wanted, at);
        if !changes.is_empty() {
            self.flushes += 1;
            changes.totals.flush = self.flushes;
        }
        changes
    }

    /// What goes by another name than at the last flush, by both.
    fn renamed(&self, naming: &Naming) -> Dirty {
        let (mut changed, before) = (Dirty::default(), &self.flushed.naming);
        if before == naming {
            return changed;
        }
        for name in self.session.endpoints.keys() {
            let (old, new) = (before.counted(name), naming.counted(name));
            if old != new {
                changed.endpoints.extend([old.to_owned(), new.to_owned()]);
            }
        }
        for finding in self.session.findings.values() {
            let of = |naming: &Naming| naming.signature(finding, &self.sources);
            let (old, new) = (of(before), of(naming));
            if old != new {
                [old, new].into_iter().for_each(|signature| changed.finding(signature, true));
            }
        }
        for variant in self.session.variants.values() {
            let of = |naming: &Naming| naming.response(variant, &self.sources);
            let (old, new) = (of(before), of(naming));
            if old != new {
                [old, new].into_iter().for_each(|signature| changed.variant(signature, true));
            }
        }
        changed
    }

    /// What is wanted, as it is reported now; what is not there any more has gone.
    fn changes(&mut self, wanted: Dirty, at: Timestamp) -> Changes {
        let (session, sources, naming) = (&self.session, &self.sources, &self.flushed.naming);
        let endpoints = naming.endpoints(session, |name| wanted.endpoints.contains(name));
        let findings = naming.findings(session, sources, |key| wanted.findings.contains_key(&key));
        let flushed = &self.flushed;
        let left = wanted.endpoints.iter().filter(|name| !endpoints.contains_key(*name));
        let left = left.filter(|name| flushed.endpoints.contains(*name)).cloned();
        let lost = wanted.findings.keys().filter(|key| !findings.contains_key(*key));
        let lost = lost.filter(|key| flushed.findings.contains(*key)).copied();
        let variants = naming.variants(session, sources, |key| wanted.variants.contains_key(&key));
        let past = wanted.variants.keys().filter(|key| !variants.contains_key(*key));
        let past: Vec<_> = past.filter(|key| flushed.variants.contains(*key)).copied().collect();
        let gone =
            Gone { endpoints: left.collect(), findings: lost.collect(), variants: past.clone() };
        let totals = Totals {
            flush: self.flushes,
            at,
            sums: naming.sums(session, sources),
            overflow: naming.overflow(session),
        };
        self.flushed.endpoints.extend(endpoints.keys().cloned());
        self.flushed.findings.extend(findings.keys());
        self.flushed.variants.extend(variants.keys());
        self.flushed.left = past;
        let joins = !self.flushed.naming.is_plain() || !self.joined.is_empty();
        let change = |finding: Finding| {
            let samples = wanted.findings.get(&finding.signature) == Some(&true);
            let kept = u8::try_from(finding.samples.len()).ok().filter(|_| joins);
            FindingChange { samples, kept, finding: bare(finding, samples) }
        };
        let varied = |variant: Variant| {
            let traces = wanted.variants.get(&variant.signature) == Some(&true);
            VariantChange { traces, variant: untraced(variant, traces) }
        };
        let rule = |name: RuleName| {
            let used = session.rules.get(&name)?.clone();
            Some((name, used))
        };
        Changes {
            totals,
            info: wanted.info.then(|| session.info.clone()),
            endpoints: endpoints.into_iter().collect(),
            findings: findings.into_values().map(change).collect(),
            variants: variants.into_values().map(varied).collect(),
            rules: wanted.rules.into_iter().filter_map(rule).collect(),
            gone,
        }
    }

    /// Takes back changes that could not be written: the next flush has the same places, with the
    /// values of its own time.
    pub fn restore(&mut self, changes: Changes) {
        let Gone { endpoints, findings, variants } = changes.gone;
        self.dirty.info |= changes.info.is_some();
        self.dirty.endpoints.extend(changes.endpoints.into_iter().map(|(name, _)| name));
        self.dirty.endpoints.extend(endpoints);
        self.dirty.rules.extend(changes.rules.into_iter().map(|(name, _)| name));
        for change in changes.findings {
            self.dirty.finding(change.finding.signature, change.samples);
        }
        findings.into_iter().for_each(|signature| self.dirty.finding(signature, true));
        for change in changes.variants {
            self.dirty.variant(change.variant.signature, change.traces);
        }
        variants.into_iter().for_each(|signature| self.dirty.variant(signature, true));
    }

    /// Everything is to be written again, because it goes to a new place, or to one of which it is
    /// not known what it holds.
    pub fn mark_all(&mut self) {
        self.dirty.info = true;
        let names = self.session.endpoints.keys().chain(&self.flushed.endpoints);
        self.dirty.endpoints = names.cloned().collect();
        let findings = self.session.findings.keys().chain(&self.flushed.findings);
        self.dirty.findings = findings.map(|&key| (key, true)).collect();
        let variants = self.session.variants.keys().chain(&self.flushed.variants);
        self.dirty.variants = variants.map(|&key| (key, true)).collect();
        self.dirty.rules = self.session.rules.keys().cloned().collect();
    }
}

/// The variant, without its traces where they have not changed.
fn untraced(mut variant: Variant, traces: bool) -> Variant {
    if !traces {
        variant.traces = Traces::default();
    }
    variant
}

/// The finding, without its samples where they have not changed.
fn bare(mut finding: Finding, samples: bool) -> Finding {
    if !samples {
        finding.samples.clear();
    }
    finding
}
