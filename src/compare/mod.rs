//! The structural comparison of two answers.
//!
//! [`same()`] is the fast path: it allocates nothing and parses nothing. Where it says no, both
//! bodies are [`Decoded`] and [`compare`] lists what differs as a [`Comparison`]: outcome, status,
//! headers, trailers, then the body by its format. [`signature()`] groups equal divergences across
//! requests, [`endpoint`] names the requests themselves, and [`rank`] chooses samples.
//!
//! Formats live in a module each (`json`, `lines`, `binary`; `encoded` reads CBOR, MessagePack,
//! protobuf and gRPC into JSON text, by its [`Types`] where they are known, which `json` compares), [`class`] tells what sort of value
//! stands at a place, and [`Rules`] is the config's part, compiled. What each rule was good for is in
//! the comparison's [`Uses`]; what it selects where nothing differs, [`selected()`] tells. Identifiers
//! are compared up to renaming: [`Names`] counts what that took away.
//!
//! Every answer is a function of its arguments: work is bounded by input size and by fuel, not by
//! time. This module never reads a clock, does I/O, or calls equal what it could not read.

mod binary;
mod body;
pub mod class;
mod comparison;
mod cookies;
mod decode;
mod elements;
mod encoded;
pub mod endpoint;
mod ends;
mod fuel;
mod graphql;
mod headers;
mod hosts;
mod json;
mod lines;
mod patch;
mod places;
mod reading;
mod rename;
mod rules;
mod same;
mod selected;
mod signature;
mod stages;
mod table;
mod terms;
#[cfg(test)]
mod testing;
mod token;
mod trail;
mod types;
mod url;
mod uses;
mod weigh;

pub use comparison::Comparison;
pub use decode::{Decoded, Undecodable};
pub use json::Keys;
#[doc(hidden)]
pub use json::both_ways;
pub use patch::{Unpatchable, patch};
pub use rename::{Flows, Known, Learned, Names, Offsets};
pub use rules::{Name, Rules};
pub use same::same;
pub use selected::selected;
pub use signature::{Stem, draw, rank, response_signature, signature};
pub use stages::compare;
pub use terms::Terms;
pub use types::Types;
pub use uses::{Use, Uses};
