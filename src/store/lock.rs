//! One process at a time: `ROOT/lock` is locked for as long as a [`Lock`] lives, and says who
//! holds it, so that commands find the process to ask.
//!
//! This module never waits for the lock.

use crate::store::{StoreError, disk};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fs, process};

/// The process that holds a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    /// Where its admin API listens; absent for a command that only reads.
    pub admin: Option<SocketAddr>,
}

impl Holder {
    /// This process.
    pub fn this(admin: Option<SocketAddr>) -> Self {
        Self { pid: process::id(), admin }
    }

    /// How messages call it.
    pub(super) fn name(holder: Option<&Self>) -> String {
        match holder {
            Some(Self { pid, admin: Some(admin) }) => {
                format!("process {pid} (admin API at {admin})")
            }
            Some(Self { pid, admin: None }) => format!("process {pid}"),
            None => "another process".to_owned(),
        }
    }
}

/// Held until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a store, or says who has it.
    pub(super) fn take(root: &Path, holder: &Holder) -> Result<Self, StoreError> {
        let path = path(root);
        let mut file = disk::open_private(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Held { path: root.to_owned(), holder: written(root) });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
        }
        let text = serde_json::to_vec(holder).unwrap_or_default();
        match file.set_len(0).and_then(|()| file.write_all(&text)) {
            // Nobody asks a reader anything, and on a full disk it is still to read.
            Err(error) if holder.admin.is_some() => Err(StoreError::io("write", &path)(error)),
            Ok(()) | Err(_) => Ok(Self { _file: file }),
        }
    }
}

/// Who holds the lock now, if anybody does.
pub(super) fn holder(root: &Path) -> Option<Holder> {
    let file = File::open(path(root)).ok()?;
    // Shared, so that two who ask do not take each other for the holder.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => written(root),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// What the last holder wrote.
fn written(root: &Path) -> Option<Holder> {
    serde_json::from_slice(&fs::read(path(root)).ok()?).ok()
}

fn path(root: &Path) -> PathBuf {
    root.join("lock")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    #[test]
    fn a_second_one_learns_who_holds_the_lock() {
        let dir = tempdir().expect("a directory");
        let first = Holder { pid: 4711, admin: Some(([127, 0, 0, 1], 9900).into()) };
        assert_eq!(holder(dir.path()), None);
        let lock = Lock::take(dir.path(), &first).expect("free");
        assert_eq!(holder(dir.path()), Some(first.clone()));
        let held = Lock::take(dir.path(), &Holder::this(None)).expect_err("held");
        assert!(matches!(&held, StoreError::Held { holder: Some(found), .. } if *found == first));
        let text = held.to_string();
        assert!(text.contains("process 4711 (admin API at 127.0.0.1:9900)"), "{text}");
        drop(lock);
        assert_eq!(holder(dir.path()), None);
        Lock::take(dir.path(), &Holder::this(None)).expect("free again");
    }

    #[test]
    fn a_lock_file_that_cannot_be_read_still_locks() {
        let dir = tempdir().expect("a directory");
        let _lock = Lock::take(dir.path(), &Holder::this(None)).expect("free");
        fs::write(path(dir.path()), b"\xff").expect("written");
        let held = Lock::take(dir.path(), &Holder::this(None)).expect_err("held");
        assert!(held.to_string().contains("in use by another process"), "{held}");
        assert_eq!(holder(dir.path()), None);
    }
}
