//! TLS, HTTP/2 and gRPC on both sides, and the ways between the versions.

use crate::support::wire::*;
use crate::support::{Client, H2, Origin, Shadow, eventually, read_head, rogue};
use h2::Reason;
use http::{Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinSet;

// ---- HTTP/2 towards the sides

#[test]
fn a_side_in_clear_is_spoken_to_in_http2_where_the_config_says_so() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let primary = Peer::start(Manner::default(), move |request| {
        log.lock().expect("no panic").push(request.into_parts().0);
        async { Ok(Response::new(text("{}"))) }
    });
    let shadow = between(&primary, &plain(), "");
    let mut client = Client::connect(shadow.listen);
    client.send(
        "GET /a?b=%2F HTTP/1.1\r\nhost: shop.test\r\nconnection: x-own\r\nx-own: 1\r\n\
         te: trailers, gzip\r\nkeep-alive: 1\r\ncookie: a=1; b=2\r\n\r\n",
    );
    assert_eq!(client.answer("GET").text(), "{}");
    assert_eq!(shadow.settled(1)["totals"]["equal"], 1);
    let head = &seen.lock().expect("no panic")[0];
    assert_eq!(
        (head.version, head.uri.to_string()),
        (Version::HTTP_2, "http://shop.test/a?b=%2F".into())
    );
    assert_eq!(head.headers["te"], "trailers");
    assert_eq!(head.headers["cookie"], "a=1; b=2");
    for gone in ["connection", "x-own", "keep-alive", "host", "transfer-encoding"] {
        assert!(!head.headers.contains_key(gone), "{gone}");
    }
}

#[test]
fn a_request_without_a_body_is_given_no_length() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let primary = Peer::start(Manner::default(), move |request| {
        log.lock().expect("no panic").push(request.into_parts().0);
        async { Ok(Response::new(text("{}"))) }
    });
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    let mut h2 = H2::connect(shadow.listen);
    let head = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
    h2.request(1, &head);
    assert_eq!(h2.outcome(1), Some(200));
    h2.request(3, &[&head[..], &[("content-length", "0")]].concat());
    assert_eq!(h2.outcome(3), Some(200));
    let seen = seen.lock().expect("no panic");
    assert_eq!(seen[0].headers.get("content-length"), None);
    assert_eq!(seen[1].headers["content-length"], "0");
}

#[test]
fn requests_at_one_time_share_a_connection() {
    let barrier = Arc::new(Barrier::new(40));
    let primary = Peer::start(Manner::default(), move |_| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            Ok(Response::new(text("{}")))
        }
    });
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    let all = runtime().block_on(at_once(&shadow, 40));
    assert!(all.iter().all(|status| *status == 200), "{all:?}");
    assert_eq!((primary.connections.load(SeqCst), primary.busiest.load(SeqCst)), (1, 40));
}

#[test]
fn no_more_streams_are_opened_than_the_side_allows() {
    let manner = Manner { max_streams: Some(3), ..Manner::default() };
    let primary = Peer::start(manner, |_| async {
        tokio::task::yield_now().await;
        Ok(Response::new(text("{}")))
    });
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    let all = runtime().block_on(at_once(&shadow, 100));
    assert_eq!(all.iter().filter(|status| **status == 200).count(), 100);
    assert!(primary.busiest.load(SeqCst) <= 3);
}

/// Rounds of requests at one time, enough that some meet each way in which a connection can end.
async fn rounds(shadow: &Shadow) {
    for round in 0..10 {
        let all = at_once(shadow, 200).await;
        let failed = all.iter().filter(|status| **status != 200).count();
        assert_eq!(failed, 0, "in round {round}: {all:?}");
    }
}

#[test]
fn a_connection_that_says_goaway_loses_no_request() {
    let primary = Peer::start(Manner { drains: true, ..Manner::default() }, ok);
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    runtime().block_on(rounds(&shadow));
    assert!(primary.connections.load(SeqCst) > 10);
}

#[test]
fn a_write_to_connections_that_say_goaway_is_done_once() {
    let done = Arc::new(Mutex::new(Vec::new()));
    let log = done.clone();
    let primary = Peer::start(Manner { drains: true, ..Manner::default() }, move |request| {
        log.lock().expect("no panic").push(request.uri().path().to_owned());
        async { Ok(Response::new(text("{}"))) }
    });
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    runtime().block_on(async {
        for round in 0..5 {
            let sender = http2(shadow.listen).await;
            let mut all = JoinSet::new();
            for number in 0..200 {
                let mut sender = sender.clone();
                let request = Request::post(format!("http://a/{round}/{number}")).body(empty());
                all.spawn(async move {
                    let sent = sender.send_request(request.expect("a request")).await;
                    sent.expect("an answer").status()
                });
            }
            let all = all.join_all().await;
            assert!(all.iter().all(|status| *status == 200), "{all:?}");
        }
    });
    let mut done = done.lock().expect("no panic").clone();
    assert_eq!(done.len(), 1000);
    done.sort_unstable();
    done.dedup();
    assert_eq!(done.len(), 1000);
}

#[test]
fn a_candidate_that_closes_its_connections_has_not_failed() {
    let candidate = Peer::start(Manner { drains: true, ..Manner::default() }, ok);
    let shadow = between(&plain(), &candidate, "mirror: { concurrency: 200 }");
    runtime().block_on(rounds(&shadow));
    let report = shadow.settled(2000);
    let compared = report["coverage"]["compared"].as_u64().expect("a count");
    assert_eq!(report["totals"]["equal"], compared, "{report}");
    assert!(candidate.connections.load(SeqCst) > 10);
}

/// Each of its connections answers one request, and ends at the next.
#[test]
fn a_candidate_that_ends_a_kept_connection_of_http1_has_not_failed() {
    let candidate = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").ok();
        read_head(&mut stream);
    });
    let side = format!("url: \"http://{candidate}\"");
    let shadow = start(folder(), "", &clear(plain().address), &side, "");
    let mut client = Client::connect(shadow.listen);
    for number in 1..=5 {
        assert_eq!(client.get("/").status, 200);
        shadow.settled(number);
    }
    assert_eq!(shadow.report()["totals"]["equal"], 5);
}

#[test]
fn a_refused_stream_is_sent_again_without_a_body_and_never_with_one() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let primary = Peer::start(Manner::default(), move |_| {
        let odd = seen.fetch_add(1, SeqCst).is_multiple_of(2);
        async move {
            match odd {
                true => Err(h2::Error::from(Reason::REFUSED_STREAM).into()),
                false => Ok(Response::new(text("{}"))),
            }
        }
    });
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    let mut client = Client::connect(shadow.listen);
    client.send("DELETE / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!((client.answer("DELETE").status, count.load(SeqCst)), (200, 2));
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
    assert_eq!((client.answer("POST").status, count.load(SeqCst)), (200, 4));
    assert_eq!((client.post("/", "text/plain", "x").status, count.load(SeqCst)), (502, 5));
}

#[test]
fn a_candidate_that_refuses_a_stream_is_sent_it_again() {
    let first = Arc::new(AtomicBool::new(true));
    let candidate = Peer::start(Manner::default(), move |_| {
        let refused = first.swap(false, SeqCst);
        async move {
            match refused {
                true => Err(h2::Error::from(Reason::REFUSED_STREAM).into()),
                false => Ok(Response::new(text("{}"))),
            }
        }
    });
    let shadow = between(&plain(), &candidate, VOUCHED);
    let mut client = Client::connect(shadow.listen);
    for _ in 0..10 {
        assert_eq!(client.post("/", "text/plain", "x").status, 200);
    }
    assert_eq!(shadow.settled(10)["totals"]["equal"], 10);
}

#[test]
fn an_answer_that_is_reset_or_cancelled_never_ends_cleanly() {
    for reason in [Reason::INTERNAL_ERROR, Reason::CANCEL] {
        let gate = Arc::new(Notify::new());
        let opened = gate.clone();
        let primary = Peer::start(Manner::default(), move |_| {
            let (opened, (tx, body)) = (opened.clone(), feed());
            async move {
                tx.send(data("half")).await?;
                tokio::spawn(async move {
                    opened.notified().await;
                    tx.send(reset(reason)).await.ok();
                });
                Ok(Response::new(body))
            }
        });
        let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
        runtime().block_on(async {
            let request = Request::get("http://a/").body(empty()).expect("a request");
            let answer = http2(shadow.listen).await.send_request(request).await;
            assert!(is_cut_off(answer.expect("a head"), &gate).await, "HTTP/2 {reason:?}");
            let request = Request::get("/").header("host", "a").body(empty()).expect("a request");
            let answer = http1(shadow.listen).await.send_request(request).await;
            assert!(is_cut_off(answer.expect("a head"), &gate).await, "HTTP/1.1 {reason:?}");
        });
        shadow.settled(2);
        let fault = "shadow_live_faults_total{fault=\"reset\"} 2";
        eventually("the faults to be counted", || metric(&shadow, fault).then_some(()));
    }
}

/// Reads what there is of an answer, opens the gate, and says whether the rest was missed.
async fn is_cut_off(answer: Response<Incoming>, gate: &Notify) -> bool {
    let (version, mut body) = (answer.version(), answer.into_body());
    body.frame().await.expect("a frame").expect("half of it");
    gate.notify_one();
    match body.frame().await {
        Some(frame) => frame.is_err(),
        // hyper itself takes a cancelled stream for an ended one.
        None => version == Version::HTTP_2 && !http_body::Body::is_end_stream(&body),
    }
}

#[test]
fn an_upload_that_its_client_cancels_never_ends_cleanly() {
    let (tx, rx) = std::sync::mpsc::sync_channel(1);
    let primary = Peer::start(Manner::default(), move |request| {
        let tx = tx.clone();
        async move {
            let mut body: Incoming = request.into_body();
            while let Some(Ok(_)) = body.frame().await {}
            tx.send(http_body::Body::is_end_stream(&body)).expect("the test waits");
            Ok(Response::new(empty()))
        }
    });
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    runtime().block_on(async {
        let (body, payload) = feed();
        let request = Request::post("http://a/").body(payload).expect("a request");
        let mut sender = http2(shadow.listen).await;
        let answer = tokio::spawn(async move { sender.send_request(request).await });
        body.send(data("part")).await.expect("room");
        while primary.busiest.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        body.send(reset(Reason::CANCEL)).await.expect("room");
        assert!(answer.await.expect("no panic").is_err());
    });
    assert!(!rx.recv_timeout(crate::support::PATIENCE).expect("an end"), "it looked whole");
}

#[test]
fn trailers_pass_both_ways() {
    let primary = Peer::start(Manner::default(), |request| async move {
        let got = request.into_body().collect().await?;
        let sum = got.trailers().map(|all| all["x-sum"].clone()).expect("trailers");
        assert_eq!(sum, "7");
        Ok(Response::builder()
            .header("trailer", "x-end")
            .body(pieces([data("a"), trailers(&[("x-end", "1")])]))?)
    });
    let shadow = between(&primary, &plain(), "mirror: { enabled: false }");
    runtime().block_on(async {
        let body = pieces([data("abc"), trailers(&[("x-sum", "7")])]);
        let request = Request::post("http://a/").header("te", "trailers").body(body);
        let answer = http2(shadow.listen).await.send_request(request.expect("a request")).await;
        let got = answer.expect("an answer").into_body().collect().await.expect("a body");
        assert_eq!(got.trailers().expect("trailers")["x-end"], "1");
    });
    let mut client = Client::connect(shadow.listen);
    client.send(
        "POST / HTTP/1.1\r\nhost: a\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n\
         3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n",
    );
    assert_eq!(
        (client.answer("POST").text(), shadow.settled(2)["coverage"]["seen"].clone()),
        ("a".into(), 2.into())
    );
}

// ---- from HTTP/2 to HTTP/1.1

#[test]
fn a_request_of_http2_becomes_a_whole_one_of_http1() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let shadow = Shadow::start(
        primary.address,
        candidate.address,
        "mirror: { methods: all }\nisolation: { assert: \"nothing is stored\" }",
    );
    runtime().block_on(async {
        let mut sender = http2(shadow.listen).await;
        let request = Request::post("http://shop.test/a")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("trailer", "x-sum")
            .body(pieces([data("abc"), data("de"), trailers(&[("x-sum", "7")])]));
        let answer = sender.send_request(request.expect("a request")).await;
        assert_eq!(answer.expect("an answer").status(), 200);
        let request = Request::get("http://shop.test/b").header("host", "other.test").body(empty());
        let answer = sender.send_request(request.expect("a request")).await;
        assert_eq!(answer.expect("an answer").status(), 400);
    });
    assert_eq!(shadow.settled(2)["totals"]["equal"], 1);
    for side in [&primary, &candidate] {
        let seen = &side.seen()[0];
        assert_eq!(
            (seen.header("host"), seen.header("cookie")),
            (Some("shop.test"), Some("a=1; b=2"))
        );
        assert_eq!(
            (seen.header("transfer-encoding"), seen.body.as_slice()),
            (Some("chunked"), &b"abcde"[..])
        );
        assert_eq!(seen.trailers, [("x-sum".to_owned(), "7".to_owned())]);
        assert_eq!(side.seen().len(), 1);
    }
}
