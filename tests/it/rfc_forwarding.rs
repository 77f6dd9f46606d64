//! Cases 18 to 38 of the list that a careful proxy is held against: forwarding and connections.

use crate::support::{
    Act, Client, Origin, Reply, Shadow, accept, closed, connect, eventually, get, listener, raw,
    until,
};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

#[test]
fn case_18_fields_that_connection_names_end_here_and_none_of_ours_with_them() {
    let primary = Origin::start(|_| {
        Reply::new(200, "ok").with("connection", "x-theirs, via").with("x-theirs", "1")
    });
    let candidate = Origin::json("{}");
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    client.send(
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: x-foo, host, authorization, x-shadow-mirror, \
         x-forwarded-for\r\nx-foo: 1\r\nauthorization: b\r\nx-forwarded-for: 192.0.2.1\r\n\r\n",
    );
    let answer = client.answer("GET");
    assert_eq!((answer.header("x-theirs"), answer.header("via")), (None, None));
    shadow.settled(1);
    let (live, copy) = (&primary.seen()[0], &candidate.seen()[0]);
    assert_eq!((live.header("x-foo"), live.header("host")), (None, Some("a")));
    assert_eq!(live.header("x-forwarded-for"), Some("127.0.0.1"));
    assert!(copy.header("x-shadow-mirror").is_some());
}

#[test]
fn case_19_fields_of_one_connection_are_not_forwarded() {
    let origin = Origin::start(|_| Reply::new(200, "ok").with("keep-alive", "timeout=5"));
    let shadow = Shadow::edge(origin.address, "");
    let mut client = Client::connect(shadow.listen);
    client.send(
        "GET / HTTP/1.1\r\nhost: a\r\nkeep-alive: 5\r\nproxy-connection: keep-alive\r\n\
         te: gzip\r\nupgrade: h2c\r\nconnection: upgrade, http2-settings\r\n\
         http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n",
    );
    assert_eq!(client.answer("GET").header("keep-alive"), None);
    let seen = &origin.seen()[0];
    for name in
        ["keep-alive", "proxy-connection", "te", "upgrade", "http2-settings", "transfer-encoding"]
    {
        assert_eq!(seen.header(name), None, "{name}");
    }
}

#[test]
fn case_20_other_fields_pass_untouched_and_in_order() {
    let origin = Origin::start(|_| {
        Reply::new(200, "ok").with("set-cookie", "a=1, x").with("set-cookie", "b=2")
    });
    let shadow = Shadow::edge(origin.address, "");
    let mut client = Client::connect(shadow.listen);
    client.send("GET / HTTP/1.1\r\nhost: a\r\nx-odd: 1\r\nX-ODD: 2, 3\r\nx-odd:\r\n\r\n");
    let answer = client.answer("GET");
    let values = |all: &[(String, String)], name: &str| -> Vec<String> {
        let found = all.iter().filter(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(values(&answer.headers, "set-cookie"), ["a=1, x", "b=2"]);
    assert_eq!(values(&origin.seen()[0].headers, "x-odd"), ["1", "2, 3", ""]);
}

#[test]
fn case_21_path_and_query_pass_byte_for_byte() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let targets =
        ["/%2F%2f", "//a//b", "/a/../b/./c", "/a;x=1", "/?", "/a?b?c", "/?=&&", "/%zz", "/~{}|"];
    for target in targets {
        assert_eq!(get(shadow.listen, target).status, 200, "{target}");
    }
    let seen: Vec<_> = origin.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(seen, targets);
}

#[test]
fn case_22_via_and_the_forwarded_fields_are_appended_towards_the_primary() {
    let origin = Origin::start(|_| Reply::new(200, "ok").with("via", "1.0 inner"));
    let request = "GET / HTTP/1.0\r\nhost: a\r\nvia: 1.1 outer\r\nx-forwarded-for: 192.0.2.1\r\n\
                   x-forwarded-proto: https\r\nforwarded: for=192.0.2.1\r\n\r\n";
    let shadow = Shadow::edge(origin.address, "via: edge-1");
    let answer = raw(shadow.listen, request);
    // The answer is the primary's, byte for byte: a gateway need not name itself in it.
    assert!(answer.contains("via: 1.0 inner\r\n") && !answer.contains("edge-1"), "{answer}");
    let seen = &origin.seen()[0];
    let lines = |name: &str| -> Vec<String> {
        let found = seen.headers.iter().filter(|(each, _)| each == name);
        found.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(lines("via")[0], "1.1 outer");
    assert!(lines("via")[1].starts_with("1.0 edge-1 ("), "{:?}", lines("via"));
    assert_eq!(seen.header("x-forwarded-for"), Some("192.0.2.1, 127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("https"));
    assert_eq!(lines("forwarded"), ["for=192.0.2.1", "for=127.0.0.1;proto=http"]);
    let stranger = Shadow::edge(origin.address, "via: off, trusted_proxies: [192.0.2.0/24]");
    assert!(!raw(stranger.listen, request).contains("edge-1"));
    let seen = &origin.seen()[1];
    assert_eq!(seen.header("via"), Some("1.1 outer"));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!((seen.header("x-forwarded-proto"), seen.header("forwarded")), (Some("http"), None));
}

#[test]
fn case_23_a_request_that_has_passed_here_before_is_508() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let mut client = connect(shadow.listen, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut upstream = accept(&origin);
    let seen = until(&mut upstream, "\r\n\r\n");
    // The origin sends it to the tap again, as it came.
    let looped = raw(shadow.listen, &seen);
    assert!(looped.starts_with("HTTP/1.1 508 "), "{looped}");
    upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").expect("written");
    until(&mut client, "ok");
    assert_eq!(shadow.metric("shadow_refused_total{rule=\"loop\"}"), 1);
}

#[test]
fn case_24_nothing_of_an_answer_is_transformed() {
    let fields = [
        ("server", "theirs/1"),
        ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("content-encoding", "gzip"),
        ("etag", "W/\"x\""),
        ("cache-control", "no-transform"),
        ("content-range", "bytes 0-1/9"),
    ];
    let origin = Origin::start(move |_| {
        fields.iter().fold(Reply::new(206, "ok"), |reply, (name, value)| reply.with(name, value))
    });
    let shadow = Shadow::edge(origin.address, "");
    let answer = get(shadow.listen, "/");
    for (name, value) in fields {
        assert_eq!(answer.header(name), Some(value));
    }
    assert_eq!(answer.status, 206);
    let dateless = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(dateless.address, "");
    assert!(get(shadow.listen, "/").header("date").is_some());
}

#[test]
fn case_25_a_client_that_expects_100_gets_it_or_the_final_answer() {
    let origin = Origin::start(|seen| match seen.target.as_str() {
        "/no" => Reply::new(417, "no"),
        _ => Reply::new(200, seen.body.clone()),
    });
    let shadow = Shadow::edge(origin.address, "");
    let head = |target: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nconnection: close\r\n\
             content-length: 2\r\n\r\n"
        )
    };
    let mut client = connect(shadow.listen, &head("/"));
    assert!(until(&mut client, "\r\n\r\n").starts_with("HTTP/1.1 100 "));
    client.write_all(b"hi").expect("written");
    assert!(until(&mut client, "\r\n\r\nhi").starts_with("HTTP/1.1 200 "));
    let answer = raw(shadow.listen, format!("{}hi", head("/no")));
    assert!(answer.contains("HTTP/1.1 417 "), "{answer}");
}

#[test]
fn case_25_a_final_answer_before_100_passes_without_the_body() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    let mut client = connect(shadow.listen, head);
    let mut upstream = accept(&origin);
    assert!(until(&mut upstream, "\r\n\r\n").contains("expect: 100-continue\r\n"));
    upstream.write_all(b"HTTP/1.1 417 No\r\ncontent-length: 2\r\n\r\nno").expect("written");
    let answer = until(&mut client, "\r\n\r\nno");
    assert!(answer.starts_with("HTTP/1.1 417 "), "{answer}");
    // The connection ends, for what the client sends next may be the body after all.
    client.read_to_end(&mut Vec::new()).expect("an end");
}

#[test]
fn case_31_the_rest_of_a_body_whose_request_is_answered_is_not_waited_for_without_end() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, &format!("timeouts: {{ body: {SLOW:?} }}"));
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nsome";
    let mut client = connect(shadow.listen, head);
    let mut upstream = accept(&origin);
    until(&mut upstream, "some");
    upstream.write_all(b"HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno").expect("written");
    assert!(until(&mut client, "\r\n\r\nno").starts_with("HTTP/1.1 401 "));
    client.read_to_end(&mut Vec::new()).expect("an end");
    upstream.read_to_end(&mut Vec::new()).expect("an end there too");
}

#[test]
fn case_25_100_comes_when_the_primary_says_so_or_says_nothing() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    for interim in [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], b""] {
        let mut client = connect(shadow.listen, head);
        let mut upstream = accept(&origin);
        until(&mut upstream, "\r\n\r\n");
        upstream.write_all(interim).expect("written");
        assert!(until(&mut client, "\r\n\r\n").starts_with("HTTP/1.1 100 "));
        client.write_all(b"hi").expect("written");
        until(&mut upstream, "hi");
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        upstream.write_all(answer).expect("written");
        assert!(until(&mut client, "\r\n\r\nok").starts_with("HTTP/1.1 200 "));
    }
}

#[test]
fn case_26_interim_answers_end_here_counted_and_101_needs_a_request_for_it() {
    let origin = Origin::start(|seen| {
        let text: &[u8] = match seen.target.as_str() {
            "/101" => b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            _ => b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        };
        Act::Raw(text.to_vec())
    });
    let shadow = Shadow::edge(origin.address, "");
    let answer = get(shadow.listen, "/");
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok"));
    assert_eq!(get(shadow.listen, "/101").status, 502);
    let early = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
    let answer = [&early, &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"[..]].concat();
    let origin = Origin::start(move |_| Act::Raw(answer.clone()));
    let shadow = Shadow::edge(origin.address, "");
    let mut client = Client::connect(shadow.listen);
    assert_eq!((client.get("/").text().as_str(), client.get("/").status), ("ok", 200));
    assert_eq!(shadow.metric("shadow_primary_interim_total"), 200);
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let mut client = Client::connect(shadow.listen);
    client.send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(client.answer("POST").status, 200);
    assert_eq!(shadow.metric("shadow_primary_interim_total"), 0);
}

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";

/// A tunnel through a tap: the client's end and the origin's.
fn tunnel(shadow: &Shadow, origin: &TcpListener) -> (TcpStream, TcpStream) {
    let mut client = connect(shadow.listen, UPGRADE);
    let mut upstream = accept(origin);
    let asked = until(&mut upstream, "\r\n\r\n");
    assert!(asked.contains("upgrade: websocket\r\n") && asked.contains("connection: upgrade\r\n"));
    assert!(asked.contains("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "{asked}");
    let agreed = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\n\
                  upgrade: websocket\r\nsec-websocket-accept: x\r\n\r\nfirst";
    upstream.write_all(agreed.as_bytes()).expect("written");
    let head = until(&mut client, "first");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(
        head.contains("upgrade: websocket\r\n") && head.contains("sec-websocket-accept: x\r\n")
    );
    (client, upstream)
}

#[test]
fn case_27_an_upgrade_is_a_tunnel_with_two_ends_and_is_not_mirrored() {
    let (origin, address) = listener();
    let candidate = Origin::json("{}");
    let shadow = Shadow::start(address, candidate.address, "");
    let (mut client, mut upstream) = tunnel(&shadow, &origin);
    client.write_all(b"ping").expect("written");
    assert_eq!(until(&mut upstream, "ping"), "ping");
    upstream.write_all(b"pong").expect("written");
    assert_eq!(until(&mut client, "pong"), "pong");
    client.shutdown(Shutdown::Write).expect("half closed");
    assert_eq!(upstream.read(&mut [0; 9]).expect("an end"), 0);
    upstream.write_all(b"still here").expect("written");
    assert_eq!(until(&mut client, "here"), "still here");
    drop(upstream);
    assert_eq!(client.read(&mut [0; 9]).expect("an end"), 0);
    let report = shadow.settled(1);
    assert_eq!(report["coverage"]["skipped"]["upgrade"], 1);
    assert_eq!(candidate.seen().len(), 0);
    assert_eq!(shadow.metric("shadow_tunnels_total"), 1);
}

#[test]
fn case_27_a_tunnel_is_an_open_connection_of_both_sides_until_it_ends() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let open = || {
        let side = |side: &str| format!("shadow_open_connections{{side=\"{side}\"}}");
        ["client", "primary"].map(|name| shadow.metric(&side(name)))
    };
    let (client, mut upstream) = tunnel(&shadow, &origin);
    assert_eq!(open(), [1, 1]);
    client.shutdown(Shutdown::Write).expect("half closed");
    assert_eq!(upstream.read(&mut [0; 9]).expect("an end"), 0);
    assert_eq!(open(), [1, 1]);
    drop(upstream);
    eventually("both to close", || (open() == [0, 0]).then_some(()));
}

#[test]
fn case_27_a_tunnel_in_which_nothing_passes_is_closed() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "timeouts: { tunnel: 200ms }");
    let (mut client, _upstream) = tunnel(&shadow, &origin);
    assert_eq!(client.read(&mut [0; 9]).expect("an end"), 0);
}

#[test]
fn case_27_an_origin_that_does_not_agree_answers_an_ordinary_request() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let mut client = Client::connect(shadow.listen);
    client.send(UPGRADE);
    assert_eq!(client.answer("GET").text(), "{}");
    assert_eq!(client.get("/").text(), "{}");
}

#[test]
fn case_28_answers_without_a_body_are_framed_as_such() {
    let origin = Origin::start(|seen| {
        let text = match (seen.method.as_str(), seen.target.as_str()) {
            ("HEAD", _) => "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n",
            (_, "/204") => "HTTP/1.1 204 No Content\r\n\r\n",
            _ => "HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n",
        };
        Act::Raw(text.as_bytes().to_vec())
    });
    let shadow = Shadow::edge(origin.address, "");
    let ask = |method: &str, target: &str| {
        let head = format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        raw(shadow.listen, head)
    };
    let head = ask("HEAD", "/");
    assert!(head.contains("\r\ncontent-length: 99\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    for (target, status) in [("/204", "204"), ("/304", "304")] {
        let answer = ask("GET", target);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        assert!(!answer.contains("transfer-encoding"), "{answer}");
        assert!(status != "204" || !answer.contains("content-length"), "{answer}");
    }
}

#[test]
fn case_29_statuses_and_their_fields_are_the_origins() {
    let origin = Origin::start(|seen| {
        let status = seen.target[1..].parse().expect("a status");
        Reply::new(status, "")
            .with("location", "http://elsewhere.test/a?b")
            .with("www-authenticate", "Basic realm=x")
            .with("proxy-authenticate", "Basic realm=y")
    });
    let shadow = Shadow::edge(origin.address, "");
    for status in [205, 206, 301, 307, 401, 407, 416, 429, 599] {
        let answer = get(shadow.listen, &format!("/{status}"));
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("location"), Some("http://elsewhere.test/a?b"));
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=x"));
        assert_eq!(answer.header("proxy-authenticate"), Some("Basic realm=y"));
    }
}

#[test]
fn case_30_only_what_may_be_sent_twice_is() {
    // Reads a request on each connection after its first, and closes without an answer.
    let origin = Origin::start(|seen| match seen.target.as_str() {
        "/warm" => Act::Answer(Reply::new(200, "ok")),
        _ => Act::Close,
    });
    let shadow = Shadow::edge(origin.address, "");
    let ask = |method: &str| {
        let mut client = Client::connect(shadow.listen);
        assert_eq!(client.get("/warm").status, 200);
        let before = origin.seen().len();
        client.send(format!("{method} /x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"));
        assert_eq!(client.answer(method).status, 502, "{method}");
        origin.seen().len() - before
    };
    assert_eq!(ask("POST"), 1);
    assert_eq!(ask("GET"), 2);
}

#[test]
fn case_31_an_early_answer_is_delivered_at_once_and_the_copy_is_partial() {
    let (origin, address) = listener();
    let candidate = Origin::json("{}");
    let rest = "mirror: { methods: all }\nisolation: { assert: test }";
    let shadow = Shadow::start(address, candidate.address, rest);
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nsome";
    let mut client = connect(shadow.listen, head);
    let mut upstream = accept(&origin);
    until(&mut upstream, "some");
    let early = b"HTTP/1.1 401 No\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";
    upstream.write_all(early).expect("written");
    let answer = until(&mut client, "\r\n\r\nno");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    drop(upstream);
    drop(client);
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["partial"], 1);
    assert_eq!(candidate.seen().len(), 0);
}

#[test]
fn a_request_that_ends_after_its_answer_is_mirrored_whole() {
    let (origin, address) = listener();
    let candidate = Origin::json("{}");
    let rest = "mirror: { methods: all }\nisolation: { assert: test }";
    let shadow = Shadow::start(address, candidate.address, rest);
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\nsome";
    let mut client = connect(shadow.listen, head);
    let mut upstream = accept(&origin);
    until(&mut upstream, "some");
    let early = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    upstream.write_all(early).expect("written");
    until(&mut client, "\r\n\r\nok");
    client.write_all(b"more").expect("written");
    until(&mut upstream, "more");
    assert_eq!(shadow.settled(1)["coverage"]["compared"], 1);
    assert_eq!(candidate.seen()[0].body, b"somemore");
}

#[test]
fn case_32_an_origin_that_dies_is_never_a_clean_end_and_more_than_promised_is_cut() {
    for head in ["content-length: 10", "transfer-encoding: chunked"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n3\r\nabc\r\n");
        let origin = Origin::start(move |_| Act::Raw(answer.clone().into_bytes()));
        let shadow = Shadow::edge(origin.address, "");
        assert!(!get(shadow.listen, "/").whole, "{head}");
    }
    let origin = Origin::start(|_| {
        let split = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\
                     content-length: 8\r\n\r\npoisoned";
        Act::Raw(split.as_bytes().to_vec())
    });
    let shadow = Shadow::edge(origin.address, "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..5 {
        assert_eq!(client.get("/").text(), "ok");
    }
}

#[test]
fn case_33_a_client_that_goes_away_ends_the_request_upstream() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let client = connect(shadow.listen, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    upstream
        .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n")
        .expect("written");
    drop(client);
    // The end comes once the tap has noticed: while there is something to write.
    eventually("the end of the request", || {
        upstream.write_all(b"2\r\nok\r\n").is_err().then_some(())
    });
}

#[test]
fn case_33_a_client_that_goes_away_before_the_head_is_counted_and_its_copy_not_lost() {
    let (origin, address) = listener();
    let candidate = Origin::json("{}");
    let shadow = Shadow::start(address, candidate.address, "");
    let client = connect(shadow.listen, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    // On HTTP/1 this looks like the end of one half, behind which an answer may be waited for.
    drop(client);
    upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").expect("written");
    let coverage = shadow.settled(1)["coverage"].clone();
    let partial = coverage["skipped"]["partial"].as_u64().unwrap_or(0);
    assert_eq!(coverage["compared"].as_u64().map(|compared| compared + partial), Some(1));
}

#[test]
fn case_34_a_client_that_ends_its_half_still_gets_its_answer() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let mut client = connect(shadow.listen, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    client.shutdown(Shutdown::Write).expect("half closed");
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    upstream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").expect("written");
    assert!(until(&mut client, "\r\n\r\nok").starts_with("HTTP/1.1 200 "));
}

#[test]
fn case_35_trailers_pass_both_ways_but_for_markers() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let request = "POST / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te\r\n\
                   trailer: x-sum, x-shadow-mirror\r\ntransfer-encoding: chunked\r\n\r\n\
                   2\r\nhi\r\n0\r\nx-sum: 1\r\nx-shadow-mirror: 1\r\n\r\n";
    let mut client = connect(shadow.listen, request);
    let mut upstream = accept(&origin);
    let seen = until(&mut upstream, "\r\n0\r\nx-sum: 1\r\n\r\n");
    assert!(seen.contains("te: trailers\r\n") && seen.contains("trailer: x-sum"), "{seen}");
    assert!(!seen.contains("x-shadow-mirror: "), "{seen}");
    let answer = "HTTP/1.1 200 OK\r\ntrailer: x-end\r\ntransfer-encoding: chunked\r\n\r\n\
                  2\r\nok\r\n0\r\nx-end: 2\r\n\r\n";
    upstream.write_all(answer.as_bytes()).expect("written");
    until(&mut client, "\r\n0\r\nx-end: 2\r\n\r\n");
}

#[test]
fn case_36_failures_have_short_answers_of_their_own() {
    let check = |primary, status, text: &str| {
        let answer = get(Shadow::edge(primary, "").listen, "/");
        assert_eq!((answer.status, answer.text().as_str()), (status, text));
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("x-")));
    };
    check(closed(), 502, "bad gateway\n");
    check(Origin::start(|_| Act::Close).address, 502, "bad gateway\n");
    check(Origin::start(|_| Act::Raw(b"nonsense\r\n\r\n".to_vec())).address, 502, "bad gateway\n");
    check(Origin::start(|_| Act::Hang).address, 504, "gateway timeout\n");
}

#[test]
fn case_38_close_is_honoured_from_both_sides_and_idle_connections_end() {
    let origin = Origin::start(|_| Reply::new(200, "ok").with("connection", "close"));
    let shadow = Shadow::edge(origin.address, "timeouts: { head: 300ms }");
    let mut client = Client::connect(shadow.listen);
    // The origin's wish is for its own connection.
    assert_eq!(client.get("/").header("connection"), None);
    assert_eq!(client.get("/").text(), "ok");
    assert!(client.try_answer("GET").is_none(), "an idle connection is closed");
    let answer = raw(shadow.listen, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[test]
fn markers_of_outside_clients_do_not_keep_requests_from_being_mirrored() {
    let primary = Origin::json("{}");
    let candidate = Origin::json("{}");
    let shadow = Shadow::start(primary.address, candidate.address, "");
    for field in [
        "x-shadow-mirror: 1",
        "X-Shadow-Mirror: 0193-aa.00",
        "x_shadow_mirror: 1",
        "x-shadow-mirror: 1\r\nx-shadow-mirror: 2",
        "x-shadow-mirror: 1\r\nconnection: x-shadow-mirror",
    ] {
        let mut client = Client::connect(shadow.listen);
        client.send(format!("GET / HTTP/1.1\r\nhost: a\r\n{field}\r\n\r\n"));
        assert_eq!(client.answer("GET").status, 200);
    }
    let report = shadow.settled(5);
    assert_eq!(report["coverage"]["compared"], 5, "{report}");
    let seen = primary.seen();
    let marked = |name: &str| seen.iter().any(|seen| seen.header(name).is_some());
    assert!(!marked("x-shadow-mirror") && !marked("x_shadow_mirror"));
    assert_eq!(shadow.metric("shadow_markers_stripped_total"), 5);
    // A signed marker is a copy of ours, and is not mirrored again.
    let signed = candidate.seen()[0].header("x-shadow-mirror").expect("a marker").to_owned();
    let mut client = Client::connect(shadow.listen);
    client.send(format!("GET / HTTP/1.1\r\nhost: a\r\nx-shadow-mirror: {signed}\r\n\r\n"));
    assert_eq!(client.answer("GET").status, 200);
    assert_eq!(shadow.settled(6)["coverage"]["skipped"]["marker"], 1);
}

#[test]
fn events_stream_without_delay() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let mut client = connect(shadow.listen, "GET /events HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    upstream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        .expect("written");
    for number in 0..5 {
        upstream.write_all(format!("data: {number}\n\n").as_bytes()).expect("written");
        until(&mut client, &format!("data: {number}\n\n"));
    }
}

/// Nothing is read for this long by a client that is too slow.
const SLOW: Duration = Duration::from_millis(300);

#[test]
fn a_client_that_stops_in_the_middle_of_a_body_gets_408() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, &format!("timeouts: {{ body: {SLOW:?} }}"));
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf";
    let answer = raw(shadow.listen, head);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}
