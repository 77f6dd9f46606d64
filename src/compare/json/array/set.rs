//! Arrays whose order says nothing.
//!
//! This module never looks at more than the hashes: what has one hash is paired, and compared by
//! whoever walks on. What is exactly the same is paired before what a rule may let pass for it, and
//! what is the same up to renaming last.

use super::hash::{Grain, Hasher};
use super::matching::{Matching, Pair};
use super::order::Places;
use super::pair::Work;
use super::side::{Side, Sides};
use crate::compare::fuel::Fuel;
use crate::compare::table::{Map, Set};
use crate::syntax::json::{Decimal, Shape};
use std::cmp::Ordering;

/// The places of one hash on each side.
type Alike = (Vec<usize>, Vec<usize>);

/// Those of one hash are paired; of those that are left, one is told for all.
pub(super) fn multiset(work: &mut Work<'_, '_, '_>) -> Option<Matching> {
    let mut sides = hashed(work)?;
    let mut matching = Matching { resized: is_resized(&sides), ..Matching::default() };
    let mut left = Vec::new();
    for group in grouped(&sides) {
        let (mut xs, mut ys) = arranged(&mut sides, group, work.fuel);
        let both = xs.len().min(ys.len());
        matching.pairs.extend(xs.drain(..both).zip(ys.drain(..both)).map(pair));
        left.push((xs, ys));
    }
    finish(work, &mut sides, left, &mut matching);
    Some(matching)
}

/// As if each element stood there once. Each of one hash is compared with one of the other side, so
/// that no two that differ count as one.
pub(super) fn set(work: &mut Work<'_, '_, '_>) -> Option<Matching> {
    let mut sides = hashed(work)?;
    let mut matching = Matching::default();
    let mut left = Vec::new();
    for group in grouped(&sides) {
        let (xs, ys) = arranged(&mut sides, group, work.fuel);
        let or_last = |places: &[usize], at: usize| places.get(at).or(places.last()).copied();
        let pairs = (0..xs.len().max(ys.len()))
            .filter_map(|at| or_last(&xs, at).zip(or_last(&ys, at)))
            .map(pair);
        matching.pairs.extend(pairs);
        if xs.is_empty() || ys.is_empty() {
            left.push((xs, ys));
        }
    }
    finish(work, &mut sides, left, &mut matching);
    matching.resized = matching.removed.len() != matching.added.len();
    Some(matching)
}

fn is_resized(sides: &Sides<'_, '_>) -> bool {
    let (n, m) = sides.lengths();
    n != m
}

/// Pairs what is left up to renaming, and tells the rest.
fn finish(
    work: &mut Work<'_, '_, '_>,
    sides: &mut Sides<'_, '_>,
    mut left: Vec<Alike>,
    matching: &mut Matching,
) {
    for renamed in renamed(work, sides, &left) {
        matching.pairs.push(pair(renamed));
    }
    let taken_x: Set<_> = matching.pairs.iter().map(|pair| pair.x).collect();
    let taken_y: Set<_> = matching.pairs.iter().map(|pair| pair.y).collect();
    for (xs, ys) in &mut left {
        xs.retain(|x| !taken_x.contains(x));
        ys.retain(|y| !taken_y.contains(y));
        matching.removed.extend(first(xs));
        matching.untold.extend(xs.iter().skip(1));
        matching.added.extend(first(ys));
    }
    matching.removed.sort_unstable();
    matching.added.sort_unstable();
    matching.untold.sort_unstable();
}

/// Pairs elements between which nothing differs but identifiers, in their order.
fn renamed(
    work: &mut Work<'_, '_, '_>,
    Sides { a, b }: &mut Sides<'_, '_>,
    left: &[Alike],
) -> Vec<(usize, usize)> {
    let mut xs: Vec<_> = left.iter().flat_map(|(xs, _)| xs.iter().copied()).collect();
    let mut ys: Vec<_> = left.iter().flat_map(|(_, ys)| ys.iter().copied()).collect();
    let price = a.price_of(&xs) + b.price_of(&ys);
    if !a.hasher.renames() || xs.is_empty() || ys.is_empty() || !work.fuel.afford(price) {
        return Vec::new();
    }
    xs.sort_unstable();
    ys.sort_unstable();
    let hashes = a.hashes_by(Grain::Renamed, xs.iter().copied());
    let mut places = Places::of(&b.hashes_by(Grain::Renamed, ys.iter().copied()));
    let partner = |(x, hash): (&usize, u64)| Some((*x, *ys.get(places.take(hash)?)?));
    xs.iter().zip(hashes).filter_map(partner).collect()
}

fn pair((x, y): (usize, usize)) -> Pair {
    Pair { x, y, moved: false }
}

/// The first of these places, and how many there are.
fn first(places: &[usize]) -> Option<(usize, u64)> {
    Some((*places.first()?, places.len() as u64))
}

fn hashed<'s, 'a>(work: &mut Work<'_, 's, 'a>) -> Option<Sides<'s, 'a>> {
    let seed = work.site.keys.map_or(0, |keys| keys.seed());
    let [mut a, mut b] = [work.x, work.y].map(|listed| {
        let place = (work.site.here, listed.values.len());
        Side::new(Hasher::new(listed.document, work.site.rules, seed, place), listed.values, 0)
    });
    for side in [&mut a, &mut b] {
        work.fuel.spend(side.hasher.price(side.bytes()))?;
        side.hash();
    }
    Some(Sides { a, b })
}

/// The places of each hash, both in rising order.
fn grouped(sides: &Sides<'_, '_>) -> Vec<Alike> {
    let mut alike: Map<u64, Alike> = Map::default();
    for (place, hash) in sides.a.hashes.iter().enumerate() {
        alike.entry(*hash).or_default().0.push(place);
    }
    for (place, hash) in sides.b.hashes.iter().enumerate() {
        alike.entry(*hash).or_default().1.push(place);
    }
    alike.into_values().collect()
}

/// The places of one hash in an order by which they fit together: first those that are exactly the
/// same, then the others from the least to the greatest.
fn arranged(sides: &mut Sides<'_, '_>, (xs, ys): Alike, fuel: &mut Fuel) -> Alike {
    let is_plain = !sides.a.hasher.has_rules() || xs.len().max(ys.len()) < 2;
    let Sides { a, b } = sides;
    let price = a.price_of(&xs) + b.price_of(&ys);
    if is_plain || xs.is_empty() || ys.is_empty() || !fuel.afford(price) {
        return (xs, ys);
    }
    let hashes = a.hashes_by(Grain::Exact, xs.iter().copied());
    let mut places = Places::of(&b.hashes_by(Grain::Exact, ys.iter().copied()));
    let (mut same, mut rest) = (Alike::default(), Alike::default());
    let mut taken = Set::default();
    for (x, hash) in xs.into_iter().zip(hashes) {
        match places.take(hash).and_then(|at| Some((at, *ys.get(at)?))) {
            Some((at, y)) => {
                taken.insert(at);
                same.0.push(x);
                same.1.push(y);
            }
            None => rest.0.push(x),
        }
    }
    rest.1.extend(ys.into_iter().enumerate().filter(|(at, _)| !taken.contains(at)).map(|(_, y)| y));
    rest.0.sort_by(|one, other| by_size(a, *one, *other));
    rest.1.sort_by(|one, other| by_size(b, *one, *other));
    (same.0.into_iter().chain(rest.0).collect(), same.1.into_iter().chain(rest.1).collect())
}

/// Numbers by their size, all else by its text.
fn by_size(side: &Side<'_, '_>, one: usize, other: usize) -> Ordering {
    let (Some(one), Some(other)) = (side.value(one), side.value(other)) else {
        return Ordering::Equal;
    };
    let document = side.hasher.document;
    let (x, y) = (document.raw(one), document.raw(other));
    let are_numbers = [one, other].map(|value| document.shape(value)) == [Shape::Number; 2];
    let order = are_numbers.then(|| Decimal::new(x).order(&Decimal::new(y))).flatten();
    order.unwrap_or_else(|| x.cmp(y))
}
