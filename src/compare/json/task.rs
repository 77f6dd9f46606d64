//! What a walk does next: the children of a container that differ, and the way to each.
//!
//! This module never looks into a child.

use crate::compare::class::of_text;
use crate::compare::fuel::Fuel;
use crate::model::{Class, Seg, Severity};
use crate::syntax::json::{Document, Text, Value};
use xxhash_rust::xxh3::xxh3_64;

/// A key of more bytes is cut in a path, and told from others by a hash.
const MAX_KEY: usize = 256;

/// A child that differs, and how.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub step: Step<'a>,
    pub change: Change,
}

/// The way from a container to a child.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Key(Text<'a>),
    Index(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// It is on both sides, with different text.
    Both(Value, Value),
    Primary(Value),
    Candidate(Value),
    /// An element without a partner, and how many like it there are.
    Removed(Value, u64),
    Added(Value, u64),
    /// An element that stands elsewhere on the other side, with its partner.
    Moved {
        x: Value,
        y: Value,
        count: u64,
        severity: Severity,
    },
    /// A key that is repeated on one side more often than on the other, with its last values.
    Repeated(Value, Value),
    /// The primary's, without a partner, where another one tells of it.
    Untold(Value),
}

impl Change {
    /// The primary's value.
    pub(super) fn primary(self) -> Option<Value> {
        let [primary, _] = self.values();
        primary
    }

    /// What stands there on either side.
    pub(super) fn values(self) -> [Option<Value>; 2] {
        match self {
            Self::Both(x, y) | Self::Repeated(x, y) => [Some(x), Some(y)],
            Self::Moved { x, y, .. } => [Some(x), Some(y)],
            Self::Primary(x) | Self::Removed(x, _) | Self::Untold(x) => [Some(x), None],
            Self::Candidate(y) | Self::Added(y, _) => [None, Some(y)],
        }
    }
}

impl Step<'_> {
    /// The step as a path shows it. A key that is an identifier or a date is data, not a name.
    pub(super) fn seg(self) -> Seg {
        let key = match self {
            Self::Index(index) => return Seg::Index(index),
            Self::Key(key) => key,
        };
        let name = display(key);
        // None of the classes below does without a digit or a dot.
        if !name.bytes().any(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Seg::Key(name);
        }
        match of_text(name.as_bytes()) {
            Class::Int
            | Class::Uuid
            | Class::Ulid
            | Class::ObjectId
            | Class::Date
            | Class::Rfc3339
            | Class::Host => Seg::AnyKey(name),
            _ => Seg::Key(name),
        }
    }
}

fn display(key: Text<'_>) -> String {
    let mut name = key.to_display();
    if name.len() > MAX_KEY {
        let hash = xxh3_64(&key.canonical());
        name.truncate(name.floor_char_boundary(MAX_KEY));
        name.push_str(&format!("…{hash:016x}"));
    }
    name
}

/// Pairs the children of two containers, and keeps those that differ.
pub(super) struct Children<'c, 'a> {
    pub x: &'c Document<'a>,
    pub y: &'c Document<'a>,
    pub fuel: &'c mut Fuel,
    /// What a look at a child that differs costs.
    pub toll: u64,
    pub tasks: Vec<Task<'a>>,
}

impl<'a> Children<'_, 'a> {
    /// Keeps a pair unless its texts are equal; nothing once the fuel is used up.
    pub(super) fn both(&mut self, step: Step<'a>, x: Value, y: Value) -> Option<()> {
        let (raw_x, raw_y) = (self.x.raw(x), self.y.raw(y));
        if raw_x.len() == raw_y.len() {
            self.fuel.bytes(raw_x.len())?;
        }
        if raw_x != raw_y {
            self.fuel.spend(self.toll)?;
            self.tasks.push(Task { step, change: Change::Both(x, y) });
        }
        Some(())
    }

    pub(super) fn one(&mut self, step: Step<'a>, change: Change) {
        self.tasks.push(Task { step, change });
    }
}
