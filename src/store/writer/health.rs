//! How storing goes, for readiness, metrics and reports.
//!
//! This module never acts on it.

use crate::store::Holder;
use jiff::Timestamp;
use std::fmt;

/// Whether what is counted also reaches the disk. Counting goes on in memory in each case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The first flush has not been tried yet.
    Starting,
    Ok,
    /// Another process holds the store.
    WaitingForLock(Option<Holder>),
    /// The disk or `store.max_size` is full; storing goes on by itself once it is not.
    Full(String),
    /// The reason, with its mend; it is tried again.
    Failed(String),
}

impl Health {
    /// The word for it in metrics and in the readiness check.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ok => "ok",
            Self::WaitingForLock(_) => "waiting_for_lock",
            Self::Full(_) => "full",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("nothing has been stored yet"),
            Self::Ok => f.write_str("everything is stored"),
            Self::WaitingForLock(holder) => {
                let holder = Holder::name(holder.as_ref());
                write!(
                    f,
                    "the store is in use by {holder}; stop that one, or set another `store.path`"
                )
            }
            Self::Full(reason) | Self::Failed(reason) => f.write_str(reason),
        }
    }
}

/// What the writer has done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub health: Health,
    /// Bytes that the store takes on disk, as last measured.
    pub size: u64,
    /// Flushes that reached the disk.
    pub flushes: u64,
    /// Tries that did not.
    pub failures: u64,
    /// When the last flush reached the disk.
    pub stored_at: Option<Timestamp>,
    /// Directories of this session that were set aside as damaged.
    pub set_aside: u64,
    /// Old sessions deleted.
    pub collected: u64,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            health: Health::Starting,
            size: 0,
            flushes: 0,
            failures: 0,
            stored_at: None,
            set_aside: 0,
            collected: 0,
        }
    }
}
