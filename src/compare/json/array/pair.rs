//! Two arrays of one place: how their elements are paired.
//!
//! This module never looks into an element.

use super::hash::Hasher;
use super::matching::{Matching, with_moves};
use super::side::{Side, Sides};
use super::step::{Listed, in_step};
use super::{Keys, align, index, set};
use crate::compare::fuel::Fuel;
use crate::compare::json::task::{Children, Task};
use crate::compare::places::Here;
use crate::compare::rules::Rules;
use crate::config::{ArrayRule, Pairing};
use crate::model::{Kind, Severity};
use crate::syntax::json::{Document, Value};

/// Of longer arrays the elements are paired by index, unless a rule says how.
const MOST: usize = 100_000;

/// What is known of the place.
#[derive(Clone, Copy)]
pub(in crate::compare::json) struct Site<'s> {
    pub rules: &'s Rules,
    pub keys: Option<&'s Keys>,
    pub here: Here<'s>,
    /// The rule for this array.
    pub rule: Option<&'s ArrayRule>,
}

/// What is told at the array itself.
#[derive(Clone, Copy, Debug)]
pub(in crate::compare::json) struct Note {
    pub kind: Kind,
    pub count: u64,
    /// What stands on each side; absent: the arrays.
    pub values: Option<[Option<Value>; 2]>,
}

/// What differs in two arrays.
#[derive(Debug, Default)]
pub(in crate::compare::json) struct Paired<'a> {
    pub tasks: Vec<Task<'a>>,
    pub notes: Vec<Note>,
    /// Whether the rule took a difference away.
    pub excused: bool,
}

/// Two arrays and what is needed to pair their elements.
pub(super) struct Work<'w, 's, 'a> {
    pub x: Listed<'s, 'a>,
    pub y: Listed<'s, 'a>,
    pub site: Site<'s>,
    pub fuel: &'w mut Fuel,
}

impl<'s, 'a> Work<'_, 's, 'a> {
    /// Both sides, nothing of which is hashed yet.
    pub(super) fn sides(&self) -> Sides<'s, 'a> {
        let seed = self.site.keys.map_or(0, |keys| keys.seed());
        let [a, b] = [self.x, self.y].map(|listed| {
            let place = (self.site.here, listed.values.len());
            let hasher = Hasher::new(listed.document, self.site.rules, seed, place);
            Side::new(hasher, listed.values)
        });
        Sides { a, b }
    }
}

/// Lists what differs; nothing where the fuel ran out.
pub(in crate::compare::json) fn pair<'a>(
    children: Children<'_, 'a>,
    site: Site<'_>,
    (x, y): (Value, Value),
) -> Option<Paired<'a>> {
    let pairing = site.rule.map_or(&Pairing::Auto, |rule| &rule.pairing);
    let long = |document: &Document<'_>, array| document.elements(array).nth(MOST).is_some();
    let too_long = || long(children.x, x) || long(children.y, y);
    if *pairing == Pairing::Index || (site.rule.is_none() && too_long()) {
        let (tasks, resized) = index::pair(children, x, y)?;
        let notes = resized.then(|| Note::of(Kind::ArrayLength)).into_iter().collect();
        return Some(Paired { tasks, notes, excused: false });
    }
    let xs = list(children.x, x, children.fuel)?;
    let ys = list(children.y, y, children.fuel)?;
    let matching = {
        let fuel = &mut *children.fuel;
        let x = Listed { document: children.x, values: &xs };
        let y = Listed { document: children.y, values: &ys };
        matching(&mut Work { x, y, site, fuel }, pairing)?
    };
    let is_set = matches!(pairing, Pairing::Set | Pairing::Multiset);
    let excused = is_set && matching.pairs.iter().any(|pair| pair.x != pair.y);
    let ordered = site.rule.is_some_and(|rule| rule.ordered);
    let moves = if ordered { Severity::Behavioural } else { Kind::Moved.severity() };
    let notes = notes(&matching);
    Some(Paired { tasks: matching.tasks(children, (&xs, &ys), moves)?, notes, excused })
}

fn list(document: &Document<'_>, array: Value, fuel: &mut Fuel) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    for value in document.elements(array) {
        fuel.node()?;
        values.push(value);
    }
    Some(values)
}

fn matching(work: &mut Work<'_, '_, '_>, pairing: &Pairing) -> Option<Matching> {
    match pairing {
        Pairing::Set => set::set(work),
        Pairing::Multiset => set::multiset(work),
        Pairing::Auto if in_step(work.x, work.y, work.fuel)? => Some(by_index(work)),
        Pairing::Auto | Pairing::Lcs | Pairing::Keyed(_) | Pairing::Index => {
            align::align(work, pairing)
        }
    }
}

fn by_index(work: &Work<'_, '_, '_>) -> Matching {
    let pairs = (0..work.x.values.len()).map(|index| (index, index)).collect();
    Matching { pairs: with_moves(pairs), ..Matching::default() }
}

fn notes(matching: &Matching) -> Vec<Note> {
    let mut notes = Vec::new();
    if matching.resized {
        notes.push(Note::of(Kind::ArrayLength));
    }
    if let Some(count) = matching.reordered {
        notes.push(Note { count, ..Note::of(Kind::Reordered) });
    }
    if matching.repeated.is_some() {
        notes.push(Note { values: matching.repeated, ..Note::of(Kind::DuplicateIdentity) });
    }
    notes
}

impl Note {
    fn of(kind: Kind) -> Self {
        Self { kind, count: 1, values: None }
    }
}
