//! JSON by structure, over the raw text of both sides.
//!
//! [`diff`] walks both documents at once, one level at a time: children that are equal as text are
//! passed over, the others are paired (members by key, elements by index) and visited.
//!
//! This module never recurses, converts a number to a float, or copies a value.

mod array;
mod leaves;
mod object;
mod walk;

pub(super) use leaves::{Leaf, leaves};
pub(super) use walk::{MAX_DEPTH, diff};
