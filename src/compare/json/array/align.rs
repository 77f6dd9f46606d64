//! The alignment of two arrays: equal ends, a mere change of order, a join by a key, or a sequence.
//!
//! This module never depends on which side is the primary's: from the ends on, the sides go by what
//! is in them.

use super::hash::Hasher;
use super::matching::{Matching, Pair, with_moves};
use super::order::{kept, permutation};
use super::pair::Work;
use super::side::{Side, Sides};
use super::{detect, join, sequence};
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
    let mut sides = sides(work, (head, tail));
    let price = |side: &Side<'_, '_>| side.hasher.price(side.bytes());
    if matches!(pairing, Pairing::Keyed(_)) {
        work.fuel.spend(price(&sides.a) + price(&sides.b))?;
    } else if is_plain(&sides) || !sides.afford(work.fuel) {
        let (n, m) = sides.lengths();
        matching.pairs = with_moves((0..n.min(m)).map(|at| (head + at, head + at)).collect());
        return Some(());
    }
    sides.a.hash();
    sides.b.hash();
    let mut pairs = trim(&mut sides);
    let known = head + tail + pairs.len();
    let turned = turn(&mut sides);
    let found = rest(work, pairing, &mut sides, known, matching)?;
    let (first_a, first_b) = (sides.a.first, sides.b.first);
    pairs.extend(found.into_iter().map(|pair| match turned {
        true => Pair { x: first_b + pair.y, y: first_a + pair.x, ..pair },
        false => Pair { x: first_a + pair.x, y: first_b + pair.y, ..pair },
    }));
    matching.pairs = pairs;
    if turned && let Some(sides) = &mut matching.repeated {
        sides.reverse();
    }
    Some(())
}

fn sides<'s, 'a>(work: &Work<'_, 's, 'a>, (head, tail): (usize, usize)) -> Sides<'s, 'a> {
    let seed = work.site.keys.map_or(0, |keys| keys.seed());
    let [a, b] = [work.x, work.y].map(|listed| {
        let place = (work.site.here, listed.values.len());
        let hasher = Hasher::new(listed.document, work.site.rules, seed, place);
        let mut side = Side::new(hasher, listed.values, 0);
        side.trim(head, tail);
        side
    });
    Sides { a, b }
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
    let equal = |(one, other): &(&u64, &u64)| one == other;
    let head = a.hashes.iter().zip(&b.hashes).take_while(equal).count();
    let most = a.hashes.len().min(b.hashes.len()) - head;
    let ends = a.hashes.iter().rev().zip(b.hashes.iter().rev()).take(most);
    let tail = ends.take_while(equal).count();
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
/// every process.
fn turn(sides: &mut Sides<'_, '_>) -> bool {
    let Sides { a, b } = sides;
    let lengths = a.values.len().cmp(&b.values.len());
    let turned = lengths.then_with(|| mark(a).cmp(&mark(b))) == Ordering::Greater;
    if turned {
        swap(a, b);
    }
    turned
}

/// What a side begins with, by its hash and its text.
fn mark<'a>(side: &mut Side<'_, 'a>) -> Option<(u64, &'a [u8])> {
    let value = side.value(0)?;
    Some((side.hasher.mark(side.first, value), side.hasher.document.raw(value)))
}

/// Pairs what lies between the ends of equal hashes, by place in `a` and `b`.
fn rest(
    work: &mut Work<'_, '_, '_>,
    pairing: &Pairing,
    sides: &mut Sides<'_, '_>,
    known: usize,
    matching: &mut Matching,
) -> Option<Vec<Pair>> {
    if let Pairing::Keyed(fields) = pairing {
        let joined = join::by_fields(sides, fields);
        matching.repeated = joined.repeated;
        return Some(with_moves(joined.pairs));
    }
    let (n, m) = sides.lengths();
    if n == 0 || m == 0 {
        return Some(Vec::new());
    }
    if let Some(places) = permutation(&sides.a.hashes, &sides.b.hashes) {
        matching.reordered = Some(kept(&places).into_iter().filter(|kept| !kept).count() as u64);
        let pairs = places.into_iter().enumerate();
        return Some(pairs.map(|(x, y)| Pair { x, y, moved: false }).collect());
    }
    if *pairing == Pairing::Auto {
        let detected = detect::detect(sides, &work.site, known, work.fuel);
        if let Some(key) = detected.key {
            return Some(with_moves(join::by_key(sides, &key, work.fuel)));
        }
        matching.repeated = detected.repeated;
    }
    Some(with_moves(sequence::align(sides, known > 0, work.fuel)))
}
