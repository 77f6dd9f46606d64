//! MessagePack (the specification of 2017, with timestamps) as JSON text, in the notation that all
//! binary formats share.
//!
//! How wide a number, a length or a timestamp is written does not count. A string that is not
//! UTF-8, which old senders write for bytes, is its bytes under a name of its own.
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

pub use reader::to_json;
