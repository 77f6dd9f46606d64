//! gRPC, in clear and over TLS: the twelve checks of case 49.

use crate::support::Shadow;
use crate::support::wire::*;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, Version, response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// A message in its frame: not compressed, its length, its bytes.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).expect("short").to_be_bytes();
    [&[0][..], &length, text.as_bytes()].concat().into()
}

const STATUS_OK: [(&str, &str); 1] = [("grpc-status", "0")];

/// What the service saw: the head of each call.
type Heads = Arc<Mutex<Vec<Parts>>>;

/// The service of the tests: one method of each kind, by its path.
fn service(manner: Manner) -> (Peer, Heads) {
    let heads = Heads::default();
    let seen = heads.clone();
    let peer = Peer::start(manner, move |request| {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        seen.lock().expect("no panic").push(head);
        async move { answer(&path, body).await }
    });
    (peer, heads)
}

async fn answer(path: &str, mut body: Incoming) -> Result<Response<Payload>, Failure> {
    let answer = Response::builder().header("content-type", "application/grpc");
    let body = match path {
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
        "/shop/Metadata" => {
            body.collect().await?;
            let answer = answer.header("x-one", "a").header("x-one", "b").header("x-bin", "AP8B");
            let ends = [("grpc-status", "0"), ("x-end-bin", "/gA="), ("x-end", "1")];
            return Ok(answer.body(pieces([data(message("m")), trailers(&ends)]))?);
        }
        "/shop/Broken" => {
            body.collect().await?;
            let ends = [
                ("grpc-status", "9"),
                ("grpc-message", "sold%20out"),
                ("grpc-status-details-bin", "CAkSBA=="),
            ];
            pieces([data(message("half")), trailers(&ends)])
        }
        _ => {
            // One that is cut short by its answer is not mirrored.
            body.collect().await?;
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

/// Two services in clear, the tap between them, and what the primary and the candidate saw.
struct Stage {
    shadow: Shadow,
    primary: Heads,
    candidate: Heads,
}

fn stage(rest: &str) -> Stage {
    let (one, primary) = service(Manner::default());
    let (other, candidate) = service(Manner::default());
    Stage { shadow: between(&one, &other, rest), primary, candidate }
}

/// One call and its whole answer.
async fn whole(
    sender: &SendRequest<Payload>,
    request: Request<Payload>,
) -> (response::Parts, Vec<u8>, HeaderMap) {
    let answer = sender.clone().send_request(request).await.expect("an answer");
    let (head, body) = answer.into_parts();
    let got = body.collect().await.expect("a body");
    let ends = got.trailers().cloned().unwrap_or_default();
    (head, got.to_bytes().to_vec(), ends)
}

fn messages(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| message(text)).collect()
}

/// A call of a kind, its messages and those of its answer, through `sender`.
async fn passes(sender: &SendRequest<Payload>, method: &str, sent: &[&str], expected: &[&str]) {
    let request = call(method, pieces(sent.iter().map(|text| data(message(text)))));
    let (head, got, ends) = whole(sender, request).await;
    assert_eq!(head.headers["content-type"], "application/grpc");
    assert_eq!(ends["grpc-status"], "0", "{method}");
    assert_eq!(got, messages(expected), "{method}");
}

async fn every_kind(sender: SendRequest<Payload>) {
    passes(&sender, "Unary", &["one"], &["one"]).await;
    passes(&sender, "Upload", &["a", "b"], &["a", "b"]).await;
    passes(&sender, "Watch", &["x"], &["a", "b", "c"]).await;
    talk(sender).await;
}

#[test]
fn case_49_1_to_4_calls_of_the_four_kinds_pass() {
    let stage = stage(VOUCHED);
    runtime().block_on(async { every_kind(http2(stage.shadow.listen).await).await });
    for head in stage.primary.lock().expect("no panic").iter() {
        assert_eq!(
            (&head.headers["te"], head.version),
            (&"trailers".parse().expect("a value"), Version::HTTP_2)
        );
    }
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
fn case_49_5_an_error_of_trailers_only_keeps_its_status() {
    let stage = stage(VOUCHED);
    runtime().block_on(async {
        let sender = http2(stage.shadow.listen).await;
        let request = call("Nothing", pieces([data(message("x"))]));
        let (head, got, ends) = whole(&sender, request).await;
        assert_eq!(head.headers["grpc-status"], "5");
        assert_eq!(head.headers["grpc-message"], "no%20such");
        assert_eq!(head.headers["grpc-status-details-bin"], "CAUSBQ==");
        assert_eq!((got, ends), (Vec::new(), HeaderMap::new()));
    });
    assert_eq!(stage.shadow.settled(1)["totals"]["equal"], 1);
}

#[test]
fn case_49_6_an_error_after_messages_keeps_its_details() {
    let stage = stage(VOUCHED);
    runtime().block_on(async {
        let sender = http2(stage.shadow.listen).await;
        let (_, got, ends) = whole(&sender, call("Broken", pieces([data(message("x"))]))).await;
        assert_eq!(got, messages(&["half"]));
        assert_eq!(ends["grpc-status"], "9");
        assert_eq!(ends["grpc-message"], "sold%20out");
        assert_eq!(ends["grpc-status-details-bin"], "CAkSBA==");
    });
}

#[test]
fn case_49_7_the_deadline_passes_to_both_sides_as_it_came() {
    let stage = stage(VOUCHED);
    runtime().block_on(async {
        passes(&http2(stage.shadow.listen).await, "Unary", &["x"], &["x"]).await;
    });
    stage.shadow.settled(1);
    for heads in [&stage.primary, &stage.candidate] {
        assert_eq!(heads.lock().expect("no panic")[0].headers["grpc-timeout"], "5S");
    }
}

#[test]
fn case_49_8_a_call_that_its_client_cancels_is_cancelled_at_the_primary() {
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

#[test]
fn case_49_9_a_large_message_passes_whole() {
    let stage = stage(VOUCHED);
    let length = 10 << 20;
    let mut large = vec![0; 5];
    large[1..].copy_from_slice(&u32::try_from(length).expect("short").to_be_bytes());
    large.resize(5 + length, b'x');
    let sent = Bytes::from(large);
    runtime().block_on(async {
        let sender = http2(stage.shadow.listen).await;
        let request = call("Unary", pieces([data(sent.clone())]));
        let (_, got, ends) = whole(&sender, request).await;
        assert!(got == sent, "{} bytes", got.len());
        assert_eq!(ends["grpc-status"], "0");
    });
    // It is over what is kept of a body.
    assert_eq!(stage.shadow.settled(1)["coverage"]["skipped"]["body_too_large"], 1);
}

#[test]
fn case_49_10_many_calls_at_one_time_each_get_their_own_answer() {
    let stage = stage("mirror: { enabled: false }");
    runtime().block_on(async {
        let sender = http2(stage.shadow.listen).await;
        let mut all = JoinSet::new();
        for number in 0..500 {
            let sender = sender.clone();
            all.spawn(async move {
                let text = format!("call {number}");
                passes(&sender, "Unary", &[&text], &[&text]).await;
            });
        }
        all.join_all().await;
    });
}

#[test]
fn case_49_11_metadata_passes_both_ways_in_binary_and_more_than_once() {
    let stage = stage(VOUCHED);
    runtime().block_on(async {
        let mut request = call("Metadata", pieces([data(message("x"))]));
        let headers = request.headers_mut();
        headers.append("x-two", HeaderValue::from_static("1"));
        headers.append("x-two", HeaderValue::from_static("2"));
        headers.append("x-two-bin", HeaderValue::from_static("AAH/,AA"));
        let (head, _, ends) = whole(&http2(stage.shadow.listen).await, request).await;
        let ones: Vec<_> = head.headers.get_all("x-one").iter().collect();
        assert_eq!(ones, ["a", "b"]);
        assert_eq!(head.headers["x-bin"], "AP8B");
        assert_eq!(
            (&ends["x-end-bin"], &ends["x-end"]),
            (&"/gA=".parse().expect("a value"), &"1".parse().expect("a value"))
        );
    });
    assert_eq!(stage.shadow.settled(1)["totals"]["equal"], 1);
    for heads in [&stage.primary, &stage.candidate] {
        let headers = &heads.lock().expect("no panic")[0].headers;
        assert_eq!(headers.get_all("x-two").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(headers["x-two-bin"], "AAH/,AA");
        // No length is told where the client told none.
        assert!(!headers.contains_key("content-length"), "{headers:?}");
    }
}

#[test]
fn case_49_12_calls_of_every_kind_are_mirrored_when_they_end_within_the_caps() {
    let stage = stage(&VOUCHED.replace("all }", "all, max_body: 100B }"));
    runtime().block_on(async {
        let sender = http2(stage.shadow.listen).await;
        every_kind(sender.clone()).await;
        let long = "x".repeat(200);
        passes(&sender, "Upload", &[&long], &[&long]).await;
    });
    let report = stage.shadow.settled(5);
    assert_eq!(report["totals"]["equal"], 4, "{report}");
    assert_eq!(report["coverage"]["skipped"]["body_too_large"], 1);
    let heads = stage.candidate.lock().expect("no panic");
    let mut paths: Vec<_> = heads.iter().map(|head| head.uri.path()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/shop/Talk", "/shop/Unary", "/shop/Upload", "/shop/Watch"]);
}

#[test]
fn case_49_calls_pass_over_tls_on_every_side() {
    let authority = Authority::new();
    let side = || {
        let tls = Some(authority.sign("127.0.0.1").server(&["h2"]));
        service(Manner { tls, ..Manner::default() })
    };
    let ((primary, _), (candidate, _)) = (side(), side());
    let folder = folder();
    authority.sign("shop.test").write(folder.path());
    write(folder.path(), "ca.pem", &authority.pem);
    let url = |peer: &Peer| format!("url: \"https://{}\", ca_file: ca.pem", peer.address);
    let listen = ", tls: { cert_file: cert.pem, key_file: key.pem }";
    let shadow = start(folder, listen, &url(&primary), &url(&candidate), VOUCHED);
    runtime().block_on(async {
        every_kind(http2_over_tls(shadow.listen, authority.client(None, &["h2"])).await).await;
    });
    assert_eq!(shadow.settled(4)["totals"]["equal"], 4);
}
