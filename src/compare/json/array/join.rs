//! Elements that are joined by what they are called.
//!
//! This module never decides which field calls them so.

use super::detect::{Key, Names, repeat};
use super::matching::with_moves;
use super::order::Places;
use super::side::{Side, Sides};
use crate::compare::class::of_text;
use crate::compare::fuel::Fuel;
use crate::compare::rename::renamable;
use crate::compare::table::{Map, Set};
use crate::syntax::json::{Shape, Text, Value};

/// Pairs by place in `a` and `b`.
type Pairs = Vec<(usize, usize)>;

/// What a rule's fields have joined.
pub(super) struct Joined {
    pub pairs: Pairs,
    /// The first of the fields where it is repeated, on each side.
    pub repeated: Option<[Option<Value>; 2]>,
}

/// Joins by all of these fields together. What lacks one is joined with its equal; what several are
/// called, in their order. Identifiers may be called otherwise on the other side.
pub(super) fn by_fields(sides: &mut Sides<'_, '_>, fields: &[String], fuel: &mut Fuel) -> Joined {
    let (names_a, names_b) = (composite(&mut sides.a, fields), composite(&mut sides.b, fields));
    let repeats = [(&sides.a, repeat(&names_a)), (&sides.b, repeat(&names_b))];
    let is_repeated = repeats.iter().any(|(_, at)| at.is_some());
    let value = |(side, at): (&Side<'_, '_>, Option<usize>)| member(side, at?, fields.first()?);
    let values = repeats.map(value);
    let mut pairs = joined(sides, &names_a, &names_b);
    if sides.a.hasher.renames() {
        let names: Vec<_> =
            fields.iter().map(|field| sides.a.hasher.called(field.as_bytes())).collect();
        let are_identifiers = |side: &Side<'_, '_>, at: usize| {
            fields.iter().all(|field| is_identifier(side, at, field))
        };
        let renamed = renamed(sides, (&pairs, &names), fuel, are_identifiers);
        pairs.extend(renamed);
    }
    Joined { pairs, repeated: is_repeated.then_some(values) }
}

fn composite(side: &mut Side<'_, '_>, fields: &[String]) -> Names {
    let mut all = Vec::with_capacity(side.values.len());
    for at in 0..side.values.len() {
        let mut whole = Some(0);
        for field in fields {
            let name = member(side, at, field).and_then(|value| side.hasher.identity(value));
            whole = whole.zip(name).map(|(whole, name)| side.hasher.mix(whole, name));
        }
        all.push(whole);
    }
    all
}

/// The last member of a name in the object at a place.
fn member(side: &Side<'_, '_>, at: usize, field: &str) -> Option<Value> {
    let members = side.hasher.document.members(side.value(at)?);
    let found = members.filter(|member| is_called(member.key, field)).last();
    found.map(|member| member.value)
}

fn is_identifier(side: &Side<'_, '_>, at: usize, field: &str) -> bool {
    let document = side.hasher.document;
    let is_one = |value: Value| {
        let text = document.string(value).canonical();
        document.shape(value) == Shape::String && renamable(Some(field), of_text(&text), &text)
    };
    member(side, at, field).is_some_and(is_one)
}

fn is_called(key: Text<'_>, field: &str) -> bool {
    key.raw() == field.as_bytes() || key.canonical() == field.as_bytes()
}

/// Pairs those of one name in their order; what has no name is known by its hash.
fn joined(sides: &mut Sides<'_, '_>, names_a: &Names, names_b: &Names) -> Pairs {
    let mut places = Places::of(&called(&mut sides.b, names_b));
    let partner = |(at, name): (usize, u64)| Some((at, places.take(name)?));
    called(&mut sides.a, names_a).into_iter().enumerate().filter_map(partner).collect()
}

fn called(side: &mut Side<'_, '_>, names: &Names) -> Vec<u64> {
    let elements = names.iter().zip(side.values).enumerate();
    let hasher = &mut side.hasher;
    let called = |(at, (name, &value)): (usize, (&Option<u64>, &Value))| {
        name.unwrap_or_else(|| hasher.element(side.first + at, value))
    };
    elements.map(called).collect()
}

/// Joins by the field that was found to name the elements; then those whose name alone differs.
pub(super) fn by_key(sides: &mut Sides<'_, '_>, key: &Key<'_>, fuel: &mut Fuel) -> Pairs {
    let mut pairs = joined(sides, &key.a, &key.b);
    let name = sides.a.hasher.key(key.field);
    let renamed = renamed(sides, (&pairs, &[name]), fuel, |_, _| true);
    pairs.extend(renamed);
    pairs
}

/// Of the elements that are not joined, two between the same neighbours of which nothing but the
/// names differs are one element with another name, if it may have one.
fn renamed(
    sides: &mut Sides<'_, '_>,
    (pairs, names): (&Pairs, &[u64]),
    fuel: &mut Fuel,
    may_be: impl Fn(&Side<'_, '_>, usize) -> bool,
) -> Pairs {
    let left = |side: &Side<'_, '_>, taken: &Set<usize>| -> Vec<usize> {
        let all = 0..side.values.len();
        all.filter(|at| !taken.contains(at) && may_be(side, *at)).collect()
    };
    let left_a = left(&sides.a, &pairs.iter().map(|pair| pair.0).collect());
    let left_b = left(&sides.b, &pairs.iter().map(|pair| pair.1).collect());
    let price = sides.a.price_of(&left_a) + sides.b.price_of(&left_b);
    if left_a.is_empty() || left_b.is_empty() || !fuel.afford(price) {
        return Vec::new();
    }
    let kept: Pairs = with_moves(pairs.clone())
        .into_iter()
        .filter(|pair| !pair.moved)
        .map(|pair| (pair.x, pair.y))
        .collect();
    let mut places: Map<(usize, u64), Vec<usize>> = Map::default();
    for at in left_b.into_iter().rev() {
        if let Some(rest) = without(&mut sides.b, at, names) {
            let gap = kept.partition_point(|pair| pair.1 < at);
            places.entry((gap, rest)).or_default().push(at);
        }
    }
    let partner = |at: usize| {
        let gap = kept.partition_point(|pair| pair.0 < at);
        let rest = without(&mut sides.a, at, names)?;
        Some((at, places.get_mut(&(gap, rest))?.pop()?))
    };
    left_a.into_iter().filter_map(partner).collect()
}

/// The hash of all that an object holds but for what it is called.
fn without(side: &mut Side<'_, '_>, at: usize, names: &[u64]) -> Option<u64> {
    let value = side.value(at)?;
    if side.hasher.document.shape(value) != Shape::Object {
        return None;
    }
    let children = side.children(at);
    let rest = children.iter().filter(|child| !names.contains(&child.name));
    let sum = rest.clone().fold(0, |sum: u64, child| sum.wrapping_add(child.hash));
    Some(side.hasher.mix(rest.count() as u64, sum))
}
