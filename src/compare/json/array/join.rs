//! Elements that are joined by what they are called.
//!
//! This module never decides which field calls them so.

use super::detect::{Key, Names, repeat};
use super::matching::with_moves;
use super::order::Places;
use super::side::{Side, Sides};
use crate::compare::fuel::Fuel;
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
/// called, in their order.
pub(super) fn by_fields(sides: &mut Sides<'_, '_>, fields: &[String]) -> Joined {
    let (names_a, names_b) = (composite(&mut sides.a, fields), composite(&mut sides.b, fields));
    let repeats = [(&sides.a, repeat(&names_a)), (&sides.b, repeat(&names_b))];
    let is_repeated = repeats.iter().any(|(_, at)| at.is_some());
    let value = |(side, at): (&Side<'_, '_>, Option<usize>)| member(side, at?, fields.first()?);
    let values = repeats.map(value);
    let pairs = joined(sides, &names_a, &names_b);
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

/// Joins by the field that was found to name the elements. Of those that are left, two between the
/// same neighbours of which nothing but the name differs are one element with another name.
pub(super) fn by_key(sides: &mut Sides<'_, '_>, key: &Key<'_>, fuel: &mut Fuel) -> Pairs {
    let mut pairs = joined(sides, &key.a, &key.b);
    let left = |length: usize, taken: &Set<usize>| -> Vec<usize> {
        (0..length).filter(|at| !taken.contains(at)).collect()
    };
    let left_a = left(sides.a.values.len(), &pairs.iter().map(|pair| pair.0).collect());
    let left_b = left(sides.b.values.len(), &pairs.iter().map(|pair| pair.1).collect());
    let price = sides.a.price_of(&left_a) + sides.b.price_of(&left_b);
    if left_a.is_empty() || left_b.is_empty() || !fuel.afford(price) {
        return pairs;
    }
    let kept: Pairs = with_moves(pairs.clone())
        .into_iter()
        .filter(|pair| !pair.moved)
        .map(|pair| (pair.x, pair.y))
        .collect();
    let name = sides.a.hasher.key(key.field);
    let mut places: Map<(usize, u64), Vec<usize>> = Map::default();
    for at in left_b.into_iter().rev() {
        if let Some(rest) = without(&mut sides.b, at, name) {
            let gap = kept.partition_point(|pair| pair.1 < at);
            places.entry((gap, rest)).or_default().push(at);
        }
    }
    for at in left_a {
        let gap = kept.partition_point(|pair| pair.0 < at);
        let rest = without(&mut sides.a, at, name);
        let partner = rest.and_then(|rest| places.get_mut(&(gap, rest))?.pop());
        pairs.extend(partner.map(|partner| (at, partner)));
    }
    pairs
}

/// The hash of all that an object holds but for what it is called.
fn without(side: &mut Side<'_, '_>, at: usize, name: u64) -> Option<u64> {
    let value = side.value(at)?;
    if side.hasher.document.shape(value) != Shape::Object {
        return None;
    }
    let children = side.children(at);
    let rest = children.iter().filter(|child| child.name != name);
    let sum = rest.clone().fold(0, |sum: u64, child| sum.wrapping_add(child.hash));
    Some(side.hasher.mix(rest.count() as u64, sum))
}
