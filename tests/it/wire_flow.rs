//! Streams and windows of HTTP/2 towards a side: what one client holds is no other's harm.

use crate::support::wire::{
    INITIAL_WINDOW, Manner, OK, Payload, Peer, before, between, clear, empty, first, folder, http2,
    plain, runtime, start, text,
};
use crate::support::{
    Client, Frame, H2, Origin, PATIENCE, Reply, Shadow, eventually, fields_of, get, hold, rogue,
};
use http::{Request, Response, StatusCode};
use hyper::client::conn::http2::SendRequest;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;

const OFF: &str = "mirror: { enabled: false }";

#[test]
fn a_side_that_takes_no_body_holds_its_client_back() {
    let primary = rogue(|stream| {
        if let Some(h2) = H2::accept(stream, &[(INITIAL_WINDOW, 0)]) {
            hold(h2.into_stream());
        }
    });
    let shadow = start(
        folder(),
        "",
        &format!("timeout: 1s, {}", clear(primary)),
        &clear(plain().address),
        OFF,
    );
    let mut stream = TcpStream::connect(shadow.listen).expect("a connection");
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("written");
    let reading = stream.try_clone().expect("a socket");
    let writing = thread::spawn(move || {
        let mut written = 0_u64;
        while let Ok(length) = stream.write(&[0; 64 << 10]) {
            written += length as u64;
        }
        written
    });
    // It comes because the primary takes nothing; until then the client could write.
    assert_eq!(Client::of(reading).answer("POST").status, 504);
    let written = writing.join().expect("no panic");
    assert!(written < 64 << 20, "{written} bytes");
}

#[test]
fn a_thousand_requests_share_what_streams_there_are() {
    let manner = Manner { max_streams: Some(10), ..Manner::default() };
    let primary = Peer::start(manner, |_| async {
        tokio::task::yield_now().await;
        Ok(Response::new(text("{}")))
    });
    let shadow = between(&primary, &plain(), OFF);
    runtime().block_on(async {
        let mut all = JoinSet::new();
        for _ in 0..5 {
            let sender = http2(shadow.listen).await;
            for _ in 0..200 {
                let mut sender = sender.clone();
                all.spawn(async move {
                    let request = Request::get("http://a/").body(empty()).expect("a request");
                    sender.send_request(request).await.expect("an answer").status()
                });
            }
        }
        let all: Vec<StatusCode> = all.join_all().await;
        assert_eq!(all.iter().filter(|status| **status == 200).count(), 1000);
    });
    assert!(primary.busiest.load(SeqCst) <= 10);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    assert!(primary.connections.load(SeqCst) <= 128 * workers);
}

#[test]
fn streams_that_one_client_holds_are_not_missing_for_another() {
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let manner = Manner { max_streams: Some(2), ..Manner::default() };
    let primary = Peer::start(manner, move |request: Request<_>| {
        let opened = opened.clone();
        async move {
            if request.uri().path() == "/held" {
                opened.notified().await;
            }
            Ok(Response::new(text("{}")))
        }
    });
    let shadow = between(&primary, &plain(), OFF);
    runtime().block_on(async {
        let held = http2(shadow.listen).await;
        let ask = |mut sender: SendRequest<Payload>, target: &'static str| {
            let request = Request::get(target).body(empty()).expect("a request");
            async move { sender.send_request(request).await.expect("an answer").status() }
        };
        let mut all = JoinSet::new();
        for _ in 0..64 {
            all.spawn(ask(held.clone(), "http://a/held"));
        }
        while primary.busiest.load(SeqCst) < 2 || primary.connections.load(SeqCst) < 32 {
            tokio::task::yield_now().await;
        }
        // Some of them are with the same worker.
        for _ in 0..8 {
            assert_eq!(ask(http2(shadow.listen).await, "http://a/").await, 200);
        }
        while !all.is_empty() {
            gate.notify_waiters();
            all.try_join_next();
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn an_upload_that_a_side_does_not_read_does_not_hold_up_those_of_other_clients() {
    const WIDE: u32 = 1 << 20;
    const WINDOW: usize = 65_535;
    // Its streams have room for more than all of the connection, of which it reads nothing.
    let (full, is_full) = sync_channel(1);
    let (primary, connections) = first(move |mut h2| {
        h2.settings(&[(INITIAL_WINDOW, WIDE)]);
        let mut come = 0;
        while let Some(frame) = h2.read() {
            come += if frame.kind == Frame::DATA { frame.payload.len() } else { 0 };
            if come == WINDOW {
                full.try_send(Instant::now()).ok();
            }
        }
    });
    let to = format!("timeout: 60s, {}", clear(primary));
    let shadow = start(folder(), "", &to, &clear(plain().address), OFF);
    let mut stalled = TcpStream::connect(shadow.listen).expect("a connection");
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n";
    stalled.write_all(head.as_bytes()).expect("written");
    stalled.write_all(&[0; WINDOW * 2]).expect("written");
    let since = is_full.recv_timeout(PATIENCE).expect("a window that is used up");
    // One that comes before it is known to stand still shares its fate.
    let known = Duration::from_millis(200);
    eventually("it to be known", || (since.elapsed() > known).then_some(()));
    for _ in 0..8 {
        let answer = Client::connect(shadow.listen).post("/", "text/plain", "hello");
        assert_eq!(answer.status, 200);
    }
    assert!(connections.load(SeqCst) > 1);
}

#[test]
fn frames_that_carry_nothing_end_no_connection() {
    const FEW: usize = 40;
    let (primary, connections) = first(|mut h2| {
        while let Some(stream) = h2.next_request() {
            h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, OK);
            (0..FEW).for_each(|_| _ = h2.send(Frame::DATA, 0, stream, b""));
            h2.send(Frame::DATA, 0, stream, b"ok");
            h2.send(Frame::DATA, Frame::END_STREAM, stream, b"");
        }
    });
    let shadow = before(primary);
    let mut client = Client::connect(shadow.listen);
    for _ in 0..10 {
        let answer = client.get("/");
        assert_eq!((answer.text().as_str(), answer.whole), ("ok", true));
    }
    assert_eq!(connections.load(SeqCst), 1);
    // As they come from a client.
    let origin = Origin::start(|seen| Reply::new(200, seen.body.clone()));
    let shadow = Shadow::edge(origin.address, "");
    let mut h2 = H2::connect(shadow.listen);
    let head = fields_of(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "shop.test"),
    ]);
    for stream in [1, 3, 5] {
        h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, &head);
        (0..FEW).for_each(|_| _ = h2.send(Frame::DATA, 0, stream, b""));
        h2.send(Frame::DATA, Frame::END_STREAM, stream, b"hello");
        assert_eq!(h2.outcome(stream), Some(200));
        assert_eq!(h2.until(Frame::DATA).map(|data| data.payload), Some(b"hello".to_vec()));
    }
}

#[test]
fn small_messages_that_a_client_does_not_read_are_no_harm_to_others() {
    const STALLED: usize = 16;
    const WINDOW: usize = 128 << 10;
    const MESSAGE: usize = 32;
    let filled = Arc::new(AtomicUsize::new(0));
    let full = filled.clone();
    let (primary, connections) = first(move |mut h2| {
        while let Some(head) = h2.until(Frame::HEADERS) {
            if full.load(SeqCst) == STALLED {
                h2.ok(head.stream);
                continue;
            }
            h2.send(Frame::HEADERS, Frame::END_HEADERS, head.stream, OK);
            (0..WINDOW / MESSAGE)
                .for_each(|_| _ = h2.send(Frame::DATA, 0, head.stream, &[b'm'; MESSAGE]));
            full.fetch_add(1, SeqCst);
        }
    });
    let shadow = before(primary);
    let mut stalled = H2::connect(shadow.listen);
    stalled.settings(&[(INITIAL_WINDOW, 0)]);
    for number in 0..STALLED {
        stalled.get(2 * u32::try_from(number).expect("few") + 1, &[]);
    }
    for _ in 0..STALLED {
        stalled.until(Frame::HEADERS).expect("a head");
    }
    eventually("all windows to be full", || (filled.load(SeqCst) == STALLED).then_some(()));
    for _ in 0..8 {
        assert_eq!(get(shadow.listen, "/").status, 200);
    }
    // The stalled ones go on.
    stalled.send(Frame::WINDOW_UPDATE, 0, 1, &[0, 1, 0, 0]);
    assert_eq!(stalled.until(Frame::DATA).map(|data| data.stream), Some(1));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    assert!(connections.load(SeqCst) <= workers);
}

#[test]
fn small_frames_that_a_side_does_not_take_are_bounded_and_counted() {
    const FINE: u32 = 15_000;
    const FLOOD: u32 = 20_000;
    let (primary, _) = first(|mut h2| {
        h2.settings(&[(INITIAL_WINDOW, 0)]);
        while h2.read().is_some() {}
    });
    let shadow = before(primary);
    let flood = || shadow.metric("shadow_refused_total{rule=\"flood\"}");
    let mut client = H2::connect(shadow.listen);
    let post = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
    client.send(Frame::HEADERS, Frame::END_HEADERS, 1, &fields_of(&post));
    for _ in 0..FINE {
        client.send(Frame::DATA, 0, 1, b"m");
    }
    client.send(Frame::PING, 0, 0, &[0; 8]);
    client.until(Frame::PING).expect("all of them have been read");
    for _ in FINE..FLOOD {
        client.send(Frame::DATA, 0, 1, b"m");
    }
    eventually("it to be counted", || (flood() == 1).then_some(()));
}

#[test]
fn a_request_that_a_side_has_no_room_for_is_sent_on_another_connection() {
    const CALM: u32 = 11;
    let (primary, connections) = first(|mut h2| {
        let mut streams = 0;
        while let Some(stream) = h2.next_request() {
            streams += 1;
            match streams {
                1 => _ = h2.ok(stream),
                _ => _ = h2.send(Frame::RST_STREAM, 0, stream, &CALM.to_be_bytes()),
            }
        }
    });
    let shadow = before(primary);
    let mut client = Client::connect(shadow.listen);
    for _ in 0..5 {
        assert_eq!(client.get("/").status, 200);
    }
    assert!(connections.load(SeqCst) > 1);
}
