//! Cases 51 to 54 of the list that a careful proxy is held against: beginning, bounds and end.

use crate::support::{Client, Frame, H2, Origin, Reply, Shadow, connect, eventually, get, raw};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A tap with one request that waits for its answer, and the origin's end of it.
fn waiting(listen: &str) -> (Shadow, TcpStream, TcpStream) {
    let origin = TcpListener::bind("127.0.0.1:0").expect("a port");
    let shadow = Shadow::edge(origin.local_addr().expect("an address"), listen);
    let client = connect(shadow.listen, GET);
    let mut upstream = origin.accept().expect("a connection").0;
    let mut seen = [0; 14];
    upstream.read_exact(&mut seen).expect("a request");
    (shadow, client, upstream)
}

fn stopping(shadow: &Shadow) {
    shadow.signal("TERM");
    eventually("the signal to arrive", || {
        shadow.log().iter().any(|line| line.contains("stopping")).then_some(())
    });
    // The listener is gone.
    eventually("nobody to accept", || TcpStream::connect(shadow.listen).err());
}

#[test]
fn case_51_sigterm_finishes_what_has_begun_and_says_close() {
    let (shadow, client, mut upstream) = waiting("");
    stopping(&shadow);
    upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").expect("written");
    let answer = Client::of(client).answer("GET");
    assert_eq!((answer.text().as_str(), answer.header("connection")), ("ok", Some("close")));
    let (status, log) = shadow.wait();
    assert_eq!(status.code(), Some(0), "{log:?}");
}

#[test]
fn case_51_over_http_2_sigterm_says_goaway() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    h2.get(1, &[]);
    assert_eq!(h2.outcome(1), Some(200));
    shadow.signal("TERM");
    let goaway = h2.until(Frame::GOAWAY).expect("a GOAWAY");
    assert_eq!(goaway.payload[4..8], [0; 4], "NO_ERROR");
    drop(h2);
    assert_eq!(shadow.wait().0.code(), Some(0));
}

#[test]
fn case_51_a_second_sigterm_ends_at_once_and_so_does_the_deadline() {
    let (shadow, _client, _upstream) = waiting("timeouts: { drain: 1h }");
    stopping(&shadow);
    shadow.signal("TERM");
    assert_eq!(shadow.wait().0.code(), Some(0));
    let (shadow, _client, _upstream) = waiting("timeouts: { drain: 100ms }");
    let (status, log) = shadow.stop();
    assert_eq!(status.code(), Some(0));
    assert!(log.iter().any(|line| line.contains("did not end within")), "{log:?}");
}

#[test]
fn case_52_a_port_that_is_taken_is_one_clear_line() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let config = format!(
        "listen: {{ address: \"{}\" }}\nprimary: {{ url: \"{}\" }}\n",
        shadow.listen,
        origin.url()
    );
    std::fs::write(shadow.folder.path().join("shadow.yaml"), config).expect("a config");
    let output = shadow.command(&["run"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.lines().count() <= 3 && said.contains("is in use"), "{said}");
}

#[test]
fn case_53_slow_heads_are_closed() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "timeouts: { head: 200ms }");
    for start in ["", "G", "PR", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut client = connect(shadow.listen, start);
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an end");
        assert!(answer.is_empty() || answer.contains(" 408 "), "{start:?}: {answer}");
    }
    // Who sends nothing at all may have connected in advance.
    eventually("the other three to be counted", || {
        (shadow.metric("shadow_refused_total{rule=\"head_timeout\"}") == 3).then_some(())
    });
    let mut idle = Client::connect(shadow.listen);
    assert_eq!(idle.get("/").status, 200);
    assert!(idle.try_answer("GET").is_none(), "an idle connection is closed");
    assert_eq!(shadow.metric("shadow_refused_total{rule=\"head_timeout\"}"), 3);
}

#[test]
fn case_53_connections_are_capped_in_all_and_for_each_client() {
    let origin = Origin::json("{}");
    for (limits, rule) in
        [("connections: 2", "connections"), ("connections: 9, per_client: 2", "per_client")]
    {
        let shadow = Shadow::edge(origin.address, &format!("limits: {{ {limits} }}"));
        let (mut one, mut two) = (Client::connect(shadow.listen), Client::connect(shadow.listen));
        assert_eq!((one.get("/").status, two.get("/").status), (200, 200));
        let refused = raw(shadow.listen, GET);
        assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
        assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
        assert_eq!(one.get("/").status, 200);
        drop(two);
        eventually("room again", || {
            let mut client = Client::connect(shadow.listen);
            client.try_send(GET.as_bytes());
            client.try_answer("GET").filter(|answer| answer.status == 200)
        });
        assert!(shadow.metric(&format!("shadow_refused_total{{rule=\"{rule}\"}}")) >= 1);
    }
}

#[test]
fn case_53_a_client_that_takes_nothing_of_its_answer_is_closed() {
    let large = Reply::new(200, vec![b'x'; 32 << 20]);
    let origin = Origin::start(move |_| large.clone());
    let shadow = Shadow::edge(origin.address, "timeouts: { write: 200ms }");
    let client = connect(shadow.listen, GET);
    eventually("the tap to give up", || {
        (shadow.metric("shadow_refused_total{rule=\"write_timeout\"}") == 1).then_some(())
    });
    assert!(!Client::of(client).answer("GET").whole);
}

#[test]
fn only_who_is_allowed_may_connect() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "allow: [192.0.2.0/24]");
    let answer = raw(shadow.listen, GET);
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(origin.seen().len(), 0);
    let shadow = Shadow::edge(origin.address, "allow: [127.0.0.0/8]");
    assert_eq!(get(shadow.listen, "/").status, 200);
}

#[test]
fn case_54_without_file_descriptors_it_waits_and_recovers() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let pid = shadow.pid().to_string();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors").count();
    let most = format!("--nofile={}", open + 8);
    let lowered = Command::new("prlimit").args(["--pid", &pid, &most]).status();
    assert!(lowered.expect("prlimit runs").success());
    let crowd: Vec<_> = (0..40).map(|_| connect(shadow.listen, "")).collect();
    let said = || {
        let log = shadow.log();
        log.iter().filter(|line| line.contains("no connection can be accepted")).count()
    };
    eventually("a complaint", || (said() > 0).then_some(()));
    drop(crowd);
    eventually("service again", || {
        let mut client = Client::connect(shadow.listen);
        client.try_send(GET.as_bytes());
        client.try_answer("GET").filter(|answer| answer.status == 200)
    });
    assert!(said() < 100, "it spins: {} lines", said());
}

#[test]
fn the_access_log_has_a_line_for_every_answer_and_is_off_by_default() {
    let origin = Origin::json(r#"{"a":1}"#);
    let shadow = Shadow::start(
        origin.address,
        crate::support::closed(),
        "telemetry: { access_log: { format: common, path: access.log } }",
    );
    assert_eq!(get(shadow.listen, "/a?b").status, 200);
    assert!(raw(shadow.listen, "GET /x HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let folder = shadow.folder.clone();
    assert_eq!(shadow.stop().0.code(), Some(0));
    let text = std::fs::read_to_string(folder.path().join("access.log")).expect("the log");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("127.0.0.1 - - ["), "{text}");
    assert!(lines[0].ends_with("\"GET /a?b HTTP/1.1\" 200 7"), "{text}");
    assert!(lines[1].ends_with("\"GET /x HTTP/1.1\" 400 0"), "{text}");
}
