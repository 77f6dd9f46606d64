//! A process that stores as fast as it can is killed, and what it was told is stored is there.
//!
//! This module never looks behind the library's interface.

use shadowdiff::base::ByteSize;
use shadowdiff::compare::Stem;
use shadowdiff::config;
use shadowdiff::model::Origin;
use shadowdiff::model::{
    Disposition, Kind, RequestId, Sample, SampleReply, SampleRequest, SessionInfo, Severity,
    Signature, Status,
};
use shadowdiff::store::{
    Backend, Book, Health, Holder, Judgement, Mark, Occasion, Pace, Root, Setup, Writer,
};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const STORE: &str = "SHADOW_TEST_STORE";
const LONG: Duration = Duration::from_secs(60);

fn info(id: &str) -> SessionInfo {
    SessionInfo {
        id: id.to_owned(),
        service: "shop".to_owned(),
        candidate_version: None,
        user: None,
        pull_request: None,
        commit: None,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        ended_at: None,
        assertion: None,
    }
}

fn sample(n: u64) -> Sample {
    let reply = SampleReply { body: Some("text ".repeat(100)), ..SampleReply::default() };
    Sample {
        request_id: n.to_string(),
        at: jiff::Timestamp::UNIX_EPOCH,
        pointer: String::new(),
        primary: None,
        candidate: None,
        request: SampleRequest::default(),
        primary_reply: reply.clone(),
        candidate_reply: reply,
    }
}

/// One request that is compared, and differs, and one that is sampled out.
fn count(book: &Mutex<Book>, n: u64) {
    let endpoint = format!("GET /{}", n % 300);
    let signature = Signature(u128::from(n % 600).to_be_bytes());
    let mark = Mark {
        signature,
        stem: Stem([0; 16]),
        kind: Kind::Value,
        severity: Severity::Behavioural,
        path: "$.price".to_owned(),
        status: Status::Open,
    };
    let judgement = Judgement {
        endpoint: endpoint.clone(),
        origin: Origin::Given,
        at: jiff::Timestamp::UNIX_EPOCH,
        primary: Duration::from_micros(n % 10_000),
        candidate: Duration::from_micros(n % 20_000),
        worse: false,
        renames: Vec::new(),
        marks: vec![mark],
    };
    let book = || book.lock().expect("not poisoned");
    book().seen(&endpoint, 2);
    book().settle(&endpoint, Disposition::SampledOut, 1);
    let occasion = Occasion {
        id: RequestId { process: 1, number: n },
        entity: n,
        bytes: n,
        outcomes: ["200", "200"],
        target: &|| endpoint.clone(),
    };
    let rank = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    book().judge(&judgement, &occasion, &|_| rank, &mut |_| sample(n));
}

#[test]
#[ignore = "the process that the test below starts and kills"]
fn stores_until_it_is_killed() {
    let path = env::var_os(STORE).expect("started by the test below").into();
    let store = config::Store { path, max_size: ByteSize(1 << 30), keep: Duration::MAX };
    let mut setup = Setup::new(store, Holder::this(None));
    setup.pace = Pace { flush: Duration::from_millis(1), ..Pace::default() };
    let id = format!("round-{}", env::var("ROUND").expect("set"));
    let book = Arc::new(Mutex::new(Book::new(info(&id))));
    let writer = Writer::spawn(setup, Arc::clone(&book)).expect("spawned");
    let mut requests = 0;
    loop {
        for _ in 0..300 {
            count(&book, requests / 2);
            requests += 2;
        }
        assert_eq!(writer.sync(LONG), Health::Ok);
        println!("\nstored {requests}");
        std::io::stdout().flush().expect("the parent reads");
    }
}

/// Kills the process after so many flushes of which it knew; how many requests those had.
fn run_and_kill(store: &Path, round: usize, flushes: usize) -> u64 {
    let mut child = Command::new(env::current_exe().expect("known"))
        .args(["--exact", "stores_until_it_is_killed", "--ignored", "--nocapture"])
        .env(STORE, store)
        .env("ROUND", round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let stored = lines
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("stored ").and_then(|number| number.parse().ok()));
    let last = stored.take(flushes).last();
    child.kill().expect("killed");
    child.wait().expect("ended");
    last.expect("it stored something")
}

#[test]
fn after_kill_9_the_last_flush_is_there_and_the_ledger_is_one_that_was() {
    let dir = tempfile::tempdir().expect("a directory");
    for round in 0..10 {
        let stored = run_and_kill(dir.path(), round, 1 + round);
        assert_eq!(Root::holder(dir.path()), None, "the lock goes with the process");
        let root = Root::read(dir.path()).expect("free");
        let session = root.load("latest").expect("reads");
        assert_eq!(session.info.id, format!("round-{round}"));
        // What could not be read, or does not belong together, would be counted here.
        assert!(session.overflow.is_empty(), "{:?}", session.overflow);
        let ledger = session.ledger();
        assert!(ledger.seen >= stored, "{} of {stored} requests are there", ledger.seen);
        assert!(ledger.unsettled() <= 2, "one trial was under way: {ledger:?}");
        assert_eq!(ledger.mirrored, ledger.compared);
        let marks: u64 = session.findings.values().map(|finding| finding.count).sum();
        assert_eq!(marks, ledger.compared);
        assert!(root.verify("latest").expect("reads").damaged.is_empty());
    }
    let root = Root::read(dir.path()).expect("free");
    assert_eq!(root.sessions().expect("listed").len(), 10);
}
