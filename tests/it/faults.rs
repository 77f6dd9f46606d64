//! A bad candidate costs the live path nothing.

use crate::support::{Act, Client, Origin, Reply, Shadow, closed};
use std::time::{Duration, Instant};

/// Serves many requests on one connection beside a candidate that does its worst, and gives the
/// report. The candidate's time-out is 1 s: a live request that waits for it is found out by
/// the sum of all.
fn served_beside(candidate: std::net::SocketAddr) -> serde_json::Value {
    const REQUESTS: u64 = 40;
    let primary = Origin::json(r#"{"a":1}"#);
    // The breaker, which would step in, has tests of its own.
    let rest = "mirror: { breaker: { of: 1000 } }";
    let shadow = Shadow::start(primary.address, candidate, rest);
    let begun = Instant::now();
    let mut client = Client::connect(shadow.listen);
    for _ in 0..REQUESTS {
        let answer = client.get("/");
        assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"a":1}"#));
    }
    // Forty stalls would take forty seconds; one bound for all is far from any noise.
    assert!(begun.elapsed() < Duration::from_secs(20), "the live path was held up");
    shadow.settled(REQUESTS)
}

fn check(candidate: &Origin, outcome: &str) {
    let report = served_beside(candidate.address);
    let finding = &report["findings"][0];
    assert_eq!((&finding["kind"], &finding["count"]), (&"outcome".into(), &40.into()), "{report}");
    assert_eq!(finding["samples"][0]["candidate"], outcome);
}

#[test]
fn a_candidate_that_never_answers_is_a_timeout() {
    check(&Origin::start(|_| Act::Hang), "timeout");
}

#[test]
fn a_candidate_that_closes_is_a_reset() {
    check(&Origin::start(|_| Act::Close), "reset");
}

#[test]
fn a_candidate_that_breaks_off_is_a_reset() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"a\":".to_vec();
    check(&Origin::start(move |_| Act::Raw(half.clone())), "reset");
}

#[test]
fn a_candidate_that_talks_garbage_is_malformed() {
    check(&Origin::start(|_| Act::Raw(b"\x00\x01garbage\r\n\r\n".to_vec())), "malformed");
}

#[test]
fn a_candidate_whose_answer_is_endless_is_too_large() {
    let large = Reply::new(200, vec![b'x'; 3 << 20]);
    check(&Origin::start(move |_| large.clone()), "too_large");
}

#[test]
fn a_dead_candidate_is_refused() {
    let report = served_beside(closed());
    assert_eq!(report["findings"][0]["samples"][0]["candidate"], "refused");
}
