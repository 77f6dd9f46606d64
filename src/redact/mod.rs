//! What is replaced in a sample before it is kept: nothing secret reaches the store.
//!
//! A [`Redactor`] replaces a secret by `redacted:` and 16 hexadecimal digits of its keyed hash, so
//! that equal secrets still look equal. A value is secret by the name of its field (`names`), by
//! the config, or by its own look wherever it stands (`patterns`). Whatever cannot be read as what
//! it claims to be is replaced as a whole.
//!
//! This module never cuts before it has redacted, and never lets bytes through that it could not
//! read.

mod announce;
mod fields;
mod json;
mod mark;
mod names;
mod patterns;
mod redactor;
mod scan;

pub use redactor::Redactor;
