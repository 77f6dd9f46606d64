//! TLS, HTTP/2 and gRPC on both sides, and the ways between the versions.

use crate::support::wire::{
    Authority, Failure, Identity, Manner, Payload, Peer, data, empty, feed, get_over_tls, http1,
    http2, pieces, reset, runtime, text, trailers,
};
use crate::support::{Client, Origin, Shadow, eventually, get};
use bytes::Bytes;
use h2::Reason;
use http::{Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinSet;

const BOTH: [&str; 2] = ["h2", "http/1.1"];

/// Starts with these sides, each as the inside of a section.
fn start(folder: TempDir, listen: &str, primary: &str, candidate: &str, rest: &str) -> Shadow {
    let config = format!(
        "listen: {{ address: 127.0.0.1:0{listen} }}\nadmin: {{ address: 127.0.0.1:0 }}\n\
         primary: {{ timeout: 5s, {primary} }}\ncandidate: {{ timeout: 5s, {candidate} }}\n{rest}\n"
    );
    std::fs::write(folder.path().join("shadow.yaml"), config).expect("a config");
    Shadow::launch(Arc::new(folder))
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

fn clear(address: impl std::fmt::Display) -> String {
    format!("url: \"http://{address}\", protocol: http2")
}

/// Between two HTTP/2 origins in clear.
fn between(primary: &Peer, candidate: &Peer, rest: &str) -> Shadow {
    start(folder(), "", &clear(primary.address), &clear(candidate.address), rest)
}

async fn ok(_: Request<Incoming>) -> Result<Response<Payload>, Failure> {
    Ok(Response::new(text("{}")))
}

fn plain() -> Peer {
    Peer::start(Manner::default(), ok)
}

fn metric(shadow: &Shadow, line: &str) -> bool {
    get(shadow.admin, "/metrics").text().lines().any(|each| each == line)
}

// ---- TLS in front

const LISTEN_TLS: &str = ", tls: { cert_file: cert.pem, key_file: key.pem }";

fn tls_front(authority: &Authority, listen: &str, origin: &Origin) -> Shadow {
    let folder = folder();
    authority.sign("shop.test").write(folder.path());
    let url = |origin: &Origin| format!("url: \"{}\"", origin.url());
    let candidate = Origin::json("{}");
    write(folder.path(), "clients.pem", &authority.pem);
    start(folder, listen, &url(origin), &url(&candidate), "")
}

fn write(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).expect("a file");
}

#[test]
fn clients_choose_http2_or_http1_in_the_tls_handshake() {
    let (authority, primary) = (Authority::new(), Origin::json("{}"));
    let shadow = tls_front(&authority, LISTEN_TLS, &primary);
    runtime().block_on(async {
        for (alpn, version) in [
            (&BOTH[..], Version::HTTP_2),
            (&["http/1.1"][..], Version::HTTP_11),
            (&[][..], Version::HTTP_11),
        ] {
            let got = get_over_tls(shadow.listen, authority.client(None, alpn)).await;
            assert_eq!(got.expect("an answer"), (version, 200));
        }
    });
    for seen in primary.seen() {
        assert_eq!(seen.header("x-forwarded-proto"), Some("https"));
        assert_eq!(seen.header("host"), Some("shop.test"));
    }
    assert_eq!(primary.seen().len(), 3);
}

#[test]
fn a_client_without_the_right_certificate_is_not_served() {
    let (authority, primary) = (Authority::new(), Origin::json("{}"));
    let listen = LISTEN_TLS.replace(" }", ", client_ca_file: clients.pem }");
    let shadow = tls_front(&authority, &listen, &primary);
    let (own, foreign) = (authority.sign("client"), Authority::new().sign("client"));
    runtime().block_on(async {
        for wrong in [None, Some(&foreign)] {
            let config = authority.client(wrong, &["http/1.1"]);
            assert!(get_over_tls(shadow.listen, config).await.is_err());
        }
        assert_eq!(primary.seen().len(), 0);
        let config = authority.client(Some(&own), &BOTH);
        let got = get_over_tls(shadow.listen, config).await.expect("an answer");
        assert_eq!(got, (Version::HTTP_2, 200));
    });
}

#[test]
fn certificates_are_reloaded_with_the_config() {
    let (old, new) = (Authority::new(), Authority::new());
    let shadow = tls_front(&old, LISTEN_TLS, &Origin::json("{}"));
    new.sign("shop.test").write(shadow.folder.path());
    shadow.signal("HUP");
    eventually("the new certificate", || {
        let got = runtime().block_on(get_over_tls(shadow.listen, new.client(None, &BOTH)));
        got.ok().map(|got| assert_eq!(got.1, 200))
    });
    let got = runtime().block_on(get_over_tls(shadow.listen, old.client(None, &BOTH)));
    assert!(got.is_err(), "the old certificate is still shown");
}

// ---- TLS to the sides

/// The status that a client gets where the primary shows this certificate and speaks these, and
/// whether a TLS fault was counted.
fn through_tls(identity: &Identity, ca: &Authority, alpn: &[&str]) -> (u16, bool, Peer) {
    let manner = Manner { tls: Some(identity.server(alpn)), ..Manner::default() };
    let primary = Peer::start(manner, ok);
    let folder = folder();
    write(folder.path(), "ca.pem", &ca.pem);
    let url = format!("url: \"https://{}\", ca_file: ca.pem", primary.address);
    let shadow = start(folder, "", &url, &clear(plain().address), "");
    let status = get(shadow.listen, "/").status;
    shadow.settled(1);
    (status, metric(&shadow, "shadow_live_faults_total{fault=\"tls\"} 1"), primary)
}

#[test]
fn a_primary_is_verified_and_spoken_to_in_the_version_that_it_chooses() {
    let authority = Authority::new();
    let identity = authority.sign("127.0.0.1");
    for alpn in [&BOTH[..], &["http/1.1"][..], &[][..]] {
        let (status, fault, primary) = through_tls(&identity, &authority, alpn);
        assert_eq!((status, fault), (200, false), "{alpn:?}");
        assert_eq!(primary.connections.load(SeqCst), 1);
    }
}

#[test]
fn a_primary_with_a_certificate_of_another_name_or_of_nobody_is_a_502() {
    let authority = Authority::new();
    let check = |identity: &Identity| {
        let (status, fault, _) = through_tls(identity, &authority, &BOTH);
        assert_eq!((status, fault), (502, true));
    };
    check(&authority.sign("other.test"));
    check(&Identity::of_itself("127.0.0.1"));
    check(&Authority::new().sign("127.0.0.1"));
}

#[test]
fn a_tls_failure_of_the_candidate_shows_on_the_shadow_side_only() {
    let authority = Authority::new();
    let tls = Some(authority.sign("canary.test").server(&BOTH));
    let candidate = Peer::start(Manner { tls, ..Manner::default() }, ok);
    let folder = folder();
    write(folder.path(), "ca.pem", &authority.pem);
    let primary = plain();
    let url = format!("url: \"https://{}\", ca_file: ca.pem", candidate.address);
    let shadow = start(folder, "", &clear(primary.address), &url, "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..5 {
        assert_eq!(client.get("/").status, 200);
    }
    let report = shadow.settled(5);
    assert_eq!(report["findings"][0]["samples"][0]["candidate"], "tls", "{report}");
    assert!(metric(&shadow, "shadow_live_responses_total{status_class=\"2xx\"} 5"));
    assert!(metric(&shadow, "shadow_live_faults_total{fault=\"tls\"} 0"));
}

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

/// So many GETs at one time, on one connection of a client.
async fn at_once(shadow: &Shadow, count: usize) -> Vec<StatusCode> {
    let sender = http2(shadow.listen).await;
    let mut all = JoinSet::new();
    for _ in 0..count {
        let mut sender = sender.clone();
        let request = Request::get("http://shop.test/").body(empty()).expect("a request");
        all.spawn(async move { sender.send_request(request).await.expect("an answer").status() });
    }
    all.join_all().await
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
fn a_candidate_that_closes_its_connections_has_not_failed() {
    let candidate = Peer::start(Manner { drains: true, ..Manner::default() }, ok);
    let shadow = between(&plain(), &candidate, "mirror: { concurrency: 200 }");
    runtime().block_on(rounds(&shadow));
    let report = shadow.settled(2000);
    let compared = report["coverage"]["compared"].as_u64().expect("a count");
    assert_eq!(report["totals"]["equal"], compared, "{report}");
    assert!(candidate.connections.load(SeqCst) > 10);
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

// ---- gRPC

/// A message in its frame: not compressed, its length, its bytes.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).expect("short").to_be_bytes();
    [&[0][..], &length, text.as_bytes()].concat().into()
}

const STATUS_OK: [(&str, &str); 1] = [("grpc-status", "0")];

/// The service of the tests: one method of each kind, by its path.
async fn grpc(request: Request<Incoming>) -> Result<Response<Payload>, Failure> {
    assert_eq!(request.headers()["te"], "trailers");
    assert_eq!(request.headers()["grpc-timeout"], "5S");
    let (head, mut body) = request.into_parts();
    let answer = Response::builder().header("content-type", "application/grpc");
    let body = match head.uri.path() {
        "/shop/Unary" | "/shop/Upload" => {
            let got = body.collect().await?.to_bytes();
            pieces([data(got), trailers(&STATUS_OK)])
        }
        "/shop/Watch" => {
            body.collect().await?;
            let all = ["a", "b", "c"].map(|text| data(message(text)));
            pieces(all.into_iter().chain([trailers(&STATUS_OK)]))
        }
        "/shop/Talk" => {
            let (tx, echo) = feed();
            tokio::spawn(async move {
                while let Some(Ok(frame)) = body.frame().await {
                    if let Ok(bytes) = frame.into_data() {
                        tx.send(data(bytes)).await.ok();
                    }
                }
                tx.send(trailers(&STATUS_OK)).await.ok();
            });
            echo
        }
        _ => {
            let only = answer.header("grpc-status", "5").header("grpc-message", "no%20such");
            return Ok(only.header("grpc-status-details-bin", "CAUSBQ==").body(empty())?);
        }
    };
    Ok(answer.body(body)?)
}

fn call(method: &str, body: Payload) -> Request<Payload> {
    let request = Request::post(format!("http://shop.test/shop/{method}"));
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    request.header("grpc-timeout", "5S").body(body).expect("a call")
}

const VOUCHED: &str = "mirror: { methods: all }\nisolation: { assert: \"nothing is stored\" }";

#[test]
fn grpc_calls_of_every_kind_pass_and_are_mirrored_when_they_end() {
    let (primary, candidate) =
        (Peer::start(Manner::default(), grpc), Peer::start(Manner::default(), grpc));
    let shadow = between(&primary, &candidate, VOUCHED);
    runtime().block_on(async {
        let sender = http2(shadow.listen).await;
        for (method, sent, expected) in [
            ("Unary", vec!["one"], vec!["one"]),
            ("Upload", vec!["a", "b"], vec!["a", "b"]),
            ("Watch", vec!["x"], vec!["a", "b", "c"]),
        ] {
            let request = call(method, pieces(sent.into_iter().map(|text| data(message(text)))));
            let answer = sender.clone().send_request(request).await.expect("an answer");
            let got = answer.into_body().collect().await.expect("a body");
            assert_eq!(got.trailers().expect("trailers")["grpc-status"], "0", "{method}");
            let expected: Vec<u8> = expected.into_iter().flat_map(message).collect();
            assert_eq!(got.to_bytes(), expected, "{method}");
        }
        talk(sender).await;
    });
    let report = shadow.settled(4);
    assert_eq!(report["totals"]["equal"], 4, "{report}");
}

/// Each message is answered before the next is sent.
async fn talk(mut sender: SendRequest<Payload>) {
    let (tx, body) = feed();
    let mut answer = sender.send_request(call("Talk", body)).await.expect("a head");
    for text in ["ping", "pong"] {
        tx.send(data(message(text))).await.expect("room");
        let frame = answer.body_mut().frame().await.expect("a frame").expect("a message");
        assert_eq!(frame.into_data().expect("a message"), message(text));
    }
    drop(tx);
    let end = answer.into_body().collect().await.expect("an end");
    assert_eq!(end.trailers().expect("trailers")["grpc-status"], "0");
}

#[test]
fn an_answer_of_trailers_only_keeps_its_status_and_details() {
    let (primary, candidate) =
        (Peer::start(Manner::default(), grpc), Peer::start(Manner::default(), grpc));
    let shadow = between(&primary, &candidate, VOUCHED);
    runtime().block_on(async {
        let request = call("Nothing", pieces([data(message("x"))]));
        let answer = http2(shadow.listen).await.send_request(request).await.expect("an answer");
        let headers = answer.headers();
        assert_eq!(headers["grpc-status"], "5");
        assert_eq!(headers["grpc-message"], "no%20such");
        assert_eq!(headers["grpc-status-details-bin"], "CAUSBQ==");
        assert!(answer.into_body().collect().await.expect("a body").to_bytes().is_empty());
    });
    assert_eq!(shadow.settled(1)["coverage"]["seen"], 1);
}

#[test]
fn a_call_that_its_client_cancels_is_cancelled_at_the_primary() {
    let cancelled = Arc::new(AtomicBool::new(false));
    let told = cancelled.clone();
    let primary = Peer::start(Manner::default(), move |_| {
        let told = told.clone();
        async move {
            let (tx, body) = feed();
            tx.send(data(message("first"))).await?;
            tokio::spawn(async move {
                tx.closed().await;
                told.store(true, SeqCst);
            });
            Ok(Response::new(body))
        }
    });
    let shadow = between(&primary, &plain(), VOUCHED);
    runtime().block_on(async {
        let mut sender = http2(shadow.listen).await;
        let request = call("Watch", pieces([data(message("x"))]));
        let mut answer = sender.send_request(request).await.expect("a head");
        answer.body_mut().frame().await.expect("a frame").expect("a message");
        drop(answer);
        while !cancelled.load(SeqCst) {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["partial"], 1);
}
