//! Bad lines: the one to the primary shows as it is, the one to the candidate not at all.

use super::{BODY, WRITES};
use crate::support::{
    Act, Answer, Breaks, Client, Line, Origin, Relay, Reply, Shadow, closed, hold, read_head,
    reset, rogue, write_forever,
};
use serde_json::Value;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// An answer of some length, of which no part looks like another.
fn large() -> String {
    (0..1600).map(|number| format!("{number:05}")).collect()
}

/// Answers of every framing; what is sent to `/echo` comes back.
fn shop() -> Origin {
    Origin::start(|seen| match seen.target.as_str() {
        "/large" => Act::Answer(Reply::new(200, large()).with("content-type", "text/plain")),
        "/echo" => Act::Answer(Reply::new(201, seen.body.clone()).with("x-from", "echo")),
        "/chunked" => {
            let (first, second) = ("a".repeat(3000), "b".repeat(10));
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
            let text = format!("{head}bb8\r\n{first}\r\na\r\n{second}\r\n0\r\n\r\n");
            Act::Raw(text.into_bytes())
        }
        _ => Act::Answer(Reply::json(BODY)),
    })
}

/// How many requests a conversation has.
const SAID: u64 = 6;

/// What a client is told, by whomever it asks, as far as it must be the same.
fn conversation(address: SocketAddr) -> Vec<(u16, Option<String>, String, bool)> {
    let mut client = Client::connect(address);
    let mut answers = vec![client.get("/small"), client.get("/large")];
    answers.push(client.post("/echo", "text/plain", &large()));
    client.send("HEAD /large HTTP/1.1\r\nhost: shop.test\r\n\r\n");
    answers.push(client.answer("HEAD"));
    client.send(format!(
        "POST /echo HTTP/1.1\r\nhost: shop.test\r\ntransfer-encoding: chunked\r\n\r\n\
         3\r\nabc\r\n1f40\r\n{}\r\n0\r\n\r\n",
        large()
    ));
    answers.push(client.answer("POST"));
    answers.push(Client::connect(address).get("/chunked"));
    let told = |answer: Answer| {
        let media = answer.header("content-type").map(str::to_owned);
        (answer.status, media, answer.text(), answer.whole)
    };
    answers.into_iter().map(told).collect()
}

/// Lines on which everything arrives, only worse.
fn bad_lines() -> [Line; 5] {
    let slow = Duration::from_millis(2);
    [
        Line { slices: 3, seed: 1, ..Line::default() },
        Line { slices: 100, seed: 2, ..Line::default() },
        Line { latency: slow, ..Line::default() },
        Line { bandwidth: 500_000, ..Line::default() },
        Line { latency: slow, bandwidth: 500_000, slices: 2000, seed: 3, ..Line::default() },
    ]
}

/// Runs a conversation through the program: it is the same as without, and so are the sides.
fn same_as_direct(primary: SocketAddr, candidate: SocketAddr, direct: SocketAddr) {
    let rest = format!("mirror: {{ methods: all }}\n{WRITES}");
    let shadow = Shadow::start(primary, candidate, &rest);
    assert_eq!(conversation(shadow.listen), conversation(direct));
    let report = shadow.settled(SAID);
    assert_eq!(report["totals"]["equal"], SAID, "{report}");
}

#[test]
fn a_bad_line_to_the_primary_changes_no_byte() {
    for line in bad_lines() {
        let primary = shop();
        let relay = Relay::start(primary.address, line);
        same_as_direct(relay.address, shop().address, primary.address);
    }
}

#[test]
fn a_bad_line_to_the_candidate_changes_no_byte_and_no_verdict() {
    for line in bad_lines() {
        let (primary, candidate) = (shop(), shop());
        let relay = Relay::start(candidate.address, line);
        same_as_direct(primary.address, relay.address, primary.address);
    }
}

/// In the status line, in the head, between head and body, in the body, before its last byte.
fn places() -> [usize; 6] {
    let head = "HTTP/1.1 200 X\r\ncontent-type: text/plain\r\ncontent-length: 8000\r\n\r\n".len();
    [0, 5, 30, head, head + 4000, head + 7999]
}

#[test]
fn a_line_to_the_primary_that_breaks_is_never_a_clean_end() {
    for (number, place) in places().into_iter().enumerate() {
        let relay = line(shop().address, Breaks::Answer(place));
        let shadow = Shadow::start(relay.address, shop().address, "");
        for _ in 0..3 {
            let mut client = Client::connect(shadow.listen);
            client.send("GET /large HTTP/1.1\r\nhost: shop.test\r\n\r\n");
            match client.try_answer("GET") {
                Some(answer) if number < 3 => {
                    assert_eq!((answer.status, answer.whole), (502, true), "{place}");
                }
                Some(answer) => {
                    assert_eq!((answer.status, answer.whole), (200, false), "{place}");
                    assert!(large().starts_with(&answer.text()), "{place}");
                }
                // The connection may end before the head has been written.
                None => assert!(number >= 3, "{place}"),
            }
        }
        shadow.settled(3);
        assert!(relay.broken() >= 3);
    }
}

#[test]
fn a_line_to_the_primary_that_breaks_in_an_upload_is_no_success() {
    for place in [0, 10, 200, 4000] {
        let primary = shop();
        let relay = line(primary.address, Breaks::Request(place));
        let rest = format!("mirror: {{ methods: all }}\n{WRITES}");
        let shadow = Shadow::start(relay.address, shop().address, &rest);
        for _ in 0..3 {
            let answer = Client::connect(shadow.listen).post("/echo", "text/plain", &large());
            assert_eq!(answer.status, 502, "{place}");
        }
        shadow.settled(3);
        assert_eq!(primary.seen().len(), 0, "half an upload is no request");
    }
}

#[test]
fn a_line_to_the_candidate_that_breaks_is_a_reset_and_no_client_sees_it() {
    let answers = places().map(Breaks::Answer);
    for breaks in [Breaks::Request(0), Breaks::Request(10)].into_iter().chain(answers) {
        let relay = line(shop().address, breaks);
        let shadow = Shadow::start(shop().address, relay.address, "");
        let mut client = Client::connect(shadow.listen);
        for _ in 0..3 {
            let answer = client.get("/large");
            assert_eq!((answer.status, answer.text(), answer.whole), (200, large(), true));
        }
        let report = shadow.settled(3);
        // A connection that is reset before it is used may count as refused.
        let findings = report["findings"].as_array().expect("findings");
        for finding in findings {
            let fault = finding["samples"][0]["candidate"].as_str();
            assert!(matches!(fault, Some("reset" | "refused")), "{breaks:?}: {report}");
        }
        let count = findings.iter().filter_map(|finding| finding["count"].as_u64()).sum::<u64>();
        assert_eq!(count, 3, "{breaks:?}: {report}");
        assert_eq!(relay.broken(), 3);
    }
}

fn line(server: SocketAddr, breaks: Breaks) -> Relay {
    Relay::start(server, Line { breaks, ..Line::default() })
}

/// What one client gets from a primary at fault: the status, and whether the answer was whole.
fn through(primary: SocketAddr, request: &str, rest: &[u8]) -> (u16, bool, Vec<u8>) {
    let shadow = Shadow::start(primary, shop().address, "");
    let mut client = Client::connect(shadow.listen);
    client.send(request);
    client.try_send(rest);
    let answer = client.answer("GET");
    let report: Value = shadow.settled(1);
    assert_eq!(report["coverage"]["seen"], 1);
    (answer.status, answer.whole, answer.body)
}

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[test]
fn every_fault_of_the_primary_is_told_as_one() {
    let check = |primary: SocketAddr, expected: (u16, bool)| {
        let (status, whole, _) = through(primary, GET, b"");
        assert_eq!((status, whole), expected);
    };
    let says = |bytes: &'static [u8]| {
        rogue(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(bytes).ok();
        })
    };
    check(closed(), (502, true));
    check(rogue(hold), (504, true));
    check(says(b"garbage\r\n\r\n"), (502, true));
    check(says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"), (200, false));
    check(
        says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        (200, false),
    );
    let resets = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").ok();
        reset(stream);
    });
    check(resets, (200, false));
    let endless = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n").ok();
        let field = [b"x-y: ".as_slice(), &[b'z'; 4000], b"\r\n"].concat();
        write_forever(&mut stream, &field, Duration::ZERO);
    });
    check(endless, (502, true));
}

#[test]
fn what_a_primary_is_slow_or_odd_about_passes_as_it_is() {
    let drips = rogue(|mut stream| {
        read_head(&mut stream);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n01234567890123456789";
        for byte in answer.chunks(1) {
            std::thread::park_timeout(Duration::from_millis(2));
            stream.write_all(byte).ok();
        }
        hold(stream);
    });
    let expected = (200, true, b"01234567890123456789".to_vec());
    assert_eq!(through(drips, GET, b""), expected);

    // It looks like a bomb; nobody on the way opens it.
    let packed = vec![0x1f; 20_000];
    let body = packed.clone();
    let bomb =
        Origin::start(move |_| Reply::new(200, body.clone()).with("content-encoding", "gzip"));
    assert_eq!(through(bomb.address, GET, b""), (200, true, packed));

    let upload = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10000000\r\n\r\n";
    let early = rogue(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno").ok();
        hold(stream);
    });
    assert_eq!(through(early, upload, &[b'x'; 1000]), (413, true, b"no".to_vec()));
    let deaf = rogue(|stream| {
        std::thread::park_timeout(Duration::from_secs(30));
        drop(stream);
    });
    let (status, whole, _) = through(deaf, upload, &vec![b'x'; 10_000_000]);
    assert_eq!((status, whole), (504, true));
}
