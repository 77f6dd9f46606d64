//! Cases 39 to 50 of the list that a careful proxy is held against: HTTP/2, frame by frame.

use crate::support::{
    Act, Client, Frame, H2, Origin, Reply, Shadow, accept, eventually, fields_of, listener, raw,
    until,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::park_timeout;
use std::time::Duration;

type Fields<'a> = &'a [(&'a str, &'a str)];

/// Each head has its outcome: a status, or (as `None`) an error of the stream or the connection;
/// none of those reaches the origin.
fn check(cases: &[(Fields<'_>, Option<i64>)]) {
    let origin = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(origin.address, "");
    for (fields, expected) in cases {
        let before = origin.seen().len();
        let mut h2 = H2::connect(shadow.listen);
        h2.request(1, fields);
        let outcome = h2.outcome(1);
        assert_eq!(outcome.filter(|status| *status > 0), *expected, "{fields:?}: {outcome:?}");
        let passed = usize::from(*expected == Some(200));
        assert_eq!(origin.seen().len() - before, passed, "{fields:?}");
    }
}

const METHOD: (&str, &str) = (":method", "GET");
const POST: (&str, &str) = (":method", "POST");
const SCHEME: (&str, &str) = (":scheme", "http");
const PATH: (&str, &str) = (":path", "/");
const AUTHORITY: (&str, &str) = (":authority", "shop.test");

/// The usual head, with one more field.
fn with<'a>(field: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    vec![METHOD, SCHEME, PATH, AUTHORITY, field]
}

/// A POST whose client waits to be told to send its body.
fn expecting(listen: SocketAddr) -> H2 {
    let mut h2 = H2::connect(listen);
    let expect = [("expect", "100-continue"), ("content-length", "2")];
    let head = [&[POST, SCHEME, PATH, AUTHORITY], &expect[..]].concat();
    h2.send(Frame::HEADERS, Frame::END_HEADERS, 1, &fields_of(&head));
    h2
}

#[test]
fn case_25_100_comes_when_the_primary_says_so_or_says_nothing() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    for interim in [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], b""] {
        let mut h2 = expecting(shadow.listen);
        let mut upstream = accept(&origin);
        assert!(until(&mut upstream, "\r\n\r\n").contains("expect: 100-continue\r\n"));
        upstream.write_all(interim).expect("written");
        assert_eq!(h2.outcome(1), Some(100));
        h2.send(Frame::DATA, Frame::END_STREAM, 1, b"hi");
        until(&mut upstream, "hi");
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        upstream.write_all(answer).expect("written");
        assert_eq!(h2.outcome(1), Some(200));
        assert_eq!(h2.until(Frame::DATA).expect("a body").payload, b"ok");
    }
}

#[test]
fn case_25_nobody_is_told_to_go_on_who_has_or_need_not() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    // It has sent its body all the same.
    let mut h2 = expecting(shadow.listen);
    h2.send(Frame::DATA, Frame::END_STREAM, 1, b"hi");
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    upstream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").expect("written");
    until(&mut upstream, "hi");
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    upstream.write_all(answer).expect("written");
    assert_eq!(h2.outcome(1), Some(200));
    // The primary wants no body.
    let mut h2 = expecting(shadow.listen);
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    let answer = b"HTTP/1.1 417 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    upstream.write_all(answer).expect("written");
    assert_eq!(h2.outcome(1), Some(417));
}

#[test]
fn a_client_that_breaks_the_protocol_is_told_of() {
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let told = |rule: &str| shadow.metric(&format!("shadow_refused_total{{rule=\"{rule}\"}}"));
    let mut h2 = H2::connect(shadow.listen);
    // DATA belongs to a stream (RFC 9113 section 6.1).
    h2.send(Frame::DATA, 0, 0, b"no");
    while h2.read().is_some() {}
    eventually("it is counted", || (told("malformed") == 1).then_some(()));
    let mut h2 = H2::connect(shadow.listen);
    h2.send(Frame::HEADERS, 0, 1, &fields_of(&[METHOD, SCHEME, PATH, AUTHORITY]));
    while h2.send(Frame::CONTINUATION, 0, 1, &fields_of(&[("x-more", "yes")])) {}
    eventually("it is counted", || (told("flood") == 1).then_some(()));
}

#[test]
fn case_32_an_origin_that_dies_resets_the_stream() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf".to_vec();
    let origin = Origin::start(move |_| Act::Raw(half.clone()));
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    h2.get(1, &[]);
    let reset = h2.until(Frame::RST_STREAM).expect("a reset");
    assert_eq!((reset.stream, reset.payload), (1, vec![0, 0, 0, 2]), "INTERNAL_ERROR");
}

#[test]
fn case_39_fields_of_a_connection_are_errors() {
    check(&[
        (&with(("connection", "close")), None),
        (&with(("keep-alive", "5")), None),
        (&with(("proxy-connection", "x")), None),
        (&with(("transfer-encoding", "chunked")), None),
        (&with(("upgrade", "websocket")), None),
        (&with(("te", "gzip")), None),
        (&with(("te", "trailers")), Some(200)),
    ]);
}

#[test]
fn case_40_pseudo_fields_and_names_are_checked() {
    check(&[
        (&[METHOD, SCHEME, AUTHORITY], None),
        (&[SCHEME, PATH, AUTHORITY], None),
        (&with((":method", "GET")), None),
        (&[METHOD, SCHEME, AUTHORITY, ("x", "1"), PATH], None),
        (&with((":unknown", "1")), None),
        (&with((":status", "200")), None),
        (&with(("X-Upper", "1")), None),
        (&with(("x", "a\r\nb: c")), None),
        (&with(("x", "a\0b")), None),
        (&with(("x:y", "1")), None),
        (&with(("x", " 1")), Some(400)),
        (&with(("x", "1\t")), Some(400)),
        (&with(("x", " ")), Some(400)),
        (&with(("x", "")), Some(200)),
        (&with(("x", "1 2")), Some(200)),
    ]);
}

#[test]
fn case_40_trailers_are_checked_too() {
    let origin = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(origin.address, "");
    let trailed = |trailers: Fields<'_>| {
        let mut h2 = H2::connect(shadow.listen);
        let head = fields_of(&[POST, SCHEME, PATH, AUTHORITY]);
        h2.send(Frame::HEADERS, Frame::END_HEADERS, 1, &head);
        h2.send(Frame::DATA, 0, 1, b"hi");
        let flags = Frame::END_HEADERS | Frame::END_STREAM;
        h2.send(Frame::HEADERS, flags, 1, &fields_of(trailers));
        h2.outcome(1)
    };
    // PROTOCOL_ERROR.
    assert_eq!(trailed(&[(":method", "POST")]), Some(-1));
    assert_eq!(trailed(&[(":path", "/"), ("x", "1")]), Some(-1));
    assert_eq!(trailed(&[("x", "1 ")]), Some(400));
    assert_eq!(origin.seen().len(), 0, "{:?}", origin.seen());
    assert_eq!(trailed(&[("x", "1")]), Some(200));
    assert_eq!(trailed(&[]), Some(200));
}

#[test]
fn case_48_a_second_head_behind_the_end_of_a_request_ends_the_connection() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "");
    let mut h2 = H2::connect(shadow.listen);
    h2.get(1, &[]);
    until(&mut accept(&origin), "\r\n\r\n");
    h2.get(1, &[]);
    assert_eq!(h2.outcome(1), None);
}

#[test]
fn case_48_data_behind_the_end_of_its_stream_ends_the_connection() {
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let reset = |h2: &mut H2| h2.send(Frame::RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    for end in [|h2: &mut H2| h2.outcome(1) == Some(200), reset] {
        let mut h2 = H2::connect(shadow.listen);
        h2.get(1, &[]);
        assert!(end(&mut h2));
        h2.send(Frame::DATA, Frame::END_STREAM, 1, b"more");
        let stream_closed = [0, 0, 0, 5];
        assert_eq!(h2.until(Frame::GOAWAY).expect("the end").payload[4..8], stream_closed);
    }
    let counted = || shadow.metric("shadow_refused_total{rule=\"malformed\"}");
    eventually("both are counted", || (counted() == 2).then_some(()));
}

#[test]
fn a_side_that_does_not_begin_with_its_settings_does_not_speak_http_2() {
    let origin = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::without_settings(TcpStream::connect(shadow.listen).expect("a connection"));
    h2.get(1, &[]);
    while let Some(frame) = h2.read() {
        assert_ne!((frame.kind, frame.stream), (Frame::HEADERS, 1), "no answer");
    }
    assert_eq!(origin.seen().len(), 0, "{:?}", origin.seen());
    let counted = || shadow.metric("shadow_refused_total{rule=\"malformed\"}");
    eventually("it is counted", || (counted() == 1).then_some(()));
}

#[test]
fn case_40_a_malformed_head_is_told_of() {
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let told = |count: u64| {
        let counted = || shadow.metric("shadow_refused_total{rule=\"malformed\"}");
        eventually("it is counted", || (counted() == count).then_some(()));
    };
    let mut h2 = H2::connect(shadow.listen);
    h2.request(1, &[METHOD, SCHEME, AUTHORITY]);
    assert_eq!(h2.outcome(1), Some(-1));
    told(1);
    h2.get(3, &[]);
    assert_eq!(h2.outcome(3), Some(200));
    h2.request(5, &with(("te", "gzip")));
    h2.get(7, &[]);
    assert_eq!(h2.outcome(5), Some(-1));
    assert_eq!(h2.outcome(7), Some(200));
    told(2);
    let named = |line: &String| line.contains("\"rule\":\"malformed\"");
    assert!(shadow.log().iter().any(named), "{:?}", shadow.log());
}

#[test]
fn case_41_there_is_one_authority_a_path_and_a_known_scheme() {
    check(&[
        (&with(("host", "other.test")), Some(400)),
        (&with(("host", "SHOP.test")), Some(200)),
        (&[METHOD, SCHEME, PATH, ("host", "shop.test")], Some(200)),
        (&[METHOD, SCHEME, PATH], Some(400)),
        (&[METHOD, SCHEME, (":path", ""), AUTHORITY], None),
        (&[METHOD, SCHEME, (":path", "/a b"), AUTHORITY], None),
        (&[METHOD, (":scheme", "ftp"), PATH, AUTHORITY], Some(400)),
        (&[METHOD, SCHEME, PATH, (":authority", "u@shop.test")], Some(400)),
        (&[METHOD, SCHEME, (":path", "*"), AUTHORITY], Some(400)),
        (&[(":method", "CONNECT"), (":authority", "a:1")], Some(405)),
    ]);
}

#[test]
fn case_42_a_body_of_another_length_than_declared_is_an_error() {
    let origin = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(origin.address, "");
    for (length, body) in [("5", "much more"), ("9", "less")] {
        let mut h2 = H2::connect(shadow.listen);
        let head = [("content-length", length), POST, SCHEME, PATH, AUTHORITY];
        let head = fields_of(&[&head[1..], &head[..1]].concat());
        h2.send(Frame::HEADERS, Frame::END_HEADERS, 1, &head);
        h2.send(Frame::DATA, Frame::END_STREAM, 1, body.as_bytes());
        let outcome = h2.outcome(1);
        assert!(outcome.is_none_or(|status| status < 0), "{length}: {outcome:?}");
    }
    assert_eq!(origin.seen().len(), 0, "{:?}", origin.seen());
}

#[test]
fn case_43_cookies_become_one_line_and_a_body_without_a_length_chunks() {
    let origin = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    let head = [POST, SCHEME, PATH, AUTHORITY, ("cookie", "a=1"), ("cookie", "b=2")];
    h2.send(Frame::HEADERS, Frame::END_HEADERS, 1, &fields_of(&head));
    h2.send(Frame::DATA, Frame::END_STREAM, 1, b"hello");
    assert_eq!(h2.outcome(1), Some(200));
    let seen = &origin.seen()[0];
    let cookies: Vec<_> = seen.headers.iter().filter(|(name, _)| name == "cookie").collect();
    assert_eq!(cookies, [&("cookie".to_owned(), "a=1; b=2".to_owned())]);
    assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
    assert_eq!((seen.body.as_slice(), seen.header("host")), (&b"hello"[..], Some("shop.test")));
}

#[test]
fn case_44_a_stream_that_is_not_read_does_not_hold_up_another() {
    let large = Reply::new(200, vec![b'x'; 1 << 20]);
    let origin = Origin::start(move |seen| match seen.target.as_str() {
        "/large" => large.clone(),
        _ => Reply::new(200, "ok"),
    });
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    // No stream may get a byte of a body, but the connection may.
    h2.send(Frame::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let window = 8;
    h2.request(1, &[METHOD, SCHEME, (":path", "/large"), AUTHORITY]);
    assert_eq!(h2.outcome(1), Some(200));
    h2.get(3, &[]);
    h2.send(window, 0, 3, &[0, 0, 1, 0]);
    let data = h2.until(Frame::DATA).expect("the other stream's body");
    assert_eq!((data.stream, data.payload.as_slice()), (3, &b"ok"[..]));
}

#[test]
fn case_45_the_number_of_streams_is_limited_and_one_more_is_refused() {
    let origin = Origin::start(|_| Act::Hang);
    let shadow = Shadow::edge(origin.address, "");
    let settings = H2::connect(shadow.listen).until(Frame::SETTINGS).expect("settings");
    let most = settings.payload.chunks(6).find(|setting| setting[..2] == [0, 3]);
    assert_eq!(most.map(|setting| &setting[2..]), Some(&256_u32.to_be_bytes()[..]));
    let mut h2 = H2::connect(shadow.listen);
    let stream = |number: u32| 2 * number + 1;
    (0..=256).for_each(|number| h2.get(stream(number), &[]));
    let refused = h2.until(Frame::RST_STREAM).expect("a refusal");
    let reason = 7_u32.to_be_bytes().to_vec();
    assert_eq!((refused.stream, refused.payload), (stream(256), reason), "REFUSED_STREAM");
    // There is room again once one of them has ended.
    h2.send(Frame::RST_STREAM, 0, stream(0), &8_u32.to_be_bytes());
    h2.request(stream(257), &[(":method", "TRACE"), SCHEME, PATH, AUTHORITY]);
    assert_eq!(h2.outcome(stream(257)), Some(405));
    assert_eq!(shadow.metric("shadow_refused_total{rule=\"malformed\"}"), 0);
}

#[test]
fn case_33_a_stream_that_is_cancelled_before_its_answer_ends_the_request_upstream() {
    let (origin, address) = listener();
    let candidate = Origin::json("{}");
    let shadow = Shadow::start(address, candidate.address, "");
    let mut h2 = H2::connect(shadow.listen);
    h2.get(1, &[]);
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    h2.send(Frame::RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    assert_eq!(upstream.read(&mut [0; 9]).unwrap_or(0), 0, "nobody waits any more");
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["partial"], 1);
    assert_eq!(candidate.seen().len(), 0);
}

#[test]
fn case_46_rapid_resets_end_the_connection_and_what_they_began() {
    let (primary, candidate) = (Origin::start(|_| Act::Hang), Origin::json("{}"));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut h2 = H2::connect(shadow.listen);
    let cancel = 8_u32.to_be_bytes();
    for number in 0..20_000 {
        h2.get(2 * number + 1, &[]);
        if !h2.send(Frame::RST_STREAM, 0, 2 * number + 1, &cancel) {
            break;
        }
    }
    let calm = 11;
    let goaway = h2.until(Frame::GOAWAY);
    assert!(goaway.is_none_or(|goaway| goaway.payload[7] == calm));
    // Whatever came through was cancelled: nothing is left of it, and none of it was mirrored.
    let open = || shadow.metric("shadow_open_connections{side=\"primary\"}");
    eventually("the end of what was begun", || (open() == 0).then_some(()));
    let coverage = shadow.settled_at_least(0)["coverage"].clone();
    let seen = coverage["seen"].as_u64().expect("a count");
    assert_eq!(coverage["skipped"]["partial"].as_u64().unwrap_or(0), seen, "{coverage}");
    assert!(seen < 10_000 && candidate.seen().is_empty(), "{coverage}");
    let mut client = Client::connect(shadow.listen);
    client.send("TRACE / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(client.answer("TRACE").status, 405);
}

#[test]
fn case_47_floods_end_the_connection_or_cost_nothing() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    let usual = fields_of(&[METHOD, SCHEME, PATH, AUTHORITY]);
    h2.send(Frame::HEADERS, 0, 1, &usual);
    while h2.send(Frame::CONTINUATION, 0, 1, &fields_of(&[("x-more", "yes")])) {}
    let mut h2 = H2::connect(shadow.listen);
    let post = fields_of(&[POST, SCHEME, PATH, AUTHORITY]);
    h2.send(Frame::HEADERS, Frame::END_HEADERS, 1, &post);
    while h2.send(Frame::DATA, 0, 1, &[]) {}
    // Pings are answered, one by one.
    let mut h2 = H2::connect(shadow.listen);
    for number in 0..2000_u64 {
        assert!(h2.send(Frame::PING, 0, 0, &number.to_be_bytes()));
        let pong = h2.until(Frame::PING).expect("a pong");
        assert_eq!(pong.payload, number.to_be_bytes());
    }
    h2.get(1, &[]);
    assert_eq!(h2.outcome(1), Some(200));
}

#[test]
fn case_48_extended_connect_is_off_and_resets_after_the_end_are_harmless() {
    check(&[(
        &[
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            SCHEME,
            (":path", "/chat"),
            AUTHORITY,
        ],
        None,
    )]);
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    h2.get(1, &[]);
    assert_eq!(h2.outcome(1), Some(200));
    h2.send(Frame::RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    h2.get(3, &[]);
    assert!(h2.until(Frame::HEADERS).is_some_and(|head| head.stream == 3));
}

#[test]
fn case_50_an_upgrade_to_http_2_is_ignored_and_prior_knowledge_is_not() {
    let origin = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(origin.address, "");
    let answer = raw(
        shadow.listen,
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings, close\r\n\
         upgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    check(&[(&[METHOD, SCHEME, PATH, AUTHORITY], Some(200))]);
    // `PRI` is an HTTP/2 preface or nothing.
    let answer = raw(shadow.listen, "PRI * HTTP/1.1\r\nhost: a\r\n\r\n------");
    assert!(!answer.contains("200"), "{answer}");
    assert_eq!(Client::connect(shadow.listen).get("/").status, 200);
}

#[test]
fn a_client_that_answers_no_ping_is_gone_and_one_that_does_stays() {
    let shadow = Shadow::edge(Origin::json("{}").address, "timeouts: { head: 400ms }");
    let mut h2 = H2::connect(shadow.listen);
    for _ in 0..4 {
        let ping = h2.until(Frame::PING).expect("it is asked whether it is there");
        h2.send(Frame::PING, Frame::ACK, 0, &ping.payload);
    }
    h2.get(1, &[]);
    assert_eq!(h2.outcome(1), Some(200));
    h2.until(Frame::PING).expect("it is asked again");
    h2.until(Frame::GOAWAY).expect("it is told which streams there were (RFC 9113 section 6.8)");
    let open = "shadow_open_connections{side=\"client\"}";
    eventually("it to be given up", || (shadow.metric(open) == 0).then_some(()));
}

#[test]
fn a_head_that_never_ends_is_given_up() {
    let shadow = Shadow::edge(Origin::json("{}").address, "timeouts: { head: 200ms }");
    let mut h2 = H2::connect(shadow.listen);
    h2.send(Frame::HEADERS, Frame::END_STREAM, 1, &fields_of(&[METHOD, SCHEME, PATH]));
    while h2.read().is_some() {}
    let late = "shadow_refused_total{rule=\"head_timeout\"}";
    eventually("it is counted", || (shadow.metric(late) == 1).then_some(()));
}

#[test]
fn an_error_of_the_connection_is_told_of_once_however_many_uploads_it_ends() {
    let shadow = Shadow::edge(Origin::start(|_| Act::Hang).address, "");
    let mut h2 = H2::connect(shadow.listen);
    let post = fields_of(&[POST, SCHEME, PATH, AUTHORITY]);
    (0..50).for_each(|number| {
        h2.send(Frame::HEADERS, Frame::END_HEADERS, 2 * number + 1, &post);
    });
    h2.send(Frame::PING, 0, 0, &[0; 8]);
    h2.until(Frame::PING).expect("all of them have been read");
    h2.send(Frame::DATA, 0, 0, b"no");
    while h2.read().is_some() {}
    let told = || shadow.metric("shadow_refused_total{rule=\"malformed\"}");
    eventually("it to be told of", || (told() > 0).then_some(()));
    let open = "shadow_open_connections{side=\"primary\"}";
    eventually("all of them to end", || (shadow.metric(open) == 0).then_some(()));
    assert_eq!(told(), 1);
}

#[test]
fn a_client_that_opens_its_windows_little_by_little_is_served() {
    const LITTLE: u32 = 100;
    let origin = Origin::start(|_| Reply::new(200, vec![b'x'; 1 << 20]));
    let shadow = Shadow::edge(origin.address, "timeouts: { write: 500ms }");
    let mut h2 = H2::connect(shadow.listen);
    h2.settings(&[(4, 0)]);
    h2.get(1, &[]);
    // Together they take four times as long.
    for _ in 0..40 {
        h2.send(Frame::WINDOW_UPDATE, 0, 1, &LITTLE.to_be_bytes());
        let data = h2.until(Frame::DATA).expect("as much more");
        assert_eq!(data.payload.len(), LITTLE as usize);
        park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn at_the_end_a_client_without_streams_is_not_waited_for() {
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let mut h2 = H2::connect(shadow.listen);
    h2.get(1, &[]);
    assert_eq!(h2.outcome(1), Some(200));
    // It does not answer the PING that asks whether more is on its way.
    let (status, _) = shadow.stop();
    assert!(status.success());
}

#[test]
fn a_client_whose_windows_stay_shut_is_given_up_like_one_that_reads_nothing() {
    let origin = Origin::start(|_| Reply::new(200, vec![b'x'; 1 << 20]));
    let shadow = Shadow::edge(origin.address, "timeouts: { write: 1s }");
    let mut h2 = H2::connect(shadow.listen);
    h2.settings(&[(4, 0)]);
    h2.get(1, &[]);
    // The socket is read all the time; of the answer nothing may be sent all the same.
    while h2.read().is_some() {}
    let refused = "shadow_refused_total{rule=\"write_timeout\"}";
    eventually("it is counted", || (shadow.metric(refused) == 1).then_some(()));
}

#[test]
fn a_connections_window_has_room_for_many_uploads_that_the_primary_does_not_read() {
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let mut h2 = H2::connect(shadow.listen);
    let settings = h2.until(Frame::SETTINGS).expect("its settings").payload;
    let number = |bytes: &[u8]| bytes.iter().fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte));
    let initial = settings.chunks(6).find(|setting| setting[..2] == [0, 4]).expect("a window");
    let stream = number(&initial[2..]);
    let connection = 65_535 + number(&h2.until(Frame::WINDOW_UPDATE).expect("a window").payload);
    assert!(connection >= stream * 32, "{connection} for streams of {stream}");
}
