//! Arrays whose order says nothing.
//!
//! This module never looks at more than the hashes: what has one hash is paired, and compared by
//! whoever walks on.

use super::hash::Hasher;
use super::matching::{Matching, Pair};
use super::pair::Work;
use super::side::Side;
use crate::compare::table::Map;

/// The places of one hash on each side.
type Alike = (Vec<usize>, Vec<usize>);

/// Those of one hash are paired in their order; of those that are left, one is told for all.
pub(super) fn multiset(work: &mut Work<'_, '_, '_>) -> Option<Matching> {
    let (x, y) = hashed(work)?;
    let mut matching = Matching { resized: x.len() != y.len(), ..Matching::default() };
    for (xs, ys) in grouped(&x, &y) {
        matching.pairs.extend(xs.iter().zip(&ys).map(|(&x, &y)| pair(x, y)));
        let both = xs.len().min(ys.len());
        matching.removed.extend(first(&xs, both));
        matching.added.extend(first(&ys, both));
    }
    matching.removed.sort_unstable();
    matching.added.sort_unstable();
    Some(matching)
}

/// As if each element stood there once. Each of one hash is compared with one of the other side, so
/// that no two that differ count as one.
pub(super) fn set(work: &mut Work<'_, '_, '_>) -> Option<Matching> {
    let (x, y) = hashed(work)?;
    let mut matching = Matching::default();
    for (xs, ys) in grouped(&x, &y) {
        let or_last = |places: &[usize], at: usize| places.get(at).or(places.last()).copied();
        let pairs = (0..xs.len().max(ys.len()))
            .filter_map(|at| or_last(&xs, at).zip(or_last(&ys, at)))
            .map(|(x, y)| pair(x, y));
        matching.pairs.extend(pairs);
        if ys.is_empty() {
            matching.removed.extend(first(&xs, 0));
        }
        if xs.is_empty() {
            matching.added.extend(first(&ys, 0));
        }
    }
    matching.resized = matching.removed.len() != matching.added.len();
    matching.removed.sort_unstable();
    matching.added.sort_unstable();
    Some(matching)
}

fn pair(x: usize, y: usize) -> Pair {
    Pair { x, y, moved: false }
}

/// The first place behind so many, and how many there are from there on.
fn first(places: &[usize], skipped: usize) -> Option<(usize, u64)> {
    let rest = places.get(skipped..)?;
    Some((*rest.first()?, rest.len() as u64))
}

fn hashed(work: &mut Work<'_, '_, '_>) -> Option<(Vec<u64>, Vec<u64>)> {
    let seed = work.site.keys.map_or(0, |keys| keys.seed());
    let mut sides = [work.x, work.y].map(|listed| {
        let place = (work.site.here, listed.values.len());
        Side::new(Hasher::new(listed.document, work.site.rules, seed, place), listed.values, 0)
    });
    for side in &mut sides {
        work.fuel.spend(side.hasher.price(side.bytes()))?;
        side.hash();
    }
    let [x, y] = sides;
    Some((x.hashes, y.hashes))
}

/// The places of each hash, both in rising order.
fn grouped(x: &[u64], y: &[u64]) -> Vec<Alike> {
    let mut alike: Map<u64, Alike> = Map::default();
    for (place, hash) in x.iter().enumerate() {
        alike.entry(*hash).or_default().0.push(place);
    }
    for (place, hash) in y.iter().enumerate() {
        alike.entry(*hash).or_default().1.push(place);
    }
    alike.into_values().collect()
}
