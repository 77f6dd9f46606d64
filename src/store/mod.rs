//! What was found out, kept: the running session in memory, its copy on disk, and every earlier
//! session.
//!
//! - [`Book`] is the running session, exact and bounded; compare workers write into it.
//! - [`Writer`] copies what changed in it to disk, on a thread of its own.
//! - [`Root`] is the store's directory: it writes and reads sessions, and is one [`Backend`];
//!   [`Memory`] is the other.
//! - [`load_controls`] and [`save_controls`] keep what people switched at run time.
//!
//! Each session has a directory of its own with a database in it. The database (sled 0.34) can
//! hang, panic or give up on a damaged file, so that every call to it is made on a thread of its
//! own with a deadline; what cannot be opened is set aside and a fresh directory is started.
//!
//! This module never holds up whoever counts: disks and locks are waited for by the writer's
//! thread alone.

mod backend;
mod book;
mod changes;
#[cfg(test)]
mod conformance;
mod controls;
#[cfg(test)]
mod damage;
mod disk;
mod engine;
mod error;
mod format;
mod guard;
mod layout;
mod lock;
mod memory;
mod retention;
mod root;
mod sample;
#[cfg(test)]
pub(crate) mod testing;
mod writer;

pub use backend::{Backend, Verified};
pub use book::{
    Book, Judgement, MAX_ENDPOINTS, MAX_FINDINGS, MAX_FINDINGS_PER_ENDPOINT, MAX_NAMES,
    MAX_VARIANTS, Mark, OTHER, Occasion, SAMPLES_PER_FINDING,
};
pub use changes::{Changes, FindingChange, Gone, Sums, Totals, VariantChange};
pub use controls::{load_controls, save_controls};
pub use disk::{Disk, Volume};
pub use error::StoreError;
pub use format::{Pair, salvage};
pub use layout::newest_id;
pub use lock::Holder;
pub use memory::Memory;
pub use retention::Running;
pub use root::{Root, StoreInfo};
pub use writer::{Health, Pace, Setup, Status, Writer};
