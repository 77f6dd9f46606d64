//! Stores that were damaged, half made, or are somebody else's: never a panic or a hang, and an
//! error that names the place and the mend.
//!
//! This module never needs a fixed place or a clock.

use crate::model::Session;
use crate::store::conformance::book;
use crate::store::disk::copy_dir;
use crate::store::engine::Engine;
use crate::store::testing::{at, info, judgement, mark, occasion, sample};
use crate::store::{Backend, Book, Holder, Root, StoreError};
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{TempDir, tempdir};

const DEADLINE: Duration = Duration::from_secs(5);

fn acquire(path: &Path) -> Root {
    Root::acquire(path, &Holder::this(None)).expect("free").deadline(DEADLINE)
}

fn read(path: &Path) -> Root {
    Root::read(path).expect("free").deadline(DEADLINE)
}

/// A closed store with one session, its state after each flush, and where its database lies.
fn store(flushes: u64) -> (TempDir, Vec<Session>, PathBuf) {
    let dir = tempdir().expect("a directory");
    let root = acquire(dir.path());
    let mut book = book(info("a"));
    root.begin(book.info()).expect("room");
    let mut states = vec![Session::new(info("a"))];
    for flush in 0..flushes {
        for n in 0..200u8 {
            let endpoint = format!("GET /{n}");
            book.seen(&endpoint, 1);
            let rank = flush * 200 + u64::from(n);
            let mut kept = |_: &_| sample(rank);
            let trial = judgement(&endpoint, vec![mark(n)]);
            book.judge(&trial, &occasion(rank), &|_| rank, &mut kept);
        }
        root.write("a", &book.take_dirty(at(2))).expect("written");
        states.push(book.session().into_owned());
    }
    let database = dir.path().join("sessions/a/sled");
    (dir, states, database)
}

/// What a damaged store gives is a state that was flushed, or says that something is damaged, or
/// is an error that names the place.
fn check_honest(dir: &Path, states: &[Session]) -> &'static str {
    match read(dir).load("a") {
        Ok(session) if session.overflow.contains_key("damaged_records") => "damaged",
        Ok(session) => {
            assert!(states.contains(&session), "a state that never was");
            "whole"
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains("took longer"), "it hung: {text}");
            assert!(text.contains(&dir.display().to_string()), "{text}");
            "refused"
        }
    }
}

#[test]
fn overwritten_bytes_give_a_state_that_was_flushed_or_are_reported() {
    let (dir, states, database) = store(8);
    let length = fs::metadata(database.join("db")).expect("there").len();
    let overwritten = |bytes: usize, at: u64| {
        let dir_copy = tempdir().expect("a directory");
        copy_dir(dir.path(), dir_copy.path()).expect("copied");
        let path = dir_copy.path().join("sessions/a/sled/db");
        let file = OpenOptions::new().write(true).open(path).expect("there");
        file.write_all_at(&b"overwritten data".repeat(bytes / 16), at).expect("written");
        check_honest(dir_copy.path(), &states)
    };
    // A page of a disk: most of the file is what later flushes have made void.
    for part in 0..40 {
        overwritten(4096, length * part / 40 + 17);
    }
    let all = usize::try_from(length).expect("a small file");
    assert_ne!(overwritten(all, 0), "whole");
}

#[test]
fn reading_leaves_a_database_as_it_was() {
    let (dir, states, database) = store(3);
    let files = || {
        let entries = fs::read_dir(&database).expect("there").map(|entry| entry.expect("readable"));
        let files = entries.filter(|entry| entry.path().is_file());
        files
            .map(|file| (file.path(), fs::read(file.path()).expect("read")))
            .collect::<HashSet<_>>()
    };
    let before = files();
    for _ in 0..3 {
        assert_eq!(&read(dir.path()).load("a").expect("whole"), &states[3]);
    }
    assert_eq!(files(), before);
    let left = fs::read_dir(dir.path().join("sessions")).expect("there").count();
    assert_eq!(left, 1, "copies are removed");
}

#[test]
fn a_database_cut_short_gives_a_state_that_was_flushed_or_is_reported() {
    let (dir, states, database) = store(4);
    for file in ["db", "conf"] {
        let length = fs::metadata(database.join(file)).expect("there").len();
        for part in 0..8 {
            let dir_copy = tempdir().expect("a directory");
            copy_dir(dir.path(), dir_copy.path()).expect("copied");
            let path = dir_copy.path().join("sessions/a/sled").join(file);
            let opened = OpenOptions::new().write(true).open(path).expect("there");
            opened.set_len(length * part / 8).expect("cut");
            check_honest(dir_copy.path(), &states);
        }
    }
}

#[test]
fn a_snapshot_without_bytes_loses_nothing() {
    let (dir, states, database) = store(3);
    fs::write(database.join("snap.0000000000000001"), b"").expect("written");
    assert_eq!(&read(dir.path()).load("a").expect("repaired"), &states[3]);
}

#[test]
fn what_cannot_be_opened_is_refused_from_then_on_and_can_be_set_aside() {
    let (dir, _, database) = store(1);
    fs::write(database.join("conf"), "not a database's settings").expect("written");
    let root = acquire(dir.path());
    for _ in 0..2 {
        let error = root.load("latest").expect_err("damaged").to_string();
        assert!(error.contains("sessions/a/sled is damaged"), "{error}");
        assert!(error.contains("move it away, or name another session"), "{error}");
    }
    let place = root.set_aside("a", at(0)).expect("moved");
    assert!(place.ends_with("a.corrupt-20270115T080000Z"), "{}", place.display());
    assert_eq!(root.info().expect("readable").corrupt, [place]);
    root.begin(&info("a")).expect("there is room again");
    let second = root.set_aside("a", at(0)).expect("moved");
    assert!(second.ends_with("a.corrupt-20270115T080000Z-2"), "{}", second.display());
    assert!(root.sessions().expect("listed").is_empty());
}

#[test]
fn another_format_is_refused_with_both_formats_named() {
    for (format, found) in
        [(Some("shadowdiff 2 sled 1.0\n"), "shadowdiff 2 sled 1.0"), (None, "unknown")]
    {
        let (dir, ..) = store(1);
        let path = dir.path().join("sessions/a/FORMAT");
        match format {
            Some(format) => fs::write(path, format).expect("written"),
            None => fs::remove_file(path).expect("removed"),
        }
        let root = acquire(dir.path());
        let error = root.load("a").expect_err("another format").to_string();
        assert!(
            error.contains(&format!("is of format `{found}`, this program's is `shadowdiff 1")),
            "{error}"
        );
        let changes = Book::new(info("a")).take_dirty(at(0));
        assert!(matches!(root.write("a", &changes), Err(StoreError::Format { .. })));
        assert_eq!(root.info().expect("readable").unreadable, [error]);
    }
}

#[test]
fn a_session_whose_listing_is_unreadable_loads_from_its_database() {
    for bad in ["", "{", r#"{"id":"b"}"#] {
        let (dir, states, _) = store(1);
        fs::write(dir.path().join("sessions/a/meta.json"), bad).expect("written");
        let root = read(dir.path());
        assert!(root.sessions().expect("listed").is_empty());
        let unreadable = root.info().expect("readable").unreadable;
        assert!(unreadable[0].contains("sessions/a/meta.json is damaged"), "{unreadable:?}");
        let session = root.load("latest").expect("there");
        assert_eq!(
            (&session.endpoints, session.overflow["damaged_records"]),
            (&states[1].endpoints, 1)
        );
        assert_eq!(root.verify("a").expect("there").damaged.len(), 1);
    }
}

#[test]
fn a_database_older_than_its_listing_is_reported() {
    let (dir, _, database) = store(1);
    let older = tempdir().expect("a directory");
    copy_dir(&database, older.path()).expect("copied");
    let root = acquire(dir.path());
    let mut book = book(info("a"));
    for flush in 0..2 {
        book.end(at(flush));
        root.write("a", &book.take_dirty(at(flush))).expect("written");
    }
    drop(root);
    fs::remove_dir_all(&database).expect("removed");
    copy_dir(older.path(), &database).expect("copied");
    let verified = read(dir.path()).verify("a").expect("there");
    assert_eq!(verified.damaged, ["totals: flush 2 is listed, flush 1 is the last"]);
}

#[test]
fn a_record_that_fails_its_checksum_is_left_out_counted_and_named() {
    let (dir, states, database) = store(1);
    let engine = Engine::open(&database, DEADLINE).expect("opened");
    let pairs = engine.read().expect("readable");
    let mut changed = vec![(b"unknown".to_vec(), b"key".to_vec())];
    for kind in [b'e', b'f', b's'] {
        let (key, mut value) = pairs.iter().find(|(key, _)| key[0] == kind).expect("some").clone();
        value[20] ^= 1;
        changed.push((key, value));
    }
    engine.write(changed).expect("written");
    drop(engine);
    let root = read(dir.path());
    let verified = root.verify("a").expect("there");
    let of = |what: &str| verified.damaged.iter().filter(|line| line.starts_with(what)).count();
    // A finding takes its sample with it, an endpoint the totals.
    let counts = ["endpoint ", "finding ", "sample ", "totals", "key "].map(of);
    assert!(matches!(counts, [1, 1, 1 | 2, 1, 1]), "{:?}", verified.damaged);
    assert!(of("endpoint") > 0 && verified.damaged[0].ends_with("its checksum does not fit"));
    let session = root.load("a").expect("there");
    assert_eq!(session.endpoints.len(), states[1].endpoints.len() - 1);
    let damaged = usize::try_from(session.overflow["damaged_records"]).expect("few");
    assert_eq!(damaged, verified.damaged.len());
}

#[test]
fn everything_in_a_store_is_private() {
    let (dir, ..) = store(1);
    let mut places = vec![dir.path().join("sessions"), dir.path().join("lock")];
    let mut count = 0;
    while let Some(place) = places.pop() {
        let metadata = fs::metadata(&place).expect("there");
        let mode = metadata.permissions().mode() & 0o777;
        assert_eq!(mode, if metadata.is_dir() { 0o700 } else { 0o600 }, "{}", place.display());
        count += 1;
        if metadata.is_dir() {
            let entries = fs::read_dir(&place).expect("there").filter_map(Result::ok);
            places.extend(entries.map(|entry| entry.path()));
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_reading() {
    let dir = tempdir().expect("a directory");
    let path = dir.path().join("store");
    let error = Root::read(&path).expect_err("nothing there").to_string();
    assert!(error.starts_with("there is no store at") && error.contains("`shadow run`"), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_second_process_learns_who_holds_the_store_and_where_to_ask() {
    let dir = tempdir().expect("a directory");
    assert_eq!(Root::holder(dir.path()), None);
    let holder = Holder { pid: 4711, admin: Some(([127, 0, 0, 1], 9900).into()) };
    let root = Root::acquire(dir.path(), &holder).expect("free");
    assert_eq!(Root::holder(dir.path()), Some(holder.clone()));
    for second in [Root::acquire(dir.path(), &Holder::this(None)), Root::read(dir.path())] {
        let error = second.expect_err("held");
        assert!(matches!(&error, StoreError::Held { holder: Some(found), .. } if *found == holder));
        assert!(
            error.to_string().ends_with("stop that one, or set another `store.path`"),
            "{error}"
        );
    }
    drop(root);
    assert_eq!(Root::holder(dir.path()), None);
    read(dir.path());
}

#[test]
fn what_a_killed_process_left_half_made_half_read_or_half_deleted_goes_at_the_next_start() {
    let (dir, ..) = store(1);
    for name in [".new-b", ".read-a-0", ".deleted-c"] {
        copy_dir(&dir.path().join("sessions/a"), &dir.path().join("sessions").join(name))
            .expect("copied");
    }
    let root = acquire(dir.path());
    let names = fs::read_dir(dir.path().join("sessions")).expect("there").filter_map(Result::ok);
    assert_eq!(names.map(|entry| entry.file_name()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(root.info().expect("readable").sessions, 1);
}

#[test]
fn a_session_that_is_being_written_is_not_deleted() {
    let (dir, ..) = store(1);
    let root = acquire(dir.path());
    root.write("a", &Book::new(info("a")).take_dirty(at(0))).expect("written");
    assert!(matches!(root.delete("a"), Err(StoreError::Running(_))));
    root.close("a");
    assert_eq!(root.delete("latest").expect("deleted"), "a");
    assert!(root.sessions().expect("listed").is_empty());
}
