//! Arrays whose order says nothing.
//!
//! This module never looks at more than the hashes: what has one hash is paired, and compared by
//! whoever walks on. What a rule lets pass is paired with what is near it, and what is the same up to
//! renaming last.

use super::hash::Grain;
use super::matching::{Matching, Pair};
use super::order::Places;
use super::pair::Work;
use super::side::{Side, Sides};
use super::tolerated::{Tolerated, fit, order};
use crate::compare::fuel::Fuel;
use crate::compare::table::{Map, Set};
use std::cmp::Ordering::{self, Equal};
use std::cmp::Reverse;

/// The places of one hash on each side.
type Alike = (Vec<usize>, Vec<usize>);

/// Those of one hash are paired; of those that are left, one is told for all.
pub(super) fn multiset(work: &mut Work<'_, '_, '_>) -> Option<Matching> {
    let mut sides = hashed(work)?;
    let (n, m) = sides.lengths();
    let mut matching = Matching { resized: n != m, ..Matching::default() };
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

/// Pairs what is left up to renaming, and tells the rest.
fn finish(
    work: &mut Work<'_, '_, '_>,
    sides: &mut Sides<'_, '_>,
    mut left: Vec<Alike>,
    matching: &mut Matching,
) {
    matching.pairs.extend(renamed(work, sides, &left).into_iter().map(pair));
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

/// Pairs elements between which nothing differs but identifiers: those that stand there as often,
/// from the least to the greatest.
fn renamed(
    work: &mut Work<'_, '_, '_>,
    Sides { a, b }: &mut Sides<'_, '_>,
    left: &[Alike],
) -> Vec<(usize, usize)> {
    let xs: Vec<_> = left.iter().flat_map(|(xs, _)| xs.iter().copied()).collect();
    let ys: Vec<_> = left.iter().flat_map(|(_, ys)| ys.iter().copied()).collect();
    let price = a.price_of(&xs) + b.price_of(&ys);
    if !a.hasher.renames() || xs.is_empty() || ys.is_empty() || !work.fuel.afford(price) {
        return Vec::new();
    }
    let (xs, ys) = (by_count(a, xs), by_count(b, ys));
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
    let Sides { mut a, mut b } = work.sides();
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

/// The places of one hash in an order by which they fit together: first those that are near enough
/// to each other, then the others from the least to the greatest.
fn arranged(Sides { a, b }: &mut Sides<'_, '_>, (xs, ys): Alike, fuel: &mut Fuel) -> Alike {
    let price = a.price_of(&xs) + b.price_of(&ys);
    let is_plain = !a.hasher.has_rules() || xs.len().max(ys.len()) < 2;
    if is_plain || xs.is_empty() || ys.is_empty() || !fuel.afford(price) {
        return (xs, ys);
    }
    let (xs, ys) = (by_size(a, xs), by_size(b, ys));
    // In an order that does not depend on which side is which.
    let sizes = xs.iter().zip(&ys).map(|((_, one), (_, other))| order(one, other));
    let is_turned = xs.len().cmp(&ys.len()).then_with(|| sizes.fold(Equal, Ordering::then)).is_gt();
    let (one, other) = if is_turned { (ys, xs) } else { (xs, ys) };
    let (one, other) = near(one, other, fuel);
    if is_turned { (other, one) } else { (one, other) }
}

/// Those first that are near enough to each other, in pairs.
fn near(mut xs: Vec<Measured>, mut ys: Vec<Measured>, fuel: &mut Fuel) -> Alike {
    let mut same = Alike::default();
    if fuel.afford(xs.len() as u64 * ys.len() as u64) {
        xs.retain(|(x, tolerated)| {
            let Some(at) = ys.iter().position(|(_, other)| fit(tolerated, other)) else {
                return true;
            };
            same.0.push(*x);
            same.1.push(ys.remove(at).0);
            false
        });
    }
    let places = |rest: Vec<Measured>| rest.into_iter().map(|(place, _)| place);
    same.0.extend(places(xs));
    same.1.extend(places(ys));
    same
}

/// A place, with what is tolerated in the element that stands there.
type Measured = (usize, Vec<Tolerated>);

/// From the least to the greatest.
fn by_size(side: &mut Side<'_, '_>, places: Vec<usize>) -> Vec<Measured> {
    let mut sized: Vec<Measured> =
        places.into_iter().map(|place| (place, side.tolerated(place))).collect();
    sized.sort_by(|(_, one), (_, other)| order(one, other));
    sized
}

/// Those first that stand there most often, of these the least.
fn by_count(side: &mut Side<'_, '_>, mut places: Vec<usize>) -> Vec<usize> {
    let mut counts: Map<Option<u64>, usize> = Map::default();
    places.iter().for_each(|place| *counts.entry(side.hash_at(*place)).or_default() += 1);
    places.sort_unstable();
    let mut sized = by_size(side, places);
    let count = |place: &usize| counts.get(&side.hash_at(*place)).copied().map(Reverse);
    sized.sort_by_key(|(place, _)| count(place));
    sized.into_iter().map(|(place, _)| place).collect()
}
