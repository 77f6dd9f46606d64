//! From a serialised descriptor set to a [`Schema`].
//!
//! A descriptor set is itself a protobuf message (google/protobuf/descriptor.proto), and the names
//! of types in it are full: that is all of it that has to be known. Files of any syntax are read,
//! editions too, of which only the presence of fields matters here: how values are written is seen
//! from the values.
//!
//! This module never uses the machine's stack for nesting.

use super::schema::{BadSchema, Enum, Field, Kind, Known, Message, Schema, Shape};
use super::wire::{self, Fields, Wire};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::from_utf8;

/// A message of the set, its fields in order.
struct Proto<'a>(Vec<wire::Field<'a>>);

impl<'a> Proto<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, BadSchema> {
        Fields::new(bytes).collect::<Result<_, _>>().map(Self).map_err(|_| BadSchema::Unreadable)
    }

    /// The values of a field that holds bytes, text or messages.
    fn all(&self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        let of_number = self.0.iter().filter(move |field| field.number == number);
        of_number.filter_map(|field| match field.wire {
            Wire::Len(bytes) => Some(bytes),
            _ => None,
        })
    }

    fn text(&self, number: u32) -> Result<&'a str, BadSchema> {
        let bytes = self.all(number).last().unwrap_or_default();
        from_utf8(bytes).map_err(|_| BadSchema::Unreadable)
    }

    fn number(&self, number: u32) -> Option<u64> {
        let values = self.0.iter().filter(|field| field.number == number);
        values.rev().find_map(|field| match field.wire {
            Wire::Varint(value) => Some(value),
            _ => None,
        })
    }

    fn is_set(&self, number: u32) -> bool {
        self.number(number).is_some_and(|value| value != 0)
    }

    /// The options in field `options`, all of them together.
    fn options(&self, options: u32) -> Result<Self, BadSchema> {
        let mut all = Vec::new();
        for bytes in self.all(options) {
            all.extend(Self::read(bytes)?.0);
        }
        Ok(Self(all))
    }
}

/// Whether a field that is not there is told from one with its default.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Explicit,
    Implicit,
}

impl Presence {
    /// What the features in an options message say of it, where they do.
    fn within(self, options: &Proto<'_>, features: u32) -> Result<Self, BadSchema> {
        Ok(match options.options(features)?.number(1) {
            Some(2) => Self::Implicit,
            Some(1 | 3) => Self::Explicit,
            _ => self,
        })
    }
}

/// A message of the set before the names of types are looked up.
struct Raw<'a> {
    name: String,
    proto: Proto<'a>,
    presence: Presence,
}

/// A field that stands outside of the message that it extends; whether it is there is always told.
struct Extension<'a> {
    scope: String,
    proto: Proto<'a>,
}

#[derive(Default)]
struct Reader<'a> {
    messages: Vec<Raw<'a>>,
    extensions: Vec<Extension<'a>>,
    enums: Vec<(String, Enum)>,
    /// Methods with the names of what they answer.
    methods: Vec<(String, String)>,
}

/// Where types are found by their full names.
struct Types {
    messages: HashMap<String, usize>,
    enums: HashMap<String, usize>,
    /// Which messages are entries of maps.
    entries: HashSet<usize>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Schema, BadSchema> {
    let (mut reader, mut files) = (Reader::default(), HashSet::new());
    for file in Proto::read(bytes)?.all(1) {
        let file = Proto::read(file)?;
        if files.insert(file.text(1)?) {
            reader.file(&file)?;
        }
    }
    if reader.messages.is_empty() {
        return Err(BadSchema::Empty);
    }
    reader.resolve()
}

/// A name within a package or a message.
fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

impl<'a> Reader<'a> {
    fn file(&mut self, file: &Proto<'a>) -> Result<(), BadSchema> {
        let package = file.text(2)?;
        let presence = match file.text(12)? {
            "proto3" => Presence::Implicit,
            _ => Presence::Explicit.within(&file.options(8)?, 50)?,
        };
        let mut pending: Vec<_> =
            file.all(4).map(|bytes| (package.to_owned(), presence, bytes)).collect();
        self.extend(package, file.all(7))?;
        self.enums(package, file.all(5))?;
        for bytes in file.all(6) {
            self.service(package, &Proto::read(bytes)?)?;
        }
        while let Some((scope, presence, bytes)) = pending.pop() {
            let proto = Proto::read(bytes)?;
            let name = join(&scope, proto.text(1)?);
            let presence = presence.within(&proto.options(7)?, 12)?;
            pending.extend(proto.all(3).map(|nested| (name.clone(), presence, nested)));
            self.extend(&name, proto.all(6))?;
            self.enums(&name, proto.all(4))?;
            self.messages.push(Raw { name, proto, presence });
        }
        Ok(())
    }

    fn extend(
        &mut self,
        scope: &str,
        all: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), BadSchema> {
        for bytes in all {
            let (scope, proto) = (scope.to_owned(), Proto::read(bytes)?);
            self.extensions.push(Extension { scope, proto });
        }
        Ok(())
    }

    fn enums(&mut self, scope: &str, all: impl Iterator<Item = &'a [u8]>) -> Result<(), BadSchema> {
        for bytes in all {
            let proto = Proto::read(bytes)?;
            let mut names = HashMap::new();
            for value in proto.all(2) {
                let value = Proto::read(value)?;
                let name = value.text(1)?.to_owned();
                names.entry(low(value.number(2).unwrap_or(0))).or_insert(name);
            }
            self.enums.push((join(scope, proto.text(1)?), Enum(names)));
        }
        Ok(())
    }

    fn service(&mut self, package: &str, service: &Proto<'a>) -> Result<(), BadSchema> {
        let name = join(package, service.text(1)?);
        for bytes in service.all(2) {
            let method = Proto::read(bytes)?;
            let path = format!("{name}/{}", method.text(1)?);
            self.methods.push((path, method.text(3)?.to_owned()));
        }
        Ok(())
    }

    fn resolve(self) -> Result<Schema, BadSchema> {
        let types = self.types()?;
        let mut messages = Vec::with_capacity(self.messages.len());
        for raw in &self.messages {
            let mut fields = BTreeMap::new();
            for bytes in raw.proto.all(2) {
                let proto = Proto::read(bytes)?;
                let (number, field) = field(&proto, raw.presence, &types)?;
                fields.insert(number, Field { name: proto.text(1)?.to_owned(), ..field });
            }
            let has_oneofs = fields.values().any(|field| matches!(field.shape, Shape::OneOf(_)));
            messages.push(Message { fields, known: Known::of(&raw.name), has_oneofs });
        }
        for Extension { scope, proto } in &self.extensions {
            let (number, field) = field(proto, Presence::Explicit, &types)?;
            let name = format!("[{}]", join(scope, proto.text(1)?));
            let extended = types.message(proto.text(2)?)?;
            if let Some(message) = messages.get_mut(extended) {
                message.fields.insert(number, Field { name, ..field });
            }
        }
        let mut answers = HashMap::new();
        for (path, name) in self.methods {
            answers.insert(path, types.message(&name)?);
        }
        let enums = self.enums.into_iter().map(|(_, names)| names).collect();
        Ok(Schema { messages, enums, names: types.messages, answers })
    }

    fn types(&self) -> Result<Types, BadSchema> {
        let names = |(index, raw): (usize, &Raw<'_>)| (raw.name.clone(), index);
        let messages = self.messages.iter().enumerate().map(names).collect();
        let enums = self.enums.iter().enumerate();
        let enums = enums.map(|(index, (name, _))| (name.clone(), index)).collect();
        let mut entries = HashSet::new();
        for (index, raw) in self.messages.iter().enumerate() {
            if raw.proto.options(7)?.is_set(7) {
                entries.insert(index);
            }
        }
        Ok(Types { messages, enums, entries })
    }
}

impl Types {
    fn message(&self, name: &str) -> Result<usize, BadSchema> {
        let name = name.strip_prefix('.').unwrap_or(name);
        self.messages.get(name).copied().ok_or_else(|| BadSchema::Lacks(name.to_owned()))
    }

    fn kind(&self, number: u64, name: &str) -> Result<Kind, BadSchema> {
        Ok(match number {
            1 => Kind::Double,
            2 => Kind::Float,
            3 => Kind::Int64,
            4 => Kind::Uint64,
            5 => Kind::Int32,
            6 => Kind::Fixed64,
            7 => Kind::Fixed32,
            8 => Kind::Bool,
            9 => Kind::String,
            10 | 11 => Kind::Message(self.message(name)?),
            12 => Kind::Bytes,
            13 => Kind::Uint32,
            14 => {
                let name = name.strip_prefix('.').unwrap_or(name);
                let found = self.enums.get(name).copied();
                Kind::Enum(found.ok_or_else(|| BadSchema::Lacks(name.to_owned()))?)
            }
            15 => Kind::Sfixed32,
            16 => Kind::Sfixed64,
            17 => Kind::Sint32,
            18 => Kind::Sint64,
            _ => return Err(BadSchema::Unreadable),
        })
    }
}

/// A field's number and what it is; its name is the caller's to give.
fn field(proto: &Proto<'_>, presence: Presence, types: &Types) -> Result<(u32, Field), BadSchema> {
    const REPEATED: u64 = 3;
    let number = proto.number(3).and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| *number > 0).ok_or(BadSchema::Unreadable)?;
    let kind = types.kind(proto.number(5).unwrap_or(0), proto.text(6)?)?;
    let presence = presence.within(&proto.options(8)?, 21)?;
    let is_optional = proto.is_set(17);
    let shape = match (proto.number(4), kind, proto.number(9)) {
        (Some(REPEATED), Kind::Message(of), _) if types.entries.contains(&of) => Shape::Map,
        (Some(REPEATED), ..) => Shape::List,
        (_, _, Some(oneof)) if !is_optional => Shape::OneOf(oneof),
        (_, Kind::Message(_), _) => Shape::Single,
        _ if is_optional || presence == Presence::Explicit => Shape::Single,
        _ => Shape::Implicit,
    };
    Ok((number, Field { name: String::new(), kind, shape }))
}

/// The lower half of a number, as numbers of 32 bits are written.
pub(super) fn low(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}
