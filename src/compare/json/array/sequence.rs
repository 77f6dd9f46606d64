//! Elements that nothing names, aligned as a sequence.
//!
//! What has one hash and kept its order is paired first; then what has one hash and has not; then,
//! between two that are paired, what has most in common; then, where as many are left on both sides,
//! those at one place.
//!
//! This module never takes time with the square of a length, but within bounds.

use super::children::{Common, are_others, cost};
use super::matching::with_moves;
use super::order::{Places, kept};
use super::side::Sides;
use crate::compare::fuel::Fuel;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::ops::Range;

/// Up to so many elements of both sides, no alignment leaves fewer unpaired.
const FEW: usize = 2_000;

/// With more elements on both sides, those between two that stand once on each side are paired by
/// their places.
const MOST: usize = 20_000;

/// Of larger gaps, product of the lengths of both sides, no two elements are looked at together.
pub(super) const MOST_COMPARED: usize = 4_096;

/// Pairs by place in `a` and `b`.
type Pairs = Vec<(usize, usize)>;

/// Aligns the sides. `rooted`: they have elements in common, so that the names which elements give
/// themselves are names on both sides.
pub(super) fn align(sides: &mut Sides<'_, '_>, rooted: bool, fuel: &mut Fuel) -> Pairs {
    let spine = spine(&sides.a.hashes, &sides.b.hashes, fuel);
    let rooted = rooted || !spine.is_empty();
    let mut partners = Partners::new(sides.lengths());
    spine.iter().for_each(|pair| partners.join(*pair));
    elsewhere(sides, &mut partners);
    for gap in gaps(&spine, sides.lengths()) {
        similar(sides, &gap, rooted, (&mut partners, fuel));
        alongside(sides, &gap, rooted, (&mut partners, fuel));
    }
    let pairs = partners.pairs();
    match by_index_is_nearer(sides, (&pairs, spine.len()), rooted, fuel) {
        true => (0..sides.a.values.len()).map(|at| (at, at)).collect(),
        false => pairs,
    }
}

/// Who belongs to whom so far.
struct Partners {
    of_a: Vec<Option<usize>>,
    taken_b: Vec<bool>,
}

impl Partners {
    fn new((n, m): (usize, usize)) -> Self {
        Self { of_a: vec![None; n], taken_b: vec![false; m] }
    }

    fn join(&mut self, (a, b): (usize, usize)) {
        if let (Some(partner), Some(taken)) = (self.of_a.get_mut(a), self.taken_b.get_mut(b)) {
            (*partner, *taken) = (Some(b), true);
        }
    }

    fn free_a(&self, range: Range<usize>) -> Vec<usize> {
        range.filter(|at| self.of_a.get(*at).is_some_and(Option::is_none)).collect()
    }

    fn free_b(&self, range: Range<usize>) -> Vec<usize> {
        range.filter(|at| self.taken_b.get(*at) == Some(&false)).collect()
    }

    fn pairs(&self) -> Pairs {
        let pairs = self.of_a.iter().enumerate();
        pairs.filter_map(|(a, partner)| Some((a, (*partner)?))).collect()
    }
}

/// Pairs that have kept their order. They have one hash, but where there are too many to align.
fn spine(a: &[u64], b: &[u64], fuel: &mut Fuel) -> Pairs {
    if a.len() + b.len() <= MOST {
        return aligned((a, 0), (b, 0), fuel);
    }
    let (in_a, in_b) = (Places::of(a), Places::of(b));
    let once = |(at, hash): (usize, &u64)| {
        in_a.only(*hash)?;
        Some((at, in_b.only(*hash)?))
    };
    let anchors: Pairs = a.iter().enumerate().filter_map(once).collect();
    let firm = kept(&anchors.iter().map(|anchor| anchor.1).collect::<Vec<_>>());
    let anchors: Pairs =
        anchors.into_iter().zip(firm).filter(|(_, firm)| *firm).map(|(anchor, _)| anchor).collect();
    let mut spine = anchors.clone();
    for (in_a, in_b) in gaps(&anchors, (a.len(), b.len())) {
        let (first_a, first_b) = (in_a.start, in_b.start);
        let (gap_a, gap_b) = (a.get(in_a).unwrap_or_default(), b.get(in_b).unwrap_or_default());
        spine.extend(aligned((gap_a, first_a), (gap_b, first_b), fuel));
    }
    spine.sort_unstable();
    spine
}

/// Pairs two runs that begin at these places. The work is paid for by its bound.
fn aligned((a, first_a): (&[u64], usize), (b, first_b): (&[u64], usize), fuel: &mut Fuel) -> Pairs {
    let length = a.len() + b.len();
    let (algorithm, share) = match length <= FEW {
        true => (Algorithm::RawMyers, 64),
        false => (Algorithm::Histogram, 256),
    };
    let work = (a.len() as u64 * b.len() as u64) / share + length as u64 / 8;
    if length > MOST || !fuel.afford(work) {
        return (0..a.len().min(b.len())).map(|at| (first_a + at, first_b + at)).collect();
    }
    let runs = capture_diff_slices(algorithm, a, b).into_iter().filter_map(|op| match op {
        DiffOp::Equal { old_index, new_index, len } => Some((old_index, new_index, len)),
        DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => None,
    });
    runs.flat_map(|(old, new, length)| {
        (0..length).map(move |at| (first_a + old + at, first_b + new + at))
    })
    .collect()
}

/// What lies between pairs that have kept their order.
fn gaps(spine: &[(usize, usize)], (n, m): (usize, usize)) -> Vec<(Range<usize>, Range<usize>)> {
    let mut gaps = Vec::new();
    let (mut next_a, mut next_b) = (0, 0);
    for &(a, b) in spine.iter().chain(&[(n, m)]) {
        if a > next_a || b > next_b {
            gaps.push((next_a..a, next_b..b));
        }
        (next_a, next_b) = (a + 1, b + 1);
    }
    gaps
}

/// Pairs what has one hash, wherever it stands.
fn elsewhere(sides: &Sides<'_, '_>, partners: &mut Partners) {
    let (n, m) = sides.lengths();
    let (free_a, free_b) = (partners.free_a(0..n), partners.free_b(0..m));
    let hashes: Vec<u64> = free_b.iter().filter_map(|at| sides.b.hash_at(*at)).collect();
    let mut places = Places::of(&hashes);
    for a in free_a {
        let place = sides.a.hash_at(a).and_then(|hash| places.take(hash));
        let b = place.and_then(|place| free_b.get(place));
        b.into_iter().for_each(|b| partners.join((a, *b)));
    }
}

/// Pairs the most alike in a gap, of those as alike the nearest.
fn similar(
    sides: &mut Sides<'_, '_>,
    (in_a, in_b): &(Range<usize>, Range<usize>),
    rooted: bool,
    (partners, fuel): (&mut Partners, &mut Fuel),
) {
    let (free_a, free_b) = (partners.free_a(in_a.clone()), partners.free_b(in_b.clone()));
    let pairs = free_a.len() * free_b.len();
    if pairs == 0 || pairs > MOST_COMPARED {
        return;
    }
    if !fuel.afford(sides.a.price_of(&free_a) + sides.b.price_of(&free_b)) {
        return;
    }
    let children_a: Vec<_> = free_a.iter().map(|at| sides.a.children(*at)).collect();
    let children_b: Vec<_> = free_b.iter().map(|at| sides.b.children(*at)).collect();
    let total = |all: &[Vec<_>]| all.iter().map(Vec::len).sum::<usize>();
    let work = total(&children_a) * free_b.len() + total(&children_b) * free_a.len();
    if !fuel.afford(work as u64 / 16) {
        return;
    }
    let mut found = Vec::new();
    for (rank_a, (&a, of_a)) in free_a.iter().zip(&children_a).enumerate() {
        for (rank_b, (&b, of_b)) in free_b.iter().zip(&children_b).enumerate() {
            let common = Common::of(of_a, of_b);
            let others = || rooted && common.differing() > 1 && are_others(sides, (a, b));
            if common.is_similar() && is_one_shape(sides, (a, b)) && !others() {
                found.push((common, rank_a.abs_diff(rank_b), (a, b)));
            }
        }
    }
    found.sort_by(|one, other| {
        other.0.compare(one.0).then(one.1.cmp(&other.1)).then(one.2.cmp(&other.2))
    });
    for (_, _, (a, b)) in found {
        let free = partners.of_a.get(a) == Some(&None) && partners.taken_b.get(b) == Some(&false);
        if free {
            partners.join((a, b));
        }
    }
}

fn is_one_shape(sides: &Sides<'_, '_>, (a, b): (usize, usize)) -> bool {
    let shape_a = sides.a.value(a).map(|value| sides.a.hasher.document.shape(value));
    shape_a == sides.b.value(b).map(|value| sides.b.hasher.document.shape(value))
}

/// Pairs what is left in a gap by place, where as many are left on both sides.
fn alongside(
    sides: &mut Sides<'_, '_>,
    (in_a, in_b): &(Range<usize>, Range<usize>),
    rooted: bool,
    (partners, fuel): (&mut Partners, &mut Fuel),
) {
    let (free_a, free_b) = (partners.free_a(in_a.clone()), partners.free_b(in_b.clone()));
    if free_a.is_empty() || free_a.len() != free_b.len() {
        return;
    }
    let looks = rooted && fuel.afford(sides.a.price_of(&free_a) + sides.b.price_of(&free_b));
    for pair in free_a.into_iter().zip(free_b) {
        if !(looks && are_others(sides, pair) && cost(sides, pair) > 1) {
            partners.join(pair);
        }
    }
}

/// Whether fewer differences are told if all are paired by index, or as many where not even half of
/// the elements were found again.
fn by_index_is_nearer(
    sides: &mut Sides<'_, '_>,
    (pairs, found): (&Pairs, usize),
    rooted: bool,
    fuel: &mut Fuel,
) -> bool {
    let (n, m) = sides.lengths();
    let straight = pairs.len() == n && pairs.iter().all(|(a, b)| a == b);
    if n != m || straight || !sides.afford(fuel) {
        return false;
    }
    let moved = with_moves(pairs.clone()).iter().filter(|pair| pair.moved).count();
    let unpaired = 2 * (n - pairs.len());
    let aligned =
        (moved + unpaired) as u64 + pairs.iter().map(|pair| cost(sides, *pair)).sum::<u64>();
    let mut by_index = 0;
    for at in 0..n {
        let cost = cost(sides, (at, at));
        let others = rooted && cost > 1 && are_others(sides, (at, at));
        by_index += cost + u64::from(others);
        if by_index > aligned {
            return false;
        }
    }
    by_index < aligned || 2 * found < n
}
