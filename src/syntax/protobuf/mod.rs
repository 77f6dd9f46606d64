//! Protobuf (the wire format of protobuf.dev/programming-guides/encoding) as JSON text.
//!
//! Without descriptors a message is an object of its fields' numbers, each with the list of its
//! values in order: [`pair_to_json`] reads both sides by one guess, so that no difference comes
//! from guessing twice.
//!
//! What no receiver can tell does not count: in the outermost message, the order of fields of
//! different numbers and how wide a number is written. What stands within must be written as
//! senders write it to be read as a message at all; else its bytes count. Packed and single values
//! of a repeated field are different, since nothing tells that the packed bytes are numbers.
//!
//! With descriptors, a [`Schema`], fields have names and types: [`typed_to_json`]. A side that does
//! not fit its type is an error there, for the readers by wire to take over.
//!
//! This module never guesses for one side alone, and never uses the machine's stack for nesting.

mod descriptor;
mod guess;
mod known;
mod render;
mod scalar;
mod schema;
#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "encoders of tests cut numbers on purpose")]
mod tests;
mod typed;
#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "encoders of tests cut numbers on purpose")]
mod typed_tests;
mod wire;

pub use render::{Message, Messages, pair_to_json};
pub use schema::{BadSchema, Schema, Type};
pub use typed::typed_to_json;
