//! How sessions are put into a database: records, their bytes, their keys.
//!
//! [`encode`] turns the changes of a flush into pairs of key and value, [`decode`] reads them back.
//!
//! This module never does I/O.

mod codec;
mod envelope;
mod record;
mod renames;
mod rule;
mod variant;

pub(super) use codec::{Contents, decode, encode};
pub use codec::{Pair, salvage};
pub(super) use record::Meta;
