//! Nothing is lost in silence: the ledger is exact at rest, whatever happened.

use crate::support::{Act, Client, Origin, Reply, Shadow, command, eventually, stdout};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tempfile::TempDir;

/// Requests of every fate at the same time, from many clients.
#[test]
fn m18_the_ledger_is_exact_after_a_storm() {
    let primary = Origin::start(|seen| match seen.target.as_str() {
        "/refused" => Act::Close,
        "/broken" => Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".to_vec()),
        _ => Act::Answer(Reply::json(r#"{"a":1}"#)),
    });
    let turn = AtomicUsize::new(0);
    let candidate = Origin::start(move |_| match turn.fetch_add(1, Ordering::Relaxed) % 5 {
        0 => Act::Close,
        1 => Act::Raw(b"garbage\r\n\r\n".to_vec()),
        2 => Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".to_vec()),
        3 => Act::Answer(Reply::new(500, "oops")),
        _ => Act::Answer(Reply::json(r#"{"a":2}"#)),
    });
    let rest = "mirror: { sample: 70%, queue: 16, concurrency: 4 }\n";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for target in ["/", "/broken", "/", "/refused", "/", "/x"].iter().cycle().take(120)
                {
                    let mut client = Client::connect(shadow.listen);
                    client.send(format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
                    client.try_answer("GET");
                    client.send(format!(
                        "POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"
                    ));
                }
            });
        }
    });
    // All GETs; of the POSTs, those that were read before their client left.
    let report = shadow.settled_at_least(960);
    let coverage = &report["coverage"];
    assert!(coverage["sampled_out"].as_u64() > Some(100), "{coverage}");
    assert!(coverage["compared"].as_u64() > Some(10), "{coverage}");
}

#[test]
fn equal_answers_too_are_counted_under_the_operation_that_was_asked_for() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    for target in ["/graphql?query=query+Items%7Ba%7D", "/graphql?query=red+shoes", "/plain"] {
        (0..3).for_each(|_| drop(client.get(target)));
    }
    let report = shadow.settled(9);
    let endpoints = report["endpoints"].as_array().expect("endpoints").iter();
    let mut counts: Vec<_> = endpoints
        .map(|each| {
            let name = each["endpoint"].as_str().expect("a name").to_owned();
            (name, each["seen"].as_u64(), each["equal"].as_u64())
        })
        .collect();
    counts.sort();
    let names = ["GET /graphql", "GET /graphql Items", "GET /plain"];
    assert_eq!(counts, names.map(|name| (name.to_owned(), Some(3), Some(3))));
}

#[test]
fn what_is_queued_or_in_flight_at_the_end_is_counted_and_stored() {
    let primary = Origin::json("{}");
    let hung = Origin::start(|_| Act::Hang);
    let rest = "mirror: { concurrency: 2, queue: 100 }";
    let folder = Arc::new(TempDir::new().expect("a folder"));
    let config = format!(
        "listen: {{ address: 127.0.0.1:0 }}\nadmin: {{ address: 127.0.0.1:0 }}\n\
         primary: {{ url: \"{}\" }}\ncandidate: {{ url: \"{}\", timeout: 1h }}\n{rest}\n",
        primary.url(),
        hung.url()
    );
    fs::write(folder.path().join("shadow.yaml"), config).expect("written");
    let shadow = Shadow::launch(folder.clone());
    let mut client = Client::connect(shadow.listen);
    (0..10).for_each(|_| drop(client.get("/")));
    eventually("two copies in flight", || (hung.seen().len() == 2).then_some(()));
    shadow.signal("TERM");
    // The copies are waited for; a second signal ends that.
    eventually("the first signal", || {
        shadow.log().iter().any(|line| line.contains("stopping")).then_some(())
    });
    let (status, log) = shadow.stop();
    assert_eq!(status.code(), Some(0), "{log:?}");
    let report = command(folder.path(), &["report", "--format", "json"]).output().expect("runs");
    let report: serde_json::Value = serde_json::from_str(&stdout(&report)).expect("JSON");
    let coverage = &report["coverage"];
    assert_eq!((&coverage["seen"], &coverage["in_flight"]), (&10.into(), &0.into()), "{coverage}");
    assert_eq!(coverage["dropped"]["shutdown"], 8, "{coverage}");
    assert_eq!(coverage["failed"]["shutdown"], 2, "{coverage}");
    assert!(report["session"]["ended_at"].is_string());
}
