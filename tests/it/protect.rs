//! The shadow side steps back by itself: from a candidate that fails, and from a live path that
//! suffers.

use crate::support::{Act, Client, Origin, Reply, Shadow, closed, eventually, get};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// What the admin API says of the mirror.
fn mirror(shadow: &Shadow) -> Value {
    serde_json::from_str(&get(shadow.admin, "/api/v1/mirror").text()).expect("JSON")
}

/// The value of a metric, named with its labels.
fn metric(shadow: &Shadow, name: &str) -> f64 {
    let page = get(shadow.admin, "/metrics").text();
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).parse().expect("a number")
}

/// How often the log says something.
fn said(shadow: &Shadow, text: &str) -> usize {
    shadow.log().iter().filter(|line| line.contains(text)).count()
}

#[test]
fn a_dead_candidate_costs_no_more_than_a_few_connections() {
    let primary = Origin::json("{}");
    let rest = "mirror: { breaker: { of: 5, open: 1h } }";
    let shadow = Shadow::start(primary.address, closed(), rest);
    let mut client = Client::connect(shadow.listen);
    for number in 1..=5 {
        assert_eq!(client.get("/").status, 200);
        shadow.settled(number);
    }
    assert_eq!(mirror(&shadow)["breaker"], "open");
    for _ in 0..40 {
        assert_eq!(client.get("/").status, 200);
    }
    let coverage = shadow.settled(45)["coverage"].clone();
    assert_eq!((&coverage["compared"], &coverage["dropped"]["breaker"]), (&5.into(), &40.into()));
    assert_eq!(metric(&shadow, "shadow_breaker_state"), 2.0);
    assert_eq!(metric(&shadow, "shadow_candidate_faults_total{fault=\"refused\"}"), 5.0);
    assert_eq!(said(&shadow, "copies are dropped for a while"), 1);
}

#[test]
fn a_candidate_that_comes_back_is_mirrored_to_again() {
    let up = Arc::new(AtomicBool::new(false));
    let candidate = Origin::start({
        let up = up.clone();
        move |_| match up.load(SeqCst) {
            true => Act::Answer(Reply::json("{}")),
            false => Act::Close,
        }
    });
    let primary = Origin::json("{}");
    let rest = "mirror: { breaker: { of: 2, open: 100ms } }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    let mut sent = 0;
    eventually("the breaker to open", || {
        sent += 1;
        client.get("/");
        shadow.settled(sent);
        (said(&shadow, "copies are dropped for a while") > 0).then_some(())
    });
    up.store(true, SeqCst);
    eventually("the breaker to close", || {
        sent += 1;
        client.get("/");
        shadow.settled(sent);
        (mirror(&shadow)["breaker"] == "closed").then_some(())
    });
    client.get("/");
    let before = candidate.seen().len() as u64;
    assert!(shadow.settled(sent + 1)["coverage"]["compared"].as_u64() >= Some(before));
    assert_eq!(said(&shadow, "the candidate answers again"), 1);
}

#[test]
fn an_answer_of_500_does_not_open_the_breaker() {
    let (primary, candidate) = (Origin::json("{}"), Origin::start(|_| Reply::new(500, "")));
    let rest = "mirror: { breaker: { of: 2, open: 1h } }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    (0..20).for_each(|_| drop(client.get("/")));
    assert_eq!(shadow.settled(20)["coverage"]["compared"], 20);
    assert_eq!(mirror(&shadow)["breaker"], "closed");
}
