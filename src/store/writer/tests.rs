//! The writer against real directories, pretended disks and a full one.
//!
//! This module never waits for time to pass, only for a turn that it asked for.

use crate::base::{ByteSize, clock};
use crate::config;
use crate::model::Disposition;
use crate::store::conformance::book;
use crate::store::testing::{at, info};
use crate::store::writer::keeper::{Keeper, lock};
use crate::store::writer::{Health, Pace, Setup, Writer};
use crate::store::{Backend, Book, Disk, Holder, Root};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::tempdir;

const LONG: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A disk with as much free and used as a test says.
#[derive(Clone, Default)]
struct Pretended {
    free: Arc<AtomicU64>,
    used: Arc<AtomicU64>,
}

impl Disk for Pretended {
    fn free(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.free.load(Ordering::SeqCst))
    }

    fn used(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.used.load(Ordering::SeqCst))
    }
}

impl Pretended {
    fn empty() -> Self {
        let disk = Self::default();
        disk.free.store(1 << 40, Ordering::SeqCst);
        disk
    }
}

/// Turns happen only when a test asks for them.
fn setup(path: &Path, disk: impl Disk + 'static) -> Setup {
    let store = config::Store { path: path.to_owned(), max_size: ByteSize(1 << 30), keep: HOUR };
    let pace = Pace {
        flush: HOUR,
        retry: Duration::ZERO,
        measure: Duration::ZERO,
        deadline: Duration::from_secs(5),
        ..Pace::default()
    };
    Setup { pace, disk: Box::new(disk), ..Setup::new(store, Holder::this(None)) }
}

fn shared(book: Book) -> Arc<Mutex<Book>> {
    Arc::new(Mutex::new(book))
}

/// The stored session is the one in the book.
fn check_stored(path: &Path, book: &Mutex<Book>) {
    let stored = Root::read(path).expect("free").load("latest").expect("stored");
    assert_eq!(stored, *lock(book).session());
}

#[test]
fn what_is_in_the_book_is_stored_and_its_end_with_it() {
    let dir = tempdir().expect("a directory");
    let book = shared(book(info("a")));
    let writer = Writer::spawn(setup(dir.path(), Pretended::empty()), Arc::clone(&book));
    let writer = writer.expect("spawned");
    assert_eq!(writer.sync(LONG), Health::Ok);
    let root = writer.root().expect("taken");
    assert_eq!(root.load("a").expect("stored"), *lock(&book).session());
    drop(root);
    lock(&book).seen("GET /more", 3);
    assert_eq!(writer.stop(LONG), Health::Ok);
    assert!(lock(&book).info().ended_at.is_some());
    check_stored(dir.path(), &book);
}

#[test]
fn nothing_new_is_not_written() {
    let dir = tempdir().expect("a directory");
    let book = shared(book(info("a")));
    let writer = Writer::spawn(setup(dir.path(), Pretended::empty()), Arc::clone(&book));
    let writer = writer.expect("spawned");
    for _ in 0..3 {
        writer.sync(LONG);
    }
    assert_eq!(writer.status().flushes, 1);
    lock(&book).seen("GET /more", 1);
    writer.sync(LONG);
    assert_eq!((writer.status().flushes, writer.status().failures), (2, 0));
    assert!(writer.status().stored_at.is_some());
}

#[test]
fn a_store_that_another_process_holds_is_waited_for() {
    let dir = tempdir().expect("a directory");
    let other = Holder { pid: 4711, admin: None };
    let root = Root::acquire(dir.path(), &other).expect("free");
    let book = shared(book(info("a")));
    let writer = Writer::spawn(setup(dir.path(), Pretended::empty()), Arc::clone(&book));
    let writer = writer.expect("spawned");
    let health = writer.sync(LONG);
    assert_eq!(health, Health::WaitingForLock(Some(other)));
    assert!(health.to_string().starts_with("the store is in use by process 4711"), "{health}");
    drop(root);
    assert_eq!(writer.sync(LONG), Health::Ok);
    assert_eq!(writer.stop(LONG), Health::Ok);
    check_stored(dir.path(), &book);
}

#[test]
fn on_a_full_disk_counting_goes_on_and_storing_recovers_by_itself() {
    let dir = tempdir().expect("a directory");
    let disk = Pretended::empty();
    let book = shared(book(info("a")));
    let writer =
        Writer::spawn(setup(dir.path(), disk.clone()), Arc::clone(&book)).expect("spawned");
    assert_eq!(writer.sync(LONG), Health::Ok);
    assert!(dir.path().join("reserve").exists());
    disk.free.store(1 << 20, Ordering::SeqCst);
    lock(&book).seen("GET /more", 3);
    let health = writer.sync(LONG);
    assert!(matches!(&health, Health::Full(why) if why.contains("1MiB are free")), "{health}");
    assert!(!dir.path().join("reserve").exists());
    lock(&book).settle("GET /more", Disposition::SampledOut, 3);
    assert_eq!(writer.status().flushes, 1);
    disk.free.store(1 << 40, Ordering::SeqCst);
    assert_eq!(writer.sync(LONG), Health::Ok);
    assert_eq!(writer.status().flushes, 2);
    assert_eq!(writer.stop(LONG), Health::Ok);
    check_stored(dir.path(), &book);
}

#[test]
fn over_max_size_only_the_last_state_is_written() {
    let dir = tempdir().expect("a directory");
    let disk = Pretended::empty();
    disk.used.store((1 << 30) + 1, Ordering::SeqCst);
    let book = shared(book(info("a")));
    let writer = Writer::spawn(setup(dir.path(), disk), Arc::clone(&book)).expect("spawned");
    let health = writer.sync(LONG);
    assert!(
        matches!(&health, Health::Full(why) if why.contains("`store.max_size` allows 1GiB")),
        "{health}"
    );
    assert_eq!((writer.status().flushes, writer.status().size), (0, (1 << 30) + 1));
    assert_eq!(writer.stop(LONG), Health::Ok);
    check_stored(dir.path(), &book);
}

#[test]
fn a_damaged_session_is_set_aside_once_an_hour_and_stored_afresh_whole() {
    let dir = tempdir().expect("a directory");
    let book = shared(book(info("a")));
    let start = clock::now();
    let mut keeper = Keeper::new(setup(dir.path(), Pretended::empty()), Arc::clone(&book), start);
    keeper.turn(start, false);
    let damage = |keeper: &mut Keeper| {
        keeper.close();
        fs::write(dir.path().join("sessions/a/sled/conf"), "damaged settings").expect("written");
        lock(&book).seen("GET /more", 1);
    };
    damage(&mut keeper);
    keeper.turn(start, false);
    let health = &keeper.status().health;
    let told = |why: &str| why.contains("was damaged (") && why.contains("kept as");
    assert!(matches!(health, Health::Failed(why) if told(why)), "{health}");
    keeper.turn(start, false);
    assert_eq!(keeper.status().health, Health::Ok);
    damage(&mut keeper);
    for now in [start, start + HOUR / 2] {
        keeper.turn(now, false);
        assert!(matches!(&keeper.status().health, Health::Failed(why) if !told(why)));
        assert_eq!(keeper.status().set_aside, 1);
    }
    keeper.turn(start + HOUR, false);
    keeper.turn(start + HOUR, false);
    assert_eq!((&keeper.status().health, keeper.status().set_aside), (&Health::Ok, 2));
    drop(keeper);
    check_stored(dir.path(), &book);
    assert_eq!(Root::read(dir.path()).expect("free").info().expect("readable").corrupt.len(), 2);
}

#[test]
fn a_session_that_somebody_deleted_is_stored_again() {
    let dir = tempdir().expect("a directory");
    let book = shared(book(info("a")));
    let writer = Writer::spawn(setup(dir.path(), Pretended::empty()), Arc::clone(&book));
    let writer = writer.expect("spawned");
    assert_eq!(writer.sync(LONG), Health::Ok);
    fs::remove_dir_all(dir.path().join("sessions")).expect("removed");
    lock(&book).seen("GET /more", 1);
    assert!(matches!(writer.sync(LONG), Health::Failed(why) if why.contains("deleted")));
    assert_eq!(writer.sync(LONG), Health::Ok);
    assert_eq!(writer.stop(LONG), Health::Ok);
    check_stored(dir.path(), &book);
}

#[test]
fn old_sessions_are_collected_at_the_start_even_while_there_is_no_room() {
    let dir = tempdir().expect("a directory");
    let root = Root::acquire(dir.path(), &Holder::this(None)).expect("free");
    for (id, end) in [("1", clock::wall() - 2 * HOUR), ("2", clock::wall() - HOUR / 2)] {
        let mut book = book(info(id));
        root.begin(book.info()).expect("room");
        book.end(end);
        root.write(id, &book.take_dirty(at(0))).expect("written");
        root.close(id);
    }
    drop(root);
    let (book, disk) = (shared(book(info("3"))), Pretended::default());
    let writer = Writer::spawn(setup(dir.path(), disk.clone()), book).expect("spawned");
    assert!(matches!(writer.sync(LONG), Health::Full(_)));
    assert_eq!(writer.status().collected, 1);
    disk.free.store(1 << 40, Ordering::SeqCst);
    assert_eq!(writer.sync(LONG), Health::Ok);
    let listed = writer.root().expect("taken").sessions().expect("listed");
    assert_eq!(listed.into_iter().map(|info| info.id).collect::<Vec<_>>(), ["3", "2"]);
}

/// A disk that answers only when a test lets it, and panics when the test is gone.
struct Hung {
    asked: SyncSender<()>,
    answer: Receiver<()>,
}

impl Disk for Hung {
    fn free(&self, _path: &Path) -> io::Result<u64> {
        self.asked.send(()).expect("the test waits");
        self.answer.recv().expect("the test answers");
        Ok(1 << 40)
    }

    fn used(&self, _path: &Path) -> io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn m17_a_disk_that_hangs_holds_up_neither_who_counts_nor_the_end() {
    let dir = tempdir().expect("a directory");
    let book = shared(book(info("a")));
    let ((asked, was_asked), (let_answer, answer)) = (sync_channel(9), sync_channel(9));
    let hung = Hung { asked, answer };
    let writer = Writer::spawn(setup(dir.path(), hung), Arc::clone(&book)).expect("spawned");
    was_asked.recv().expect("the writer is in the middle of a turn");
    book.try_lock().expect("nobody holds the book").seen("GET /more", 1);
    assert_eq!(writer.health(), Health::Starting);
    let health = writer.stop(Duration::from_millis(1));
    assert!(matches!(&health, Health::Failed(why) if why.contains("within 1ms")), "{health}");
    drop(let_answer);
}

/// A disk whose code has a bug for so many questions.
struct Buggy(AtomicU64);

impl Disk for Buggy {
    fn free(&self, _path: &Path) -> io::Result<u64> {
        let left =
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "as the test wants it");
        Ok(1 << 40)
    }

    fn used(&self, _path: &Path) -> io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn a_writer_that_panics_says_so_and_stores_all_of_it_once_it_can() {
    let dir = tempdir().expect("a directory");
    let book = shared(book(info("a")));
    let disk = Buggy(AtomicU64::new(2));
    let writer = Writer::spawn(setup(dir.path(), disk), Arc::clone(&book)).expect("spawned");
    // Whatever the turn had in hand is lost with it.
    lock(&book).take_dirty(at(0));
    for _ in 0..2 {
        let health = writer.sync(LONG);
        let told = matches!(&health, Health::Failed(why) if why.contains("panicked"));
        assert!(told || health == Health::Ok, "{health}");
    }
    assert_eq!(writer.sync(LONG), Health::Ok);
    assert_eq!((writer.status().failures, writer.status().flushes > 0), (2, true));
    assert_eq!(writer.stop(LONG), Health::Ok);
    check_stored(dir.path(), &book);
}

/// A small disk of its own, where this user may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mount = |program: &str, rest: &[&str]| {
            let done = Command::new(program).args(rest).arg(at).output();
            done.is_ok_and(|output| output.status.success())
        };
        let mounted = mount("mount", &["-t", "tmpfs", "-o", "size=24m", "tmpfs"]);
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().ok();
    }
}

#[test]
fn a_disk_that_is_really_full_loses_nothing_that_was_stored() {
    let dir = tempdir().expect("a directory");
    let Some(disk) = SmallDisk::mount(dir.path()) else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    let root = disk.0.join("store");
    let book = shared(book(info("a")));
    let setup = |min_free| {
        let mut setup = setup(&root, crate::store::Volume);
        setup.pace.min_free = ByteSize(min_free);
        setup
    };
    // No space is kept free, so that it is the database that meets the end of the disk.
    let writer = Writer::spawn(setup(0), Arc::clone(&book)).expect("spawned");
    assert_eq!(writer.sync(LONG), Health::Ok);
    let ballast = disk.0.join("ballast");
    fs::write(&ballast, vec![0; 32 << 20]).expect_err("the disk is full");
    let mut health = Health::Ok;
    for n in 0..1000 {
        (0..100).for_each(|m| lock(&book).seen(&format!("GET /{m}"), n));
        health = writer.sync(LONG);
        if health != Health::Ok {
            break;
        }
    }
    assert!(matches!(health, Health::Full(_)), "{health}");
    // Whatever is released meanwhile, somebody else takes.
    fs::write(disk.0.join("more"), vec![0; 32 << 20]).expect_err("the disk is full");
    assert!(matches!(writer.sync(LONG), Health::Full(_)));
    fs::remove_file(&ballast).expect("removed");
    assert_eq!(writer.sync(LONG), Health::Ok);
    assert_eq!(writer.stop(LONG), Health::Ok);
    check_stored(&root, &book);
    // Reading what is there needs some space too: the reserve gives it.
    assert!(root.join("reserve").exists());
    fs::write(&ballast, vec![0; 32 << 20]).expect_err("the disk is full");
    check_stored(&root, &book);
    assert!(!root.join("reserve").exists());
}
