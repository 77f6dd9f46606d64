//! What the process says of its own health: connections, queue, and how late its threads are.

use crate::support::{Act, Client, Origin, Shadow, eventually, get};
use serde_json::Value;
use std::thread;
use std::time::Duration;

fn open(shadow: &Shadow, side: &str) -> u64 {
    shadow.metric(&format!("shadow_open_connections{{side=\"{side}\"}}"))
}

#[test]
fn open_connections_are_told_by_side() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let sides = || ["client", "primary", "candidate"].map(|side| open(&shadow, side));
    assert_eq!(sides(), [0, 0, 0]);
    let mut client = Client::connect(shadow.listen);
    // One after the other: the second copy finds the first one's connection.
    for number in 1..=2 {
        client.get("/");
        shadow.settled(number);
    }
    assert_eq!(sides(), [1, 1, 1]);
    drop(client);
    eventually("all to close", || (sides() == [0, 0, 0]).then_some(()));
}

#[test]
fn the_queue_is_told_in_bytes_until_it_is_empty() {
    let (primary, candidate) = (Origin::json("{}"), Origin::start(|_| Act::Hang));
    let shadow = Shadow::start(primary.address, candidate.address, "mirror: { concurrency: 1 }");
    let mut client = Client::connect(shadow.listen);
    client.get("/");
    client.get("/");
    let waiting = || shadow.metric("shadow_queue_bytes");
    eventually("something in the queue", || (waiting() > 0).then_some(()));
    eventually("an empty queue", || (waiting() == 0).then_some(()));
    shadow.settled(2);
}

#[test]
fn a_live_thread_that_comes_late_is_told_and_stops_mirroring() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let rest = "mirror: { protect: { added_p99: 20ms } }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let strained = || {
        let state = get(shadow.admin, "/api/v1/mirror").text();
        let state: Value = serde_json::from_str(&state).expect("JSON");
        state["protecting"] == "lag"
    };
    // The whole process stands still for longer than it may lag, again and again.
    eventually("mirroring to step back", || {
        for _ in 0..8 {
            shadow.signal("STOP");
            thread::park_timeout(Duration::from_millis(60));
            shadow.signal("CONT");
            thread::park_timeout(Duration::from_millis(60));
        }
        strained().then_some(())
    });
    assert!(shadow.metric("shadow_loop_lag_seconds_count") > 0);
    assert_eq!(get(shadow.listen, "/").status, 200);
    let report = shadow.settled(1);
    assert_eq!(report["coverage"]["dropped"]["protected"], 1, "{report}");
}
