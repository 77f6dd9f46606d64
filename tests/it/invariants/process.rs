//! The process as a whole: what it sends to whom, while it is changed and at its end.

use crate::support::{Client, Origin, Shadow, command, stdout};
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

#[test]
fn m12_no_copy_goes_to_the_primary_to_ourselves_or_round_and_round() {
    let refused = |config: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("shadow.yaml"), config).expect("a config");
        let output = command(folder.path(), &["run"]).output().expect("the binary runs");
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{config}");
    };
    let primary = "primary: { url: http://127.0.0.1:9 }";
    refused(&format!("{primary}\ncandidate: {{ url: http://localhost:9 }}"));
    let listen = "listen: { address: 127.0.0.1:8 }";
    refused(&format!("{listen}\n{primary}\ncandidate: {{ url: http://127.0.0.1:8 }}"));

    // Two taps, each the candidate's primary of the other, would copy for ever but for the marker.
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    assert_eq!(client.get("/").status, 200);
    shadow.settled(1);
    let copy = &candidate.seen()[0];
    let marker = copy.header("x-shadow-mirror").expect("copies are marked");
    client.send(format!("GET /again HTTP/1.1\r\nhost: a\r\nx-shadow-mirror: {marker}\r\n\r\n"));
    assert_eq!(client.answer("GET").status, 200);
    assert_eq!(shadow.settled(2)["coverage"]["skipped"]["marker"], 1);
    assert_eq!((primary.seen().len(), candidate.seen().len()), (2, 1));
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
            admin.send("POST /api/v1/reload HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
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
