//! One turn of the writer: take the store, open the session, see that there is room, write what
//! changed, delete what is old; and what follows from each way in which that can fail.
//!
//! This module never waits; its thread does.

use crate::base::{ByteSize, Chain, clock, show_duration};
use crate::config;
use crate::store::writer::{Health, Status};
use crate::store::{Backend, Book, Disk, Holder, Root, Running, StoreError, Volume};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// What the writer needs to know.
pub struct Setup {
    pub store: config::Store,
    /// Who this process is, for those who find the store locked.
    pub holder: Holder,
    pub pace: Pace,
    pub disk: Box<dyn Disk>,
}

impl Setup {
    /// The usual pace, on the real disk.
    pub fn new(store: config::Store, holder: Holder) -> Self {
        Self { store, holder, pace: Pace::default(), disk: Box::new(Volume) }
    }
}

/// How often the writer does what, and how long it waits for the database.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between flushes.
    pub flush: Duration,
    /// Between tries to take the store, or to open a session, after one failed.
    pub retry: Duration,
    /// Between measurements of the store's size: `store.max_size` may be passed by what is written
    /// in between.
    pub measure: Duration,
    /// Between deletions of old sessions.
    pub collect: Duration,
    /// Between two times that a damaged session is set aside and started afresh.
    pub afresh: Duration,
    /// For each call to the database.
    pub deadline: Duration,
    /// Bytes that must stay free on the disk.
    pub min_free: ByteSize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            flush: Duration::from_millis(500),
            retry: Duration::from_secs(1),
            measure: Duration::from_secs(10),
            collect: Duration::from_secs(3600),
            afresh: Duration::from_secs(3600),
            deadline: Duration::from_secs(10),
            min_free: ByteSize(32 << 20),
        }
    }
}

/// The writer's state between its turns.
pub(super) struct Keeper {
    setup: Setup,
    book: Arc<Mutex<Book>>,
    id: String,
    started: Instant,
    root: Option<Arc<Root>>,
    begun: bool,
    /// Not before these.
    retry_at: Instant,
    measure_at: Instant,
    collect_at: Instant,
    afresh_at: Instant,
    status: Status,
}

impl Keeper {
    pub(super) fn new(setup: Setup, book: Arc<Mutex<Book>>, now: Instant) -> Self {
        let id = lock(&book).info().id.clone();
        Self {
            setup,
            book,
            id,
            started: now,
            root: None,
            begun: false,
            retry_at: now,
            measure_at: now,
            collect_at: now,
            afresh_at: now,
            status: Status::default(),
        }
    }

    pub(super) fn pace(&self) -> Pace {
        self.setup.pace
    }

    pub(super) fn status(&self) -> &Status {
        &self.status
    }

    /// The store, once it is taken.
    pub(super) fn root(&self) -> Option<&Arc<Root>> {
        self.root.as_ref()
    }

    /// Closes the session's database.
    pub(super) fn close(&self) {
        if let Some(root) = &self.root {
            root.close(&self.id);
        }
    }

    /// One turn; the last one before the process ends waits for nothing.
    pub(super) fn turn(&mut self, now: Instant, last: bool) {
        if now < self.retry_at && !last {
            return;
        }
        let health = match self.store(now, last) {
            Ok(()) => Health::Ok,
            Err(error) => self.recover(error, now),
        };
        announce(&self.status.health, &health);
        self.status.health = health;
    }

    /// A turn has panicked. What it was about to write is not known, so all of it is written again.
    pub(super) fn panicked(&mut self, now: Instant) {
        self.close();
        lock(&self.book).mark_all();
        self.retry_at = now + self.setup.pace.retry;
        self.status.failures += 1;
        let bug = "the writer panicked, a bug in shadow; it tries again".to_owned();
        let health = Health::Failed(bug);
        announce(&self.status.health, &health);
        self.status.health = health;
    }

    fn store(&mut self, now: Instant, last: bool) -> Result<(), StoreError> {
        let root = self.take_root()?;
        if now >= self.collect_at && !last {
            self.collect_at = now + self.setup.pace.collect;
            // First, because it may be what makes room.
            self.collect(&root, now);
        }
        self.check_room(&root, now, last)?;
        if !self.begun {
            self.begin(&root)?;
        }
        self.flush(&root)
    }

    fn take_root(&mut self) -> Result<Arc<Root>, StoreError> {
        if let Some(root) = &self.root {
            return Ok(Arc::clone(root));
        }
        let root = Root::acquire(&self.setup.store.path, &self.setup.holder)?;
        let root = Arc::new(root.deadline(self.setup.pace.deadline));
        self.root = Some(Arc::clone(&root));
        Ok(root)
    }

    /// There is room on the disk and below `store.max_size`. The last write may pass the latter:
    /// it is bounded, and without it nobody would learn what was counted since.
    fn check_room(&mut self, root: &Root, now: Instant, last: bool) -> Result<(), StoreError> {
        let path = self.setup.store.path.clone();
        let free = self.setup.disk.free(&path).map_err(StoreError::io("measure", &path))?;
        let min_free = self.setup.pace.min_free;
        if free < min_free.0 {
            let what = format!("{} are free, {min_free} must stay so", ByteSize(free));
            return Err(StoreError::NoSpace { path, what });
        }
        if now >= self.measure_at {
            self.measure_at = now + self.setup.pace.measure;
            self.status.size =
                self.setup.disk.used(&path).map_err(StoreError::io("measure", &path))?;
        }
        let max = self.setup.store.max_size;
        if self.status.size > max.0 && !last {
            let size = ByteSize(self.status.size);
            let what = format!("it has {size}, `store.max_size` allows {max}");
            return Err(StoreError::NoSpace { path, what });
        }
        root.hold_reserve()
    }

    fn begin(&mut self, root: &Root) -> Result<(), StoreError> {
        let mut book = lock(&self.book);
        let session = book.info().clone();
        book.mark_all();
        drop(book);
        root.begin(&session)?;
        self.begun = true;
        Ok(())
    }

    fn flush(&mut self, root: &Root) -> Result<(), StoreError> {
        let at = clock::wall();
        let changes = lock(&self.book).take_dirty(at);
        if changes.is_empty() {
            return Ok(());
        }
        match root.write(&self.id, &changes) {
            Ok(()) => {
                self.status.flushes += 1;
                self.status.stored_at = Some(at);
                Ok(())
            }
            Err(error) => {
                lock(&self.book).restore(changes);
                // The database answers every later call with the same error until it is opened
                // again.
                root.close(&self.id);
                Err(error)
            }
        }
    }

    /// Deletes old sessions; where that fails, storing goes on and it is tried again later.
    fn collect(&mut self, root: &Root, now: Instant) {
        let running = Running {
            id: self.id.clone(),
            started_at: lock(&self.book).info().started_at,
            uptime: now.saturating_duration_since(self.started),
        };
        match root.collect(self.setup.store.keep, clock::wall(), Some(&running)) {
            Ok(gone) if gone.is_empty() => {}
            Ok(gone) => {
                info!("deleted {} sessions that ended longer ago than `store.keep`", gone.len());
                self.status.collected += u64::try_from(gone.len()).unwrap_or(u64::MAX);
                self.measure_at = now;
            }
            Err(error) => warn!("old sessions stay: {}", Chain(&error)),
        }
    }

    /// What follows from an error: when it is tried again, and whether in a fresh directory.
    fn recover(&mut self, error: StoreError, now: Instant) -> Health {
        self.retry_at = now + self.setup.pace.retry;
        if let StoreError::Held { holder, .. } = error {
            return Health::WaitingForLock(holder);
        }
        self.status.failures += 1;
        match error {
            StoreError::NoSpace { .. } => {
                if let Some(root) = &self.root {
                    root.release_reserve();
                }
                Health::Full(error.to_string())
            }
            StoreError::Damaged { what, .. } => self.start_afresh(&what, now),
            StoreError::NoSession { .. } => {
                self.begun = false;
                Health::Failed("somebody deleted the session; it is stored again".to_owned())
            }
            other => Health::Failed(Chain(&other).to_string()),
        }
    }

    /// Sets the session's directory aside; the next turn writes all of it to a fresh one.
    fn start_afresh(&mut self, what: &str, now: Instant) -> Health {
        let Some(root) = self.root.as_ref().filter(|_| now >= self.afresh_at) else {
            let wait = show_duration(self.setup.pace.afresh);
            let advice = "look at the disk";
            return Health::Failed(format!(
                "the stored session was damaged again ({what}) within {wait}; {advice}"
            ));
        };
        self.afresh_at = now + self.setup.pace.afresh;
        self.retry_at = now;
        match root.set_aside(&self.id, clock::wall()) {
            Ok(place) => {
                self.begun = false;
                self.status.set_aside += 1;
                let place = place.display();
                Health::Failed(format!(
                    "the stored session was damaged ({what}); kept as {place}, a fresh one is started"
                ))
            }
            Err(error) => Health::Failed(Chain(&error).to_string()),
        }
    }
}

/// Says once when storing stops, and once when it goes on.
fn announce(before: &Health, now: &Health) {
    if before.name() == now.name() {
        return;
    }
    match now {
        Health::Ok if *before == Health::Starting => {}
        Health::Ok => info!("storing goes on"),
        other => warn!("nothing is stored for now, counting goes on in memory: {other}"),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
