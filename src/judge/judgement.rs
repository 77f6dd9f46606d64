//! From a batch to the book: compare, sign, redact, count.

use crate::base::caught;
use crate::compare::endpoint::{Asked, Operations, operation};
use crate::compare::{
    Comparison, Decoded, Keys, Name, Names, Stem, Terms, Uses, compare, rank, same, selected,
};
use crate::judge::batch::Told;
use crate::judge::glance::Glances;
use crate::judge::memory::Owner;
use crate::judge::named::{Named, Register, observed};
use crate::judge::sample::{Evidence, bytes, word};
use crate::judge::{Batch, Equal, Memory, Pending, Subject};
use crate::model::{
    Disposition, Divergence, FailReason, Judged, Ledger, Origin, Outcome, Place, Renames, Request,
    RuleName, Status, Trial,
};
use crate::policy::{Plan, Policy};
use crate::redact::Redactor;
use crate::store::{Book, Judgement, Mark, Occasion};
use crate::telemetry::Meters;
use http::header::CONTENT_ENCODING;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What finds the differences between two answers.
pub(super) type Comparer =
    dyn for<'a> Fn(&'a Outcome, &'a Outcome, &'a Decoded, Terms<'_>) -> Comparison<'a> + Send;

/// Of the trials that come here, after the first ones, one in so many is looked into for what the
/// rules select in it.
const GLANCES: u64 = 16;

/// Books what batches tell. Several judges share one book, each for a moment at a time. A panic
/// costs the one trial that it strikes, which is counted as failed, and nothing else.
pub struct Judge {
    book: Arc<Mutex<Book>>,
    meters: Meters,
    comparer: Box<Comparer>,
    operations: Arc<Operations>,
    glances: Glances,
    /// What this judge has found out about arrays so far.
    keys: Keys,
    /// What all judges have learned of identifiers.
    memory: Memory,
}

impl Judge {
    /// A judge that writes into `book`.
    pub fn new(book: Arc<Mutex<Book>>) -> Self {
        Self::with(book, Box::new(|x, y, decoded, terms| compare(x, y, decoded, terms)))
    }

    /// A judge with another way to compare.
    pub(super) fn with(book: Arc<Mutex<Book>>, comparer: Box<Comparer>) -> Self {
        Self {
            book,
            meters: Meters::new(),
            comparer,
            operations: Arc::default(),
            glances: Glances::each(GLANCES),
            keys: Keys::default(),
            memory: Memory::default(),
        }
    }

    /// The same judge, who knows the operations that the API's description lists.
    pub fn knowing(self, operations: Arc<Operations>) -> Self {
        Self { operations, ..self }
    }

    /// The same judge, whose arrays are hashed under a key of its own.
    pub fn seeded(self, seed: u64) -> Self {
        Self { keys: Keys::new(seed), ..self }
    }

    /// The same judge, who shares what is learned with others.
    pub fn sharing(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// Books a batch and compares its trials.
    pub fn work(&mut self, mut batch: Batch) {
        let trials = batch.take_trials();
        // What the batch tells of one subject many times is named once.
        let names = Register::new(batch.subjects().map(|subject| self.name(subject)));
        self.settle(&batch, &names);
        self.agree(&batch, &names);
        for pending in trials {
            self.judge(&pending);
        }
    }

    fn settle(&self, batch: &Batch, names: &Register) {
        let mut total = batch.folded().clone();
        let mut book = self.book();
        if total != Ledger::default() {
            book.fold(&total);
        }
        for Told { subject, seen, settled } in batch.entries() {
            let name = names.of(subject).name();
            total.seen += seen;
            if seen > 0 {
                book.seen(name, seen);
            }
            if let Some((disposition, times)) = settled {
                total.settle_many(disposition, times);
                book.settle(name, disposition, times);
            }
        }
        drop(book);
        self.meters.booked(&total);
        batch.answers().iter().for_each(|answered| self.meters.answered(answered));
    }

    /// Books the trials that were found equal where their answers came in.
    fn agree(&self, batch: &Batch, names: &Register) {
        let (mut total, mut agreed) = (Ledger::default(), BTreeSet::new());
        let counting = self.memory.is_counting();
        let mut book = self.book();
        for &(subject, Equal { at, primary, candidate }) in batch.equals() {
            let Named { endpoint, origin } = names.of(subject).clone();
            let (worse, marks, renames) = (false, Vec::new(), Vec::new());
            let judgement =
                Judgement { endpoint, origin, at, primary, candidate, worse, marks, renames };
            book.equal(&judgement);
            if counting {
                agreed.insert(judgement.endpoint);
            }
            total.settle(Disposition::Compared);
            self.meters.compared(Judged::Equal, primary, candidate);
        }
        drop(book);
        self.memory.agreed(agreed.iter().map(String::as_str));
        self.meters.booked(&total);
    }

    /// Compares one trial.
    fn judge(&self, Pending { trial, plan, .. }: &Pending) {
        let name = self.renamed(&trial.exchange.request, plan);
        let mut counts = Ledger::default();
        self.meters.fault(&trial.candidate);
        match caught(|| self.compare(trial, plan, &name)) {
            Some(judged) => {
                counts.settle(Disposition::Compared);
                self.meters.compared(judged, trial.exchange.latency, trial.latency);
            }
            None => {
                let failed = Disposition::Failed(FailReason::Panic);
                counts.settle(failed);
                self.book().settle(name.name(), failed, 1);
                tracing::error!(endpoint = %name.endpoint, id = %trial.exchange.id, "the comparer has panicked");
            }
        }
        self.meters.booked(&counts);
    }

    fn compare(&self, trial: &Trial, plan: &Plan, name: &Named) -> Judged {
        let endpoint = &name.endpoint;
        let Trial { exchange, candidate, latency } = trial;
        let mut judgement = Judgement {
            endpoint: endpoint.clone(),
            origin: name.origin,
            at: exchange.at,
            primary: exchange.latency,
            candidate: *latency,
            worse: candidate.is_error() && !exchange.primary.is_error(),
            marks: Vec::new(),
            renames: Vec::new(),
        };
        let types = plan.rules.types(exchange.request.uri.path());
        if !plan.rules.names().is_empty() && self.glances.take() {
            self.note(&selected(&exchange.primary, types, &plan.rules), plan);
        }
        if same(&exchange.primary, candidate, &plan.rules) {
            self.memory.agreed([endpoint.as_str()]);
            self.book().equal(&judgement);
            return Judged::Equal;
        }
        let decoded = Decoded::typed(&exchange.primary, candidate, types);
        let owner = Owner::new(&exchange.request, plan, endpoint, exchange.at);
        let known = self.memory.known(owner);
        let terms = Terms {
            rules: &plan.rules,
            keys: Some(&self.keys),
            request: Some(&exchange.request),
            known: Some(&known),
        };
        let found = (self.comparer)(&exchange.primary, candidate, &decoded, terms);
        self.note(&found.uses, plan);
        let lost = self.memory.learn(owner, &found.learned) + found.names.beyond;
        self.book().unnamed(lost);
        judgement.renames = renames(&found.names, &plan.redactor);
        let found = found.divergences;
        judgement.marks = found.iter().map(|each| mark(endpoint, each, &plan.redactor)).collect();
        let evidence = Evidence { trial, decoded: &decoded, redactor: &plan.redactor };
        let mut sample = |wanted: &Mark| {
            let mut pairs = judgement.marks.iter().zip(&found);
            let pair = pairs.find(|(mark, _)| mark.signature == wanted.signature);
            let pair = pair.expect("each mark stands for a divergence");
            // The trial is being counted at this point: it keeps its verdict.
            caught(|| evidence.of(pair.1)).unwrap_or_else(|| evidence.bare())
        };
        let rank = |mark: &Mark| rank(exchange.id, mark.stem);
        let (primary, other) = (word(&exchange.primary), word(candidate));
        let occasion = Occasion {
            id: exchange.id,
            entity: plan.redactor.number(exchange.request.uri.path()),
            bytes: bytes(trial),
            outcomes: [&primary, &other],
            target: &|| caught(|| evidence.target()).unwrap_or_default(),
        };
        self.book().judge(&judgement, &occasion, &rank, &mut sample);
        judgement.judged()
    }

    /// The endpoint of a request: its route's name, its operation in the description of the API, or
    /// the template of its path.
    fn name(&self, subject: Subject<'_>) -> Named {
        if let Some(name) = subject.name {
            return Named { endpoint: name.to_string(), origin: Origin::Given };
        }
        let Subject { method, path, .. } = subject;
        let named = || match self.operations.name(method, path) {
            Some(name) => Named { endpoint: name.to_owned(), origin: Origin::Given },
            None => observed(method, path),
        };
        caught(named).unwrap_or_else(Named::other)
    }

    /// The endpoint of a request that is here in full: where its path goes by several operations,
    /// the one that it asks for. It was counted as seen under its path's name, since the live plane
    /// looks into no body; from now on it counts under this one.
    fn renamed(&self, request: &Request, plan: &Plan) -> Named {
        let subject = Subject::new(&request.method, request.uri.path(), Some(plan));
        let by_path = self.name(subject);
        let plain = !request.headers.contains_key(CONTENT_ENCODING);
        if by_path.origin == Origin::Given || !plain {
            return by_path;
        }
        let asked = || operation(Asked::of(request), &request.body.joined());
        let Some(operation) = caught(asked).flatten() else { return by_path };
        let endpoint = format!("{} {operation}", by_path.endpoint);
        let full = Named { endpoint, origin: by_path.origin };
        if self.book().rename(by_path.name(), full.name()) { full } else { by_path }
    }

    /// Books what the rules were good for.
    fn note(&self, uses: &Uses, plan: &Plan) {
        let told: Vec<_> = uses
            .iter()
            .filter_map(|used| {
                let name = rule_name(plan.rules.names().get(used.rule)?);
                let fields = used.fields.iter().map(|place| shown(place, &plan.redactor)).collect();
                Some((name, used.matched, used.excused, fields))
            })
            .collect();
        if told.is_empty() {
            return;
        }
        let mut book = self.book();
        told.into_iter()
            .for_each(|(name, matched, excused, fields)| book.used(name, matched, excused, fields));
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shorter keys are no secrets.
const SECRET: usize = 16;

fn mark(endpoint: &str, divergence: &Divergence<'_>, redactor: &Redactor) -> Mark {
    let stem = Stem::of(divergence);
    Mark {
        signature: stem.at(endpoint),
        stem,
        kind: divergence.kind,
        severity: divergence.severity,
        path: shown(&divergence.place, redactor),
        status: Status::Open,
    }
}

/// The pattern of a place, without secrets in it.
fn shown(place: &Place, redactor: &Redactor) -> String {
    let is_plain = match place {
        Place::Body(path) => path.keys().all(|key| key.len() < SECRET),
        Place::Outcome | Place::Status | Place::Header(_) | Place::Trailer(_) => true,
    };
    match is_plain {
        true => place.pattern(),
        false => redactor.text(&redactor.place(place).pattern()),
    }
}

/// What was taken for identifiers with other names, by patterns without secrets in them.
fn renames(names: &Names, redactor: &Redactor) -> Vec<(String, Renames)> {
    names.places().map(|(place, renames)| (shown(place, redactor), *renames)).collect()
}

/// A rule as sessions call it.
fn rule_name(name: &Name) -> RuleName {
    RuleName { key: name.origin.key.clone(), text: name.text.clone() }
}

/// Tells a book which rules hold.
pub fn declare(book: &Mutex<Book>, policy: &Policy) {
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    for name in policy.rule_names() {
        book.declare(rule_name(name), name.origin.line as u64);
    }
}
