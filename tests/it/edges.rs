//! Odd messages beside the list's own: what other programs and attackers send at the edges of
//! HTTP/1, on both sides.

use crate::support::{
    Act, Client, Frame, H2, Origin, Reply, Shadow, accept, eventually, fields_of, hold, listener,
    raw, read_head, rogue, until,
};
use std::collections::BTreeSet;
use std::io::Write;

const CHUNKED: &str = "POST /one HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n";

fn ok() -> Origin {
    Origin::start(|_| Reply::new(200, "ok"))
}

#[test]
fn a_line_feed_that_ends_trailers_never_swallows_a_request_in_silence() {
    let next = "GET /two HTTP/1.1\r\nhost: a\r\n\r\nGET /three HTTP/1.1\r\nhost: a\r\n\r\n";
    for (end, first) in
        [("\n", "400"), ("x: y\r\n\n", "200"), ("x: y\n\r\n", "200"), ("x: y\n\n", "200")]
    {
        let origin = ok();
        let shadow = Shadow::edge(origin.address, "");
        let answer = raw(shadow.listen, format!("{CHUNKED}\r\n3\r\nabc\r\n0\r\n{end}{next}"));
        assert_eq!(answer.get(9..12), Some(first), "{end:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{end:?}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{end:?}: {answer}");
        assert!(origin.seen().iter().all(|seen| seen.target == "/one"), "{end:?}");
    }
}

#[test]
fn a_body_in_chunks_without_trailers_leaves_its_connection_open() {
    let origin = ok();
    let shadow = Shadow::edge(origin.address, "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..2 {
        client.send(format!("{CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\n"));
        let answer = client.answer("POST");
        assert_eq!((answer.status, answer.header("connection")), (200, None));
    }
}

#[test]
fn a_side_that_answers_as_http_1_0_gets_whole_bodies_all_the_same() {
    let old = b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok";
    let primary = Origin::start(|_| Act::Kept(old.to_vec()));
    let shadow = Shadow::edge(primary.address, "");
    let mut client = Client::connect(shadow.listen);
    assert_eq!(client.get("/").status, 200);
    client.send(format!("{CHUNKED}\r\n6\r\namount\r\n0\r\n\r\n"));
    assert_eq!(client.answer("POST").status, 200);
    assert_eq!(primary.seen()[1].body, b"amount");
}

#[test]
fn fields_that_do_not_pass_do_not_pass_as_trailers_either() {
    let (primary, candidate) = (ok(), ok());
    let isolation = "isolation: { assert: \"stores nothing\", request: { remove: [x-secret], set: { \
                     x-tenant: shadow } } }\nmirror: { methods: all }\n";
    let shadow = Shadow::start(primary.address, candidate.address, isolation);
    let request = "POST /one HTTP/1.1\r\nhost: a\r\nconnection: x-hop, close\r\n\
        trailer: x-hop, x-forwarded-for, content-length, x-secret, x-tenant, x-sum\r\n\
        transfer-encoding: chunked\r\n\r\n0\r\nx-hop: 1\r\nx-forwarded-for: 6.6.6.6\r\n\
        content-length: 3\r\nx-secret: live\r\nx-tenant: live\r\nx-sum: 7\r\n\r\n";
    assert_eq!(raw(shadow.listen, request).get(9..12), Some("200"));
    let names = |origin: &Origin| -> BTreeSet<String> {
        origin.seen()[0].trailers.iter().map(|(name, _)| name.clone()).collect()
    };
    let set = |names: &[&str]| names.iter().map(|&name| name.into()).collect::<BTreeSet<String>>();
    assert_eq!(names(&primary), set(&["x-secret", "x-tenant", "x-sum"]));
    eventually("the copy has come", || (!candidate.seen().is_empty()).then_some(()));
    assert_eq!(names(&candidate), set(&["x-sum"]));
}

#[test]
fn an_answer_is_framed_in_one_way() {
    for (fields, body, expected) in [
        ("content-length: 2\r\ntransfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("content-length: 9\r\ntransfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("content-length: 5, 5", "hello", "hello"),
        ("content-length: 5\r\ncontent-length: 5", "hello", "hello"),
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}").into_bytes();
        let primary = Origin::start(move |_| Act::Kept(bytes.clone()));
        let shadow = Shadow::edge(primary.address, "");
        let mut client = Client::connect(shadow.listen);
        for _ in 0..2 {
            let answer = client.get("/");
            assert_eq!((answer.text().as_str(), answer.whole), (expected, true), "{fields}");
            let lengths = answer.headers.iter().filter(|(name, _)| name == "content-length");
            assert!(lengths.clone().count() < 2, "{answer:?}");
            assert!(lengths.into_iter().all(|(_, value)| value == "5"), "{answer:?}");
        }
    }
}

#[test]
fn a_coding_of_an_answer_that_is_not_undone_is_never_hidden() {
    for coding in ["gzip, chunked", "chunked, identity", "xchunked", "gzip"] {
        let bytes = format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        );
        let primary = Origin::start(move |_| Act::Raw(bytes.clone().into_bytes()));
        let shadow = Shadow::edge(primary.address, "");
        assert_eq!(Client::connect(shadow.listen).get("/").status, 502, "{coding}");
    }
}

#[test]
fn a_request_of_http_1_0_that_names_no_host_is_for_the_primarys() {
    let primary = ok();
    let shadow = Shadow::edge(primary.address, "");
    assert_eq!(raw(shadow.listen, "GET /a HTTP/1.0\r\n\r\n").get(9..12), Some("200"));
    assert_eq!(primary.seen()[0].header("host"), Some(primary.address.to_string().as_str()));
}

#[test]
fn http_2_among_other_protocols_is_not_gone_over_to() {
    for list in ["h2c, foo", "foo, H2C", "h2c,"] {
        let primary = ok();
        let shadow = Shadow::edge(primary.address, "");
        let request = format!(
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: {list}\r\n\r\n"
        );
        assert_eq!(raw(shadow.listen, &request).get(9..12), Some("200"), "{list}");
        assert_eq!(primary.seen()[0].header("upgrade"), None, "{list}");
    }
}

#[test]
fn an_absolute_target_names_a_host() {
    let primary = ok();
    let shadow = Shadow::edge(primary.address, "");
    for (target, expected) in
        [("http://:80/x", "400"), ("http://b:x/x", "400"), ("http://b@c@d/x", "400")]
    {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert_eq!(raw(shadow.listen, &request).get(9..12), Some(expected), "{target}");
    }
    assert!(primary.seen().is_empty());
}

#[test]
fn an_empty_body_in_chunks_is_one_for_the_candidate_too() {
    let (primary, candidate) = (ok(), ok());
    let rest = "isolation: { assert: \"stores nothing\" }\nmirror: { methods: all }\n";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let request = format!("{CHUNKED}connection: close\r\n\r\n0\r\n\r\n");
    assert_eq!(raw(shadow.listen, &request).get(9..12), Some("200"));
    eventually("the copy has come", || (!candidate.seen().is_empty()).then_some(()));
    for side in [&primary, &candidate] {
        assert_eq!(side.seen()[0].header("transfer-encoding"), Some("chunked"));
    }
}

/// The status of the answer to one request that is the last on its connection.
fn status_of(shadow: &Shadow, request: &str) -> String {
    let answer = raw(shadow.listen, format!("{request}host: a\r\nconnection: close\r\n\r\n"));
    answer.get(9..12).unwrap_or_default().to_owned()
}

#[test]
fn max_forwards_of_options_is_counted_down_and_the_tap_is_the_last_at_none() {
    let primary = ok();
    let shadow = Shadow::edge(primary.address, "");
    let options = "OPTIONS * HTTP/1.1\r\nmax-forwards: ";
    let last = raw(shadow.listen, format!("{options}0\r\nhost: a\r\nconnection: close\r\n\r\n"));
    assert!(last.starts_with("HTTP/1.1 200 ") && last.contains("allow: GET, "), "{last}");
    assert!(last.ends_with("\r\n\r\n") && last.contains("content-length: 0\r\n"), "{last}");
    assert!(primary.seen().is_empty());
    assert_eq!(shadow.metric("shadow_refused_total{rule=\"max_forwards\"}"), 1);
    let most = u64::MAX.to_string();
    let more = format!("1{most}");
    for (said, passed) in [
        ("1", "0"),
        ("010", "9"),
        (&most, "18446744073709551614"),
        (&more, "18446744073709551614"),
        ("-1", "-1"),
    ] {
        assert_eq!(status_of(&shadow, &format!("{options}{said}\r\n")), "200", "{said}");
        assert_eq!(primary.seen().last().expect("one").header("max-forwards"), Some(passed));
    }
    // Other methods may be sent on with it as it is.
    assert_eq!(status_of(&shadow, "GET / HTTP/1.1\r\nmax-forwards: 0\r\n"), "200");
    assert_eq!(primary.seen().last().expect("one").header("max-forwards"), Some("0"));
}

#[test]
fn an_answer_without_content_has_no_length() {
    let none = b"HTTP/1.1 204 No Content\r\ncontent-length: 7\r\n\r\n";
    let primary = Origin::start(|_| Act::Kept(none.to_vec()));
    let shadow = Shadow::edge(primary.address, "");
    for method in ["HEAD", "GET", "DELETE"] {
        let request = format!("{method} / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = raw(shadow.listen, request);
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        assert!(!answer.contains("content-length"), "{method}: {answer}");
    }
}

#[test]
fn trailers_of_an_answer_are_those_of_no_connection() {
    let chunks = b"HTTP/1.1 200 OK\r\ntrailer: x-sum, connection, keep-alive, content-length\r\n\
        transfer-encoding: chunked\r\n\r\n0\r\nx-sum: 7\r\nconnection: close\r\n\
        keep-alive: timeout=5\r\ncontent-length: 9\r\n\r\n";
    let primary = Origin::start(|_| Act::Kept(chunks.to_vec()));
    let shadow = Shadow::edge(primary.address, "");
    let request = "GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te, close\r\n\r\n";
    let answer = raw(shadow.listen, request);
    assert!(answer.ends_with("\r\n0\r\nx-sum: 7\r\n\r\n"), "{answer}");
}

#[test]
fn an_offer_of_http_2_that_is_not_taken_up_is_mirrored() {
    let (primary, candidate) = (ok(), ok());
    let rest = "isolation: { assert: \"stores nothing\" }\n";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let request = "GET / HTTP/1.1\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\
        connection: upgrade, http2-settings, close\r\nhost: a\r\n\r\n";
    assert_eq!(raw(shadow.listen, request).get(9..12), Some("200"));
    eventually("the copy has come", || (!candidate.seen().is_empty()).then_some(()));
    assert_eq!(candidate.seen()[0].header("upgrade"), None);
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["upgrade"], serde_json::Value::Null);
}

/// The head of a POST over HTTP/2, with more fields.
fn post(more: &[(&str, &str)]) -> Vec<u8> {
    let usual =
        [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "shop.test")];
    fields_of(&[&usual, more].concat())
}

#[test]
fn a_length_of_http_2_is_one_number_for_the_primary() {
    let primary = ok();
    let shadow = Shadow::edge(primary.address, "");
    let length = |value| ("content-length", value);
    for (lengths, fine) in [
        (&[length("2")][..], true),
        (&[length("2"), length("2")], true),
        (&[length("2"), length("02")], false),
        (&[length("+2")], false),
        (&[length("2, 2")], false),
        (&[length("")], false),
    ] {
        let mut h2 = H2::connect(shadow.listen);
        h2.send(Frame::HEADERS, Frame::END_HEADERS, 1, &post(lengths));
        h2.send(Frame::DATA, Frame::END_STREAM, 1, b"ok");
        let outcome = h2.outcome(1);
        assert_eq!(outcome == Some(200), fine, "{lengths:?}: {outcome:?}");
        assert!(fine || outcome.is_none_or(|it| it < 0 || it == 400), "{lengths:?}: {outcome:?}");
    }
    for seen in primary.seen() {
        let lines = seen.headers.iter().filter(|(name, _)| name == "content-length");
        assert_eq!(lines.count(), 1);
    }
    assert_eq!(primary.seen().len(), 2);
}

#[test]
fn a_post_of_http_2_without_a_body_says_so_to_http_1() {
    let primary = ok();
    let shadow = Shadow::edge(primary.address, "");
    let mut h2 = H2::connect(shadow.listen);
    h2.send(Frame::HEADERS, Frame::END_HEADERS | Frame::END_STREAM, 1, &post(&[]));
    assert_eq!(h2.outcome(1), Some(200));
    assert_eq!(primary.seen()[0].header("content-length"), Some("0"));
}

#[test]
fn a_client_of_http_1_0_is_told_one_thing_of_its_connection() {
    let primary = ok();
    let shadow = Shadow::edge(primary.address, "");
    let request = "GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n";
    let answer = raw(shadow.listen, request);
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(!answer.contains("keep-alive"), "{answer}");
}

#[test]
fn an_early_answer_of_a_side_that_closes_says_that_the_connection_ends() {
    let early = b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno";
    let primary = rogue(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(early).expect("written");
        hold(stream);
    });
    let shadow = Shadow::edge(primary, "");
    let mut client = Client::connect(shadow.listen);
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 50000\r\n\r\nab");
    let answer = client.answer("POST");
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
}

#[test]
fn interim_answers_to_a_request_that_was_sent_once_more_are_counted() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let mut client = Client::connect(shadow.listen);
    let head = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    client.send(head);
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    upstream.write_all(answer.as_bytes()).expect("written");
    assert_eq!(client.answer("GET").status, 200);
    client.send(head);
    until(&mut upstream, "\r\n\r\n");
    drop(upstream);
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    let early = format!("HTTP/1.1 103 Early Hints\r\n\r\n{answer}");
    upstream.write_all(early.as_bytes()).expect("written");
    assert_eq!(client.answer("GET").status, 200);
    assert_eq!(shadow.metric("shadow_primary_interim_total"), 1);
}
