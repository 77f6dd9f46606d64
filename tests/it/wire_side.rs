//! A side of HTTP/2 that does what it must not, or seldom does, frame by frame.

use crate::support::wire::{
    MAX_STREAMS, Manner, OK, Payload, Peer, at_once, before, between, clear, empty, first, folder,
    http2, plain, runtime, start, text,
};
use crate::support::{
    Client, Frame, H2, Origin, PATIENCE, Shadow, eventually, fields_of, get, hold, rogue,
};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::sync_channel;
use std::thread;
use tokio::task::JoinSet;

const OFF: &str = "mirror: { enabled: false }";

/// Requests at one time on one connection, each with the body that it has: the status of each.
fn each(listen: SocketAddr, requests: &[Asked]) -> Vec<u16> {
    runtime().block_on(async {
        let sender = http2(listen).await;
        let mut all = JoinSet::new();
        for (method, body) in requests {
            let request = Request::builder().method(*method).uri("http://a/");
            let request = request.body(body.map_or_else(empty, text)).expect("a request");
            let mut sender = sender.clone();
            all.spawn(async move {
                sender.send_request(request).await.expect("an answer").status().as_u16()
            });
        }
        all.join_all().await
    })
}

type Asked = (&'static str, Option<&'static str>);

const GET: Asked = ("GET", None);
const POST: Asked = ("POST", None);
const POST_BODY: Asked = ("POST", Some("x"));

/// What a head begins with in the static table (RFC 7541 appendix A).
const IS_POST: u8 = 0x83;

#[test]
fn streams_above_the_last_one_of_goaway_are_sent_again_where_that_is_safe() {
    for (request, expected) in [(GET, 200), (POST, 200), (POST_BODY, 502)] {
        let (primary, connections) = first(|mut h2| {
            let kept = h2.next_request().expect("a request");
            h2.next_request().expect("another");
            h2.goaway(kept, 0);
            h2.ok(kept);
            hold(h2.into_stream());
        });
        let shadow = before(primary);
        let mut all = each(shadow.listen, &[request, request]);
        all.sort_unstable();
        let mut wanted = [200, expected];
        wanted.sort_unstable();
        assert_eq!(all, wanted, "{request:?}");
        assert_eq!(connections.load(SeqCst), if expected == 200 { 2 } else { 1 });
    }
}

#[test]
fn a_request_that_may_have_been_worked_on_is_sent_again_only_where_that_does_no_harm() {
    let posts = Arc::new(AtomicUsize::new(0));
    let seen = posts.clone();
    let primary = rogue(move |stream| {
        let Some(mut h2) = H2::accept(stream, &[]) else { return };
        // The first request makes the connection one that is shared.
        let Some(warm) = h2.next_request() else { return };
        h2.ok(warm);
        let Some(head) = h2.until(Frame::HEADERS) else { return };
        if head.payload[0] == IS_POST {
            seen.fetch_add(1, SeqCst);
        }
        h2.goaway(head.stream, 0);
    });
    let shadow = before(primary);
    let statuses = runtime().block_on(async {
        let mut sender = http2(shadow.listen).await;
        let mut statuses = Vec::new();
        // The second is sent again, on the connection that the third meets.
        for method in ["GET", "GET", "POST"] {
            let request = Request::builder().method(method).uri("http://a/").body(empty());
            let answer = sender.send_request(request.expect("a request")).await;
            statuses.push(answer.expect("an answer").status().as_u16());
        }
        statuses
    });
    assert_eq!(statuses, [200, 200, 502]);
    assert_eq!(posts.load(SeqCst), 1);
}

#[test]
fn a_promise_of_the_side_is_refused() {
    let (tell, told) = sync_channel(1);
    let (primary, _) = first(move |mut h2| {
        let settings = h2.until(Frame::SETTINGS).expect("settings");
        let push = settings.payload.chunks(6).find(|one| one[..2] == [0, 2]).map(<[u8]>::to_vec);
        let stream = h2.next_request().expect("a request");
        let head = [&2_u32.to_be_bytes()[..], &[0x82, 0x84, 0x86]].concat();
        h2.send(Frame::PUSH_PROMISE, Frame::END_HEADERS, stream, &head);
        let code = h2.until(Frame::GOAWAY).map(|goaway| goaway.payload[7]);
        tell.send((push, code)).expect("the test waits");
        hold(h2.into_stream());
    });
    let shadow = before(primary);
    assert_eq!(get(shadow.listen, "/").status, 502);
    assert_eq!(get(shadow.listen, "/").status, 200);
    let protocol_error = 1;
    let expected = (Some(vec![0, 2, 0, 0, 0, 0]), Some(protocol_error));
    assert_eq!(told.recv_timeout(PATIENCE).expect("both"), expected);
}

/// Serves one connection; lowers the number of streams on the way, and keeps the most that were
/// open at one time after that.
fn lowering(mut h2: H2, most: &AtomicUsize) {
    let (mut open, mut lowered, mut settled, mut acknowledged) = (Vec::new(), false, false, 0);
    while let Some(frame) = h2.read() {
        match frame.kind {
            Frame::HEADERS => open.push(frame.stream),
            Frame::SETTINGS if frame.flags == Frame::ACK => acknowledged += 1,
            _ => continue,
        }
        if !open.is_empty() && !lowered {
            h2.settings(&[(MAX_STREAMS, 2)]);
            lowered = true;
        }
        if acknowledged < 2 {
            continue;
        }
        if settled {
            most.fetch_max(open.len(), SeqCst);
        }
        settled = true;
        for stream in open.drain(..) {
            h2.ok(stream);
        }
    }
}

#[test]
fn a_side_that_takes_fewer_streams_than_before_gets_no_more() {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let primary = rogue(move |stream| {
        if let Some(h2) = H2::accept(stream, &[(MAX_STREAMS, 10)]) {
            lowering(h2, &seen);
        }
    });
    let shadow = before(primary);
    let all = runtime().block_on(at_once(&shadow, 60));
    assert!(all.iter().all(|status| *status == 200), "{all:?}");
    assert!((1..=2).contains(&most.load(SeqCst)), "{}", most.load(SeqCst));
}

#[test]
fn a_connection_that_has_gone_dead_is_not_used_again() {
    let (primary, connections) = first(|mut h2| {
        let stream = h2.next_request().expect("a request");
        h2.ok(stream);
        // As if every packet were lost from here on.
        hold(h2.into_stream());
    });
    let side = format!("timeout: 1s, {}", clear(primary));
    let shadow = start(folder(), "", &side, &clear(plain().address), OFF);
    let mut client = Client::connect(shadow.listen);
    assert_eq!(client.get("/").status, 200);
    assert_eq!(client.get("/").status, 504);
    for _ in 0..3 {
        assert_eq!(client.get("/").status, 200);
    }
    assert_eq!(connections.load(SeqCst), 2);
}

#[test]
fn a_side_that_sends_a_head_without_end_is_given_up() {
    let primary = rogue(|stream| {
        let Some(mut h2) = H2::accept(stream, &[]) else { return };
        let Some(stream) = h2.next_request() else { return };
        h2.send(Frame::HEADERS, 0, stream, &[0x88]);
        while h2.send(Frame::CONTINUATION, 0, stream, &[0x88; 1000]) {}
    });
    let shadow = before(primary);
    for _ in 0..4 {
        assert_eq!(get(shadow.listen, "/").status, 502);
    }
    let peak = shadow.peak_memory_kib();
    assert!(peak < 128 << 10, "{peak} KiB");
}

/// Counts how many calls of it are alive.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn what_a_client_resets_is_cancelled_at_the_primary_and_never_sent_to_the_candidate() {
    let (alive, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, all) = (alive.clone(), begun.clone());
    let primary = Peer::start(Manner::default(), move |_| {
        now.fetch_add(1, SeqCst);
        all.fetch_add(1, SeqCst);
        let alive = Alive(now.clone());
        async move {
            std::future::pending::<()>().await;
            drop(alive);
            Ok(Response::<Payload>::new(empty()))
        }
    });
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let candidate = Peer::start(Manner::default(), move |_| {
        count.fetch_add(1, SeqCst);
        async { Ok(Response::new(text("{}"))) }
    });
    let shadow = between(&primary, &candidate, "");
    let mut h2 = H2::connect(shadow.listen);
    for number in 0..500 {
        let stream = 2 * number + 1;
        h2.get(stream, &[]);
        // Each is at the primary before it is reset: the work of it has begun.
        if number < 50 {
            eventually("the primary to begin", || {
                (begun.load(SeqCst) > number as usize).then_some(())
            });
        }
        if !h2.send(Frame::RST_STREAM, 0, stream, &8_u32.to_be_bytes()) {
            break;
        }
    }
    assert!(begun.load(SeqCst) >= 50);
    eventually("all of it to be cancelled", || (alive.load(SeqCst) == 0).then_some(()));
    drop(h2);
    shadow.settled_at_least(50);
    assert_eq!(seen.load(SeqCst), 0);
}

#[test]
fn a_large_head_passes_and_no_other_answer_suffers() {
    const FIELDS: usize = 60;
    let primary = Peer::start(Manner::default(), |request: Request<_>| async move {
        let fields = if request.uri().path() == "/large" { FIELDS } else { 0 };
        let response = (0..fields).fold(Response::builder(), |response, number| {
            response.header(format!("x-{number}"), "v".repeat(1000))
        });
        Ok(response.body(text("ok"))?)
    });
    let shadow = between(&primary, &plain(), OFF);
    thread::scope(|scope| {
        for target in ["/", "/large", "/", "/large"] {
            let mut client = Client::connect(shadow.listen);
            scope.spawn(move || {
                for _ in 0..5 {
                    let answer = client.get(target);
                    assert_eq!((answer.status, answer.whole), (200, true), "{target}");
                    let large = answer.headers.iter().filter(|(name, _)| name.starts_with("x-"));
                    assert_eq!(large.count(), if target == "/" { 0 } else { FIELDS });
                }
            });
        }
    });
}

#[test]
fn white_space_around_the_values_of_a_side_is_not_passed_on() {
    let head = fields_of(&[(":status", "200"), ("x", " a b\t"), ("y", " ")]);
    let trailers = fields_of(&[("z", "\tend ")]);
    let primary = rogue(move |stream| {
        let Some(mut h2) = H2::accept(stream, &[(MAX_STREAMS, 100)]) else { return };
        while let Some(stream) = h2.next_request() {
            h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, &head);
            h2.send(Frame::DATA, 0, stream, b"ok");
            let flags = Frame::END_HEADERS | Frame::END_STREAM;
            h2.send(Frame::HEADERS, flags, stream, &trailers);
        }
    });
    let shadow = before(primary);
    runtime().block_on(async {
        let request = Request::builder().uri("http://a/").body(empty()).expect("a request");
        let answer = http2(shadow.listen).await.send_request(request).await.expect("an answer");
        assert_eq!(answer.headers()["x"], "a b");
        assert_eq!(answer.headers()["y"], "");
        let ended = answer.into_body().collect().await.expect("all of it");
        assert_eq!(ended.trailers().expect("trailers")["z"], "end");
    });
}

#[test]
fn an_answer_shorter_than_it_said_is_cut_off_also_where_its_side_asks_for_no_more() {
    let short = fields_of(&[(":status", "200"), ("content-length", "9")]);
    let primary = rogue(move |stream| {
        let Some(mut h2) = H2::accept(stream, &[(MAX_STREAMS, 100)]) else { return };
        while let Some(stream) = h2.next_request() {
            h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, &short);
            h2.send(Frame::DATA, 0, stream, b"half");
            h2.send(Frame::RST_STREAM, 0, stream, &[0; 4]);
        }
    });
    let shadow = before(primary);
    let mut client = Client::connect(shadow.listen);
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab");
    let answer = client.answer("POST");
    assert_eq!((answer.status, answer.body.as_slice(), answer.whole), (200, &b"half"[..], false));
    let fault = "shadow_live_faults_total{fault=\"reset\"}";
    eventually("the fault to be counted", || (shadow.metric(fault) == 1).then_some(()));
}

#[test]
fn an_early_answer_is_whole_though_its_side_says_goodbye_and_closes() {
    let primary = rogue(|stream| {
        let Some(mut h2) = H2::accept(stream, &[(MAX_STREAMS, 100)]) else { return };
        if let Some(stream) = h2.next_request() {
            h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, OK);
            h2.send(Frame::DATA, Frame::END_STREAM, stream, b"early");
            h2.goaway(stream, 0);
        }
    });
    for _ in 0..5 {
        // A connection that is ending may meet the next request: each has one of its own.
        let shadow = before(primary);
        let mut client = Client::connect(shadow.listen);
        client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab");
        let answer = client.answer("POST");
        assert_eq!((answer.text().as_str(), answer.whole), ("early", true));
    }
}

/// Sends a body of 3 MB in one go, whatever is answered meanwhile; then reads to the end.
fn upload(shadow: &Shadow, head: &str) -> String {
    const BODY: usize = 3_000_000;
    let mut stream = TcpStream::connect(shadow.listen).expect("a connection");
    let head = format!("{head}host: a\r\ncontent-length: {BODY}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("written");
    stream.write_all(&vec![b'x'; BODY]).expect("all of it is taken");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("no reset");
    answer
}

#[test]
fn a_client_that_listens_only_after_its_upload_gets_the_early_answer() {
    let refuse = fields_of(&[(":status", "413"), ("content-length", "3")]);
    let primary = rogue(move |stream| {
        let Some(mut h2) = H2::accept(stream, &[(MAX_STREAMS, 100)]) else { return };
        while let Some(stream) = h2.next_request() {
            h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, &refuse);
            h2.send(Frame::DATA, Frame::END_STREAM, stream, b"no\n");
            h2.send(Frame::RST_STREAM, 0, stream, &[0; 4]);
        }
    });
    let shadow = before(primary);
    for _ in 0..5 {
        let answer = upload(&shadow, "POST / HTTP/1.1\r\n");
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("no\n"), "{answer}");
    }
    // And one of the tap's own.
    let shadow = Shadow::edge(primary, "limits: { body: 1KiB }");
    for head in ["POST / HTTP/1.1\r\n", "TRACE / HTTP/1.1\r\n"] {
        let answer = upload(&shadow, head);
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}

/// A side that ends each answer in a frame of its own, whether its head was all of it or not.
fn ending_apart(status: &'static str, length: &'static str) -> SocketAddr {
    rogue(move |stream| {
        let Some(mut h2) = H2::accept(stream, &[(MAX_STREAMS, 100)]) else { return };
        let head = fields_of(&[(":status", status), ("content-length", length)]);
        while let Some(stream) = h2.next_request() {
            h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, &head);
            h2.send(Frame::DATA, Frame::END_STREAM, stream, b"");
        }
    })
}

#[test]
fn an_answer_without_content_is_whole_though_its_end_comes_in_a_frame_of_its_own() {
    for (method, status, length) in
        [("GET", "204", "0"), ("GET", "304", "0"), ("GET", "304", "9"), ("HEAD", "200", "9")]
    {
        let (primary, candidate) = (ending_apart(status, length), ending_apart(status, length));
        let shadow = start(
            folder(),
            "",
            &clear(primary),
            &clear(candidate),
            "mirror: { methods: all }\nisolation: { assert: \"stores nothing\" }",
        );
        let mut client = Client::connect(shadow.listen);
        client.send(format!("{method} / HTTP/1.1\r\nhost: a\r\n\r\n"));
        let answer = client.answer(method);
        assert_eq!((answer.status.to_string().as_str(), answer.whole), (status, true));
        let mut h2 = H2::connect(shadow.listen);
        let target = [(":scheme", "http"), (":path", "/"), (":authority", "shop.test")];
        h2.request(1, &[&[(":method", method)], &target[..]].concat());
        let head = h2.until(Frame::HEADERS).expect("an answer");
        assert_ne!(head.flags & Frame::END_STREAM, 0, "{method} {status}");
        let report = shadow.settled(2);
        assert_eq!(report["coverage"]["compared"], 2, "{method} {status} {length}: {report}");
    }
}

#[test]
fn what_has_said_its_length_is_mirrored_though_its_end_comes_in_a_frame_of_its_own() {
    let sized = fields_of(&[(":status", "200"), ("content-length", "2")]);
    let primary = rogue(move |stream| {
        let Some(mut h2) = H2::accept(stream, &[(MAX_STREAMS, 100)]) else { return };
        while let Some(stream) = h2.next_request() {
            h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, &sized);
            h2.send(Frame::DATA, 0, stream, b"ok");
            h2.send(Frame::DATA, Frame::END_STREAM, stream, b"");
        }
    });
    let candidate = Peer::start(Manner::default(), |_| async { Ok(Response::new(text("ok"))) });
    let (to, copies) = (clear(primary), clear(candidate.address));
    let shadow = start(
        folder(),
        "",
        &to,
        &copies,
        "mirror: { methods: all }\nisolation: { assert: \"stores nothing\" }",
    );
    let mut client = Client::connect(shadow.listen);
    let mut h2 = H2::connect(shadow.listen);
    for number in 0..5 {
        assert_eq!(client.get("/").text(), "ok");
        h2.get(2 * number + 1, &[]);
        while h2.until(Frame::DATA).expect("the answer").flags & Frame::END_STREAM == 0 {}
    }
    let report = shadow.settled(10);
    assert_eq!(report["coverage"]["compared"], 10, "{report}");
    // As it comes from a client, to a primary of HTTP/1.
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let rest = "mirror: { methods: all }\nisolation: { assert: \"stores nothing\" }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut h2 = H2::connect(shadow.listen);
    for (stream, body) in [(1, "hello"), (3, "")] {
        let length = body.len().to_string();
        let head = fields_of(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "shop.test"),
            ("content-length", &length),
        ]);
        h2.send(Frame::HEADERS, Frame::END_HEADERS, stream, &head);
        if !body.is_empty() {
            h2.send(Frame::DATA, 0, stream, body.as_bytes());
        }
        assert_eq!(h2.outcome(stream), Some(200));
        h2.send(Frame::DATA, Frame::END_STREAM, stream, b"");
    }
    let report = shadow.settled(2);
    assert_eq!(report["coverage"]["compared"], 2, "{report}");
    assert_eq!(candidate.seen().iter().filter(|seen| seen.body == b"hello").count(), 1);
}
