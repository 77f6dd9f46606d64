//! Messages without descriptors, written by the guess that was made for both sides.

use super::guess::{Guess, Reading};
use super::wire::{Field, Fields, Wire};
use crate::syntax::{Unreadable, notation};
use std::str::from_utf8;
use std::vec::IntoIter;

/// Longer texts are not written.
pub(super) const MAX_TEXT: usize = 64 << 20;

/// One message of a body.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where it stands in the body.
    pub at: usize,
    pub bytes: &'a [u8],
}

/// What a body holds.
#[derive(Clone, Copy, Debug)]
pub enum Messages<'a> {
    /// It is one message, and is read as an object.
    One(&'a [u8]),
    /// Any number of them, which are read as an array.
    Stream(&'a [Message<'a>]),
}

/// Reads both sides by one guess. Where one side is no message, the guess is the other's alone.
///
/// A field is its number in the notation of [`notation`], with the list of its values: a varint is
/// its number without a sign; four or eight bytes are `"¤i32(1.5)"`, or `"¤i32(0x00000001)"` where
/// that is no likely float; a group is `{"¤group":{…}}`.
pub fn pair_to_json(sides: [Messages<'_>; 2]) -> [Result<Vec<u8>, Unreadable>; 2] {
    let checked = sides.map(|side| check(side).map(|()| side));
    let readable = checked.iter().flatten();
    match Guess::of(readable.flat_map(|side| side.each()).map(|message| message.bytes).collect()) {
        Ok(guess) => checked.map(|side| render(side?, &guess)),
        Err(error) => checked.map(|side| side.and(Err(error))),
    }
}

impl<'a> Messages<'a> {
    pub(super) fn each(self) -> impl Iterator<Item = Message<'a>> {
        let (one, more) = match self {
            Self::One(bytes) => (Some(Message { at: 0, bytes }), None),
            Self::Stream(messages) => (None, Some(messages)),
        };
        one.into_iter().chain(more.into_iter().flatten().copied())
    }
}

/// Whether all that must be a message is one, groups included, with places seen from the body's
/// start for what stands in no group.
fn check(side: Messages<'_>) -> Result<(), Unreadable> {
    for message in side.each() {
        let mut open = vec![Fields::new(message.bytes)];
        while let Some(fields) = open.pop() {
            for field in fields {
                let moved = |error: Unreadable| Unreadable { at: error.at + message.at, ..error };
                if let Wire::Group(fields) = field.map_err(moved)?.wire {
                    open.push(Fields::new(fields));
                }
            }
        }
    }
    Ok(())
}

fn render(side: Messages<'_>, guess: &Guess) -> Result<Vec<u8>, Unreadable> {
    let mut writer = Writer { guess, out: String::new(), open: Vec::new() };
    let stream = matches!(side, Messages::Stream(_));
    writer.out.extend(stream.then_some('['));
    for (index, message) in side.each().enumerate() {
        writer.out.extend((index > 0).then_some(','));
        writer.open(message.bytes, Guess::ROOT, false)?;
        writer.run().map_err(|problem| Unreadable { at: message.at, problem })?;
    }
    writer.out.extend(stream.then_some(']'));
    Ok(writer.out.into_bytes())
}

/// An open message.
struct Level<'a> {
    /// What is still to come, in order of the numbers.
    fields: IntoIter<Field<'a>>,
    node: usize,
    /// The field whose list is open.
    list: Option<u32>,
    group: bool,
}

struct Writer<'g, 'a> {
    guess: &'g Guess,
    out: String,
    open: Vec<Level<'a>>,
}

impl<'a> Writer<'_, 'a> {
    /// Opens a message; its fields are sorted by number, and those of one number keep their order.
    fn open(&mut self, bytes: &'a [u8], node: usize, group: bool) -> Result<(), Unreadable> {
        let mut fields = Fields::new(bytes).collect::<Result<Vec<_>, _>>()?;
        fields.sort_by_key(|field| field.number);
        self.out.push_str(if group { "{\"¤group\":{" } else { "{" });
        self.open.push(Level { fields: fields.into_iter(), node, list: None, group });
        Ok(())
    }

    fn run(&mut self) -> Result<(), &'static str> {
        while let Some(level) = self.open.last_mut() {
            if self.out.len() > MAX_TEXT {
                return Err("it is over 64 MiB as JSON text");
            }
            match level.fields.next() {
                Some(field) => {
                    let (node, before) = (level.node, level.list.replace(field.number));
                    self.name(field.number, before);
                    self.value(field, node).map_err(|error| error.problem)?;
                }
                None => {
                    self.out.push_str(if level.list.is_some() { "]}" } else { "}" });
                    self.out.extend(level.group.then_some('}'));
                    self.open.pop();
                }
            }
        }
        Ok(())
    }

    /// Goes to where the next value of a field stands.
    fn name(&mut self, number: u32, before: Option<u32>) {
        match before {
            Some(before) if before == number => return self.out.push(','),
            Some(_) => self.out.push_str("],"),
            None => {}
        }
        notation::marked(&mut self.out, &number.to_string());
        self.out.push_str(":[");
    }

    fn value(&mut self, field: Field<'a>, node: usize) -> Result<(), Unreadable> {
        let step = |is_group| self.guess.step(node, (field.number, is_group)).unwrap_or(usize::MAX);
        match field.wire {
            Wire::Varint(number) => self.out.push_str(&number.to_string()),
            Wire::I64(bits) => {
                let number = f64::from_bits(bits);
                let shown = likely(number).then(|| format!("{number:?}"));
                self.fixed("i64", shown.unwrap_or_else(|| format!("{bits:#018x}")).as_str());
            }
            Wire::I32(bits) => {
                let number = f32::from_bits(bits);
                let shown = likely(number.into()).then(|| format!("{number:?}"));
                self.fixed("i32", shown.unwrap_or_else(|| format!("{bits:#010x}")).as_str());
            }
            Wire::Group(fields) => return self.open(fields, step(true), true),
            Wire::Len(bytes) => match (self.guess.reading(step(false)), from_utf8(bytes)) {
                (Reading::Message, _) => return self.open(bytes, step(false), false),
                (Reading::Text, Ok(text)) => notation::text(&mut self.out, text),
                _ => notation::bytes(&mut self.out, bytes),
            },
        }
        Ok(())
    }

    fn fixed(&mut self, name: &str, number: &str) {
        notation::marked(&mut self.out, &format!("{name}({number})"));
    }
}

/// Whether bits look like a float rather than a whole number: those are tiny as floats, or huge.
fn likely(number: f64) -> bool {
    (1e-9..1e16).contains(&number.abs())
}
