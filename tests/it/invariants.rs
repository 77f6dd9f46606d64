//! The invariants of mirroring, by their numbers: live traffic is never harmed, and nothing is lost
//! in silence. Every fault is run with a live client that compares bytes, and the ledger is checked
//! to be exact.
//!
//! Those that other files show: 1 and 13 `faults`, 12 and 34 `commands`, 18 and 25 and 33 `mirror`,
//! 26 `live`, 31 `store`; 17 and 22 are what `tests/architecture.rs` holds: no store and no
//! comparison on a live thread; 28 and 32 are unit tests of `store` and `policy`.

use crate::support::{
    Act, Client, Origin, Reply, Shadow, black_hole, closed, command, eventually, get, hold,
    read_head, reset, rogue, stdout, write_forever,
};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const BODY: &str = r#"{"id":7,"name":"lamp"}"#;
const WRITES: &str = "isolation: { assert: \"the candidate of this test stores nothing\" }";

/// Runs live requests beside a candidate, comparing every byte, and gives the settled report.
fn beside(candidate: SocketAddr, requests: u64) -> Value {
    let primary = Origin::json(BODY);
    let shadow = Shadow::start(primary.address, candidate, "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..requests {
        let answer = client.get("/items/7");
        assert_eq!((answer.status, answer.text().as_str(), answer.whole), (200, BODY, true));
    }
    assert_eq!(primary.seen().len() as u64, requests);
    shadow.settled(requests)
}

/// The one finding is that the candidate's outcome is a fault.
fn check(candidate: SocketAddr, fault: &str) {
    let report = beside(candidate, 4);
    let finding = &report["findings"][0];
    assert_eq!(finding["kind"], "outcome", "{report}");
    assert_eq!(finding["samples"][0]["candidate"], fault, "{report}");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1), "{report}");
}

#[test]
fn m02_a_candidate_that_swallows_connections() {
    let hole = black_hole();
    check(hole.address, "timeout");
}

#[test]
fn m03_a_candidate_that_accepts_and_never_answers() {
    check(rogue(hold), "timeout");
}

#[test]
fn m04_a_candidate_that_drips() {
    let drip = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").ok();
        write_forever(&mut stream, b"x", Duration::from_millis(20));
    });
    check(drip, "timeout");
}

#[test]
fn m05_a_candidate_whose_body_never_ends() {
    let endless = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok();
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
        write_forever(&mut stream, &chunk, Duration::ZERO);
    });
    check(endless, "too_large");
}

#[test]
fn m06_a_candidate_that_talks_nonsense() {
    let answers: [&[u8]; 4] = [
        b"\x16\x03\x01 not http\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    ];
    for answer in answers {
        let nonsense = rogue(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(answer).ok();
            hold(stream);
        });
        check(nonsense, "malformed");
    }
    let endless_head = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n").ok();
        write_forever(
            &mut stream,
            &[b"x-y: ".as_slice(), &[b'z'; 4000], b"\r\n"].concat(),
            Duration::ZERO,
        );
    });
    check(endless_head, "malformed");
}

#[test]
fn m07_a_candidate_that_resets_in_the_middle() {
    let broken = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").ok();
        reset(stream);
    });
    check(broken, "reset");
}

#[test]
fn m08_a_candidate_whose_answer_explodes_when_it_is_read() {
    use flate2::{Compression, write::GzEncoder};
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20]).expect("memory");
    let bomb = bomb.finish().expect("memory");
    let bomb = Origin::start(move |_| {
        Reply::new(200, bomb.clone())
            .with("content-type", "application/json")
            .with("content-encoding", "gzip")
    });
    let report = beside(bomb.address, 3);
    let kinds = |report: &Value| report["findings"].to_string();
    assert!(kinds(&report).contains("truncated"), "{report}");

    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let deep = Origin::start(move |_| Reply::json(std::str::from_utf8(&deep).expect("text")));
    let report = beside(deep.address, 3);
    assert_eq!(report["totals"]["diverged"], 3, "{report}");
}

#[test]
fn m09_an_upload_is_never_held_up_by_a_candidate_that_does_not_read() {
    let body = "x".repeat(700_000);
    for early in [false, true] {
        let deaf = rogue(move |mut stream| {
            if early {
                stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").ok();
            }
            thread::park_timeout(Duration::from_secs(60));
            drop(stream);
        });
        let primary = Origin::json("{}");
        let rest = format!("mirror: {{ methods: all }}\n{WRITES}");
        let shadow = Shadow::start(primary.address, deaf, &rest);
        let mut client = Client::connect(shadow.listen);
        for _ in 0..3 {
            assert_eq!(client.post("/up", "text/plain", &body).status, 200);
        }
        assert!(primary.seen().iter().all(|seen| seen.body == body.as_bytes()));
        assert_eq!(shadow.settled(3)["coverage"]["compared"], 3);
    }
}

#[test]
fn m11_a_candidate_whose_name_does_not_resolve() {
    let primary = Origin::json(BODY);
    let shadow = Shadow::with_candidate(&primary.url(), "http://candidate.invalid:80", "");
    for _ in 0..3 {
        assert_eq!(get(shadow.listen, "/").text(), BODY);
    }
    let report = shadow.settled(3);
    let fault = &report["findings"][0]["samples"][0]["candidate"];
    assert!(*fault == "dns" || *fault == "timeout", "{report}");
}

#[test]
fn m16_a_store_that_vanishes_while_it_is_written() {
    let (primary, candidate) = (Origin::json(BODY), Origin::json(BODY));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    get(shadow.listen, "/");
    shadow.settled(1);
    fs::remove_dir_all(shadow.folder.path().join(".shadow")).ok();
    for _ in 0..20 {
        assert_eq!(get(shadow.listen, "/").text(), BODY);
    }
    assert_eq!(shadow.settled(21)["coverage"]["compared"], 21);
    assert_eq!(shadow.stop().0.code(), Some(0));
}

#[test]
fn m19_memory_has_a_bound_whatever_is_uploaded() {
    let primary = Origin::json("{}");
    let hung = Origin::start(|_| Act::Hang);
    let rest = format!("mirror: {{ methods: all, memory: 8MiB }}\n{WRITES}");
    let shadow = Shadow::start(primary.address, hung.address, &rest);
    let body = "x".repeat(900_000);
    let mut client = Client::connect(shadow.listen);
    for _ in 0..100 {
        assert_eq!(client.post("/up", "text/plain", &body).status, 200);
    }
    let report = shadow.settled(100);
    assert!(report["coverage"]["dropped"]["memory"].as_u64() > Some(50), "{report}");
    assert!(primary.seen().iter().all(|seen| seen.body.len() == 900_000));
    // The budget, and a constant for the process and the database: an unoptimised build takes more.
    let peak = shadow.peak_memory_kib();
    assert!(peak < (8 + 80) * 1024, "{peak} KiB");
}

#[test]
fn m20_never_more_copies_at_the_candidate_than_allowed() {
    let primary = Origin::json("{}");
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, peak) = (now.clone(), most.clone());
    let candidate = Origin::start(move |_| {
        peak.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::park_timeout(Duration::from_millis(2));
        counted.fetch_sub(1, Ordering::SeqCst);
        Reply::json("{}")
    });
    let shadow = Shadow::start(primary.address, candidate.address, "mirror: { concurrency: 3 }");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::connect(shadow.listen);
                (0..50).for_each(|_| drop(client.get("/")));
            });
        }
    });
    assert_eq!(shadow.settled(200)["coverage"]["compared"], 200);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at one time");
}

#[test]
fn m23_a_flood_of_distinct_paths_is_bounded_and_counted() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    for number in 0..1500 {
        client.get(&format!("/page-{}-x{number}z", "q".repeat(number % 7)));
    }
    let report = shadow.settled(1500);
    let endpoints = report["endpoints"].as_array().map(Vec::len);
    assert!(endpoints <= Some(513), "{endpoints:?}");
    assert!(report["overflow"]["endpoints"].as_u64() > Some(900), "{}", report["overflow"]);
    let metrics = get(shadow.admin, "/metrics").text();
    assert!(metrics.lines().count() < 400 && !metrics.contains("page-"));
}

#[test]
fn m24_reloads_under_load_mix_nothing() {
    let primary = Origin::json("{}");
    let candidate = Origin::json("{}");
    let config = |generation: usize| {
        format!(
            "isolation:\n  request:\n    set: {{ x-one: g{generation} }}\n    replace:\n      \
             - {{ query: two, with: g{generation} }}\nmirror: {{ concurrency: 8 }}"
        )
    };
    let shadow = Shadow::start(primary.address, candidate.address, &config(0));
    let path = shadow.folder.path().join("shadow.yaml");
    let text = fs::read_to_string(&path).expect("a config");
    let done = AtomicBool::new(false);
    let requests = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = Client::connect(shadow.listen);
                while !done.load(Ordering::Relaxed) {
                    assert_eq!(client.get("/?two=live").status, 200);
                    requests.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut admin = Client::connect(shadow.admin);
        for generation in 1..=100 {
            let next = text.replace(&config(0), &config(generation));
            fs::write(&path, next).expect("written");
            admin.send(
                "POST /api/v1/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n",
            );
            assert_eq!(admin.answer("POST").status, 200);
        }
        done.store(true, Ordering::Relaxed);
    });
    shadow.settled(requests.into_inner() as u64);
    for seen in candidate.seen() {
        let one = seen.header("x-one").expect("the header is set").to_owned();
        assert_eq!(seen.target, format!("/?two={one}"), "two generations in one request");
    }
    assert!(primary.seen().iter().all(|seen| seen.target == "/?two=live"));
}

#[test]
fn m27_every_kill_leaves_a_store_that_opens_and_counts_nothing_twice() {
    let (primary, candidate) = (Origin::json(r#"{"a":1}"#), Origin::json(r#"{"a":2}"#));
    let folder = Arc::new(tempfile::TempDir::new().expect("a folder"));
    for round in 0..5 {
        let shadow = Shadow::start_in(folder.clone(), primary.address, candidate.address, "");
        let mut client = Client::connect(shadow.listen);
        let before = shadow.flushes();
        let mut sent = 0;
        while shadow.flushes() < before + 2 || sent < 50 {
            client.get("/a");
            sent += 1;
        }
        shadow.signal("KILL");
        shadow.wait();
        let report = command(folder.path(), &["report", "--format", "json"]).output();
        let report: Value = serde_json::from_str(&stdout(&report.expect("runs"))).expect("JSON");
        let compared = report["coverage"]["compared"].as_u64().expect("a count");
        assert!((1..=sent).contains(&compared), "round {round}: {compared} of {sent}");
        assert_eq!(report["findings"][0]["count"], compared, "{report}");
    }
    let list = command(folder.path(), &["session", "list", "--format", "json"]).output();
    let list: Value = serde_json::from_str(&stdout(&list.expect("runs"))).expect("JSON");
    assert_eq!(list.as_array().map(Vec::len), Some(5));
}

#[test]
fn m30_abuse_of_the_admin_api_does_not_reach_the_live_path() {
    let (primary, candidate) = (Origin::json(BODY), Origin::json(BODY));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut idle: Vec<Client> = (0..50).map(|_| Client::connect(shadow.admin)).collect();
    assert!(idle.iter_mut().all(|client| client.try_send(b"GET /metr")));
    let large = vec![b'x'; 1 << 20];
    let mut client = Client::connect(shadow.admin);
    client.send(
        "PATCH /api/v1/mirror HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1073741824\r\n\r\n",
    );
    while client.try_send(&large) {}
    for _ in 0..300 {
        get(shadow.admin, "/api/v1/findings/zzzz?format=nonsense");
    }
    for _ in 0..20 {
        assert_eq!(get(shadow.listen, "/").text(), BODY);
    }
    assert_eq!(shadow.settled(20)["coverage"]["compared"], 20);
}

#[test]
fn m01_and_m10_a_candidate_that_comes_and_goes() {
    let primary = Origin::json(BODY);
    let turn = AtomicUsize::new(0);
    let flapping = Origin::start(move |_| match turn.fetch_add(1, Ordering::Relaxed) / 10 % 2 {
        0 => Act::Answer(Reply::json(BODY)),
        _ => Act::Close,
    });
    let shadow = Shadow::start(primary.address, flapping.address, "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..100 {
        assert_eq!(client.get("/").text(), BODY);
    }
    shadow.settled(100);
    let shadow = Shadow::start(primary.address, closed(), "");
    eventually("a first answer", || (get(shadow.listen, "/").text() == BODY).then_some(()));
    shadow.settled_at_least(1);
}
