//! The shadow side steps back by itself: from a candidate that fails, and from a live path that
//! suffers.

use crate::support::{Act, Client, Origin, Reply, Shadow, closed, eventually, get};
use serde_json::Value;
use std::fs;
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

/// A config under which a queue that stands still is a strain at the next look.
const STANDING: &str = "mirror: { concurrency: 1, protect: { queue_age: 1us } }";

/// Sends requests to a candidate that never answers until mirroring has stepped back.
fn protected(shadow: &Shadow) -> u64 {
    let mut client = Client::connect(shadow.listen);
    let mut sent = 0;
    eventually("mirroring to step back", || {
        sent += 1;
        assert_eq!(client.get("/").status, 200);
        (mirror(shadow)["protecting"] == "queue_age").then_some(sent)
    })
}

#[test]
fn mirroring_steps_back_where_the_live_path_suffers_and_comes_back_by_itself() {
    let hang = Arc::new(AtomicBool::new(true));
    let candidate = Origin::start({
        let hang = hang.clone();
        move |_| if hang.load(SeqCst) { Act::Hang } else { Act::Answer(Reply::json("{}")) }
    });
    let shadow = Shadow::start(Origin::json("{}").address, candidate.address, STANDING);
    let sent = protected(&shadow);
    hang.store(false, SeqCst);
    let mut client = Client::connect(shadow.listen);
    client.get("/");
    let coverage = shadow.settled(sent + 1)["coverage"].clone();
    assert!(coverage["dropped"]["protected"].as_u64() >= Some(1), "{coverage}");
    assert_eq!(metric(&shadow, "shadow_protect{cause=\"queue_age\"}"), 1.0);
    assert_eq!(said(&shadow, "mirroring stops: the live path suffers"), 1);
    eventually("mirroring to go on", || mirror(&shadow)["protecting"].is_null().then_some(()));
    let before = candidate.seen().len();
    client.get("/");
    shadow.settled(sent + 2);
    assert_eq!(candidate.seen().len(), before + 1);
    assert_eq!(said(&shadow, "mirroring goes on: the live path is well"), 1);
}

#[test]
fn what_the_tap_adds_is_measured() {
    let shadow = Shadow::start(Origin::json("{}").address, Origin::json("{}").address, "");
    get(shadow.listen, "/");
    shadow.settled(1);
    assert_eq!(metric(&shadow, "shadow_added_seconds_count"), 1.0);
    assert_eq!(metric(&shadow, "shadow_added_seconds_bucket{le=\"+Inf\"}"), 1.0);
    assert!(metric(&shadow, "shadow_added_seconds_sum") > 0.0);
}

#[test]
fn a_ramp_starts_with_its_first_stage_and_grows_with_time() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let rest = "mirror: { ramp: [{ sample: 0%, hold: 1s }, { sample: 100% }] }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    let mut sent = 0;
    eventually("the second stage", || {
        sent += 1;
        client.get("/");
        (mirror(&shadow)["ramp_stage"] == 2).then_some(())
    });
    client.get("/");
    let coverage = shadow.settled(sent + 1)["coverage"].clone();
    assert!(coverage["sampled_out"].as_u64() >= Some(1), "{coverage}");
    assert!(coverage["compared"].as_u64() >= Some(1), "{coverage}");
    assert_eq!(metric(&shadow, "shadow_ramp_stage"), 2.0);
}

#[test]
fn the_dial_overrides_the_ramp_and_a_reload_does_not_start_it_over() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let rest = "mirror: { ramp: [{ sample: 0%, hold: 1s }, { sample: 20%, hold: 1h }, \
                { sample: 100% }] }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let stage = |expected: u64| {
        let is = || (mirror(&shadow)["ramp_stage"] == expected).then_some(());
        eventually("the stage of the ramp", is);
    };
    stage(2);
    assert_eq!(mirror(&shadow)["sample"], "20%");
    let path = shadow.folder.path().join("shadow.yaml");
    let config = fs::read_to_string(&path).expect("a config");
    fs::write(&path, config.replace("20%", "30%")).expect("written");
    shadow.signal("HUP");
    eventually("the reload", || (mirror(&shadow)["sample"] == "30%").then_some(()));
    stage(2);
    assert!(shadow.command(&["percent", "100"]).status.success());
    let state = mirror(&shadow);
    assert_eq!((&state["sample"], state["ramp_stage"].is_null()), (&"100%".into(), true));
    get(shadow.listen, "/");
    assert_eq!(shadow.settled(1)["coverage"]["compared"], 1);
}

/// Pauses, and checks that by the time the switch has answered nothing is sent any more, that
/// what waits is let go, and that a restart does not forget it.
fn pause(shadow: Shadow, primary: &Origin, candidate: &Origin) {
    let mut client = Client::connect(shadow.listen);
    let mut admin = Client::connect(shadow.admin);
    let body = "{\"enabled\":false}";
    let length = body.len();
    admin.send(format!(
        "PATCH /api/v1/mirror HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{body}"
    ));
    assert_eq!(admin.answer("PATCH").status, 200);
    assert_eq!(client.get("/after").status, 200);
    let skipped = || shadow.report()["coverage"]["skipped"]["disabled"] == 1;
    eventually("the request to be skipped", || skipped().then_some(()));
    eventually("the queue to be let go", || (mirror(&shadow)["queued"] == 0).then_some(()));
    shadow.settled_at_least(1);
    assert!(candidate.seen().iter().all(|seen| seen.target != "/after"));
    let folder = shadow.folder.clone();
    assert_eq!(shadow.stop().0.code(), Some(0));
    let shadow = Shadow::start_in(folder, primary.address, candidate.address, "");
    assert_eq!(get(shadow.listen, "/restarted").status, 200);
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["disabled"], 1);
}

#[test]
fn m25_the_kill_switch_works_while_the_candidate_hangs_and_the_queue_is_full() {
    let (primary, candidate) = (Origin::json("{}"), Origin::start(|_| Act::Hang));
    let rest = "mirror: { queue: 3, concurrency: 2 }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    (0..10).for_each(|_| drop(client.get("/")));
    pause(shadow, &primary, &candidate);
    // What waited was never sent.
    assert!(candidate.seen().len() <= 2);
}

#[test]
fn the_kill_switch_works_while_the_breaker_is_open() {
    let (primary, candidate) = (Origin::json("{}"), Origin::start(|_| Act::Close));
    let rest = "mirror: { breaker: { of: 1, open: 1h } }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    get(shadow.listen, "/");
    eventually("the breaker to open", || (mirror(&shadow)["breaker"] == "open").then_some(()));
    pause(shadow, &primary, &candidate);
}

#[test]
fn the_kill_switch_works_while_mirroring_has_stepped_back() {
    let (primary, candidate) = (Origin::json("{}"), Origin::start(|_| Act::Hang));
    let shadow = Shadow::start(primary.address, candidate.address, STANDING);
    protected(&shadow);
    pause(shadow, &primary, &candidate);
}

#[test]
fn the_kill_switch_works_while_the_store_is_full() {
    let (primary, candidate) = (Origin::json("[1]"), Origin::json("[2]"));
    let shadow = Shadow::start(primary.address, candidate.address, "store: { max_size: 1B }");
    get(shadow.listen, "/");
    shadow.settled(1);
    eventually("the store to be full", || {
        let ready = get(shadow.admin, "/readyz").text();
        let ready: Value = serde_json::from_str(&ready).expect("JSON");
        (ready["store"]["state"] != "ok").then_some(())
    });
    pause(shadow, &primary, &candidate);
}
