//! Places in an answer, and patterns over them. One path dialect: RFC 9535 for patterns
//! (`$.items[*].price`), RFC 6901 pointers for places (`/items/0/price`); rules accept both, and
//! `**` for any depth.
//!
//! Main types: [`Path`], [`Place`] and [`Pattern`], which [`PatternError`] says what is wrong with;
//! [`Filter`] is what a pattern asks of values.
//!
//! This module never looks into a body, but for the filters.

mod filter;
mod lex;
mod pattern;
mod place;
mod read;
mod select;

pub use filter::{Filter, Spent};
pub use pattern::{Pattern, Progress, Reach};
pub use place::{Path, Place, Seg};
pub use read::PatternError;
