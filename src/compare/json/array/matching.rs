//! What was found out about two arrays, and how it is told.
//!
//! Main type: [`Matching`].
//!
//! This module never decides what belongs together.

use super::order::kept;
use crate::compare::json::task::{Change, Children, Step, Task};
use crate::model::Severity;
use crate::syntax::json::Value;

/// So many elements that have moved are told one by one; more are told as one, so that they leave
/// room for what differs in them.
const MOVES_TOLD: usize = 64;

/// Which elements belong together, by their indices. What stands at neither end of any pair, and is
/// in no list, is of the same text as its partner.
#[derive(Debug, Default)]
pub(super) struct Matching {
    pub pairs: Vec<Pair>,
    /// The indices of those without a partner, and how many like it each stands for.
    pub removed: Vec<(usize, u64)>,
    pub added: Vec<(usize, u64)>,
    /// Those without a partner that one of the removed stands for.
    pub untold: Vec<usize>,
    pub resized: bool,
    /// How many elements stand elsewhere, where that is all that differs.
    pub reordered: Option<u64>,
    /// What should name one element and names several, on each side.
    pub repeated: Option<[Option<Value>; 2]>,
}

/// Two elements that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub x: usize,
    pub y: usize,
    /// Whether the order of its neighbours is another one on the other side.
    pub moved: bool,
}

/// Sorts pairs, and marks those that have moved.
pub(super) fn with_moves(mut pairs: Vec<(usize, usize)>) -> Vec<Pair> {
    pairs.sort_unstable();
    let places: Vec<_> = pairs.iter().map(|(_, b)| *b).collect();
    let pairs = pairs.into_iter().zip(kept(&places));
    pairs.map(|((x, y), kept)| Pair { x, y, moved: !kept }).collect()
}

impl Matching {
    /// Adds what has no partner among these, which begin at `first` and end before the ends.
    pub(super) fn add_rest(&mut self, first: usize, (end_x, end_y): (usize, usize)) {
        let (mut paired_x, mut paired_y) = (vec![false; end_x], vec![false; end_y]);
        for pair in &self.pairs {
            if let (Some(x), Some(y)) = (paired_x.get_mut(pair.x), paired_y.get_mut(pair.y)) {
                (*x, *y) = (true, true);
            }
        }
        let rest = |paired: Vec<bool>| {
            let all = paired.into_iter().enumerate().skip(first);
            all.filter(|(_, paired)| !paired).map(|(index, _)| (index, 1)).collect()
        };
        (self.removed, self.added) = (rest(paired_x), rest(paired_y));
    }

    /// The differing children in the primary's order, then those that only the candidate has in its
    /// own; nothing where the fuel ran out.
    pub(super) fn tasks<'a>(
        &self,
        mut children: Children<'_, 'a>,
        (xs, ys): (&[Value], &[Value]),
        moves: Severity,
    ) -> Option<Vec<Task<'a>>> {
        let mut pairs = self.pairs.clone();
        pairs.sort_unstable();
        let moved = pairs.iter().filter(|pair| pair.moved).count();
        let mut told = (moved > MOVES_TOLD).then_some(moved as u64);
        let mut removed = self.removed.iter().copied().peekable();
        for pair in pairs {
            while let Some((index, count)) = removed.next_if(|(index, _)| *index < pair.x) {
                remove(&mut children, xs, (index, count));
            }
            let (Some(&x), Some(&y)) = (xs.get(pair.x), ys.get(pair.y)) else { continue };
            let step = Step::Index(pair.x);
            if pair.moved && moved <= MOVES_TOLD {
                children.one(step, Change::Moved { x, y, count: 1, severity: moves });
            } else if let Some(count) = told.take_if(|_| pair.moved) {
                children.one(step, Change::Moved { x, y, count, severity: moves });
            }
            children.both(step, x, y)?;
        }
        removed.for_each(|each| remove(&mut children, xs, each));
        for &index in &self.untold {
            let Some(&x) = xs.get(index) else { continue };
            children.one(Step::Index(index), Change::Untold(x));
        }
        for &(index, count) in &self.added {
            let Some(&y) = ys.get(index) else { continue };
            children.one(Step::Index(index), Change::Added(y, count));
        }
        Some(children.tasks)
    }
}

fn remove(children: &mut Children<'_, '_>, xs: &[Value], (index, count): (usize, u64)) {
    if let Some(&x) = xs.get(index) {
        children.one(Step::Index(index), Change::Removed(x, count));
    }
}
