//! How much two elements have in common, by the hashes of what they hold.
//!
//! This module never looks further than one level.

use super::hash::Child;
use super::side::{Side, Sides};
use super::step::are_distinct;
use crate::syntax::json::Shape;
use std::cmp::Ordering;

/// How many of the children of two containers are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Common {
    pub shared: usize,
    /// How many the larger one has.
    pub most: usize,
}

impl Common {
    /// Of two sorted lists.
    pub(super) fn of(a: &[Child], b: &[Child]) -> Self {
        let most = a.len().max(b.len());
        let (mut shared, mut rest) = (0, b);
        for child in a {
            let smaller = rest.iter().take_while(|other| other.hash < child.hash).count();
            rest = rest.get(smaller..).unwrap_or_default();
            if let Some((first, after)) = rest.split_first()
                && first.hash == child.hash
            {
                shared += 1;
                rest = after;
            }
        }
        Self { shared, most }
    }

    /// Whether they are more alike than not.
    pub(super) fn is_similar(self) -> bool {
        self.shared > 0 && self.shared * 2 >= self.most
    }

    pub(super) fn differing(self) -> usize {
        self.most - self.shared
    }

    /// Which of two pairs has more in common, in proportion.
    pub(super) fn compare(self, other: Self) -> Ordering {
        (self.shared * other.most).cmp(&(other.shared * self.most))
    }
}

/// How many differences pairing these two would tell, roughly.
pub(super) fn cost(sides: &mut Sides<'_, '_>, (at_a, at_b): (usize, usize)) -> u64 {
    if sides.a.hash_at(at_a) == sides.b.hash_at(at_b) {
        return 0;
    }
    let shape =
        |side: &Side<'_, '_>, at| side.value(at).map(|value| side.hasher.document.shape(value));
    match (shape(&sides.a, at_a), shape(&sides.b, at_b)) {
        (Some(Shape::Object), Some(Shape::Object)) | (Some(Shape::Array), Some(Shape::Array)) => {
            let (a, b) = (sides.a.children(at_a), sides.b.children(at_b));
            Common::of(&a, &b).differing().max(1) as u64
        }
        _ => 1,
    }
}

/// Whether the two say themselves that they are not the same thing.
pub(super) fn are_others(sides: &Sides<'_, '_>, (at_a, at_b): (usize, usize)) -> bool {
    let values = sides.a.value(at_a).zip(sides.b.value(at_b));
    let (a, b) = (sides.a.hasher.document, sides.b.hasher.document);
    let renames = sides.a.hasher.renames();
    values.is_some_and(|(one, other)| are_distinct((a, one), (b, other), renames))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_counted_once_for_each_pair() {
        let list = |hashes: &[u64]| -> Vec<Child> {
            hashes.iter().map(|&hash| Child { hash, name: 0 }).collect()
        };
        let common = |a: &[u64], b: &[u64]| Common::of(&list(a), &list(b));
        assert_eq!(common(&[], &[]), Common { shared: 0, most: 0 });
        assert_eq!(common(&[1, 2, 4], &[2, 3, 4, 5]), Common { shared: 2, most: 4 });
        assert_eq!(common(&[1, 1, 1], &[1, 1]), Common { shared: 2, most: 3 });
        assert!(common(&[1, 2], &[2, 3]).is_similar());
        assert!(!common(&[1, 2, 3], &[3, 4, 5]).is_similar());
        assert!(!common(&[], &[]).is_similar());
    }
}
