//! What every store can do, whatever it is made of.
//!
//! This module never knows how a backend keeps things.

use crate::model::{Session, SessionInfo};
use crate::store::{Changes, Running, StoreError};
use jiff::Timestamp;
use std::time::Duration;

/// The write and query interface. Sessions are told apart by their id; a *selector* is an id, the
/// beginning of just one, or `latest`.
pub trait Backend: Send + Sync {
    /// Makes room for a new session.
    fn begin(&self, info: &SessionInfo) -> Result<(), StoreError>;

    /// Makes the changes of one flush durable: all of them or, on an error, none. Writing the same
    /// changes twice is harmless.
    fn write(&self, id: &str, changes: &Changes) -> Result<(), StoreError>;

    /// Every session that can be listed, newest first.
    fn sessions(&self) -> Result<Vec<SessionInfo>, StoreError>;

    /// A session as its last flush left it. Records that could not be read are left out and counted
    /// in `overflow["damaged_records"]`.
    fn load(&self, selector: &str) -> Result<Session, StoreError>;

    /// Reads all of a session and names what is wrong with it.
    fn verify(&self, selector: &str) -> Result<Verified, StoreError>;

    /// Deletes a session; gives its id.
    fn delete(&self, selector: &str) -> Result<String, StoreError>;

    /// Deletes the sessions that ended longer than `keep` ago (those that never ended: that were
    /// last written so long ago), never the running one; gives what it deleted.
    fn collect(
        &self,
        keep: Duration,
        now: Timestamp,
        running: Option<&Running>,
    ) -> Result<Vec<String>, StoreError>;
}

/// The state of a stored session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub id: String,
    pub records: u64,
    /// The records that could not be read, each with the reason.
    pub damaged: Vec<String>,
}

/// The entry of `overflow` that counts what could not be read.
pub(super) const DAMAGED: &str = "damaged_records";
