//! TLS in front, to each side, and on both.

use crate::support::wire::*;
use crate::support::{
    Answer, Client, Origin, PATIENCE, Shadow, eventually, get, hold, raw, read_head, reset, rogue,
};
use http::Version;
use rustls::ServerConnection;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::Ordering::SeqCst;

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

#[test]
fn case_50_clients_choose_http2_or_http1_in_the_tls_handshake() {
    let (authority, primary) = (Authority::new(), Origin::json("{}"));
    let shadow = tls_front(&authority, LISTEN_TLS, &primary);
    runtime().block_on(async {
        for (alpn, version) in [
            (&BOTH[..], Version::HTTP_2),
            (&["http/1.1"][..], Version::HTTP_11),
            (&["http/1.0"][..], Version::HTTP_11),
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
    assert_eq!(primary.seen().len(), 4);
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

/// A candidate that cannot be spoken to, and the fault that it stands for.
fn m14(candidate: SocketAddr, ca: &Authority, fault: &str) {
    let folder = folder();
    write(folder.path(), "ca.pem", &ca.pem);
    let side = format!("timeout: 1s, url: \"https://{candidate}\", ca_file: ca.pem");
    let shadow = start(folder, "", &clear(plain().address), &side, "");
    let mut client = Client::connect(shadow.listen);
    for _ in 0..3 {
        assert_eq!(client.get("/").status, 200);
    }
    let report = shadow.settled(3);
    assert_eq!(report["findings"][0]["samples"][0]["candidate"], fault, "{report}");
    assert_eq!(shadow.metric("shadow_live_responses_total{status_class=\"2xx\"}"), 3);
    let faults =
        |side: &str| shadow.metric(&format!("shadow_{side}_faults_total{{fault=\"{fault}\"}}"));
    assert_eq!((faults("live"), faults("candidate")), (0, 3));
}

#[test]
fn m14_a_tls_failure_towards_the_candidate_affects_only_shadow_metrics() {
    let authority = Authority::new();
    let identities = [
        authority.sign("other.test"),
        authority.sign_expired("127.0.0.1"),
        Identity::of_itself("127.0.0.1"),
        Authority::new().sign("127.0.0.1"),
    ];
    for identity in identities {
        let tls = Some(identity.server(&BOTH));
        m14(Peer::start(Manner { tls, ..Manner::default() }, ok).address, &authority, "tls");
    }
    m14(rogue(hold), &authority, "timeout");
    m14(rogue(begin_and_reset), &authority, "tls");
    m14(Origin::json("{}").address, &authority, "tls");
}

/// Reads what a handshake begins with, and resets the connection.
fn begin_and_reset(mut stream: TcpStream) {
    stream.read_exact(&mut [0; 100]).expect("a hello");
    reset(stream);
}

// ---- TLS on both sides of the tap

#[test]
fn all_three_are_secured_each_in_a_version_of_its_own() {
    let authority = Authority::new();
    let side = |alpn: &[&str]| {
        let tls = Some(authority.sign("127.0.0.1").server(alpn));
        Peer::start(Manner { tls, ..Manner::default() }, ok)
    };
    let (primary, candidate) = (side(&["h2"]), side(&["http/1.1"]));
    let folder = folder();
    authority.sign("shop.test").write(folder.path());
    write(folder.path(), "ca.pem", &authority.pem);
    let url = |peer: &Peer| format!("url: \"https://{}\", ca_file: ca.pem", peer.address);
    let shadow = start(folder, LISTEN_TLS, &url(&primary), &url(&candidate), "");
    runtime().block_on(async {
        for (alpn, version) in [("h2", Version::HTTP_2), ("http/1.1", Version::HTTP_11)] {
            let got = get_over_tls(shadow.listen, authority.client(None, &[alpn])).await;
            assert_eq!(got.expect("an answer"), (version, 200));
        }
    });
    let report = shadow.settled(2);
    assert_eq!(report["totals"]["equal"], 2, "{report}");
}

#[test]
fn clients_of_tls_1_2_and_1_3_are_served() {
    let (authority, primary) = (Authority::new(), Origin::json("{}"));
    let shadow = tls_front(&authority, LISTEN_TLS, &primary);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = authority.client_of(&[version]);
        let mut tls = tls_client(shadow.listen, config);
        tls.write_all(b"GET / HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n")
            .expect("written");
        let mut answer = String::new();
        tls.read_to_string(&mut answer).expect("an answer, and a proper end");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(tls.conn.protocol_version(), Some(version.version));
    }
}

#[test]
fn case_50_a_client_that_offers_only_what_is_not_spoken_is_told_so() {
    let authority = Authority::new();
    let shadow = tls_front(&authority, LISTEN_TLS, &Origin::json("{}"));
    let got = runtime().block_on(get_over_tls(shadow.listen, authority.client(None, &["h3"])));
    assert!(format!("{:?}", got.expect_err("no answer")).contains("NoApplicationProtocol"));
    assert_eq!(refused(&shadow, "handshake"), 1);
}

fn refused(shadow: &Shadow, rule: &str) -> u64 {
    let name = format!("shadow_refused_total{{rule=\"{rule}\"}}");
    eventually("the refusal to be counted", || match shadow.metric(&name) {
        0 => None,
        count => Some(count),
    })
}

#[test]
fn clear_http_on_the_port_of_tls_is_no_request() {
    let (authority, primary) = (Authority::new(), Origin::json("{}"));
    let shadow = tls_front(&authority, LISTEN_TLS, &primary);
    let answer = raw(shadow.listen, "GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n");
    assert!(!answer.contains("HTTP"), "{answer}");
    assert_eq!(refused(&shadow, "handshake"), 1);
    assert_eq!(primary.seen().len(), 0);
}

#[test]
fn a_handshake_that_takes_too_long_is_ended_counted_and_logged() {
    let authority = Authority::new();
    let listen = format!("{LISTEN_TLS}, timeouts: {{ head: 1s }}");
    let shadow = tls_front(&authority, &listen, &Origin::json("{}"));
    // The beginning of a hello.
    assert_eq!(raw(shadow.listen, [22, 3, 1]), "");
    assert_eq!(refused(&shadow, "head_timeout"), 1);
    eventually("a line in the log", || {
        shadow.log().iter().any(|line| line.contains("head_timeout")).then_some(())
    });
}

#[test]
fn handshakes_that_hang_hold_up_nobody() {
    let authority = Authority::new();
    let shadow = tls_front(&authority, LISTEN_TLS, &Origin::json("{}"));
    let hanging: Vec<_> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect(shadow.listen).expect("a connection");
            stream.write_all(&[22, 3, 1]).expect("written");
            stream
        })
        .collect();
    for _ in 0..4 {
        let got = runtime().block_on(get_over_tls(shadow.listen, authority.client(None, &BOTH)));
        assert_eq!(got.expect("an answer").1, 200);
    }
    drop(hanging);
}

#[test]
fn a_connection_outlives_the_certificate_that_it_began_with() {
    let (old, new) = (Authority::new(), Authority::new());
    let shadow = tls_front(&old, LISTEN_TLS, &Origin::json("{}"));
    let mut tls = tls_client(shadow.listen, old.client(None, &[]));
    let mut ask = || {
        tls.write_all(b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n").expect("written");
        let mut start = [0; 12];
        tls.read_exact(&mut start).expect("an answer");
        assert_eq!(&start, b"HTTP/1.1 200");
        let mut rest = Vec::new();
        while !rest.ends_with(b"{}") {
            let mut byte = [0];
            tls.read_exact(&mut byte).expect("the rest");
            rest.push(byte[0]);
        }
    };
    ask();
    new.sign("shop.test").write(shadow.folder.path());
    shadow.signal("HUP");
    eventually("the new certificate", || {
        runtime().block_on(get_over_tls(shadow.listen, new.client(None, &BOTH))).ok()
    });
    ask();
}

// ---- the end of a connection

/// What a client sees of an answer that ends with its connection, by how that ends.
fn close_delimited(proper: bool) -> (Answer, Shadow) {
    let authority = Authority::new();
    let identity = authority.sign("127.0.0.1");
    let primary = tls_rogue(identity.server(&["http/1.1"]), move |mut tls| {
        read_head(&mut tls);
        tls.write_all(b"HTTP/1.1 200 OK\r\n\r\nso far").expect("written");
        if proper {
            tls.conn.send_close_notify();
        }
        tls.flush().expect("written");
        tls.sock.shutdown(Shutdown::Write).expect("a socket");
        hold(tls.sock);
    });
    let folder = folder();
    write(folder.path(), "ca.pem", &authority.pem);
    let url = format!("url: \"https://{primary}\", ca_file: ca.pem");
    let shadow = start(folder, "", &url, &clear(plain().address), "");
    (get(shadow.listen, "/"), shadow)
}

/// RFC 9112 section 9.8: the end of the connection is the end of the answer only where TLS says so.
#[test]
fn an_answer_that_tls_does_not_end_is_cut_off() {
    let (answer, _shadow) = close_delimited(true);
    assert_eq!((answer.text().as_str(), answer.whole), ("so far", true));
    let (answer, shadow) = close_delimited(false);
    assert_eq!((answer.status, answer.whole), (200, false));
    assert_eq!(shadow.settled(1)["coverage"]["compared"], 1);
    assert_eq!(shadow.metric("shadow_live_faults_total{fault=\"reset\"}"), 1);
}

/// An origin that agrees to any upgrade, echoes what it is sent until its end, and says goodbye.
fn echo(mut tls: TlsSide<ServerConnection>) {
    read_head(&mut tls);
    tls.write_all(b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .expect("written");
    let mut chunk = [0; 1024];
    while let Ok(length) = tls.read(&mut chunk) {
        if length == 0 {
            break;
        }
        tls.write_all(&chunk[..length]).expect("written");
    }
    tls.write_all(b"bye").expect("written");
    tls.conn.send_close_notify();
    tls.flush().expect("written");
}

const UPGRADE: &[u8] = b"GET /chat HTTP/1.1\r\nhost: shop.test\r\nconnection: upgrade\r\n\
                         upgrade: websocket\r\n\r\n";

#[test]
fn a_tunnel_over_tls_passes_bytes_and_the_end_of_each_direction() {
    let authority = Authority::new();
    let primary = tls_rogue(authority.sign("127.0.0.1").server(&["http/1.1"]), echo);
    let folder = folder();
    authority.sign("shop.test").write(folder.path());
    write(folder.path(), "ca.pem", &authority.pem);
    let url = format!("url: \"https://{primary}\", ca_file: ca.pem");
    let shadow = start(folder, LISTEN_TLS, &url, &clear(plain().address), "");
    let mut tls = tls_client(shadow.listen, authority.client(None, &["http/1.1"]));
    tls.write_all(UPGRADE).expect("written");
    read_head(&mut tls);
    tls.write_all(b"ping").expect("written");
    let mut pong = [0; 4];
    tls.read_exact(&mut pong).expect("an echo");
    assert_eq!(&pong, b"ping");
    tls.conn.send_close_notify();
    tls.flush().expect("written");
    let mut rest = String::new();
    tls.read_to_string(&mut rest).expect("a proper end");
    assert_eq!(rest, "bye");
}

#[test]
fn a_client_that_has_said_its_last_word_still_gets_its_answer() {
    let authority = Authority::new();
    let shadow = tls_front(&authority, LISTEN_TLS, &Origin::json("{}"));
    let mut tls = tls_client(shadow.listen, authority.client(None, &["http/1.1"]));
    tls.write_all(b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n").expect("written");
    tls.conn.send_close_notify();
    tls.flush().expect("written");
    let mut answer = String::new();
    tls.read_to_string(&mut answer).expect("an answer, and a proper end");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("{}"), "{answer}");
}

#[test]
fn a_tunnel_that_is_cut_off_does_not_look_ended() {
    let authority = Authority::new();
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let server = authority.sign("127.0.0.1").server(&["http/1.1"]);
    let primary = tls_rogue(server, move |mut tls| {
        read_head(&mut tls);
        tls.write_all(b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
            .expect("written");
        tell.send(tls.read(&mut [0; 16]).is_ok()).expect("the test waits");
    });
    let folder = folder();
    authority.sign("shop.test").write(folder.path());
    write(folder.path(), "ca.pem", &authority.pem);
    let url = format!("url: \"https://{primary}\", ca_file: ca.pem");
    let shadow = start(folder, LISTEN_TLS, &url, &clear(plain().address), "");
    let mut tls = tls_client(shadow.listen, authority.client(None, &["http/1.1"]));
    tls.write_all(UPGRADE).expect("written");
    read_head(&mut tls);
    tls.sock.shutdown(Shutdown::Both).expect("a socket");
    assert!(!told.recv_timeout(PATIENCE).expect("an end"), "it looked ended");
}
