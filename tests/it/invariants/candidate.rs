//! What a candidate can do wrong.

use super::{BODY, WRITES};
use crate::support::{
    Act, Client, Origin, Reply, Shadow, black_hole, closed, eventually, get, hold, read_head,
    reset, rogue, write_forever,
};
use serde_json::Value;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

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
fn m01_a_candidate_that_is_not_there() {
    check(closed(), "refused");
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

/// A candidate that a test switches on and off, and what it has noticed meanwhile.
struct Flapping {
    origin: Origin,
    up: Arc<AtomicBool>,
    /// The most requests that it had at one time while it was down.
    crowd: Arc<AtomicUsize>,
}

fn flapping() -> Flapping {
    let (up, crowd) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (is_up, most, now) = (up.clone(), crowd.clone(), AtomicUsize::new(0));
    let origin = Origin::start(move |_| {
        if is_up.load(SeqCst) {
            return Act::Answer(Reply::json(BODY));
        }
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        thread::park_timeout(Duration::from_millis(3));
        now.fetch_sub(1, SeqCst);
        Act::Close
    });
    Flapping { origin, up, crowd }
}

/// A live client's request; gives what the admin API says of the breaker afterwards.
fn ask(shadow: &Shadow, client: &mut Client) -> String {
    let answer = client.get("/items/7");
    assert_eq!((answer.status, answer.text().as_str(), answer.whole), (200, BODY, true));
    let mirror = get(shadow.admin, "/api/v1/mirror").text();
    let mirror: Value = serde_json::from_str(&mirror).expect("JSON");
    mirror["breaker"].as_str().expect("a state").to_owned()
}

#[test]
fn m10_a_candidate_that_comes_and_goes_is_left_alone_while_it_is_gone() {
    const OPEN: Duration = Duration::from_millis(100);
    let (primary, candidate) = (Origin::json(BODY), flapping());
    let rest = "mirror: { breaker: { failures: 50%, of: 4, open: 100ms } }";
    let shadow = Shadow::start(primary.address, candidate.origin.address, rest);
    let mut client = Client::connect(shadow.listen);
    let asked = AtomicUsize::new(0);
    let until = |state: &str, client: &mut Client| {
        eventually(state, || {
            let now = ask(&shadow, client);
            // One copy at a time: each has ended before the next.
            shadow.settled(asked.fetch_add(1, SeqCst) as u64 + 1);
            (now == state).then_some(())
        });
    };
    for round in 1..=3 {
        candidate.up.store(false, SeqCst);
        until("open", &mut client);
        let (since, before) = (Instant::now(), candidate.origin.seen().len());
        candidate.crowd.store(0, SeqCst);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut client = Client::connect(shadow.listen);
                    // Until the breaker has let some probes through.
                    while candidate.origin.seen().len() < before + 3 {
                        ask(&shadow, &mut client);
                        asked.fetch_add(1, SeqCst);
                    }
                });
            }
        });
        let probes = (candidate.origin.seen().len() - before) as u128;
        // One more may have been on its way when the breaker opened, on a connection that was
        // closed under it: it was sent again, and noted by the origin only now.
        let most = since.elapsed().as_millis() / OPEN.as_millis() + 2;
        assert!(probes <= most, "round {round}: {probes} probes, {most} at most");
        assert_eq!(candidate.crowd.load(SeqCst), 1, "one probe at a time");
        candidate.up.store(true, SeqCst);
        until("closed", &mut client);
        // What it gets now, it gets as if nothing had been.
        let before = candidate.origin.seen().len();
        (0..5).for_each(|_| drop(ask(&shadow, &mut client)));
        shadow.settled(asked.fetch_add(5, SeqCst) as u64 + 5);
        assert_eq!(candidate.origin.seen().len(), before + 5);
        let said = |text: &str| shadow.log().iter().filter(|line| line.contains(text)).count();
        eventually("the log", || (said("the candidate answers again") == round).then_some(()));
        assert_eq!(said("copies are dropped for a while"), round);
    }
    let coverage = shadow.settled(asked.into_inner() as u64)["coverage"].clone();
    assert!(coverage["dropped"]["breaker"].as_u64() > Some(9), "{coverage}");
    // A copy whose kept-alive connection is closed under it is sent once more, and may have been
    // read before that or not: one in a round.
    let (compared, seen) = (coverage["compared"].as_u64(), candidate.origin.seen().len() as u64);
    let apart = seen.abs_diff(compared.expect("a count"));
    assert!(apart <= 3, "{seen} seen: {coverage}");
}

#[test]
fn m13_nothing_of_the_candidate_reaches_a_client() {
    let primary = Origin::json("{}");
    let candidate = Origin::start(|_| {
        Reply::new(302, "canary-body")
            .with("set-cookie", "canary=1")
            .with("location", "http://canary.test/")
            .with("strict-transport-security", "canary")
    });
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..20 {
        let answer = format!("{:?}", client.get("/"));
        assert!(!answer.contains("canary"), "{answer}");
    }
    shadow.settled(20);
}
