//! One database: sled 0.34 behind deadlines.
//!
//! Measured on 0.34.7:
//! - A database that was written by one opening and then killed, 423 times: the last flush was
//!   there each time, and whole.
//! - With bytes overwritten in the middle of its file it is read, goes back in time or panics, 0 of
//!   400 hung. Opening it writes a snapshot, though, and with one beside it reading spins for ever
//!   in 49 of 160 trials; and to delete that snapshot later may lose everything.
//! - A snapshot without bytes makes opening fail.
//! - A full disk makes every later call fail until the database is opened again.
//!
//! Hence whoever only reads opens a copy, so that a database is as its writer left it; each call is
//! made on a thread of its own with a deadline; and whoever gets an error closes the database.
//!
//! This module never knows what a record says.

use crate::base::clock;
use crate::store::format::Pair;
use crate::store::guard::{self, Lost};
use crate::store::{StoreError, disk};
use sled::{Batch, Config, Db};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tracing::warn;

/// Bytes of pages that the database keeps in memory. Its default is 1 GiB; with this a release build
/// grows by some 8 MiB in all, writing 512 endpoints of 1.5 KiB twice a second.
const CACHE: u64 = 4 << 20;

/// How often the database moves live records out of mostly dead parts of its file, without which
/// it only grows; what is durable when is decided by [`Engine::write`].
const CLEAN_EVERY_MS: u64 = 1_000;

/// A database that is written; dropping closes it.
#[derive(Debug)]
pub(super) struct Engine {
    db: Option<Db>,
    path: PathBuf,
    deadline: Duration,
}

impl Engine {
    /// Opens the database of a directory, which is made if it is missing.
    pub(super) fn open(path: &Path, deadline: Duration) -> Result<Self, StoreError> {
        disk::make_dir(path)?;
        let place = path.to_owned();
        let db = call(path, deadline, move || {
            wait_until_closed(&place, deadline / 2);
            config(&place).flush_every_ms(Some(CLEAN_EVERY_MS)).open()
        })?;
        let engine = Self { db: Some(db), path: path.to_owned(), deadline };
        disk::make_private(path).map_err(StoreError::io("make private", path))?;
        Ok(engine)
    }

    /// Makes all pairs durable, or none of them; a key without a value is taken away.
    pub(super) fn write(&self, pairs: Vec<Pair>) -> Result<(), StoreError> {
        let Some(db) = self.db.clone() else { return Ok(()) };
        let mut batch = Batch::default();
        for (key, value) in pairs {
            match value.is_empty() {
                true => batch.remove(key),
                false => batch.insert(key, value),
            }
        }
        let write = move || db.apply_batch(batch).and_then(|()| db.flush().map(drop));
        call(&self.path, self.deadline, write)
    }

    /// All pairs, in the order of their keys.
    pub(super) fn read(&self) -> Result<Vec<Pair>, StoreError> {
        let Some(db) = self.db.clone() else { return Ok(Vec::new()) };
        call(&self.path, self.deadline, move || pairs(&db))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let db = self.db.take();
        // Closing waits for the database's own threads; what was written is durable already.
        if let Err(lost) = guard::within(self.deadline, move || drop(db)) {
            warn!(path = %self.path.display(), "the database does not close: {lost}");
        }
    }
}

/// All pairs of a database that nobody writes, in the order of their keys. It is copied to
/// `scratch`, which is gone afterwards.
pub(super) fn read_copy(
    path: &Path,
    scratch: &Path,
    deadline: Duration,
) -> Result<Vec<Pair>, StoreError> {
    let (from, to) = (path.to_owned(), scratch.to_owned());
    call(path, deadline, move || {
        let copied = disk::remove_dir(&to).and_then(|()| disk::copy_dir(&from, &to));
        let read = copied.map_err(sled::Error::Io).and_then(|()| pairs(&open_copy(&to)?));
        disk::remove_dir(&to)?;
        read
    })
}

/// Opens a copy; a bad snapshot, from which it would only start faster, is dropped.
fn open_copy(path: &Path) -> sled::Result<Db> {
    let open = || config(path).flush_every_ms(None).open();
    match open() {
        Err(sled::Error::Corruption { .. }) if drop_snapshots(path)? => open(),
        other => other,
    }
}

fn config(path: &Path) -> Config {
    Config::new().path(path).cache_capacity(CACHE)
}

fn pairs(db: &Db) -> sled::Result<Vec<Pair>> {
    db.iter().map(|item| item.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
}

/// What this process closed a moment ago may still be held by the database's own threads.
fn wait_until_closed(path: &Path, patience: Duration) {
    let until = clock::now() + patience;
    let Ok(file) = File::open(path.join("db")) else { return };
    while matches!(file.try_lock(), Err(TryLockError::WouldBlock)) && clock::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Deletes a database's snapshots; false where there are none.
fn drop_snapshots(path: &Path) -> io::Result<bool> {
    let mut any = false;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::remove_file(entry.path())?;
            any = true;
        }
    }
    Ok(any)
}

fn call<T: Send + 'static>(
    path: &Path,
    deadline: Duration,
    work: impl FnOnce() -> sled::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    match guard::within(deadline, work) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(StoreError::damaged(path, "it is cut off"))
        }
        Ok(Err(sled::Error::Io(error))) => Err(StoreError::io("use", path)(error)),
        Ok(Err(sled::Error::Corruption { .. })) => {
            Err(StoreError::damaged(path, "its checksums do not fit"))
        }
        Ok(Err(error)) => {
            let text = error.to_string();
            Err(StoreError::damaged(path, text.lines().next().unwrap_or_default()))
        }
        Err(Lost::Thread(error)) => Err(StoreError::io("start a thread for", path)(error)),
        Err(lost @ (Lost::Late(_) | Lost::Panicked(_))) => {
            Err(StoreError::damaged(path, lost.to_string()))
        }
    }
}
