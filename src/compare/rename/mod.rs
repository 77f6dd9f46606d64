//! Identifiers up to renaming: a service that makes them up makes up others than another one does,
//! and still each stands for one thing wherever it is seen.
//!
//! While two answers are compared, differences in value that may be none are noted as `Suspects`.
//! `settle` then decides: identifiers of one class that stand for each other one to one, at two
//! places at least, are `renamed`; a random one that is seen once is `opaque`; a number that is
//! always higher by the same is an `offset`. These are counted as [`Names`] and not told as
//! differences. Whatever contradicts the renaming, a place where nothing differs too, is a
//! `reference_broken`. What the request itself names is never renamed.
//!
//! What exchanges teach ([`Learned`]) is kept by [`Flows`] and [`Offsets`], which are values of the
//! caller's, and given to later comparisons as [`Known`].
//!
//! This module never takes away what is missing, extra, or of another type, class or length.

mod bijection;
mod court;
mod finder;
mod flow;
mod known;
mod names;
mod offsets;
mod renamable;
mod search;
mod settle;
mod suspects;
#[cfg(test)]
mod tests;

pub use flow::Flows;
pub use known::{Known, Learned};
pub use names::Names;
pub use offsets::Offsets;
pub(super) use renamable::{masked, random, renamable};
pub(super) use settle::settle;
pub(super) use suspects::{Suspected, Suspects};
