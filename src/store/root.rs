//! The store's directory, locked by this process: sessions are written, listed, read and deleted
//! through it.
//!
//! This module never decides when to write, and never waits for the lock longer than another
//! reader needs.

use crate::base::clock;
use crate::model::{Session, SessionInfo};
use crate::store::backend::{DAMAGED, Verified};
use crate::store::engine::{self, Engine};
use crate::store::format::{self, Contents, Meta, Pair};
use crate::store::layout::{self, FORMAT, Layout};
use crate::store::lock::{self, Lock};
use crate::store::retention::{self, Lifetime};
use crate::store::{Backend, Changes, Holder, Running, StoreError, disk};
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, thread};
use tracing::warn;

/// A store that this process holds until the value is dropped.
#[derive(Debug)]
pub struct Root {
    layout: Layout,
    deadline: Duration,
    /// The databases being written.
    open: Mutex<HashMap<String, Arc<Engine>>>,
    /// The sessions whose databases hung, panicked or were damaged, with the reason: they are not
    /// opened again, since that might leave one more hung thread behind.
    refused: Mutex<HashMap<String, String>>,
    /// Copies made for reading.
    copies: AtomicU64,
    _lock: Lock,
}

/// What a store's directory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreInfo {
    pub path: PathBuf,
    /// The format that this program writes.
    pub format: &'static str,
    /// Bytes on disk.
    pub size: u64,
    pub sessions: usize,
    /// Why sessions cannot be listed, one sentence each.
    pub unreadable: Vec<String>,
    /// Directories that were set aside.
    pub corrupt: Vec<PathBuf>,
}

/// How long a call to a database may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long an offline reader waits for another one to finish.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes kept back, so that a database on a full disk can still be opened: that takes up to two
/// of its 512 KiB segments and a snapshot.
const RESERVE: usize = 2 << 20;

impl Root {
    /// Takes a store for writing; its directory is made if it is missing.
    pub fn acquire(path: &Path, holder: &Holder) -> Result<Self, StoreError> {
        disk::make_dir(path)?;
        let root = Self::with(path, Lock::take(path, holder)?);
        disk::make_dir(&root.layout.sessions())?;
        for name in root.layout.names()?.unfinished {
            root.layout.delete(&name)?;
        }
        Ok(root)
    }

    /// Takes a store for reading, while no process writes it.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        if !path.join("sessions").is_dir() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let until = clock::now() + PATIENCE;
        loop {
            match Lock::take(path, &Holder::this(None)) {
                // A holder without an admin API is a command that reads, and soon done.
                Err(StoreError::Held { holder: Some(Holder { admin: None, .. }), .. })
                    if clock::now() < until =>
                {
                    thread::sleep(Duration::from_millis(20));
                }
                other => return other.map(|lock| Self::with(path, lock)),
            }
        }
    }

    /// Who holds a store now, if anybody does.
    pub fn holder(path: &Path) -> Option<Holder> {
        lock::holder(path)
    }

    fn with(path: &Path, lock: Lock) -> Self {
        Self {
            layout: Layout::new(path),
            deadline: DEADLINE,
            open: Mutex::default(),
            refused: Mutex::default(),
            copies: AtomicU64::default(),
            _lock: lock,
        }
    }

    /// How long each call to a database may take, in place of ten seconds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// What the directory holds.
    pub fn info(&self) -> Result<StoreInfo, StoreError> {
        let names = self.layout.names()?;
        let unreadable = names.sessions.iter().filter_map(|id| self.layout.read_meta(id).err());
        let path = self.layout.root.clone();
        Ok(StoreInfo {
            size: disk::used(&path).map_err(StoreError::io("measure", &path))?,
            path,
            format: FORMAT,
            sessions: names.sessions.len(),
            unreadable: unreadable.map(|error| error.to_string()).collect(),
            corrupt: names.corrupt.iter().map(|name| self.layout.session(name)).collect(),
        })
    }

    /// Closes a session that was written; writing to it opens it again.
    pub(super) fn close(&self, id: &str) {
        let engine = locked(&self.open).remove(id);
        drop(engine);
    }

    /// Sets a session aside that cannot be used, and says where.
    pub(super) fn set_aside(&self, id: &str, now: Timestamp) -> Result<PathBuf, StoreError> {
        self.close(id);
        locked(&self.refused).remove(id);
        self.layout.set_aside(id, now)
    }

    /// Keeps a few MiB back, unless there are some already.
    pub(super) fn hold_reserve(&self) -> Result<(), StoreError> {
        let path = self.reserve();
        if path.exists() {
            return Ok(());
        }
        disk::replace(&path, &vec![0; RESERVE])
    }

    /// Gives the reserve back to the disk; false where there was none.
    pub(super) fn release_reserve(&self) -> bool {
        fs::remove_file(self.reserve()).is_ok()
    }

    fn reserve(&self) -> PathBuf {
        self.layout.root.join("reserve")
    }

    fn find(&self, selector: &str) -> Result<String, StoreError> {
        let ids = self.layout.names()?.sessions;
        layout::resolve(&self.layout.root, &ids, selector).map(str::to_owned)
    }

    /// The database of a session, which the caller may write.
    fn writable(&self, id: &str) -> Result<Arc<Engine>, StoreError> {
        if let Some(engine) = locked(&self.open).get(id) {
            return Ok(Arc::clone(engine));
        }
        self.layout.check_format(id)?;
        let engine = Arc::new(self.on_database(id, Engine::open)?);
        locked(&self.open).insert(id.to_owned(), Arc::clone(&engine));
        Ok(engine)
    }

    /// Opens a session's database in one way or another: not if it was refused before, and on a
    /// full disk with what the reserve gives.
    fn on_database<T>(
        &self,
        id: &str,
        open: impl Fn(&Path, Duration) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let path = self.layout.database(id);
        if let Some(what) = locked(&self.refused).get(id) {
            return Err(StoreError::damaged(&path, what.as_str()));
        }
        let opened = match open(&path, self.deadline) {
            Err(StoreError::NoSpace { .. }) if self.release_reserve() => open(&path, self.deadline),
            other => other,
        };
        opened.inspect_err(|error| self.refuse(id, error))
    }

    fn refuse(&self, id: &str, error: &StoreError) {
        if let StoreError::Damaged { what, .. } = error {
            locked(&self.refused).insert(id.to_owned(), what.clone());
        }
    }

    /// All that can be read of a session.
    fn contents(&self, id: &str) -> Result<Contents, StoreError> {
        let writing = locked(&self.open).get(id).map(Arc::clone);
        let pairs = match writing {
            Some(engine) => engine.read()?,
            // Listed before its first flush.
            None if !self.layout.database(id).exists() => Vec::new(),
            None => self.on_database(id, |path, deadline| self.read_closed(id, path, deadline))?,
        };
        Ok(format::decode(pairs))
    }

    /// Reads a database on a copy or, where there is no room for one, where it lies.
    fn read_closed(
        &self,
        id: &str,
        path: &Path,
        deadline: Duration,
    ) -> Result<Vec<Pair>, StoreError> {
        let scratch = self.layout.scratch(id, self.copies.fetch_add(1, Ordering::Relaxed));
        match engine::read_copy(path, &scratch, deadline) {
            Err(StoreError::NoSpace { .. }) => Engine::open(path, deadline)?.read(),
            other => other,
        }
    }

    fn read_session(&self, selector: &str) -> Result<(Session, Verified), StoreError> {
        let id = self.find(selector)?;
        self.layout.check_format(&id)?;
        let listed = self.layout.read_meta(&id);
        let contents = self.contents(&id)?;
        let records = contents.records;
        let (listed, unlisted) = match listed {
            Ok(meta) => (Some(meta), None),
            Err(error) => (None, Some(error)),
        };
        let (session, mut damaged) = contents.into_session(listed).ok_or_else(|| {
            StoreError::damaged(&self.layout.session(&id), "nothing says what it is")
        })?;
        damaged.extend(unlisted.map(|error| error.to_string()));
        Ok((session, Verified { id, records, damaged }))
    }

    fn lifetimes(&self) -> Result<Vec<Lifetime>, StoreError> {
        let names = self.layout.names()?;
        let lifetime = |id: String, ended_at| {
            let last_write = self.layout.last_write(&id)?;
            Some(Lifetime { id, ended_at, last_write })
        };
        let sessions = names.sessions.into_iter().filter_map(|id| {
            let meta = self.layout.read_meta(&id).ok();
            lifetime(id, meta.and_then(|meta| meta.info.ended_at))
        });
        let corrupt = names.corrupt.into_iter().filter_map(|name| lifetime(name, None));
        Ok(sessions.chain(corrupt).collect())
    }
}

impl Backend for Root {
    fn begin(&self, info: &SessionInfo) -> Result<(), StoreError> {
        layout::check_id(&info.id)?;
        if self.layout.session(&info.id).exists() {
            return Err(StoreError::Exists(info.id.clone()));
        }
        self.layout.create(&Meta { info: info.clone(), flush: 0 })
    }

    fn write(&self, id: &str, changes: &Changes) -> Result<(), StoreError> {
        if !self.layout.session(id).exists() {
            let path = self.layout.root.clone();
            return Err(StoreError::NoSession { path, selector: id.to_owned() });
        }
        let written = self.writable(id)?.write(format::encode(changes));
        written.inspect_err(|error| self.refuse(id, error))?;
        match changes.info.clone() {
            Some(info) => self.layout.write_meta(&Meta { info, flush: changes.totals.flush }),
            None => Ok(()),
        }
    }

    fn sessions(&self) -> Result<Vec<SessionInfo>, StoreError> {
        let mut sessions = Vec::new();
        for id in self.layout.names()?.sessions {
            match self.layout.read_meta(&id) {
                Ok(meta) => sessions.push(meta.info),
                Err(error) => warn!("a session is not listed: {error}"),
            }
        }
        Ok(sessions)
    }

    fn load(&self, selector: &str) -> Result<Session, StoreError> {
        let (mut session, verified) = self.read_session(selector)?;
        if !verified.damaged.is_empty() {
            let count = u64::try_from(verified.damaged.len()).unwrap_or(u64::MAX);
            session.overflow.insert(DAMAGED.to_owned(), count);
        }
        Ok(session)
    }

    fn verify(&self, selector: &str) -> Result<Verified, StoreError> {
        self.read_session(selector).map(|(_, verified)| verified)
    }

    fn delete(&self, selector: &str) -> Result<String, StoreError> {
        let id = self.find(selector)?;
        if locked(&self.open).contains_key(&id) {
            return Err(StoreError::Running(id));
        }
        self.layout.delete(&id)?;
        Ok(id)
    }

    fn collect(
        &self,
        keep: Duration,
        now: Timestamp,
        running: Option<&Running>,
    ) -> Result<Vec<String>, StoreError> {
        let mut expired = retention::expired(&self.lifetimes()?, keep, now, running);
        expired.retain(|name| match self.layout.delete(name) {
            Ok(()) => true,
            Err(error) => {
                warn!("an old session stays: {error}");
                false
            }
        });
        Ok(expired)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
