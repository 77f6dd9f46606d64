//! Places in an answer, and patterns over them. One path dialect: the selectors of RFC 9535 for
//! patterns (`$.items[*].price`), RFC 6901 pointers for places (`/items/0/price`); rules accept
//! both, and `**` for any depth.
//!
//! Main types: [`Path`], [`Place`] and [`Pattern`], which [`PatternError`] says what is wrong with.
//!
//! This module never looks into a body.

mod pattern;
mod place;
mod read;
mod select;

pub use pattern::{Pattern, Reach};
pub use place::{Path, Place, Seg};
pub use read::PatternError;
