//! The store beside a running process, and after it.

use crate::support::{Client, Origin, Shadow, command, eventually, get, stdout};
use std::fs;
use std::sync::Arc;
use std::thread;
use tempfile::TempDir;

#[test]
fn a_report_reads_the_same_from_the_running_process_and_from_the_disk() {
    let primary = Origin::json(r#"{"price":1.5}"#);
    let candidate = Origin::json(r#"{"price":2}"#);
    let shadow = Shadow::start(primary.address, candidate.address, "");
    get(shadow.listen, "/items/1");
    shadow.settled(1);
    let args = ["report", "--format", "json"];
    let running = stdout(&shadow.command(&args));
    let folder = shadow.folder.clone();
    shadow.stop();
    let stored = stdout(&command(folder.path(), &args).output().expect("the binary runs"));
    let parse = |text: &str| {
        let mut report: serde_json::Value = serde_json::from_str(text).expect(text);
        assert!(report["session"]["id"].is_string());
        report["session"]["ended_at"] = serde_json::Value::Null;
        report
    };
    assert_eq!(parse(&running), parse(&stored));
    assert_eq!(parse(&stored)["findings"][0]["path"], "$.price");
}

#[test]
fn kill_9_under_load_leaves_a_store_that_reads() {
    let primary = Origin::json(r#"{"a":1}"#);
    let candidate = Origin::json(r#"{"a":2}"#);
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let listen = shadow.listen;
    let folder = shadow.folder.clone();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let Ok(stream) = std::net::TcpStream::connect(listen) else { return };
                let mut client = Client::of(stream);
                while client.try_send(b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n")
                    && client.try_answer("GET").is_some()
                {}
            });
        }
        eventually("some load", || (primary.seen().len() > 200).then_some(()));
        let before = shadow.flushes();
        eventually("what came to be stored", || (shadow.flushes() > before + 1).then_some(()));
        shadow.signal("KILL");
        shadow.wait();
    });
    let report = command(folder.path(), &["report", "--format", "json"]).output().expect("runs");
    assert!(report.status.success(), "{report:?}");
    let report: serde_json::Value = serde_json::from_str(&stdout(&report)).expect("JSON");
    assert!(report["coverage"]["compared"].as_u64() > Some(0), "{report}");
    assert_eq!(report["findings"][0]["path"], "$.a");
}

#[test]
fn the_tap_serves_whatever_the_store_does() {
    let primary = Origin::json("{}");
    let candidate = Origin::json("{}");
    let folder = Arc::new(TempDir::new().expect("a folder"));
    // A file where the store's folder should be.
    fs::write(folder.path().join(".shadow"), "not a folder").expect("written");
    let shadow = Shadow::start_in(folder, primary.address, candidate.address, "");
    assert_eq!(get(shadow.listen, "/").status, 200);
    assert_eq!(shadow.settled(1)["coverage"]["compared"], 1);
    eventually("the store to fail", || {
        let ready = get(shadow.admin, "/readyz").text();
        (ready.contains("\"failed\"") && ready.contains("\"ready\"")).then_some(())
    });
}
