//! What sort of value stands at a place, told from its text alone.
//!
//! [`of_json`] and [`of_text`] name the [`Class`](crate::model::Class); [`Pair`] names both sides'
//! at once, because a random identifier falls into a neighbouring class by chance. A [`Moment`]
//! tells how far two times lie apart.
//!
//! This module never guesses from the name of a field, and never reads a clock.

mod identifiers;
mod moment;
mod names;
mod recognise;
mod times;

pub use moment::Moment;
pub use recognise::{Pair, of_json, of_text};
pub use times::is_epoch;
