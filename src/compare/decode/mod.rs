//! Bodies without their content-encoding and their charset.
//!
//! [`Decoded`] holds both: what came, what it stands for, and where the two differ the JSON text
//! that each is read into. `coding` undoes content codings, `charset` turns text into UTF-8.
//!
//! This module never decodes without a bound, and never replaces what it cannot decode.

mod body;
mod charset;
mod coding;
mod decoded;

pub use body::Undecodable;
pub(super) use body::{Body, codings, media};
pub(super) use coding::undo;
pub use decoded::Decoded;
pub(super) use decoded::{alone, text};
