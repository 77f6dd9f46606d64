//! A client of HTTP/2 that does what it must not, frame by frame.

use crate::support::wire::{Authority, folder, tls_client, write};
use crate::support::{Client, Frame, H2, Origin, Reply, Shadow, fields_of, get, raw};
use std::io::{Read, Write};
use std::sync::Arc;

/// Frames or nothing: a connection that began as one of HTTP/2 is never answered in HTTP/1
/// (RFC 9113 section 3.4).
fn is_no_http1(answer: &[u8]) {
    assert!(!answer.windows(5).any(|part| part == b"HTTP/"), "{answer:?}");
}

#[test]
fn a_preface_that_is_none_ends_the_connection() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    for preface in [
        "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        "PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n",
        "PRI / HTTP/1.1\r\nhost: a\r\n\r\n",
        "PRICE / HTTP/1.1\r\nhost: a\r\n\r\n",
        "PRI\r\n\r\nPRI\r\n\r\nPRI\r\n\r\nPRI\r\n\r\n",
    ] {
        is_no_http1(raw(shadow.listen, preface).as_bytes());
    }
    // Over TLS the client has said before what it speaks: any other preface is an error.
    let (authority, folder) = (Authority::new(), folder());
    authority.sign("shop.test").write(folder.path());
    let config = format!(
        "listen: {{ address: 127.0.0.1:0, tls: {{ cert_file: cert.pem, key_file: key.pem }} }}\n\
         admin: {{ address: 127.0.0.1:0 }}\nprimary: {{ url: \"{}\" }}\n",
        origin.url()
    );
    write(folder.path(), "shadow.yaml", &config);
    let secured = Shadow::launch(Arc::new(folder));
    for preface in
        ["INVALID CONNECTION PREFACE\r\n\r\n", "GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n"]
    {
        let mut tls = tls_client(secured.listen, authority.client(None, &["h2"]));
        tls.write_all(preface.as_bytes()).expect("written");
        let mut answer = Vec::new();
        tls.read_to_end(&mut answer).ok();
        is_no_http1(&answer);
    }
    assert_eq!(origin.seen().len(), 0);
    assert_eq!(get(shadow.listen, "/").status, 200);
}

#[test]
fn data_after_a_reset_reaches_nobody_and_harms_no_other_stream() {
    let origin = Origin::start(|_| Reply::new(200, "ok"));
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    let post =
        [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "shop.test")];
    h2.send(Frame::HEADERS, Frame::END_HEADERS, 1, &fields_of(&post));
    h2.send(Frame::RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    // More than the window of the connection, in all: it is given back.
    let stream_closed = 5;
    for _ in 0..500 {
        if !h2.send(Frame::DATA, 0, 1, &[b'x'; 16 << 10]) {
            break;
        }
    }
    h2.get(3, &[]);
    let outcome = h2.outcome(3);
    assert!(matches!(outcome, Some(200) | None), "{outcome:?}");
    if outcome.is_none() {
        let goaway = h2.until(Frame::GOAWAY);
        assert!(goaway.is_none_or(|goaway| goaway.payload[7] == stream_closed));
    }
    assert_eq!(Client::connect(shadow.listen).get("/").status, 200);
    assert!(origin.seen().iter().all(|seen| seen.method == "GET"));
}

/// Frames that are each to be answered, from a client that reads none of the answers: it is not
/// read from any more, and given up.
fn flood(kind: u8, payload: &[u8]) {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "timeouts: { write: 1s }");
    let mut h2 = H2::connect(shadow.listen);
    let (mut sent, most) = (0_u64, 256 << 20);
    while sent < most && h2.send(kind, 0, 0, payload) {
        sent += 9 + payload.len() as u64;
    }
    assert!(sent < most, "{sent} bytes");
    let peak = shadow.peak_memory_kib();
    assert!(peak < 128 << 10, "{peak} KiB for {sent} bytes");
    assert_eq!(get(shadow.listen, "/").status, 200);
}

#[test]
fn pings_of_a_client_that_reads_nothing_are_not_piled_up() {
    flood(Frame::PING, &[0; 8]);
}

#[test]
fn settings_of_a_client_that_reads_nothing_are_not_piled_up() {
    flood(Frame::SETTINGS, &[0, 4, 0, 0, 255, 255]);
}

#[test]
fn a_client_cannot_fill_the_log_with_what_a_library_warns_of() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    for _ in 0..100 {
        h2.send(Frame::PING, Frame::ACK, 0, b"unasked!");
    }
    h2.get(1, &[]);
    assert_eq!(h2.outcome(1), Some(200));
    assert!(shadow.log().len() < 20, "{:?}", shadow.log());
}

#[test]
fn answers_that_a_client_does_not_read_wait_at_the_primary() {
    let large = Reply::new(200, vec![b'x'; 8 << 20]);
    let origin = Origin::start(move |_| large.clone());
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    for number in 0..64 {
        h2.get(2 * number + 1, &[]);
    }
    // Each stream has its head, and some have a part of their body: no window is given.
    for number in 0..64 {
        assert_eq!(h2.until(Frame::HEADERS).map(|head| head.stream % 2), Some(1), "{number}");
    }
    let peak = shadow.peak_memory_kib();
    assert!(peak < 192 << 10, "{peak} KiB for 512 MiB of answers");
}
