//! Nothing is lost in silence: the ledger is exact at rest, whatever happened.

use crate::support::{Act, Client, Origin, Reply, Shadow};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Requests of every fate at the same time, from many clients.
#[test]
fn the_ledger_is_exact_after_a_storm() {
    let primary = Origin::start(|seen| match seen.target.as_str() {
        "/refused" => Act::Close,
        "/broken" => Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".to_vec()),
        _ => Act::Answer(Reply::json(r#"{"a":1}"#)),
    });
    let turn = AtomicUsize::new(0);
    let candidate = Origin::start(move |_| match turn.fetch_add(1, Ordering::Relaxed) % 5 {
        0 => Act::Close,
        1 => Act::Raw(b"garbage\r\n\r\n".to_vec()),
        2 => Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".to_vec()),
        3 => Act::Answer(Reply::new(500, "oops")),
        _ => Act::Answer(Reply::json(r#"{"a":2}"#)),
    });
    let rest = "mirror: { sample: 70%, queue: 16, concurrency: 4 }\n";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for target in ["/", "/broken", "/", "/refused", "/", "/x"].iter().cycle().take(120)
                {
                    let mut client = Client::connect(shadow.listen);
                    client.send(format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
                    client.try_answer("GET");
                    client.send(format!(
                        "POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"
                    ));
                }
            });
        }
    });
    // Exactly as many GETs as were sent; of the POSTs, those that were read before the client left.
    let report = shadow.settled_at_least(960);
    let coverage = &report["coverage"];
    assert!(coverage["sampled_out"].as_u64() > Some(100), "{coverage}");
    assert!(coverage["compared"].as_u64() > Some(10), "{coverage}");
}
