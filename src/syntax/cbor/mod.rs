//! CBOR (RFC 8949) as JSON text, in the notation that all binary formats share.
//!
//! Equal is what RFC 8949 calls equivalent: how wide a number is written, whether a length is told
//! ahead, and the order of a map's keys do not count. Tags count, but for those of big numbers,
//! which are numbers. A key that is repeated stays so, and tells in the comparison.
//!
//! This module never recurses, and never allocates by a length that is only declared.

mod reader;
#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "encoders of tests cut numbers on purpose"
)]
mod tests;

pub use reader::{sequence_to_json, to_json};
