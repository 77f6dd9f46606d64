//! A second process takes over from the first during an upgrade, and no client notices.

use crate::support::{Client, Origin, PATIENCE, Shadow, connect, eventually, get, raw};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

/// One request on a connection of its own; what went wrong, if anything did.
fn ask(address: SocketAddr) -> Result<(), String> {
    let explain = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(address).map_err(explain)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(explain)?;
    let request = b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).map_err(explain)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(explain)?;
    let whole = answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("{}");
    if whole { Ok(()) } else { Err(answer) }
}

/// The ledgers of all sessions of a process's store.
fn stored(shadow: &Shadow) -> Vec<Value> {
    let json = |args: &[&str]| -> Value {
        let output = shadow.command(args);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let sessions = json(&["session", "list", "--format", "json"]);
    let sessions = sessions.as_array().or_else(|| sessions["sessions"].as_array()).expect("a list");
    let ids = sessions.iter().map(|session| session["id"].as_str().expect("an id"));
    ids.map(|id| json(&["report", "--session", id, "--format", "json"])["coverage"].clone())
        .collect()
}

#[test]
fn a_takeover_under_load_costs_no_client_anything_and_loses_no_count() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let old = Shadow::start(primary.address, candidate.address, "");
    let (listen, admin) = (old.listen, old.admin);
    let (done, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let more = |count: u64| {
        let goal = sent.load(Relaxed) + count;
        eventually("more requests", || (sent.load(Relaxed) >= goal).then_some(()));
    };
    let new = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    while !done.load(Relaxed) {
                        ask(listen)?;
                        sent.fetch_add(1, Relaxed);
                    }
                    Ok::<_, String>(())
                })
            })
            .collect();
        more(100);
        let new = old.take_over();
        assert_eq!(new.listen, listen);
        more(100);
        let (status, log) = old.stop();
        assert_eq!(status.code(), Some(0), "{log:?}");
        more(100);
        done.store(true, Relaxed);
        for client in clients {
            assert_eq!(client.join().expect("no panic"), Ok(()));
        }
        new
    });
    // The admin API and the store go over too.
    eventually("the admin API", || {
        let mut client = Client::of(TcpStream::connect(admin).ok()?);
        client.try_send(format!("GET /readyz HTTP/1.1\r\nhost: {admin}\r\n\r\n").as_bytes());
        let ready = client.try_answer("GET")?;
        let ready: Value = serde_json::from_str(&ready.text()).ok()?;
        (ready["store"]["state"] == "ok").then_some(())
    });
    let sent = sent.into_inner();
    new.settled_at_least(1);
    let folder = new.folder.clone();
    let (status, log) = new.stop();
    assert_eq!(status.code(), Some(0), "{log:?}");
    let reader = Shadow::start_in(folder, primary.address, candidate.address, "");
    let sum = |name: &str| -> u64 {
        stored(&reader).iter().map(|coverage| coverage[name].as_u64().expect("a count")).sum()
    };
    assert_eq!((sum("seen"), sum("mirrored"), sum("compared")), (sent, sent, sent));
    assert_eq!(primary.seen().len() as u64, sent);
}

#[test]
fn a_client_that_has_connected_in_advance_is_answered_by_a_process_that_ends() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let mut early = connect(shadow.listen, "");
    assert_eq!(get(shadow.listen, "/").status, 200);
    shadow.signal("TERM");
    eventually("the signal to arrive", || {
        shadow.log().iter().any(|line| line.contains("stopping")).then_some(())
    });
    early.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").expect("written");
    assert_eq!(Client::of(early).answer("GET").status, 200);
    assert_eq!(shadow.wait().0.code(), Some(0));
}

#[test]
fn taking_over_where_nobody_listens_is_an_ordinary_start() {
    let origin = Origin::json("{}");
    let old = Shadow::edge(origin.address, "");
    let folder = old.folder.clone();
    assert_eq!(old.stop().0.code(), Some(0));
    let new = Shadow::launch_as(folder, &["run", "--takeover"]);
    assert!(raw(new.listen, "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200"));
    assert_eq!(get(new.admin, "/livez").status, 200);
}
