//! Cases 1 to 17 of the list that a careful proxy is held against: framing and heads.

use crate::support::{Act, Client, Origin, Reply, Shadow, eventually, raw};

/// An origin that answers with what it has seen.
fn origin() -> Origin {
    Origin::start(|_| Reply::new(200, "ok"))
}

/// The status of an answer.
fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Each request has its status, and none of the refused ones reaches the origin.
fn check(cases: &[(&str, u16)]) {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    for (request, expected) in cases {
        let before = origin.seen().len();
        let answer = raw(shadow.listen, request);
        assert_eq!(status(&answer), *expected, "{request:?} got {answer:?}");
        let passed = usize::from(*expected == 200);
        assert_eq!(origin.seen().len() - before, passed, "{request:?}");
    }
}

#[test]
fn case_01_chunks_win_over_a_length_and_the_connection_ends() {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    let request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\
                   \r\n\r\n2\r\nhi\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = raw(shadow.listen, request);
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    let seen = origin.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((seen[0].header("content-length"), seen[0].body.as_slice()), (None, &b"hi"[..]));
}

#[test]
fn case_02_a_length_is_one_number() {
    let with = |length: &str| {
        format!("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{length}\r\n\r\nhello")
    };
    let lengths = [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: +5",
        "content-length: -1",
        "content-length: 5,6",
        "content-length: 18446744073709551616",
        "content-length: ",
        "content-length: 0x5",
    ];
    let requests: Vec<_> = lengths.iter().map(|length| with(length)).collect();
    let mut cases: Vec<_> = requests.iter().map(|request| (request.as_str(), 400)).collect();
    let equal = with("content-length: 5\r\ncontent-length: 5");
    cases.push((&equal, 200));
    check(&cases);
}

#[test]
fn case_03_the_last_coding_is_chunked_and_there_is_no_other() {
    let with = |version: &str, coding: &str| {
        format!("POST / HTTP/{version}\r\nhost: a\r\n{coding}\r\n\r\n0\r\n\r\n")
    };
    check(&[
        (&with("1.1", "transfer-encoding: chunked, gzip"), 400),
        (&with("1.1", "transfer-encoding: chunked\r\ntransfer-encoding: identity"), 400),
        (&with("1.1", "transfer-encoding: gzip, chunked"), 501),
        (&with("1.1", "transfer-encoding: chunked, chunked"), 501),
        (&with("1.1", "transfer-encoding: xchunked"), 400),
        (&with("1.0", "transfer-encoding: chunked"), 400),
    ]);
}

#[test]
fn case_04_a_bad_chunk_size_never_ends_a_body_cleanly() {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    for size in ["ZZ", "11112222333344445", "-1", "0x2", ""] {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{size}\r\nhi\r\n0\r\n\r\n"
        );
        let answer = raw(shadow.listen, &request);
        assert_eq!(status(&answer), 400, "{size:?}: {answer}");
    }
    assert_eq!(origin.seen().len(), 0, "{:?}", origin.seen());
    let broken = Origin::start(|_| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\nZZ\r\n";
        Act::Raw(head.as_bytes().to_vec())
    });
    let shadow = Shadow::edge(broken.address, "");
    assert!(!Client::connect(shadow.listen).get("/").whole);
}

#[test]
fn case_05_chunk_extensions_are_dropped_and_trailers_are_bounded() {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    let request = |chunks: &str| {
        let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked";
        format!("{head}\r\n\r\n{chunks}")
    };
    let fine = raw(shadow.listen, request("2;a=b;c\r\nhi\r\n0;last\r\n\r\n"));
    assert_eq!((status(&fine), origin.seen()[0].body.as_slice()), (200, &b"hi"[..]));
    let long = format!("2;{}\r\nhi\r\n0\r\n\r\n", "x".repeat(20_000));
    assert_ne!(status(&raw(shadow.listen, request(&long))), 200);
    let many = format!("2\r\nhi\r\n0\r\n{}\r\n", "x-t: 1\r\n".repeat(3000));
    assert_ne!(status(&raw(shadow.listen, request(&many))), 200);
    assert_eq!(origin.seen().len(), 1);
}

#[test]
fn case_06_line_ends_are_made_proper_and_control_bytes_are_refused() {
    check(&[
        ("GET / HTTP/1.1\nhost: a\nconnection: close\n\n", 200),
        ("GET / HTTP/1.1\r\nhost: a\r\nx-a: b\rc\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nx-a: b\0c\r\n\r\n", 400),
        ("GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ]);
}

#[test]
fn case_07_folded_lines_are_refused() {
    check(&[
        ("GET / HTTP/1.1\r\nhost: a\r\nx-a: b\r\n c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n folded: b\r\nhost: a\r\n\r\n", 400),
    ]);
    let folding = Origin::start(|_| {
        let answer = "HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 2\r\n\r\nok";
        Act::Raw(answer.as_bytes().to_vec())
    });
    let shadow = Shadow::edge(folding.address, "");
    assert_eq!(Client::connect(shadow.listen).get("/").status, 502);
}

#[test]
fn case_08_a_space_before_the_colon_is_refused() {
    check(&[
        ("GET / HTTP/1.1\r\nhost : a\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    ]);
    let spacing = Origin::start(|_| {
        Act::Raw(b"HTTP/1.1 200 OK\r\nx-a : b\r\ncontent-length: 2\r\n\r\nok".to_vec())
    });
    let shadow = Shadow::edge(spacing.address, "");
    let answer = Client::connect(shadow.listen).get("/");
    assert_eq!((answer.status, answer.header("x-a")), (200, Some("b")), "{answer:?}");
}

#[test]
fn case_09_host_must_be_one_and_valid() {
    check(&[
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: u@a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a:http\r\n\r\n", 400),
        ("GET http://a/ HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: [::1]:80\r\nconnection: close\r\n\r\n", 200),
        ("GET / HTTP/1.0\r\n\r\n", 200),
    ]);
}

#[test]
fn case_10_the_authority_of_an_absolute_target_replaces_host_and_chooses_nothing() {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    let elsewhere = self::origin();
    let request = format!(
        "GET http://{}/x?y HTTP/1.1\r\nhost: other\r\nconnection: close\r\n\r\n",
        elsewhere.address
    );
    assert_eq!(status(&raw(shadow.listen, request)), 200);
    let seen = &origin.seen()[0];
    assert_eq!(seen.target, "/x?y");
    assert_eq!(seen.header("host"), Some(elsewhere.address.to_string().as_str()));
    assert_eq!(elsewhere.seen().len(), 0);
    // A fragment is no part of what is asked for, and without it there is no path.
    for target in ["http://a", "http://a#b"] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert_eq!(status(&raw(shadow.listen, request)), 200, "{target}");
        assert_eq!(origin.seen().last().expect("it came").target, "/", "{target}");
    }
    let bad = raw(shadow.listen, "GET ftp://a/ HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(status(&bad), 400);
}

#[test]
fn case_11_options_of_the_whole_server_passes_as_a_star() {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    let request = "OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert_eq!(status(&raw(shadow.listen, request)), 200);
    assert_eq!(origin.seen()[0].target, "*");
    let answer = raw(shadow.listen, "GET * HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!((status(&answer), origin.seen().len()), (400, 1));
}

#[test]
fn case_12_connect_opens_nothing_and_ends_the_connection() {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    let to = origin.address;
    let answer = raw(shadow.listen, format!("CONNECT {to} HTTP/1.1\r\nhost: {to}\r\n\r\nGET / "));
    assert_eq!(status(&answer), 405);
    assert!(answer.contains("\r\nallow: ") && answer.contains("\r\nconnection: close\r\n"));
    assert_eq!(origin.seen().len(), 0);
    assert_eq!(shadow.metric("shadow_refused_total{rule=\"connect\"}"), 1);
}

#[test]
fn case_13_trace_is_refused() {
    check(&[
        ("TRACE / HTTP/1.1\r\nhost: a\r\nmax-forwards: 0\r\n\r\n", 405),
        ("TRACE / HTTP/1.1\r\nhost: a\r\nmax-forwards: 5\r\n\r\n", 405),
    ]);
}

#[test]
fn case_14_pipelined_requests_are_answered_in_order() {
    let origin = Origin::start(|seen| Reply::new(200, seen.target.clone()));
    let shadow = Shadow::edge(origin.address, "");
    let mut client = Client::connect(shadow.listen);
    client.send(
        "GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n\
         GET /3 HTTP/1.1\r\nhost : a\r\n\r\n",
    );
    assert_eq!(client.answer("GET").text(), "/1");
    assert_eq!(client.answer("GET").text(), "/2");
    assert_eq!(client.answer("GET").status, 400);
    assert!(client.try_answer("GET").is_none());
}

#[test]
fn case_15_what_is_too_large_is_refused_by_its_own_status() {
    let origin = origin();
    let limits = "limits: { target: 1KiB, head: 8KiB, fields: 20, body: 1KiB }";
    let shadow = Shadow::edge(origin.address, limits);
    let get = |target: &str, fields: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n")
    };
    let post = |framing: &str, body: &str| {
        format!("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{framing}\r\n\r\n{body}")
    };
    let long = "x".repeat(2000);
    let chunk = format!("7d0\r\n{long}\r\n0\r\n\r\n");
    for (request, expected) in [
        (get(&format!("/{long}"), ""), 414),
        (get(&format!("/{}", "x".repeat(70_000)), ""), 414),
        (get("/", &format!("x-a: {}\r\n", "x".repeat(9000))), 431),
        (get("/", &"x-a: 1\r\n".repeat(21)), 431),
        (get("/", &"x-a: 1\r\n".repeat(200)), 431),
        (post("content-length: 2000", &long), 413),
        (post("transfer-encoding: chunked", &chunk), 413),
        (post("content-length: 5", "hello"), 200),
    ] {
        let answer = raw(shadow.listen, &request);
        let head: String = request.chars().take(60).collect();
        assert_eq!(status(&answer), expected, "{head}: {answer}");
    }
    assert_eq!(origin.seen().len(), 1);
    for (rule, times) in [("target_too_long", 2), ("head_too_large", 3), ("body_too_large", 2)] {
        let metric = format!("shadow_refused_total{{rule=\"{rule}\"}}");
        eventually(rule, || (shadow.metric(&metric) == times).then_some(()));
    }
}

#[test]
fn case_16_a_client_of_http_1_0_gets_no_chunks_and_an_end() {
    let origin = Origin::start(|_| {
        let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        Act::Raw(answer.as_bytes().to_vec())
    });
    let shadow = Shadow::edge(origin.address, "");
    let answer = raw(shadow.listen, "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    assert!(!answer.contains("transfer-encoding"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
}

#[test]
fn case_17_empty_lines_before_a_request_are_passed_over_and_garbage_is_refused() {
    check(&[
        ("\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 200),
        ("\x16\x03\x01\x02\r\n\r\n", 400),
        ("GET / HTTP/3.0\r\nhost: a\r\n\r\n", 400),
        ("nonsense\r\n\r\n", 400),
    ]);
}

#[test]
fn a_malformed_request_is_told_of_on_the_log_escaped() {
    let origin = origin();
    let shadow = Shadow::edge(origin.address, "");
    raw(shadow.listen, "GET /\u{1b}[31m HTTP/1.1\r\nhost: a\r\n\r\n");
    raw(shadow.listen, "GET /%1b HTTP/1.1\r\n\r\n");
    eventually("two lines", || {
        let log = shadow.log();
        let lines: Vec<_> = log.iter().filter(|line| line.contains("was refused")).collect();
        let fine = lines
            .iter()
            .all(|line| line.contains("\"client\":\"127.0.0.1\"") && !line.contains('\u{1b}'));
        (lines.len() == 2 && fine).then_some(())
    });
}
