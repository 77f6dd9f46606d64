//! JSON by structure, over the raw text of both sides.
//!
//! [`diff`] walks both documents at once, one level at a time: children that are equal as text are
//! passed over, the others are paired (members by key, elements as `array` says) and visited.
//! [`diff_texts`] does the same with texts that are not read yet, and mostly reads only one of them
//! ([`lockstep`]).
//!
//! This module never recurses, converts a number to a float, or copies a value.

mod array;
mod identity;
mod leaves;
mod lockstep;
mod object;
mod task;
mod texts;
mod walk;

pub use array::Keys;
pub(super) use array::{Places, kept};
pub(super) use leaves::{Leaf, leaves};
pub use texts::both_ways;
pub(super) use texts::diff_texts;
pub(super) use walk::{MAX_DEPTH, diff};
