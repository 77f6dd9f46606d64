//! Messages whose types are known, written as JSON.
//!
//! A message is an object with its fields by name, whichever order and form they came in: lists may
//! be packed, what comes twice counts once, and of a `oneof` the last one holds. Maps are objects,
//! enums are the names of their values, and the types that [`known`] tells of are
//! what they stand for. What the type has no field for is kept by its number.
//!
//! A field that the protocol cannot tell from its default (of proto3, a list or a map) is never
//! missing: where any message of its type in either answer has it, those that lack it are written
//! with the default, so that `5` against nothing is a change to `0`. A field whose presence is told
//! (`optional`, a message, one of a `oneof`) is left out where it is not there.
//!
//! This module never guesses: what does not fit its type is for the readers by wire.

use super::known;
use super::render::{MAX_TEXT, Message, Messages};
use super::scalar::{self, Misfit};
use super::schema::{Field, Kind, Known, Schema, Shape, Type};
use super::wire::{self, Fields, Wire};
use crate::syntax::{Unreadable, notation};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::from_utf8;
use std::vec::IntoIter;

/// What is open at one time; no reader of protobuf goes down further than a hundred messages.
const MAX_OPEN: usize = 300;

/// Values of one message of a body.
const MAX_VALUES: usize = 1 << 20;

/// The bytes of one message, which may come in pieces.
pub(super) type Pieces<'a> = Vec<&'a [u8]>;

/// Which fields any message of a type has, by the type.
type Used = HashMap<usize, BTreeSet<u32>>;

/// Reads both sides by their type; a side that does not fit it says why.
pub fn typed_to_json(sides: [Messages<'_>; 2], of: Type<'_>) -> [Result<Vec<u8>, Unreadable>; 2] {
    let (mut used, none) = (Used::new(), Used::new());
    let surveyed = sides.map(|side| write(side, of, &none, &mut used));
    let mut again = Used::new();
    let [x, y] = sides;
    let [text_x, text_y] = surveyed;
    [(x, text_x), (y, text_y)].map(|(side, text)| {
        text.and_then(
            |text| if used.is_empty() { Ok(text) } else { write(side, of, &used, &mut again) },
        )
    })
}

fn write(
    side: Messages<'_>,
    of: Type<'_>,
    used: &Used,
    seen: &mut Used,
) -> Result<Vec<u8>, Unreadable> {
    let open = Vec::new();
    let mut writer = Writer { schema: of.schema, used, seen, out: String::new(), open, left: 0 };
    let stream = matches!(side, Messages::Stream(_));
    writer.out.extend(stream.then_some('['));
    for (index, Message { at, bytes }) in side.each().enumerate() {
        writer.out.extend((index > 0).then_some(','));
        writer.left = MAX_VALUES;
        writer.open.push(Frame::One { of: of.message, pieces: vec![bytes] });
        writer.run().map_err(|problem| Unreadable { at, problem })?;
    }
    writer.out.extend(stream.then_some(']'));
    Ok(writer.out.into_bytes())
}

/// What is left to be written of something that is open.
pub(super) enum Frame<'s, 'a> {
    /// A message that is next.
    One { of: usize, pieces: Pieces<'a> },
    /// The fields of a message, and whether one stands before them.
    Fields { entries: IntoIter<Entry<'s, 'a>>, any: bool },
    /// The messages of a list.
    Items { of: usize, items: IntoIter<Pieces<'a>>, any: bool },
    /// The messages of a map with their keys, which are JSON.
    Members { of: usize, items: IntoIter<(String, Pieces<'a>)>, any: bool },
    /// What closes something that holds a message.
    Close(char),
}

/// A field of one message with all its values.
pub(super) struct Entry<'s, 'a> {
    pub number: u32,
    /// Nothing for one that the type does not have.
    pub field: Option<&'s Field>,
    pub values: Vec<Wire<'a>>,
}

pub(super) struct Writer<'w, 's, 'a> {
    pub schema: &'s Schema,
    used: &'w Used,
    seen: &'w mut Used,
    pub out: String,
    pub open: Vec<Frame<'s, 'a>>,
    /// So many values more may come.
    left: usize,
}

impl<'s, 'a> Writer<'_, 's, 'a> {
    /// Writes what is open to its end.
    fn run(&mut self) -> Result<(), Misfit> {
        while let Some(frame) = self.open.pop() {
            if self.out.len() > MAX_TEXT {
                return Err("it is over 64 MiB as JSON text");
            }
            if self.open.len() >= MAX_OPEN {
                return Err("messages are nested too deeply");
            }
            self.step(frame)?;
        }
        Ok(())
    }

    fn step(&mut self, frame: Frame<'s, 'a>) -> Result<(), Misfit> {
        match frame {
            Frame::One { of, pieces } => self.message(of, &pieces)?,
            Frame::Close(end) => self.out.push(end),
            Frame::Fields { mut entries, any } => match entries.next() {
                None => self.out.push('}'),
                Some(entry) => {
                    self.out.extend(any.then_some(','));
                    self.open.push(Frame::Fields { entries, any: true });
                    self.entry(entry)?;
                }
            },
            Frame::Items { of, mut items, any } => match items.next() {
                None => self.out.push(']'),
                Some(pieces) => {
                    self.out.extend(any.then_some(','));
                    self.open.push(Frame::Items { of, items, any: true });
                    self.open.push(Frame::One { of, pieces });
                }
            },
            Frame::Members { of, mut items, any } => match items.next() {
                None => self.out.push('}'),
                Some((key, pieces)) => {
                    self.out.extend(any.then_some(','));
                    self.out.push_str(&key);
                    self.out.push(':');
                    self.open.push(Frame::Members { of, items, any: true });
                    self.open.push(Frame::One { of, pieces });
                }
            },
        }
        Ok(())
    }

    /// Opens a message, or writes what it stands for.
    fn message(&mut self, of: usize, pieces: &[&'a [u8]]) -> Result<(), Misfit> {
        let entries = self.entries(of, pieces)?;
        let known = self.schema.messages.get(of).map_or(Known::No, |message| message.known);
        let Some(entries) = known::write(self, known, of, entries)? else { return Ok(()) };
        self.out.push('{');
        self.open.push(Frame::Fields { entries: entries.into_iter(), any: false });
        Ok(())
    }

    /// The fields of a message in order of their numbers, and those that are never missing.
    pub(super) fn entries(
        &mut self,
        of: usize,
        pieces: &[&'a [u8]],
    ) -> Result<Vec<Entry<'s, 'a>>, Misfit> {
        let Some(message) = self.schema.messages.get(of) else { return Ok(Vec::new()) };
        let mut fields = Vec::new();
        for field in pieces.iter().flat_map(|bytes| Fields::new(bytes)) {
            self.spend(1)?;
            fields.push(field.map_err(|error| error.problem)?);
        }
        if message.has_oneofs {
            fields = last_of_each(fields, &message.fields);
        }
        let mut entries: BTreeMap<u32, Entry<'s, 'a>> = BTreeMap::new();
        for wire::Field { number, wire, .. } in fields {
            let entry = || Entry { number, field: message.fields.get(&number), values: Vec::new() };
            entries.entry(number).or_insert_with(entry).values.push(wire);
        }
        for number in self.used.get(&of).into_iter().flatten().copied() {
            let field = message.fields.get(&number);
            entries.entry(number).or_insert_with(|| Entry { number, field, values: Vec::new() });
        }
        let never_missing = |entry: &&Entry<'s, 'a>| entry.field.is_some_and(is_never_missing);
        let seen = entries.values().filter(never_missing).map(|entry| entry.number);
        self.seen.entry(of).or_default().extend(seen);
        Ok(entries.into_values().collect())
    }

    fn spend(&mut self, values: usize) -> Result<(), Misfit> {
        let left = self.left.checked_sub(values);
        self.left = left.ok_or("a message has more than a million values")?;
        Ok(())
    }

    fn entry(&mut self, Entry { number, field, values }: Entry<'s, 'a>) -> Result<(), Misfit> {
        let Some(field) = field else {
            notation::marked(&mut self.out, &number.to_string());
            self.out.push(':');
            unknown(&mut self.out, &values);
            return Ok(());
        };
        notation::text(&mut self.out, &field.name);
        self.out.push(':');
        self.values(field, values)
    }

    /// Writes what a field holds.
    pub(super) fn values(&mut self, field: &Field, values: Vec<Wire<'a>>) -> Result<(), Misfit> {
        match (field.shape, field.kind) {
            (Shape::Map, Kind::Message(entry)) => self.map(entry, values),
            (Shape::List, Kind::Message(of)) => {
                let items: Vec<_> = pieces(values)?.into_iter().map(|piece| vec![piece]).collect();
                self.out.push('[');
                self.open.push(Frame::Items { of, items: items.into_iter(), any: false });
                Ok(())
            }
            (Shape::List | Shape::Map, kind) => self.list(kind, values),
            (_, Kind::Message(of)) => {
                self.open.push(Frame::One { of, pieces: pieces(values)? });
                Ok(())
            }
            (_, kind) => self.last(kind, &values),
        }
    }

    /// Of several values the last one holds; those before it must fit too.
    fn last(&mut self, kind: Kind, values: &[Wire<'a>]) -> Result<(), Misfit> {
        let (last, before) = match values.split_last() {
            Some((last, before)) => (*last, before),
            None => (scalar::default(kind), values),
        };
        for wire in before {
            scalar::write(&mut String::new(), self.schema, kind, *wire)?;
        }
        scalar::write(&mut self.out, self.schema, kind, last)
    }

    fn list(&mut self, kind: Kind, values: Vec<Wire<'a>>) -> Result<(), Misfit> {
        let mut all = Vec::new();
        for wire in values {
            let before = all.len();
            scalar::unpack(&mut all, kind, wire)?;
            self.spend(all.len() - before)?;
        }
        self.out.push('[');
        for (index, wire) in all.into_iter().enumerate() {
            self.out.extend((index > 0).then_some(','));
            scalar::write(&mut self.out, self.schema, kind, wire)?;
        }
        self.out.push(']');
        Ok(())
    }

    /// A map's entries are messages of a key and a value; of two with one key the later one holds.
    fn map(&mut self, entry: usize, values: Vec<Wire<'a>>) -> Result<(), Misfit> {
        let Some(parts) = self.schema.messages.get(entry) else { return Ok(()) };
        let (Some(key), Some(value)) = (parts.fields.get(&1), parts.fields.get(&2)) else {
            return Err("a map has no values");
        };
        let mut members: BTreeMap<String, Vec<Wire<'a>>> = BTreeMap::new();
        for wire in values {
            let (mut keys, mut held) = (Vec::new(), Vec::new());
            for field in Fields::new(piece(wire)?) {
                self.spend(1)?;
                let field = field.map_err(|error| error.problem)?;
                match field.number {
                    1 => keys.push(field.wire),
                    2 => held.push(field.wire),
                    _ => return Err("an entry of a map has more than a key and a value"),
                }
            }
            members.insert(self.key(key.kind, &keys)?, held);
        }
        self.out.push('{');
        if let Kind::Message(of) = value.kind {
            let mut items = Vec::with_capacity(members.len());
            for (key, held) in members {
                items.push((key, pieces(held)?));
            }
            self.open.push(Frame::Members { of, items: items.into_iter(), any: false });
            return Ok(());
        }
        for (index, (key, held)) in members.into_iter().enumerate() {
            self.out.extend((index > 0).then_some(','));
            self.out.push_str(&key);
            self.out.push(':');
            self.last(value.kind, &held)?;
        }
        self.out.push('}');
        Ok(())
    }

    /// A key as JSON has it: a string.
    fn key(&self, kind: Kind, keys: &[Wire<'a>]) -> Result<String, Misfit> {
        let mut key = String::new();
        let last = keys.last().copied().unwrap_or(scalar::default(kind));
        scalar::write(&mut key, self.schema, kind, last)?;
        Ok(if key.starts_with('"') { key } else { format!("\"{key}\"") })
    }
}

/// Whether what is not there is the same as what is empty.
fn is_never_missing(field: &Field) -> bool {
    matches!(field.shape, Shape::Implicit | Shape::List | Shape::Map)
}

/// The bytes of a message, or of a group.
pub(super) fn piece(wire: Wire<'_>) -> Result<&[u8], Misfit> {
    match wire {
        Wire::Len(bytes) | Wire::Group(bytes) => Ok(bytes),
        _ => Err("a field is written as another type"),
    }
}

fn pieces(values: Vec<Wire<'_>>) -> Result<Pieces<'_>, Misfit> {
    values.into_iter().map(piece).collect()
}

/// Of each `oneof` the field that came last, from where no other came after it.
fn last_of_each<'a>(
    fields: Vec<wire::Field<'a>>,
    known: &BTreeMap<u32, Field>,
) -> Vec<wire::Field<'a>> {
    let oneof = |number: u32| match known.get(&number)?.shape {
        Shape::OneOf(oneof) => Some(oneof),
        _ => None,
    };
    let mut last: HashMap<u64, (u32, usize)> = HashMap::new();
    for (index, field) in fields.iter().enumerate() {
        let Some(oneof) = oneof(field.number) else { continue };
        let holds = last.entry(oneof).or_insert((field.number, index));
        if holds.0 != field.number {
            *holds = (field.number, index);
        }
    }
    let stays = |(index, field): &(usize, wire::Field<'a>)| match oneof(field.number) {
        Some(oneof) => {
            last.get(&oneof).is_some_and(|(number, from)| *number == field.number && index >= from)
        }
        None => true,
    };
    fields.into_iter().enumerate().filter(stays).map(|(_, field)| field).collect()
}

/// The values of a field that has no type, in order.
fn unknown(out: &mut String, values: &[Wire<'_>]) {
    out.push('[');
    for (index, wire) in values.iter().enumerate() {
        out.extend((index > 0).then_some(','));
        match wire {
            Wire::Varint(number) => out.push_str(&number.to_string()),
            Wire::I64(bits) => notation::marked(out, &format!("i64({bits:#018x})")),
            Wire::I32(bits) => notation::marked(out, &format!("i32({bits:#010x})")),
            Wire::Group(fields) => {
                let mut word = "group(".to_owned();
                notation::hex(&mut word, fields);
                notation::marked(out, &(word + ")"));
            }
            Wire::Len(bytes) => match from_utf8(bytes) {
                Ok(text) if !text.chars().any(char::is_control) => notation::text(out, text),
                _ => notation::bytes(out, bytes),
            },
        }
    }
    out.push(']');
}
