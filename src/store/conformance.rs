//! What every backend keeps to, whatever it is made of.
//!
//! This module never looks behind the interface.

use crate::model::{Disposition, RuleName, Session, SessionInfo};
use crate::store::testing::{at, info, judgement, mark, occasion, sample};
use crate::store::{Backend, Book, Holder, Memory, Root, Running, StoreError};
use std::time::Duration;
use tempfile::tempdir;

/// A book with something of everything in it.
pub fn book(info: SessionInfo) -> Book {
    let mut book = Book::new(info);
    book.seen("GET /items/{int}", 9);
    book.settle("GET /items/{int}", Disposition::SampledOut, 4);
    let rule = RuleName { key: "compare.ignore[0]".into(), text: "$.id".into() };
    book.used(rule, 2, 1, vec!["$.id".into()]);
    for n in 0..5u8 {
        let mut trial = judgement("GET /items/{int}", vec![mark(n), mark(9)]);
        trial.primary *= u32::from(n);
        let rank = u64::from(n);
        book.judge(&trial, &occasion(rank), &|_| rank, &mut |_| sample(rank));
    }
    book
}

fn stored(backend: &dyn Backend, id: &str) -> Session {
    let mut book = book(info(id));
    backend.begin(book.info()).expect("room");
    backend.write(id, &book.take_dirty(at(2))).expect("written");
    book.session().into_owned()
}

fn a_session_loads_as_it_was_written(backend: &dyn Backend) {
    let mut book = book(info("a"));
    backend.begin(book.info()).expect("room");
    backend.write("a", &book.take_dirty(at(2))).expect("written");
    assert_eq!(backend.load("a").expect("there"), *book.session());
    book.seen("POST /orders", 1);
    let trial = judgement("POST /orders", vec![mark(9)]);
    book.judge(&trial, &occasion(0), &|_| 0, &mut |_| sample(0));
    book.end(at(3));
    backend.write("a", &book.take_dirty(at(3))).expect("written");
    assert_eq!(backend.load("a").expect("there"), *book.session());
    let listed = backend.sessions().expect("listed");
    assert_eq!(listed, [book.info().clone()]);
    let verified = backend.verify("a").expect("verified");
    let session = book.session();
    let samples = session.findings.values().map(|finding| finding.samples.len());
    let records = 2 + 2 + 6 + 1 + 2 * session.variants.len() + samples.sum::<usize>();
    assert_eq!(verified.records, u64::try_from(records).expect("few"));
    assert!(verified.damaged.is_empty(), "{verified:?}");
}

fn a_session_that_never_flushed_loads_empty(backend: &dyn Backend) {
    backend.begin(&info("a")).expect("room");
    assert_eq!(backend.load("a").expect("there"), Session::new(info("a")));
}

fn writing_the_same_changes_twice_is_harmless(backend: &dyn Backend) {
    let mut book = book(info("a"));
    backend.begin(book.info()).expect("room");
    let changes = book.take_dirty(at(2));
    for _ in 0..2 {
        backend.write("a", &changes).expect("written");
    }
    assert_eq!(backend.load("a").expect("there"), *book.session());
}

fn sessions_are_found_by_latest_by_id_and_by_the_beginning_of_one_id(backend: &dyn Backend) {
    assert!(matches!(backend.load("latest"), Err(StoreError::Empty(_))));
    for id in ["aa-1", "aa-2", "ab-3"] {
        stored(backend, id);
    }
    let ids = backend.sessions().expect("listed").into_iter().map(|info| info.id);
    assert_eq!(ids.collect::<Vec<_>>(), ["ab-3", "aa-2", "aa-1"]);
    for (selector, id) in [("latest", "ab-3"), ("aa-1", "aa-1"), ("ab", "ab-3")] {
        assert_eq!(backend.load(selector).expect(selector).info.id, id);
    }
    let both = backend.load("aa").expect_err("two").to_string();
    assert!(both.starts_with("`aa` fits 2 sessions (aa-2, aa-1)"), "{both}");
    for none in ["", "ab-4", "../aa-1", "aa-1/", "."] {
        assert!(matches!(backend.load(none), Err(StoreError::NoSession { .. })), "{none}");
    }
}

fn a_session_begins_once_and_under_a_plain_id(backend: &dyn Backend) {
    backend.begin(&info("a")).expect("room");
    assert!(matches!(backend.begin(&info("a")), Err(StoreError::Exists(_))));
    let long = "x".repeat(65);
    for id in ["", "..", "a/b", ".new-a", "a.corrupt-1", "ü", long.as_str()] {
        assert!(matches!(backend.begin(&info(id)), Err(StoreError::Id(_))), "{id}");
    }
}

fn a_session_that_is_not_there_is_not_written(backend: &dyn Backend) {
    stored(backend, "ab");
    for id in ["c", "a", "latest"] {
        let written = backend.write(id, &book(info("c")).take_dirty(at(2)));
        assert!(matches!(written, Err(StoreError::NoSession { .. })), "{id}: {written:?}");
    }
}

fn old_sessions_are_collected_and_the_running_one_is_not(backend: &dyn Backend) {
    for (id, end) in [("a", 10), ("b", 1000), ("c", 2000)] {
        let mut book = book(info(id));
        backend.begin(book.info()).expect("room");
        book.end(at(end));
        backend.write(id, &book.take_dirty(at(end))).expect("written");
    }
    let uptime = Duration::from_secs(7200);
    let running = Running { id: "a".into(), started_at: at(0), uptime };
    let keep = Duration::from_secs(5000);
    let gone = backend.collect(keep, at(6500), Some(&running)).expect("collected");
    assert_eq!(gone, ["b"]);
    let ids = backend.sessions().expect("listed").into_iter().map(|info| info.id);
    assert_eq!(ids.collect::<Vec<_>>(), ["c", "a"]);
}

/// Runs each test on a fresh backend of each kind.
macro_rules! conformance {
    ($($test:ident),+ $(,)?) => {
        mod memory {
            $(#[test] fn $test() { super::$test(&super::Memory::default()); })+
        }
        mod sled {
            $(#[test] fn $test() {
                let dir = super::tempdir().expect("a directory");
                let root = super::Root::acquire(dir.path(), &super::Holder::this(None));
                super::$test(&root.expect("free"));
            })+
        }
    };
}

conformance!(
    a_session_loads_as_it_was_written,
    a_session_that_never_flushed_loads_empty,
    writing_the_same_changes_twice_is_harmless,
    sessions_are_found_by_latest_by_id_and_by_the_beginning_of_one_id,
    a_session_begins_once_and_under_a_plain_id,
    a_session_that_is_not_there_is_not_written,
    old_sessions_are_collected_and_the_running_one_is_not,
);
