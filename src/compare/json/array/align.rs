//! The alignment of two arrays: equal ends, a mere change of order, a join by a key, or a sequence.
//!
//! This module never depends on which side is the primary's: from the ends on, the sides go by what
//! is in them.

use super::detect::Detected;
use super::hash::Grain;
use super::matching::{Matching, Pair, with_moves};
use super::order::{kept, permutation};
use super::pair::Work;
use super::side::{Side, Sides};
use super::{detect, join, sequence};
use crate::compare::ends::ends;
use crate::compare::fuel::Fuel;
use crate::config::Pairing;
use crate::syntax::json::Shape;
use std::cmp::Ordering;
use std::mem::swap;

/// Lists which elements belong together; nothing where the fuel ran out.
pub(super) fn align(work: &mut Work<'_, '_, '_>, pairing: &Pairing) -> Option<Matching> {
    let lengths = (work.x.values.len(), work.y.values.len());
    let mut matching = Matching { resized: lengths.0 != lengths.1, ..Matching::default() };
    let (head, tail) = equal_ends(work)?;
    let ends = (lengths.0 - tail, lengths.1 - tail);
    if head < ends.0 && head < ends.1 {
        middle(work, pairing, (head, tail), &mut matching)?;
    }
    matching.add_rest(head, ends);
    Some(matching)
}

/// How many elements at the start and at the end are of the same text.
fn equal_ends(work: &mut Work<'_, '_, '_>) -> Option<(usize, usize)> {
    let (x, y) = (work.x, work.y);
    let mut equal = |one, other| {
        let (one, other) = (x.document.raw(one), y.document.raw(other));
        if one.len() == other.len() {
            work.fuel.bytes(one.len())?;
        }
        Some(one == other)
    };
    let mut head = 0;
    for (&one, &other) in x.values.iter().zip(y.values) {
        if !equal(one, other)? {
            break;
        }
        head += 1;
    }
    let most = x.values.len().min(y.values.len()) - head;
    let mut tail = 0;
    for (&one, &other) in x.values.iter().rev().zip(y.values.iter().rev()).take(most) {
        if !equal(one, other)? {
            break;
        }
        tail += 1;
    }
    Some((head, tail))
}

/// Pairs what lies between the ends of equal text; neither side is empty there.
fn middle(
    work: &mut Work<'_, '_, '_>,
    pairing: &Pairing,
    (head, tail): (usize, usize),
    matching: &mut Matching,
) -> Option<()> {
    let mut sides = work.sides();
    sides.a.trim(head, tail);
    sides.b.trim(head, tail);
    if is_plain(&sides) && !matches!(pairing, Pairing::Keyed(_)) {
        matching.pairs = by_place(&sides);
        return Some(());
    }
    let turned = turn(&mut sides, work.fuel);
    let pairs = match (pairing, turned) {
        (Pairing::Keyed(fields), _) => {
            let (a, b) = (&sides.a, &sides.b);
            work.fuel.spend(a.hasher.price(a.bytes()) + b.hasher.price(b.bytes()))?;
            let joined = join::by_fields(&mut sides, fields, work.fuel);
            matching.repeated = joined.repeated;
            sides.absolute(with_moves(joined.pairs))
        }
        (_, Some(_)) => found(work, pairing, &mut sides, (head + tail, &mut *matching)),
        (_, None) => by_place(&sides),
    };
    let turned = turned.unwrap_or(false);
    let flipped = |pair: Pair| Pair { x: pair.y, y: pair.x, ..pair };
    matching.pairs =
        pairs.into_iter().map(|pair| if turned { flipped(pair) } else { pair }).collect();
    if turned && let Some(sides) = &mut matching.repeated {
        sides.reverse();
    }
    Some(())
}

fn by_place(sides: &Sides<'_, '_>) -> Vec<Pair> {
    let (n, m) = sides.lengths();
    sides.absolute(with_moves((0..n.min(m)).map(|at| (at, at)).collect()))
}

/// Whether there is one element on each side, and they are not two objects: nothing is to be found
/// out about them, at whatever depth.
fn is_plain(sides: &Sides<'_, '_>) -> bool {
    let is_object = |side: &Side<'_, '_>| {
        side.value(0).is_some_and(|value| side.hasher.document.shape(value) == Shape::Object)
    };
    sides.lengths() == (1, 1) && !(is_object(&sides.a) && is_object(&sides.b))
}

/// Cuts equal hashes off both ends, and pairs them.
fn trim(sides: &mut Sides<'_, '_>) -> Vec<Pair> {
    let Sides { a, b } = sides;
    let (head, tail) = ends(&a.hashes, &b.hashes);
    let (ends_a, ends_b) = (a.first + a.values.len(), b.first + b.values.len());
    let heads = (0..head).map(|at| (a.first + at, b.first + at));
    let tails = (1..=tail).rev().map(|at| (ends_a - at, ends_b - at));
    let pairs = heads.chain(tails).map(|(x, y)| Pair { x, y, moved: false }).collect();
    a.trim(head, tail);
    b.trim(head, tail);
    pairs
}

/// Brings the sides into an order of their own, and says whether they were turned for that: the
/// shorter one first, then the one whose first element comes first by a hash that is the same in
/// every process. Nothing where that would take too much of the fuel.
fn turn(sides: &mut Sides<'_, '_>, fuel: &mut Fuel) -> Option<bool> {
    let Sides { a, b } = sides;
    let lengths = a.values.len().cmp(&b.values.len());
    let order = match lengths {
        Ordering::Equal if !fuel.afford(a.price_of(&[0]) + b.price_of(&[0])) => return None,
        Ordering::Equal => mark(a).cmp(&mark(b)),
        unequal => unequal,
    };
    if order == Ordering::Greater {
        swap(a, b);
    }
    Some(order == Ordering::Greater)
}

/// What a side begins with, by its hash and its text.
fn mark<'a>(side: &mut Side<'_, 'a>) -> Option<(u64, &'a [u8])> {
    let value = side.value(0)?;
    Some((side.hasher.mark(side.first, value), side.hasher.document.raw(value)))
}

/// Pairs by what is found out about the elements, `known` of which have been paired at the ends: by
/// a field that names them, else by their hashes.
fn found(
    work: &mut Work<'_, '_, '_>,
    pairing: &Pairing,
    sides: &mut Sides<'_, '_>,
    (known, matching): (usize, &mut Matching),
) -> Vec<Pair> {
    let detected = match pairing {
        Pairing::Auto => detect::detect(sides, &work.site, known, work.fuel),
        _ => Detected::default(),
    };
    if let Some(key) = detected.key {
        let pairs = with_moves(join::by_key(sides, &key, work.fuel));
        let pairs = as_reordered(sides, pairs, (work.fuel, matching));
        return sides.absolute(pairs);
    }
    let (n, m) = sides.lengths();
    if (detected.are_strangers && n * m > sequence::MOST_COMPARED) || !sides.afford(work.fuel) {
        return by_place(sides);
    }
    if sides.a.hasher.has_rules()
        && let Some(places) = order_by(Grain::Exact, sides, work.fuel)
    {
        return sides.absolute(put_in_order(places, matching));
    }
    sides.a.hash();
    sides.b.hash();
    let mut pairs = trim(sides);
    let known = known + pairs.len();
    let mut places = permutation(&sides.a.hashes, &sides.b.hashes);
    if sides.a.hasher.renames() {
        places = places.or_else(|| order_by(Grain::Renamed, sides, work.fuel));
    }
    let rest = match places {
        Some(places) => put_in_order(places, matching),
        None => {
            matching.repeated = detected.repeated;
            with_moves(sequence::align(sides, known > 0, work.fuel))
        }
    };
    pairs.extend(sides.absolute(rest));
    pairs
}

/// Where the elements of `a` stand in `b`, if all do by this grain.
fn order_by(grain: Grain, sides: &mut Sides<'_, '_>, fuel: &mut Fuel) -> Option<Vec<usize>> {
    let (n, m) = sides.lengths();
    let [a, b] = if n == m { sides.hashes_by(grain, fuel)? } else { return None };
    permutation(&a, &b)
}

/// Pairs for the same elements in another order, which is told as one.
fn put_in_order(places: Vec<usize>, matching: &mut Matching) -> Vec<Pair> {
    let moved = kept(&places).into_iter().filter(|kept| !kept).count() as u64;
    matching.reordered = Some(moved).filter(|moved| *moved > 0);
    let pairs = places.into_iter().enumerate();
    pairs.map(|(x, y)| Pair { x, y, moved: false }).collect()
}

/// Where all that has moved is all that differs, that is told as one.
fn as_reordered(
    sides: &mut Sides<'_, '_>,
    mut pairs: Vec<Pair>,
    (fuel, matching): (&mut Fuel, &mut Matching),
) -> Vec<Pair> {
    let (n, m) = sides.lengths();
    let moved = pairs.iter().filter(|pair| pair.moved).count() as u64;
    let are_all = pairs.len() == n && n == m;
    if moved > 0 && are_all && sides.afford(fuel) && pairs.iter().all(|pair| sides.are_equal(*pair))
    {
        matching.reordered = Some(moved);
        pairs.iter_mut().for_each(|pair| pair.moved = false);
    }
    pairs
}
