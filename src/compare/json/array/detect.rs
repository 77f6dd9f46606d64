//! Which field names the elements of an array.
//!
//! Main types: [`Key`] and [`Detected`]. A field names them if every object holds a string or a
//! number under it, no two of a side the same one, and at least half of the elements are found on
//! the other side by it.
//!
//! This module never pairs anything.

use super::pair::Site;
use super::side::{Side, Sides};
use super::step::identity;
use crate::compare::fuel::Fuel;
use crate::compare::json::identity::IDENTITIES;
use crate::compare::json::task::Step;
use crate::compare::places::Here;
use crate::compare::table::Set;
use crate::syntax::json::{Shape, Text, Value};

/// So many fields are tried beside the [`IDENTITIES`].
const MOST_OTHERS: usize = 16;

/// The first of the [`IDENTITIES`] are for nothing but to name a thing: that one is repeated is
/// worth knowing.
const PROPER: usize = 4;

/// A field that names the elements.
pub(super) struct Key<'a> {
    pub field: Text<'a>,
    /// What each element is called; nothing for what is no object.
    pub a: Names,
    pub b: Names,
}

pub(super) type Names = Vec<Option<u64>>;

#[derive(Default)]
pub(super) struct Detected<'a> {
    pub key: Option<Key<'a>>,
    /// What should name one element and names several, on each side; only where there is no key.
    pub repeated: Option<[Option<Value>; 2]>,
    /// Whether no element of the one side has the name of one of the other: then no two are equal.
    pub are_strangers: bool,
}

/// Looks for the field, the one that was found there before first. `known` elements have been paired
/// at the ends.
pub(super) fn detect<'a>(
    sides: &mut Sides<'_, 'a>,
    site: &Site<'_>,
    known: usize,
    fuel: &mut Fuel,
) -> Detected<'a> {
    if !are_objects(&sides.a) || !are_objects(&sides.b) || !sides.afford(fuel) {
        return Detected::default();
    }
    let pattern = site.here.path.pattern();
    let before = site.keys.and_then(|keys| keys.field(&pattern));
    let detected = look(sides, site, known, before.as_deref());
    if let Some(keys) = site.keys {
        let found = detected.key.as_ref().map(|key| key.field.to_display());
        keys.found(&pattern, found.as_deref());
    }
    detected
}

/// Whether nine of ten are objects.
fn are_objects(side: &Side<'_, '_>) -> bool {
    let document = side.hasher.document;
    let objects = side.values.iter().filter(|value| document.shape(**value) == Shape::Object);
    objects.count() * 10 >= side.values.len() * 9
}

fn look<'a>(
    sides: &mut Sides<'_, 'a>,
    site: &Site<'_>,
    known: usize,
    before: Option<&str>,
) -> Detected<'a> {
    let mut fields = fields(&sides.a, site);
    let enough = |column: &Column<'a>, sides: &Sides<'_, '_>| {
        let most = sides.a.values.len().max(sides.b.values.len()) + known;
        (column.shared + known) * 2 >= most
    };
    let known_one = fields.iter().position(|field| Some(field.to_display().as_str()) == before);
    if let Some(at) = known_one {
        let columns = columns(sides, &[fields.remove(at)]);
        let mut named = columns.into_iter().filter(|one| one.is_unique() && enough(one, sides));
        if let Some(column) = named.next() {
            return Detected { key: Some(column.key), ..Detected::default() };
        }
    }
    fields.sort_by_key(|field| rank(*field).unwrap_or(usize::MAX));
    let telling = fields.partition_point(|field| rank(*field).is_some());
    let (telling, others) = fields.split_at(telling);
    let mut found = Search::default();
    found.search(sides, telling);
    if !found.is_named {
        found.search(sides, others.get(..MOST_OTHERS).unwrap_or(others));
    }
    // Under rules, what is equal may have names that are not compared.
    let are_strangers = known == 0 && found.strangers && site.rules.places.is_empty();
    let best = found.best.filter(|column| enough(column, sides));
    let repeated = found.repeated.filter(|_| best.is_none());
    Detected { key: best.map(|column| column.key), repeated, are_strangers }
}

/// So many fields are looked at in one pass over the elements.
const AT_ONCE: usize = 4;

/// What was found so far.
#[derive(Default)]
struct Search<'a> {
    /// The field by which most are found; of several, the first.
    best: Option<Column<'a>>,
    /// Whether a field names each element differently, however few are found by it.
    is_named: bool,
    /// Whether such a field finds none of all elements.
    strangers: bool,
    repeated: Option<[Option<Value>; 2]>,
}

impl<'a> Search<'a> {
    fn search(&mut self, sides: &mut Sides<'_, 'a>, fields: &[Text<'a>]) {
        for fields in fields.chunks(AT_ONCE) {
            for column in columns(sides, fields) {
                if !column.is_unique() {
                    self.repeated = self.repeated.or_else(|| repeated(sides, &column));
                    continue;
                }
                self.is_named = true;
                self.strangers |= column.shared == 0 && column.names_all();
                if self.best.as_ref().is_none_or(|best| column.shared > best.shared) {
                    self.best = Some(column);
                }
            }
        }
    }
}

/// Its place among the [`IDENTITIES`].
fn rank(field: Text<'_>) -> Option<usize> {
    identity(field)
}

/// The members of the first object by which the rules let an element be known.
fn fields<'a>(side: &Side<'_, 'a>, site: &Site<'_>) -> Vec<Text<'a>> {
    let document = side.hasher.document;
    let mut values = side.values.iter().enumerate();
    let first = values.find(|(_, value)| document.shape(**value) == Shape::Object);
    let Some((at, &object)) = first else { return Vec::new() };
    let mut path = site.here.path.clone();
    path.0.push(Step::Index(side.first + at).seg());
    let mut fields = Vec::new();
    for member in document.members(object).take(256) {
        let tells = matches!(document.shape(member.value), Shape::String | Shape::Number);
        if !tells || (fields.len() >= MOST_OTHERS * 2 && rank(member.key).is_none()) {
            continue;
        }
        path.0.push(Step::Key(member.key).seg());
        if stands(site, Here { path: &path, followed: &[], ..site.here }) {
            fields.push(member.key);
        }
        path.0.pop();
    }
    fields
}

/// Whether no rule lets a value here pass for another one. That it is not compared itself does not
/// keep it from being a name.
fn stands(site: &Site<'_>, here: Here<'_>) -> bool {
    let places = &site.rules.places;
    if places.is_empty() {
        return true;
    }
    let held = places.held(here);
    !held.lets_numbers_pass() && held.replace.is_empty()
}

/// A field that all objects of both sides hold a string or a number under.
struct Column<'a> {
    key: Key<'a>,
    /// How many names both sides have.
    shared: usize,
    /// Where a side first repeats a name.
    repeats: [Option<usize>; 2],
}

impl Column<'_> {
    fn is_unique(&self) -> bool {
        self.repeats == [None, None]
    }

    /// Whether there is no element but objects.
    fn names_all(&self) -> bool {
        self.key.a.iter().chain(&self.key.b).all(Option::is_some)
    }
}

fn columns<'a>(sides: &mut Sides<'_, 'a>, fields: &[Text<'a>]) -> Vec<Column<'a>> {
    let (all_a, all_b) = (names(&mut sides.a, fields), names(&mut sides.b, fields));
    let both = fields.iter().zip(all_a.into_iter().zip(all_b));
    both.filter_map(|(&field, (a, b))| {
        let key = Key { field, a: a?, b: b? };
        let (known, repeat_a) = seen(&key.a);
        let repeats = [repeat_a, repeat(&key.b)];
        // With a repetition it names nothing, whatever is shared.
        let shared = key.b.iter().flatten().filter(|name| known.contains(name)).count();
        Some(Column { key, shared, repeats })
    })
    .collect()
}

/// What each field calls the elements; nothing where it does not name one of the objects.
fn names(side: &mut Side<'_, '_>, fields: &[Text<'_>]) -> Vec<Option<Names>> {
    let mut all: Vec<Option<Names>> = vec![Some(Vec::new()); fields.len()];
    for &value in side.values {
        let is_object = side.hasher.document.shape(value) == Shape::Object;
        let row = row(side, value, fields);
        for (names, name) in all.iter_mut().zip(row) {
            match names {
                Some(names) if !is_object || name.is_some() => names.push(name),
                _ => *names = None,
            }
        }
    }
    all
}

/// What each field calls one element: its first member of that name, where several are.
fn row(side: &mut Side<'_, '_>, value: Value, fields: &[Text<'_>]) -> [Option<u64>; AT_ONCE] {
    let (mut row, mut seen) = ([None; AT_ONCE], 0);
    for member in side.hasher.document.members(value) {
        let Some(at) = fields.iter().position(|field| *field == member.key) else { continue };
        if let Some(name) = row.get_mut(at).filter(|name| name.is_none()) {
            *name = side.hasher.identity(member.value);
            seen += 1;
        }
        if seen >= fields.len() {
            break;
        }
    }
    row
}

/// Where a name stands that stood before.
pub(super) fn repeat(names: &[Option<u64>]) -> Option<usize> {
    seen(names).1
}

/// The names up to the first that stood before, and where that is.
fn seen(names: &[Option<u64>]) -> (Set<u64>, Option<usize>) {
    let mut seen = Set::with_capacity_and_hasher(names.len(), Default::default());
    let repeat = names.iter().position(|name| name.is_some_and(|name| !seen.insert(name)));
    (seen, repeat)
}

/// What a proper identity calls several.
fn repeated(sides: &Sides<'_, '_>, column: &Column<'_>) -> Option<[Option<Value>; 2]> {
    rank(column.key.field).filter(|rank| *rank < PROPER)?;
    let [at_a, at_b] = column.repeats;
    let value = |side: &Side<'_, '_>, at: Option<usize>| {
        let mut members = side.hasher.document.members(side.value(at?)?);
        members.find(|member| member.key == column.key.field).map(|member| member.value)
    };
    Some([value(&sides.a, at_a), value(&sides.b, at_b)])
}

const _: () = assert!(PROPER <= IDENTITIES);
