//! The live path: the client gets what the primary gave, whatever else happens.

use crate::support::{Act, Client, Origin, Reply, Shadow, closed, eventually, get};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

#[test]
fn a_client_gets_the_primarys_answer_byte_for_byte() {
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let sent = body.clone();
    let primary = Origin::start(move |_| {
        Reply::new(203, sent.clone())
            .with("content-type", "application/x-odd")
            .with("set-cookie", "a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
            .with("set-cookie", "b=2")
            .with("x-empty", "")
            .with("date", "Wed, 21 Oct 2026 07:28:00 GMT")
            .with("connection", "x-private")
            .with("x-private", "1")
    });
    let candidate = Origin::start(|_| Reply::new(500, "canary").with("set-cookie", "canary=1"));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let answer = get(shadow.listen, "/a%2Fb//c/../d;e?x=%20&y&&=");
    assert_eq!(answer.status, 203);
    assert_eq!(answer.body, body);
    let expected = [
        ("content-type", "application/x-odd"),
        ("set-cookie", "a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("set-cookie", "b=2"),
        ("x-empty", ""),
        ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("content-length", "100000"),
    ];
    let mut found: Vec<_> =
        answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(primary.seen()[0].target, "/a%2Fb//c/../d;e?x=%20&y&&=");
}

#[test]
fn the_primary_sees_the_clients_request_and_who_it_is_from() {
    let primary = Origin::json("{}");
    let shadow = Shadow::start(primary.address, closed(), "");
    let mut client = Client::connect(shadow.listen);
    client.send(
        "POST /orders HTTP/1.1\r\nHost: shop.test:8080\r\nX-Forwarded-For: 192.0.2.1\r\n\
         Keep-Alive: 5\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nX-Kept: a, b\r\n\
         Content-Length: 5\r\n\r\nhello",
    );
    assert_eq!(client.answer("POST").status, 200);
    let seen = &primary.seen()[0];
    assert_eq!((seen.method.as_str(), seen.body.as_slice()), ("POST", b"hello".as_slice()));
    assert_eq!(seen.header("host"), Some("shop.test:8080"));
    assert_eq!(seen.header("x-forwarded-for"), Some("192.0.2.1, 127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.header("x-forwarded-host"), Some("shop.test:8080"));
    assert_eq!(seen.header("x-kept"), Some("a, b"));
    for gone in ["connection", "keep-alive", "x-hop"] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
}

#[test]
fn a_body_is_passed_on_before_it_is_complete_in_both_directions() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let primary = listener.local_addr().expect("an address");
    let shadow = Shadow::start(primary, closed(), "");
    let mut client = Client::connect(shadow.listen);
    client.send("POST /up HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    let mut upstream = listener.accept().expect("a connection").0;
    read_until(&mut upstream, "first");
    upstream
        .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nearly\r\n")
        .expect("written");
    client.send("6\r\nsecond\r\n0\r\nx-trailer: no\r\n\r\n");
    read_until(&mut upstream, "second");
    upstream.write_all(b"4\r\nlate\r\n0\r\n\r\n").expect("written");
    assert_eq!(client.answer("POST").text(), "earlylate");
}

fn read_until(stream: &mut TcpStream, text: &str) {
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    while !String::from_utf8_lossy(&seen).contains(text) {
        let length = stream.read(&mut buffer).expect("bytes");
        assert!(length > 0, "ended before {text}");
        seen.extend(&buffer[..length]);
    }
}

#[test]
fn trailers_pass_in_both_directions() {
    let primary = Origin::start(|_| {
        Act::Raw(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
              2\r\nok\r\n0\r\nx-sum: 42\r\n\r\n"
                .to_vec(),
        )
    });
    let shadow = Shadow::start(primary.address, closed(), "");
    let mut stream = TcpStream::connect(shadow.listen).expect("a connection");
    stream
        .write_all(
            b"POST / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te, close\r\n\
              trailer: x-check\r\ntransfer-encoding: chunked\r\n\r\n\
              2\r\nhi\r\n0\r\nx-check: 7\r\n\r\n",
        )
        .expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("\r\n0\r\nx-sum: 42\r\n\r\n"), "{answer}");
    let seen = &primary.seen()[0];
    assert_eq!(seen.trailers, [("x-check".to_owned(), "7".to_owned())]);
}

#[test]
fn a_primary_that_refuses_is_502_and_one_that_is_silent_is_504() {
    let shadow = Shadow::start(closed(), closed(), "");
    let answer = get(shadow.listen, "/");
    assert_eq!((answer.status, answer.text().as_str()), (502, "bad gateway\n"));
    let silent = Origin::start(|_| Act::Hang);
    let shadow = Shadow::start(silent.address, closed(), "");
    let answer = get(shadow.listen, "/");
    assert_eq!((answer.status, answer.text().as_str()), (504, "gateway timeout\n"));
}

#[test]
fn a_primary_of_http_1_0_does_not_cost_the_client_its_connection() {
    let primary =
        Origin::start(|_| Act::Raw(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec()));
    let shadow = Shadow::start(primary.address, closed(), "");
    let mut stream = TcpStream::connect(shadow.listen).expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").expect("written");
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..3 {
        assert_eq!(client.get("/").text(), "ok");
    }
}

#[test]
fn a_primary_that_breaks_off_is_never_a_clean_end() {
    for head in ["content-length: 10", "transfer-encoding: chunked"] {
        let primary = Origin::start(move |_| {
            Act::Raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n3\r\nabc\r\n").into_bytes())
        });
        let shadow = Shadow::start(primary.address, closed(), "");
        assert!(!get(shadow.listen, "/").whole, "{head}");
    }
}

#[test]
fn a_connection_that_the_primary_has_closed_costs_the_client_nothing() {
    let requests = AtomicU64::new(0);
    // Answers one request on each connection, and closes it without saying so.
    let primary = Origin::start(move |_| {
        let number = requests.fetch_add(1, Ordering::Relaxed);
        if number.is_multiple_of(2) { Act::Answer(Reply::json("{}")) } else { Act::Close }
    });
    let shadow = Shadow::start(primary.address, closed(), "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..20 {
        assert_eq!(client.get("/").status, 200);
    }
}

#[test]
fn malformed_and_forbidden_requests_are_refused_and_counted() {
    let primary = Origin::json("{}");
    let shadow = Shadow::start(primary.address, closed(), "mirror: { enabled: false }");
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        ("TRACE / HTTP/1.1\r\nhost: a\r\n\r\n", 405),
        ("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", 405),
    ] {
        let mut client = Client::connect(shadow.listen);
        client.send(request);
        assert_eq!(client.answer("GET").status, status, "{request}");
    }
    assert_eq!(primary.seen().len(), 0);
    let report = shadow.settled(5);
    assert_eq!(report["coverage"]["skipped"]["refused"], 5);
}

#[test]
fn http2_with_prior_knowledge_is_served_on_the_same_port() {
    let primary = Origin::json(r#"{"a":1}"#);
    let candidate = Origin::json(r#"{"a":1}"#);
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(over_http2(shadow.listen));
    let seen = &primary.seen()[0];
    assert_eq!(seen.target, "/items?page=2");
    assert_eq!(seen.header("host"), Some("shop.test"));
    assert_eq!(shadow.settled(1)["totals"]["equal"], 1);
}

async fn over_http2(address: SocketAddr) {
    use http_body_util::{BodyExt, Empty};
    use hyper::client::conn::http2;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a preface");
    tokio::spawn(connection);
    let request = http::Request::get("http://shop.test/items?page=2")
        .body(Empty::<bytes::Bytes>::new())
        .expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!((answer.status(), answer.version()), (http::StatusCode::OK, http::Version::HTTP_2));
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body, r#"{"a":1}"#);
}

#[test]
fn m26_sigterm_under_load_loses_no_answer_and_ends_with_0() {
    let primary = Origin::json(r#"{"a":1}"#);
    let candidate = Origin::json(r#"{"a":1}"#);
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let (address, stopping) = (shadow.listen, AtomicBool::new(false));
    let answered = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(mut client) = connect(address) {
                    // A connection that is closed between two requests has lost nothing.
                    while client.try_send(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n") {
                        match client.try_answer("GET") {
                            Some(answer) => {
                                assert!(answer.whole && answer.status == 200, "{answer:?}");
                                answered.fetch_add(1, Ordering::Relaxed);
                            }
                            None => break,
                        }
                    }
                    if stopping.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        eventually("some load", || (answered.load(Ordering::Relaxed) > 500).then_some(()));
        stopping.store(true, Ordering::Relaxed);
        let (status, log) = shadow.stop();
        assert_eq!(status.code(), Some(0), "{log:?}");
    });
    let seen = primary.seen().len() as u64;
    assert_eq!(answered.into_inner(), seen, "the primary answered what no client got");
}

fn connect(address: SocketAddr) -> Option<Client> {
    TcpStream::connect(address).ok().map(Client::of)
}
