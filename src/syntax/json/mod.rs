//! JSON (RFC 8259) over raw text: what a value says is never separated from how it was written.
//!
//! [`Document::parse`] validates a text once and remembers where its containers end; the members
//! and elements of any one container are then listed without looking into their children.
//! [`Text`] and [`Decimal`] compare strings and numbers by what they mean.
//!
//! This module never converts a number to a float, replaces what it cannot read, or uses the
//! machine's stack for nesting.

mod document;
mod inside;
mod listing;
mod near;
mod number;
mod scan;
mod string;
mod tokens;

pub use document::{Document, Elements, Member, Members, Shape, Value};
pub use inside::{Inside, Way};
pub(crate) use listing::Listing;
pub use near::{Bound, BoundError, Nearness};
pub use number::Decimal;
pub use scan::Invalid;
pub use string::{Text, escape_into, quote_into};
pub(crate) use tokens::Tokens;
