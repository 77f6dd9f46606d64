//! Arrays: which element of the one belongs to which of the other.
//!
//! [`pair`](pair()) chooses how. Unless a rule says, elements that are [in step](step::in_step) are paired
//! by index; else equal ends are cut off, a mere change of order is told as one, a [field](detect)
//! that names the elements joins them, and what is left is aligned as a [sequence].
//! Elements are known by their [hashes](hash), which leave out what the rules may let differ.
//!
//! Whatever is paired and not of the same text is visited: a match that is none is told as what
//! differs in it. No result depends on the key of the hashes, on time, or, but for the names of the
//! sides, on which side is which.
//!
//! This module never calls two elements equal: it says which are to be compared.

mod align;
mod children;
mod detect;
mod hash;
mod index;
mod join;
mod keys;
mod matching;
mod order;
mod pair;
mod sequence;
mod set;
mod side;
mod step;
#[cfg(test)]
mod tests;
mod tolerated;

pub use keys::Keys;
pub(in crate::compare) use order::{Places, kept};
pub(super) use pair::{Note, Site, pair};
