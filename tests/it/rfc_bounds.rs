//! How long an exchange may take, and how slow either end may be.

use crate::support::wire::{folder, start};
use crate::support::{
    Client, Frame, H2, Line, Origin, Relay, Reply, Shadow, accept, connect, eventually, listener,
    read_head, rogue, until,
};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// How often an exchange was over its time.
fn overdue(shadow: &Shadow) -> u64 {
    shadow.metric("shadow_refused_total{rule=\"total_timeout\"}")
}

#[test]
fn an_exchange_without_an_answer_in_its_time_is_504_and_its_copy_partial() {
    let (_origin, address) = listener();
    let candidate = Origin::json("{}");
    let shadow = Shadow::edge_beside(address, candidate.address, "timeouts: { total: 300ms }");
    let mut client = Client::of(connect(shadow.listen, GET));
    assert_eq!(client.answer("GET").status, 504);
    assert!(client.try_answer("GET").is_none(), "the connection ends");
    assert_eq!(overdue(&shadow), 1);
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["partial"], 1);
    assert_eq!(candidate.seen().len(), 0);
}

#[test]
fn an_upload_that_goes_on_and_on_is_504_when_the_time_of_all_is_over() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "timeouts: { total: 500ms }");
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut client = connect(shadow.listen, head);
    let _upstream = accept(&origin);
    let mut writer = client.try_clone().expect("a socket");
    let writing = std::thread::spawn(move || {
        while writer.write_all(b"1\r\nx\r\n").is_ok() {
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    });
    assert!(until(&mut client, "\r\n\r\n").starts_with("HTTP/1.1 504 "));
    client.shutdown(std::net::Shutdown::Both).expect("closed");
    writing.join().expect("no panic");
    assert_eq!(overdue(&shadow), 1);
}

#[test]
fn an_answer_that_goes_on_and_on_is_cut_off_and_never_ends_cleanly() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "timeouts: { total: 500ms }");
    let client = connect(shadow.listen, GET);
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
    upstream.write_all(head).expect("written");
    let answer = Client::of(client).answer("GET");
    assert_eq!((answer.status, answer.whole), (200, false));
    assert_eq!(overdue(&shadow), 1);
    // It goes no further upstream either.
    eventually("the end of the request", || upstream.write_all(b"2\r\nok\r\n").err());
}

#[test]
fn a_client_that_takes_its_answer_too_slowly_is_cut_off() {
    let large = Reply::new(200, vec![b'x'; 32 << 20]);
    let origin = Origin::start(move |_| large.clone());
    let shadow = Shadow::edge(origin.address, "timeouts: { total: 300ms }");
    let client = connect(shadow.listen, GET);
    eventually("the end of its time", || (overdue(&shadow) == 1).then_some(()));
    // On a slow machine the time may be over before the head.
    let answer = Client::of(client).answer("GET");
    assert!(!answer.whole || answer.status == 504, "{}", answer.status);
}

#[test]
fn over_http_2_a_stream_that_is_over_its_time_is_reset_and_the_others_are_not() {
    let (origin, address) = listener();
    let shadow = Shadow::edge(address, "timeouts: { total: 500ms }");
    let mut h2 = H2::connect(shadow.listen);
    h2.get(1, &[]);
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
    upstream.write_all(head).expect("written");
    let reset = h2.until(Frame::RST_STREAM).expect("a reset");
    assert_eq!(reset.stream, 1);
    h2.get(3, &[]);
    let mut upstream = accept(&origin);
    until(&mut upstream, "\r\n\r\n");
    upstream.write_all(b"HTTP/1.1 204 No\r\n\r\n").expect("written");
    assert_eq!(h2.outcome(3), Some(204));
    assert_eq!(overdue(&shadow), 1);
}

#[test]
fn over_http_2_a_stream_whose_window_stays_shut_is_cut_off_with_its_connection() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "timeouts: { total: 300ms }");
    let mut h2 = H2::connect(shadow.listen);
    h2.send(Frame::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    h2.request(1, &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")]);
    assert_eq!(h2.outcome(1), Some(200));
    while h2.read().is_some() {}
    assert_eq!(overdue(&shadow), 1);
}

#[test]
fn what_is_over_in_time_is_not_touched_by_the_bound() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "timeouts: { total: 1h }");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..20 {
        assert_eq!(client.get("/").text(), "{}");
    }
    assert_eq!(overdue(&shadow), 0);
}

#[test]
fn case_53_a_preface_of_http_2_that_never_ends_is_given_up() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "timeouts: { head: 300ms }");
    for start in ["PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n"] {
        let mut client = connect(shadow.listen, start);
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).ok();
    }
    assert_eq!(shadow.metric("shadow_refused_total{rule=\"head_timeout\"}"), 2);
}

#[test]
fn case_53_a_preface_of_http_2_may_come_byte_by_byte() {
    let origin = Origin::json("{}");
    let shadow = Shadow::edge(origin.address, "");
    let mut client = connect(shadow.listen, "");
    client.set_nodelay(true).expect("no delay");
    for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0" {
        client.write_all(&[*byte]).expect("written");
        std::thread::yield_now();
    }
    let mut head = [0; 9];
    client.read_exact(&mut head).expect("a frame");
    assert_eq!(head[3], Frame::SETTINGS);
}

#[test]
fn case_53_a_body_that_comes_byte_by_byte_is_taken_while_it_goes_on() {
    let origin = Origin::start(|seen| Reply::new(200, seen.body.clone()));
    let shadow = Shadow::edge(origin.address, "timeouts: { body: 400ms }");
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\n\r\n";
    let mut client = connect(shadow.listen, head);
    // Far longer than `body` in all, never as long between two.
    for _ in 0..20 {
        client.write_all(b"x").expect("written");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    assert_eq!(Client::of(client).answer("POST").text(), "x".repeat(20));
}

/// A connection whose socket takes in little.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.connect(&address.into()).expect("a connection");
    socket.into()
}

/// Waits until a count has not moved for a while; gives it.
fn at_rest(count: impl Fn() -> u64) -> u64 {
    let (mut last, mut looks) = (0, 0);
    eventually("all to stand still", || {
        let now = count();
        looks = if now == last { looks + 1 } else { 0 };
        last = now;
        (looks == 50).then_some(now)
    })
}

/// A side whose answers do not end, and how much of them it has written.
fn endless() -> (SocketAddr, Arc<AtomicU64>) {
    let written = Arc::new(AtomicU64::new(0));
    let count = written.clone();
    let side = rogue(move |mut stream| {
        read_head(&mut stream);
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n";
        stream.write_all(head).expect("written");
        while let Ok(length) = stream.write(&[b'x'; 64 << 10]) {
            count.fetch_add(length as u64, SeqCst);
        }
    });
    (side, written)
}

/// Exchanges that do not move, and what each may cost at most.
const STALLED: u64 = 100;
const ANSWER_KIB: u64 = 400;
const UPLOAD_KIB: u64 = 700;

#[test]
fn an_answer_that_its_client_does_not_read_stays_with_the_primary() {
    let (primary, written) = endless();
    let shadow = Shadow::edge(primary, "");
    let before = at_rest(|| shadow.peak_memory_kib());
    let stalled: Vec<_> = (0..STALLED).map(|_| narrow(shadow.listen)).collect();
    for mut stream in &stalled {
        stream.write_all(GET.as_bytes()).expect("written");
    }
    at_rest(|| written.load(SeqCst));
    let each = (shadow.peak_memory_kib() - before) / STALLED;
    assert!((1..ANSWER_KIB).contains(&each), "{each} KiB for each client");
}

#[test]
fn windows_that_are_wide_open_let_no_more_of_an_answer_in() {
    const INITIAL_WINDOW: u16 = 4;
    const WIDE: u32 = (1 << 31) - 1;
    let (primary, written) = endless();
    let shadow = Shadow::edge(primary, "");
    let before = at_rest(|| shadow.peak_memory_kib());
    let mut h2 = H2::of(narrow(shadow.listen));
    h2.settings(&[(INITIAL_WINDOW, WIDE)]);
    h2.send(Frame::WINDOW_UPDATE, 0, 0, &(WIDE - 65_535).to_be_bytes());
    for number in 0..STALLED {
        h2.get(2 * u32::try_from(number).expect("few") + 1, &[]);
    }
    at_rest(|| written.load(SeqCst));
    let each = (shadow.peak_memory_kib() - before) / STALLED;
    assert!((1..ANSWER_KIB).contains(&each), "{each} KiB for each stream");
}

#[test]
fn an_upload_that_the_primary_does_not_read_stays_with_its_client() {
    let (_primary, address) = listener();
    let shadow = Shadow::edge(address, "");
    let before = at_rest(|| shadow.peak_memory_kib());
    let written = Arc::new(AtomicU64::new(0));
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n";
    let stalled: Vec<_> = (0..STALLED).map(|_| connect(shadow.listen, head)).collect();
    for stream in &stalled {
        let (mut stream, count) = (stream.try_clone().expect("a socket"), written.clone());
        std::thread::spawn(move || {
            while let Ok(length) = stream.write(&[b'x'; 64 << 10]) {
                count.fetch_add(length as u64, SeqCst);
            }
        });
    }
    at_rest(|| written.load(SeqCst));
    let each = (shadow.peak_memory_kib() - before) / STALLED;
    assert!((1..UPLOAD_KIB).contains(&each), "{each} KiB for each client");
}

/// A line on which what is large takes seconds, all the time moving.
fn slow_line(server: SocketAddr) -> Relay {
    Relay::start(server, Line { bandwidth: 2 << 20, ..Line::default() })
}

#[test]
fn an_upload_that_the_primary_takes_slowly_and_all_the_time_is_passed_on() {
    const LENGTH: usize = 12 << 20;
    let origin = Origin::start(|seen| Reply::new(200, seen.body.len().to_string()));
    let line = slow_line(origin.address);
    let to = |side, rest| format!("url: \"http://{side}\"{rest}");
    let (primary, candidate) = (to(line.address, ", timeout: 500ms"), to(origin.address, ""));
    let shadow = start(folder(), "", &primary, &candidate, "mirror: { enabled: false }");
    let answer = Client::connect(shadow.listen).post("/", "text/plain", &"x".repeat(LENGTH));
    assert_eq!((answer.status, answer.text()), (200, LENGTH.to_string()));
}

#[test]
fn a_client_that_reads_slowly_and_all_the_time_gets_its_whole_answer() {
    const LENGTH: usize = 12 << 20;
    let origin = Origin::start(|_| Reply::new(200, vec![b'x'; LENGTH]));
    let shadow = Shadow::edge(origin.address, "timeouts: { write: 500ms }");
    let line = slow_line(shadow.listen);
    let answer = Client::connect(line.address).get("/");
    assert_eq!((answer.whole, answer.body.len()), (true, LENGTH));
}

#[test]
fn a_client_of_http2_whose_pings_wait_behind_its_answer_is_there() {
    const LENGTH: usize = 12 << 20;
    let origin = Origin::start(|_| Reply::new(200, vec![b'x'; LENGTH]));
    let shadow = Shadow::edge(origin.address, "timeouts: { head: 500ms }");
    let line = slow_line(shadow.listen);
    let mut h2 = H2::connect(line.address);
    h2.settings(&[(4, 64 << 20)]);
    h2.send(Frame::WINDOW_UPDATE, 0, 0, &(64_u32 << 20).to_be_bytes());
    h2.get(1, &[]);
    let mut come = 0;
    while come < LENGTH {
        let frame = h2.read().expect("the whole of it");
        match frame.kind {
            Frame::DATA => come += frame.payload.len(),
            Frame::PING if frame.flags == 0 => {
                h2.send(Frame::PING, Frame::ACK, 0, &frame.payload);
            }
            _ => {}
        }
    }
}
