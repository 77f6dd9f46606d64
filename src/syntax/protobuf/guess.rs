//! What the bytes of a field are, where no descriptor says so: one guess for both sides.
//!
//! A field has one type wherever its message stands, so all values at one path of field numbers
//! are read alike, on both sides. They are text if all are printable; else messages if all are; else
//! text if all are UTF-8; else bytes. A message is taken for one only if it is what its own fields
//! would be written as: in order of their numbers, as short as can be, without groups. So no two
//! strings of bytes are ever read as the same message.

use super::wire::{Field, Fields, Wire};
use crate::syntax::Unreadable;
use std::collections::BTreeMap;
use std::str::from_utf8;

/// Messages one within the other; what is deeper is not taken for a message.
const MAX_DEPTH: usize = 100;

/// Fields of both sides together.
const MAX_VALUES: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Message,
    Text,
    Bytes,
}

/// A field's number, and whether it is a group.
type Step = (u32, bool);

/// What stands at one path of field numbers.
#[derive(Debug)]
struct Node {
    reading: Reading,
    depth: usize,
    /// In order of their steps.
    children: Vec<(Step, usize)>,
}

/// A type for all messages of both sides, as far as they show it.
#[derive(Debug)]
pub(super) struct Guess(Vec<Node>);

impl Guess {
    /// The messages themselves.
    pub(super) const ROOT: usize = 0;

    /// Looks at all messages at once; their own fields may come in any order.
    pub(super) fn of(messages: Vec<&[u8]>) -> Result<Self, Unreadable> {
        let mut guess = Self(Vec::new());
        let (root, mut values) = (guess.node(Reading::Message, 0), 0);
        let mut pending = vec![(root, messages)];
        while let Some((node, messages)) = pending.pop() {
            let mut inside: BTreeMap<Step, Vec<&[u8]>> = BTreeMap::new();
            for field in messages.into_iter().flat_map(Fields::new) {
                values += 1;
                if values > MAX_VALUES {
                    return Err(Unreadable { at: 0, problem: "more than a million fields" });
                }
                match field? {
                    Field { number, wire: Wire::Len(bytes), .. } => {
                        inside.entry((number, false)).or_default().push(bytes);
                    }
                    Field { number, wire: Wire::Group(fields), .. } => {
                        inside.entry((number, true)).or_default().push(fields);
                    }
                    _ => {}
                }
            }
            for (step, found) in inside {
                let child = guess.child(node, step, &found);
                if guess.reading(child) == Reading::Message {
                    pending.push((child, found));
                }
            }
        }
        Ok(guess)
    }

    /// What a value at this node is.
    pub(super) fn reading(&self, node: usize) -> Reading {
        self.0.get(node).map_or(Reading::Bytes, |node| node.reading)
    }

    /// Where a field of the message at this node stands.
    pub(super) fn step(&self, node: usize, step: Step) -> Option<usize> {
        let children = &self.0.get(node)?.children;
        let at = children.binary_search_by_key(&step, |(step, _)| *step).ok()?;
        children.get(at).map(|(_, child)| *child)
    }

    fn node(&mut self, reading: Reading, depth: usize) -> usize {
        self.0.push(Node { reading, depth, children: Vec::new() });
        self.0.len() - 1
    }

    fn child(&mut self, parent: usize, step: Step, found: &[&[u8]]) -> usize {
        let depth = self.0.get(parent).map_or(0, |node| node.depth) + 1;
        let (_, is_group) = step;
        let reading = if is_group { Reading::Message } else { best(found, depth) };
        let child = self.node(reading, depth);
        if let Some(node) = self.0.get_mut(parent) {
            node.children.push((step, child));
        }
        child
    }
}

/// The best reading that fits all values.
fn best(found: &[&[u8]], depth: usize) -> Reading {
    let all = |fits: fn(&[u8]) -> bool| found.iter().all(|bytes| fits(bytes));
    if all(is_printable) {
        Reading::Text
    } else if depth < MAX_DEPTH && all(is_message) {
        Reading::Message
    } else if all(|bytes| from_utf8(bytes).is_ok()) {
        Reading::Text
    } else {
        Reading::Bytes
    }
}

/// The tags of the first fields of a message are control characters.
fn is_printable(bytes: &[u8]) -> bool {
    from_utf8(bytes).is_ok_and(|text| !text.chars().any(char::is_control))
}

fn is_message(bytes: &[u8]) -> bool {
    let mut last = 0;
    Fields::new(bytes).all(|field| match field {
        Ok(Field { wire: Wire::Group(_), .. }) | Err(_) => false,
        Ok(Field { number, minimal, .. }) => {
            let ordered = number >= last;
            last = number;
            ordered && minimal
        }
    })
}
