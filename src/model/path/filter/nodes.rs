//! The nodes that a query leads to, one after the other.
//!
//! Main type: [`Nodes`]. A node comes as often as the query leads to it, in no certain order:
//! nobody asks for more than how many there are.
//!
//! This module never holds more than the way to the node that it is at.

use super::sight::{Sight, Spent};
use crate::model::path::select::{Hop, Step};
use crate::syntax::json::{Document, Inside, Value, Way};

/// The way to a node has at most so many open ends.
const MAX_OPEN: usize = 1 << 14;

pub(super) struct Nodes<'q, 'd, 'a> {
    steps: &'q [Step],
    open: Vec<Open<'d, 'a>>,
}

/// What is left to do, from so many steps on.
enum Open<'d, 'a> {
    Node(usize, Value),
    /// The children that are left in a container, and its length if the step asks for it.
    Children(usize, Inside<'d, 'a>, Option<usize>),
}

impl<'q, 'd, 'a> Nodes<'q, 'd, 'a> {
    pub(super) fn of(steps: &'q [Step], start: Value) -> Self {
        Self { steps, open: vec![Open::Node(0, start)] }
    }

    pub(super) fn next(&mut self, sight: &mut Sight<'d, 'a>) -> Result<Option<Value>, Spent> {
        while let Some(open) = self.open.pop() {
            sight.spend(1)?;
            match open {
                Open::Node(taken, value) if taken >= self.steps.len() => return Ok(Some(value)),
                Open::Node(taken, value) => self.enter(taken, value, sight.document),
                Open::Children(taken, inside, length) => {
                    self.advance(taken, inside, length, sight)?
                }
            }
            if self.open.len() > MAX_OPEN {
                return Err(Spent);
            }
        }
        Ok(None)
    }

    fn enter(&mut self, taken: usize, value: Value, document: &'d Document<'a>) {
        let Some(step) = self.steps.get(taken) else { return };
        if let Some(inside) = document.inside(value) {
            let counts = step.counts_from_the_end();
            let length = counts.then(|| document.elements(value).count());
            self.open.push(Open::Children(taken, inside, length));
        }
        if *step == Step::Deep {
            self.open.push(Open::Node(taken + 1, value));
        }
    }

    /// Goes on to the next child of a container.
    fn advance(
        &mut self,
        taken: usize,
        mut inside: Inside<'d, 'a>,
        length: Option<usize>,
        sight: &mut Sight<'d, 'a>,
    ) -> Result<(), Spent> {
        let Some((way, child)) = inside.next() else { return Ok(()) };
        self.open.push(Open::Children(taken, inside, length));
        let Some(step) = self.steps.get(taken) else { return Ok(()) };
        if *step == Step::Deep {
            self.open.push(Open::Node(taken, child));
            return Ok(());
        }
        let mut passes = |filter: &super::Filter| sight.holds(&filter.0, child);
        let times = match way {
            Way::Key(key) => step.times(Hop::Member(&key.canonical()), length, &mut passes)?,
            Way::Index(index) => step.times(Hop::Element(index), length, &mut passes)?,
        };
        self.open.extend((0..times).map(|_| Open::Node(taken + 1, child)));
        Ok(())
    }
}
