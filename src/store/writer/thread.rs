//! The writer's thread and the handle to it.
//!
//! This module never decides what a turn does.

use crate::base::{caught, clock};
use crate::store::guard::lower_priority;
use crate::store::writer::keeper::{Keeper, lock};
use crate::store::writer::{Health, Setup, Status};
use crate::store::{Book, Root};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, panicking};
use std::time::{Duration, Instant};

/// The writer of one session. Dropping it lets the thread end by itself.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    deadline: Duration,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stop: bool,
    /// Flushes asked for, and which of them were made.
    asked: u64,
    answered: u64,
    /// Since when the turn lasts that is under way.
    busy_since: Option<Instant>,
    ended: bool,
    status: Status,
    root: Option<Arc<Root>>,
}

impl Writer {
    /// Starts the writer for the session in `book`; its end is written by [`Writer::stop`].
    pub fn spawn(setup: Setup, book: Arc<Mutex<Book>>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let deadline = setup.pace.deadline;
        let theirs = Arc::clone(&shared);
        let thread = Builder::new().name("shadow-store".to_owned()).spawn(move || {
            lower_priority();
            let _end = End(&theirs);
            let keeper = Keeper::new(setup, Arc::clone(&book), clock::now());
            theirs.run(keeper, &book);
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)), deadline })
    }

    /// How storing goes.
    pub fn health(&self) -> Health {
        self.status().health
    }

    /// How storing goes, with its counts.
    pub fn status(&self) -> Status {
        let state = lock(&self.shared.state);
        let mut status = state.status.clone();
        // Calls to the database have deadlines; a file system may hang all the same.
        let busy = state.busy_since.map_or(Duration::ZERO, |since| clock::now() - since);
        if busy > 3 * self.deadline {
            let seconds = busy.as_secs();
            status.health = Health::Failed(format!("the disk has not answered for {seconds} s"));
        }
        status
    }

    /// The store, once it is taken: for questions about earlier sessions.
    pub fn root(&self) -> Option<Arc<Root>> {
        lock(&self.shared.state).root.clone()
    }

    /// Asks for a flush of all that is in the book now, and waits for it so long.
    pub fn sync(&self, deadline: Duration) -> Health {
        let mut state = lock(&self.shared.state);
        state.asked += 1;
        let asked = state.asked;
        self.shared.changed.notify_all();
        drop(self.shared.wait(state, deadline, |state| state.answered >= asked || state.ended));
        self.health()
    }

    /// Writes the last state, with the session's end, and ends the thread. What is not done by the
    /// deadline is left behind; the health says whether everything reached the disk.
    pub fn stop(&self, deadline: Duration) -> Health {
        let mut state = lock(&self.shared.state);
        state.stop = true;
        self.shared.changed.notify_all();
        let state = self.shared.wait(state, deadline, |state| state.ended);
        if !state.ended {
            let late = crate::base::show_duration(deadline);
            return Health::Failed(format!("the last state was not stored within {late}"));
        }
        let health = state.status.health.clone();
        drop(state);
        // It has ended but for its last few instructions.
        lock(&self.thread).take().map(JoinHandle::join);
        health
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        lock(&self.shared.state).stop = true;
        self.shared.changed.notify_all();
    }
}

/// Tells those who wait that the thread has ended, in whatever way.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if panicking() {
            let bug = "the writer panicked; nothing more is stored until a restart";
            state.status.health = Health::Failed(bug.to_owned());
        }
        state.ended = true;
        state.busy_since = None;
        state.root = None;
        self.0.changed.notify_all();
    }
}

/// One turn; a bug that strikes in it costs this turn.
fn turn(keeper: &mut Keeper, last: bool) {
    if caught(|| keeper.turn(clock::now(), last)).is_none() {
        keeper.panicked(clock::now());
    }
}

impl Shared {
    /// Turns until it is stopped.
    fn run(&self, mut keeper: Keeper, book: &Mutex<Book>) {
        let mut pause = Duration::ZERO;
        loop {
            let (stop, asked) = self.next(pause);
            pause = keeper.pace().flush;
            if stop {
                return self.finish(keeper, book);
            }
            turn(&mut keeper, false);
            self.publish(&keeper, asked);
        }
    }

    /// The last state; a second try is for a directory that had to be started afresh.
    fn finish(&self, mut keeper: Keeper, book: &Mutex<Book>) {
        let mut open = lock(book);
        if open.info().ended_at.is_none() {
            open.end(clock::wall());
        }
        drop(open);
        for _ in 0..2 {
            turn(&mut keeper, true);
            if keeper.status().health == Health::Ok {
                break;
            }
        }
        keeper.close();
        self.publish(&keeper, 0);
    }

    /// Waits for the next turn; whether it is the last, and which asked-for flushes it answers.
    fn next(&self, pause: Duration) -> (bool, u64) {
        let idle = |state: &State| state.stop || state.asked > state.answered;
        let mut state = self.wait(lock(&self.state), pause, idle);
        state.busy_since = Some(clock::now());
        (state.stop, state.asked)
    }

    fn publish(&self, keeper: &Keeper, asked: u64) {
        let mut state = lock(&self.state);
        state.answered = state.answered.max(asked);
        state.busy_since = None;
        state.status = keeper.status().clone();
        state.root = keeper.root().map(Arc::clone);
        self.changed.notify_all();
    }

    /// Waits until the state is as wanted, but no longer than so long.
    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        timeout: Duration,
        wanted: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout_while(state, timeout, |state| !wanted(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
