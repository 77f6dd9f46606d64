//! The counts of the running session, within fixed bounds.
//!
//! This module never does I/O and never reads a clock.

use crate::compare::Stem;
use crate::compare::endpoint::is_one_of;
use crate::model::{
    Disposition, EndpointName, EndpointStats, Finding, Ledger, Origin, Sample, Session,
    SessionInfo, Signature,
};
use crate::store::book::flush::{Dirty, Flushed};
use crate::store::book::judgement::count;
use crate::store::book::naming::{Naming, Sources, join};
use crate::store::book::variants::{MAX_VARIANTS, Occasion, Shown};
use crate::store::sample;
use crate::store::{Judgement, Mark};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Endpoints of a session; the requests of all others fold into [`OTHER`].
pub const MAX_ENDPOINTS: usize = 512;
/// Names that are told apart while it is not known yet which of them are one endpoint.
pub const MAX_NAMES: usize = 2_048;
/// Findings of a session.
pub const MAX_FINDINGS: usize = 2_000;
/// Findings of one endpoint, so that an endpoint whose every answer differs somewhere else leaves
/// room for the others.
pub const MAX_FINDINGS_PER_ENDPOINT: usize = 250;
/// Samples of a finding: those with the smallest ranks.
pub const SAMPLES_PER_FINDING: usize = 5;
/// The endpoint that stands for those beyond [`MAX_ENDPOINTS`].
pub const OTHER: &str = "__other__";

/// Names are joined for want of room once there are so many new ones that it may be worth it.
const FRESH: usize = 64;
/// Endpoint templates and paths longer than this many bytes come from hostile or odd traffic.
pub(super) const MAX_NAME: usize = 1024;
/// Bytes that the samples of a session may take before new ones are kept without their messages.
const FULL_SAMPLES: usize = 4 << 20;
/// Bytes that the samples of a session may take in all.
pub(super) const ALL_SAMPLES: usize = 5 << 20;

/// One session, bounded, with a note of what changed since the last flush.
///
/// It counts under the names that requests come with. Which of those are one endpoint is seen from
/// all of them, whenever the session is asked for or written: see `naming`. Only where there is
/// no room for more names are they joined for good.
///
/// Nothing is lost in silence: `overflow["endpoints"]` counts the requests that were folded into
/// [`OTHER`], `overflow["findings"]` the marks whose finding was not kept (so that the findings'
/// counts and it add up to all marks), `overflow["sample_bodies"]` the samples kept without their
/// messages, `overflow["samples"]` those not kept for want of room, `overflow["variants"]` the
/// trials that diverged and whose variant was not kept (so that the variants' counts and it add up
/// to all that diverged), `overflow["rules"]` how often a rule beyond the bound was told of, and
/// `overflow["identifiers"]` the values that there was no room to look at, or to remember, as
/// identifiers.
#[derive(Debug)]
pub struct Book {
    /// Under the names as they came.
    pub(super) session: Session,
    pub(super) sources: Sources,
    findings_by_endpoint: HashMap<String, usize>,
    pub(super) sample_bytes: usize,
    /// Names that came since names were joined for good.
    fresh: usize,
    /// Names that stand for what was joined for good.
    pub(super) joined: Vec<String>,
    pub(super) flushes: u64,
    pub(super) flushed: Flushed,
    pub(super) dirty: Dirty,
}

impl Book {
    /// An empty book, all of it still to be written.
    pub fn new(info: SessionInfo) -> Self {
        Self {
            session: Session::new(info),
            sources: Sources::default(),
            findings_by_endpoint: HashMap::new(),
            sample_bytes: 0,
            fresh: 0,
            joined: Vec::new(),
            flushes: 0,
            flushed: Flushed::default(),
            dirty: Dirty { info: true, ..Dirty::default() },
        }
    }

    /// The session as it stands, each endpoint under the name that all of them together suggest.
    pub fn session(&self) -> Cow<'_, Session> {
        let naming = Naming::of(&self.session, &self.sources.given);
        match naming.is_plain() {
            true => Cow::Borrowed(&self.session),
            false => Cow::Owned(naming.session(&self.session, &self.sources)),
        }
    }

    /// What the session is about.
    pub fn info(&self) -> &SessionInfo {
        &self.session.info
    }

    /// Counts requests that came in for an endpoint.
    pub fn seen<'a>(&mut self, endpoint: impl Into<EndpointName<'a>>, n: u64) {
        let name = self.on(endpoint.into(), |stats| stats.ledger.seen += n);
        if name.is_some_and(|name| name == OTHER) {
            self.overflow("endpoints", n);
        }
    }

    /// A request that was counted under one name turns out to be another endpoint's. False where no
    /// request waits under a name of its own: then this one is to be booked under the first, too.
    pub fn rename<'a, 'b>(
        &mut self,
        from: impl Into<EndpointName<'a>>,
        to: impl Into<EndpointName<'b>>,
    ) -> bool {
        let from = self.counted(from.into());
        let Some(stats) = self.session.endpoints.get_mut(&from) else { return false };
        if from == OTHER || stats.ledger.unsettled() == 0 {
            return false;
        }
        stats.ledger.seen -= 1;
        self.mark(&from);
        self.seen(to, 1);
        true
    }

    /// Books requests that came to their end without being compared.
    pub fn settle<'a>(
        &mut self,
        endpoint: impl Into<EndpointName<'a>>,
        disposition: Disposition,
        n: u64,
    ) {
        self.on(endpoint.into(), |stats| stats.ledger.settle_many(disposition, n));
    }

    /// Books requests whose endpoint is not known any more, under [`OTHER`].
    pub fn fold(&mut self, ledger: &Ledger) {
        self.overflow("endpoints", ledger.seen);
        self.on(OTHER.into(), |stats| stats.ledger.merge(ledger));
    }

    /// Values of one comparison that there was no room to look at, or to remember, as identifiers.
    pub fn unnamed(&mut self, n: u64) {
        if n > 0 {
            self.overflow("identifiers", n);
        }
    }

    /// Books one compared trial in which nothing differs.
    pub fn equal(&mut self, judgement: &Judgement) {
        self.on(judgement.name(), |stats| count(stats, judgement));
    }

    /// Books one compared trial. `rank` orders the samples of a finding (equal for equal requests,
    /// whatever the process); `sample` makes one and is called only for those that are kept.
    pub fn judge(
        &mut self,
        judgement: &Judgement,
        occasion: &Occasion<'_>,
        rank: &dyn Fn(&Mark) -> u64,
        sample: &mut dyn FnMut(&Mark) -> Sample,
    ) {
        let Session { findings, variants, .. } = &self.session;
        if findings.len() >= MAX_FINDINGS || variants.len() >= MAX_VARIANTS {
            self.join_names();
        }
        let name = self.on(judgement.name(), |stats| count(stats, judgement));
        // A finding names its own endpoint even where that one's counts are folded.
        let joined = name.filter(|name| name != OTHER);
        let endpoint = joined.as_deref().unwrap_or(&judgement.endpoint);
        let (mut noted, mut shown) = (HashSet::new(), Vec::new());
        for mark in &judgement.marks {
            let signature = match &joined {
                Some(name) => mark.stem.at(name),
                None => mark.signature,
            };
            let at = Spot { signature, endpoint };
            if !noted.insert(signature) {
                continue;
            }
            if mark.is_unexplained() {
                shown.push(Shown { severity: mark.severity, stem: mark.stem, signature });
            }
            if self.note(at, judgement, mark) {
                self.offer_sample(signature, rank(mark), &mut || sample(mark));
            }
        }
        if !shown.is_empty() {
            self.vary(endpoint, judgement, occasion, shown);
        }
    }

    /// The session is over.
    pub fn end(&mut self, at: Timestamp) {
        self.session.info.ended_at = Some(at);
        self.dirty.info = true;
    }

    /// Where an endpoint without a place of its own is counted, and its place if there is room. An
    /// endpoint is folded always or never: names that find no room do not find any later.
    fn admit(&mut self, EndpointName { text, origin }: EndpointName<'_>) -> String {
        if text.len() > MAX_NAME || text == OTHER {
            return OTHER.to_owned();
        }
        if self.session.endpoints.len() >= MAX_NAMES {
            self.join_names();
        }
        if self.session.endpoints.len() < MAX_NAMES {
            self.fresh += 1;
            return text.to_owned();
        }
        self.joined_name(EndpointName { text, origin }).unwrap_or(OTHER).to_owned()
    }

    /// Where the requests of an endpoint are counted that are booked by now.
    fn counted(&self, endpoint: EndpointName<'_>) -> String {
        if self.session.endpoints.contains_key(endpoint.text) {
            return endpoint.text.to_owned();
        }
        self.joined_name(endpoint).unwrap_or(OTHER).to_owned()
    }

    /// The name that stands for what was joined for good, this one with it.
    fn joined_name(&self, EndpointName { text, origin }: EndpointName<'_>) -> Option<&str> {
        let fits = |name: &&String| origin == Origin::Observed && is_one_of(text, name);
        self.joined.iter().find(fits).map(String::as_str)
    }

    /// Changes the counts of one endpoint; gives the name that it is counted under where that is
    /// another. Allocates only where the endpoint is new, or unchanged since the last flush.
    fn on(
        &mut self,
        endpoint: EndpointName<'_>,
        change: impl FnOnce(&mut EndpointStats),
    ) -> Option<String> {
        if let Some(stats) = self.session.endpoints.get_mut(endpoint.text) {
            change(stats);
            self.mark(endpoint.text);
            self.give(endpoint);
            return None;
        }
        let name = self.admit(endpoint);
        change(self.session.endpoints.entry(name.clone()).or_default());
        self.mark(&name);
        if name == endpoint.text {
            self.give(endpoint);
            return None;
        }
        Some(name)
    }

    fn mark(&mut self, name: &str) {
        if !self.dirty.endpoints.contains(name) {
            self.dirty.endpoints.insert(name.to_owned());
        }
    }

    /// A name that was given once is never one of many.
    fn give(&mut self, EndpointName { text, origin }: EndpointName<'_>) {
        if origin == Origin::Given && !self.sources.given.contains(text) {
            self.sources.given.insert(text.to_owned());
        }
    }

    /// Joins for good what is reported as one endpoint, where that may make room.
    fn join_names(&mut self) {
        if self.fresh < FRESH {
            return;
        }
        self.fresh = 0;
        let joined = Naming::learned(&self.session, &self.sources.given).into_joined();
        for (name, to) in &joined {
            if let Some(stats) = self.session.endpoints.remove(name) {
                self.session.endpoints.entry(to.clone()).or_default().merge(&stats);
                self.dirty.endpoints.extend([name.clone(), to.clone()]);
            }
        }
        let moved = self.session.findings.values().filter_map(|finding| {
            let to = joined.get(&finding.endpoint)?;
            let stem = *self.sources.stems.get(&finding.signature)?;
            Some((finding.signature, stem, to.clone()))
        });
        for (old, stem, endpoint) in moved.collect::<Vec<_>>() {
            self.move_finding(old, stem, endpoint);
        }
        let moved = self.session.variants.values().filter_map(|variant| {
            let to = joined.get(&variant.endpoint)?;
            Some((variant.signature, to.clone()))
        });
        for (old, endpoint) in moved.collect::<Vec<_>>() {
            self.move_variant(old, &endpoint);
        }
        self.joined.extend(joined.into_values());
        self.joined.sort_unstable();
        self.joined.dedup();
        self.joined.retain(|name| self.session.endpoints.contains_key(name));
        self.recount();
    }

    fn move_finding(&mut self, old: Signature, stem: Stem, endpoint: String) {
        let Some(finding) = self.session.findings.remove(&old) else { return };
        self.sources.stems.remove(&old);
        let signature = stem.at(&endpoint);
        self.sources.stems.insert(signature, stem);
        let finding = Finding { signature, endpoint, ..finding };
        match self.session.findings.entry(signature) {
            Entry::Occupied(mut sum) => join(sum.get_mut(), finding),
            Entry::Vacant(place) => drop(place.insert(finding)),
        }
        self.dirty.finding(old, true);
        self.dirty.finding(signature, true);
    }

    /// Counts anew what is counted by the way otherwise.
    fn recount(&mut self) {
        self.findings_by_endpoint.clear();
        self.sample_bytes = 0;
        for finding in self.session.findings.values() {
            let is_listed = self.session.endpoints.contains_key(&finding.endpoint);
            let counted = if is_listed { &finding.endpoint } else { OTHER };
            *self.findings_by_endpoint.entry(counted.to_owned()).or_default() += 1;
            self.sample_bytes += finding.samples.values().map(sample::weight).sum::<usize>();
        }
    }

    /// Counts a mark in its finding; false where there is no room for the finding.
    fn note(&mut self, at: Spot<'_>, judgement: &Judgement, mark: &Mark) -> bool {
        let full = self.session.findings.len() >= MAX_FINDINGS;
        let is_listed = self.session.endpoints.contains_key(at.endpoint);
        let counted = if is_listed { at.endpoint } else { OTHER };
        match self.session.findings.entry(at.signature) {
            Entry::Occupied(mut known) => recount(known.get_mut(), judgement.at, mark),
            Entry::Vacant(place) => {
                let listed = self.findings_by_endpoint.get(counted).copied().unwrap_or(0);
                if full || listed >= MAX_FINDINGS_PER_ENDPOINT {
                    self.overflow("findings", 1);
                    return false;
                }
                self.findings_by_endpoint.insert(counted.to_owned(), listed + 1);
                self.sources.stems.insert(at.signature, mark.stem);
                place.insert(first(at, judgement, mark));
            }
        }
        self.dirty.findings.entry(at.signature).or_default();
        true
    }

    /// Keeps a sample if its rank is among the smallest, within the bytes that samples may take.
    fn offer_sample(&mut self, of: Signature, rank: u64, make: &mut dyn FnMut() -> Sample) {
        let Some(finding) = self.session.findings.get_mut(&of) else { return };
        let full = finding.samples.len() >= SAMPLES_PER_FINDING;
        let leaving = finding.samples.last_key_value().filter(|_| full);
        let late = leaving.is_some_and(|(&last, _)| rank > last);
        if late || finding.samples.contains_key(&rank) {
            return;
        }
        let others = self.sample_bytes - leaving.map_or(0, |(_, sample)| sample::weight(sample));
        let mut kept = make();
        sample::bound(&mut kept);
        let trimmed = others + sample::weight(&kept) > FULL_SAMPLES;
        if trimmed {
            sample::trim(&mut kept);
        }
        let bytes = others + sample::weight(&kept);
        if bytes > ALL_SAMPLES {
            return self.overflow("samples", 1);
        }
        if full {
            finding.samples.pop_last();
        }
        finding.samples.insert(rank, kept);
        self.sample_bytes = bytes;
        self.dirty.findings.insert(of, true);
        if trimmed {
            self.overflow("sample_bodies", 1);
        }
    }

    pub(super) fn overflow(&mut self, bound: &str, n: u64) {
        match self.session.overflow.get_mut(bound) {
            Some(count) => *count += n,
            None => {
                self.session.overflow.insert(bound.to_owned(), n);
            }
        }
    }
}

/// Which finding a mark counts in.
#[derive(Clone, Copy)]
struct Spot<'a> {
    signature: Signature,
    endpoint: &'a str,
}

/// A new finding.
fn first(at: Spot<'_>, judgement: &Judgement, mark: &Mark) -> Finding {
    Finding {
        signature: at.signature,
        endpoint: sample::cut(at.endpoint, MAX_NAME),
        kind: mark.kind,
        path: sample::cut(&mark.path, MAX_NAME),
        severity: mark.severity,
        status: mark.status,
        count: 1,
        first_seen: judgement.at,
        last_seen: judgement.at,
        samples: BTreeMap::new(),
    }
}

/// One more trial shows the finding: the status is the latest, the severity the worst.
fn recount(finding: &mut Finding, at: Timestamp, mark: &Mark) {
    finding.count += 1;
    finding.status = mark.status;
    finding.severity = finding.severity.min(mark.severity);
    finding.first_seen = finding.first_seen.min(at);
    finding.last_seen = finding.last_seen.max(at);
}
