//! The process as a whole: what it sends to whom, while it is changed and at its end.

use super::WRITES;
use crate::support::{Client, Origin, Reply, Shadow, command, get, stdout};
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
    const RELOADS: usize = 1_000;
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
    let mut admin = Client::connect(shadow.admin);
    let mut reload = |next: String| {
        fs::write(&path, text.replace(&config(0), &next)).expect("written");
        admin.send("POST /api/v1/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
        admin.answer("POST").status
    };
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
        for generation in 1..=RELOADS {
            if generation % 10 == 0 {
                let bad = format!("{}\nno_such_key: 1", config(RELOADS + generation));
                assert_eq!(reload(bad), 422);
            }
            assert_eq!(reload(config(generation)), 200);
        }
        done.store(true, Ordering::Relaxed);
    });
    let requests = requests.into_inner() as u64;
    shadow.settled(requests);
    assert_eq!(get(shadow.listen, "/?two=live").status, 200);
    shadow.settled(requests + 1);
    let copies = candidate.seen();
    for seen in &copies {
        let one = seen.header("x-one").expect("the header is set").to_owned();
        assert_eq!(seen.target, format!("/?two={one}"), "two generations in one request");
        let generation: usize = one.trim_start_matches('g').parse().expect("a number");
        assert!(generation <= RELOADS, "a config that was refused");
    }
    let last = copies.last().and_then(|seen| seen.header("x-one"));
    assert_eq!(last, Some(format!("g{RELOADS}").as_str()), "the last config does not hold");
    assert!(primary.seen().iter().all(|seen| seen.target == "/?two=live"));
}

#[test]
fn m33_a_write_goes_to_the_candidate_only_where_that_is_vouched_for_and_without_live_credentials() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let send = |shadow: &Shadow, method: &str| {
        let mut client = Client::connect(shadow.listen);
        client.send(format!(
            "{method} / HTTP/1.1\r\nhost: a\r\nauthorization: live\r\ncookie: sid=live\r\n\
             content-length: 0\r\n\r\n"
        ));
        assert_eq!(client.answer(method).status, 200);
    };
    let writes = ["POST", "PUT", "PATCH", "DELETE"];
    let shadow = Shadow::start(primary.address, candidate.address, "");
    writes.iter().for_each(|method| send(&shadow, method));
    assert_eq!(shadow.settled(4)["coverage"]["skipped"]["method"], 4);
    assert_eq!(candidate.seen().len(), 0);

    let edits = "request: { set: { x-isolated: \"{session}\" }, remove: [authorization, cookie] }";
    let rest = format!("mirror: {{ methods: all }}\n{}, {edits} }}", WRITES.trim_end_matches(" }"));
    let shadow = Shadow::start(primary.address, candidate.address, &rest);
    writes.iter().for_each(|method| send(&shadow, method));
    let report = shadow.settled(4);
    let session = report["session"]["id"].as_str();
    let copies = candidate.seen();
    assert_eq!(copies.len(), 4);
    for copy in copies {
        assert_eq!((copy.header("authorization"), copy.header("cookie")), (None, None));
        assert_eq!(copy.header("x-isolated"), session);
        assert!(copy.header("x-shadow-mirror").is_some());
    }
    assert!(primary.seen().iter().all(|seen| seen.header("authorization") == Some("live")));

    // Without somebody who vouches for it, nothing starts.
    let folder = tempfile::tempdir().expect("a folder");
    let config = "primary: { url: http://127.0.0.1:9 }\ncandidate: { url: http://127.0.0.1:8 }\n\
                  mirror: { methods: all }\n";
    fs::write(folder.path().join("shadow.yaml"), config).expect("a config");
    let output = command(folder.path(), &["run"]).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn m34_the_gate_is_exact_at_its_limits_and_never_passes_on_nothing() {
    let turn = AtomicUsize::new(0);
    let primary = Origin::json(r#"{"a":1}"#);
    let candidate = Origin::start(move |_| match turn.fetch_add(1, Ordering::SeqCst) {
        4 | 10 => Reply::json(r#"{"a":2}"#),
        _ => Reply::json(r#"{"a":1}"#),
    });
    let rest = "gate: { divergence: 10%, min_samples: 10, min_coverage: 90% }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let (mut client, mut sent) = (Client::connect(shadow.listen), 0);
    let mut exit_after = |requests: u64| {
        for _ in 0..requests {
            client.get("/");
            sent += 1;
            shadow.settled(sent);
        }
        shadow.command(&["gate"]).status.code()
    };
    assert_eq!(exit_after(0), Some(3), "nothing at all");
    assert_eq!(exit_after(9), Some(3), "one too few");
    assert_eq!(exit_after(1), Some(0), "1 of 10 is the limit");
    assert_eq!(exit_after(1), Some(1), "2 of 11 is over it");
    let folder = shadow.folder.clone();
    shadow.stop();
    let offline = || command(folder.path(), &["gate"]).status().expect("the binary runs").code();
    assert_eq!(offline(), Some(1), "from the disk");
    fs::remove_dir_all(folder.path().join(".shadow/sessions")).expect("removed");
    assert!(!matches!(offline(), Some(0) | Some(1)), "there is no session any more");

    // What was dropped at a bound might have differed.
    let rest = "mirror: { rate: 1/h }\ngate: { min_samples: 1, min_coverage: 90% }";
    let candidate = Origin::json(r#"{"a":1}"#);
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    (0..20).for_each(|_| drop(get(shadow.listen, "/")));
    let coverage = shadow.settled(20)["coverage"].clone();
    assert!(coverage["dropped"]["rate"].as_u64() > Some(2), "{coverage}");
    assert_eq!(shadow.command(&["gate"]).status.code(), Some(3));
}
