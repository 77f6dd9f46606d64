//! The message types that a descriptor set describes.
//!
//! Main types: [`Schema`], which is made once from a file's bytes and looked up by names, and
//! [`Type`], one message type of it.
//!
//! This module never looks at a message.

use super::descriptor;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// All message types of a descriptor set, with the methods that answer with them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Schema {
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
    /// Messages by their full names.
    pub(super) names: HashMap<String, usize>,
    /// What each method answers with, by `package.Service/Method`.
    pub(super) answers: HashMap<String, usize>,
}

/// One message type.
#[derive(Clone, Copy, Debug)]
pub struct Type<'s> {
    pub(super) schema: &'s Schema,
    pub(super) message: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub fields: BTreeMap<u32, Field>,
    pub known: Known,
    /// Whether any two fields are of one `oneof`.
    pub has_oneofs: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// As the file writes it; an extension's full name in brackets.
    pub name: String,
    pub kind: Kind,
    pub shape: Shape,
}

/// How often a field may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Once; whether it is there is told.
    Single,
    /// Once; one that is not there is the same as one with its type's default.
    Implicit,
    /// Once, and none of the others of this `oneof` with it.
    OneOf(u64),
    List,
    Map,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    Enum(usize),
    Message(usize),
}

/// The names of an enum's numbers; of two for one number the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Enum(pub HashMap<i32, String>);

/// Types that mean more than their fields (protobuf.dev/reference/protobuf/google.protobuf).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Known {
    #[default]
    No,
    Timestamp,
    Duration,
    /// Around a single value.
    Wrapper,
    Struct,
    Value,
    ListValue,
    Any,
}

/// Why bytes are no descriptor set of use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSchema {
    #[error("is no descriptor set; make it with `protoc --descriptor_set_out` or `buf build -o`")]
    Unreadable,
    #[error("describes no message; make it from a file that has some")]
    Empty,
    #[error("lacks the type `{0}`; make it with `--include_imports`")]
    Lacks(String),
}

impl Schema {
    /// Reads a serialised `google.protobuf.FileDescriptorSet`, imports included.
    pub fn read(bytes: &[u8]) -> Result<Self, BadSchema> {
        descriptor::read(bytes)
    }

    /// How many message types there are.
    pub fn size(&self) -> usize {
        self.messages.len()
    }

    /// The type of this full name.
    pub fn message(&self, name: &str) -> Option<Type<'_>> {
        let message = *self.names.get(name.strip_prefix('.').unwrap_or(name))?;
        Some(Type { schema: self, message })
    }

    /// What the method that a path ends with answers: `/package.Service/Method`.
    pub fn answer(&self, path: &str) -> Option<Type<'_>> {
        let (before, _) = path.rsplit_once('/')?;
        let service = before.rfind('/').map_or(0, |at| at + 1);
        let message = *self.answers.get(path.get(service..)?)?;
        Some(Type { schema: self, message })
    }
}

/// Says how much it knows, not what.
impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({} messages, {} methods)", self.messages.len(), self.answers.len())
    }
}

impl Known {
    /// What the type of this full name means.
    pub(super) fn of(name: &str) -> Self {
        let Some(word) = name.strip_prefix("google.protobuf.") else { return Self::No };
        match word {
            "Timestamp" => Self::Timestamp,
            "Duration" => Self::Duration,
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value"
            | "UInt32Value" | "BoolValue" | "StringValue" | "BytesValue" => Self::Wrapper,
            "Struct" => Self::Struct,
            "Value" => Self::Value,
            "ListValue" => Self::ListValue,
            "Any" => Self::Any,
            _ => Self::No,
        }
    }
}
