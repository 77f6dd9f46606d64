//! Nothing grows without a bound, and whatever is scarce goes to the live path first.

use super::{BODY, WRITES};
use crate::support::{Act, Client, Origin, Reply, Shadow, eventually, get};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn m19_memory_has_a_bound_whatever_is_uploaded() {
    let primary = Origin::json("{}");
    let hung = Origin::start(|_| Act::Hang);
    let rest = format!("mirror: {{ methods: all, memory: 8MiB }}\n{WRITES}");
    let shadow = Shadow::start(primary.address, hung.address, &rest);
    let body = "x".repeat(900_000);
    let mut client = Client::connect(shadow.listen);
    for _ in 0..100 {
        assert_eq!(client.post("/up", "text/plain", &body).status, 200);
    }
    let report = shadow.settled(100);
    assert!(report["coverage"]["dropped"]["memory"].as_u64() > Some(50), "{report}");
    assert!(primary.seen().iter().all(|seen| seen.body.len() == 900_000));
    // The budget, and a constant for the process and the database: an unoptimised build takes more.
    let peak = shadow.peak_memory_kib();
    assert!(peak < (8 + 80) * 1024, "{peak} KiB");
}

#[test]
fn m20_never_more_copies_at_the_candidate_than_allowed() {
    let primary = Origin::json("{}");
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, peak) = (now.clone(), most.clone());
    let candidate = Origin::start(move |_| {
        peak.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::park_timeout(Duration::from_millis(2));
        counted.fetch_sub(1, Ordering::SeqCst);
        Reply::json("{}")
    });
    let shadow = Shadow::start(primary.address, candidate.address, "mirror: { concurrency: 3 }");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::connect(shadow.listen);
                (0..50).for_each(|_| drop(client.get("/")));
            });
        }
    });
    assert_eq!(shadow.settled(200)["coverage"]["compared"], 200);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at one time");
}

#[test]
fn m23_a_flood_of_distinct_paths_is_bounded_and_counted() {
    let (primary, candidate) = (Origin::json("{}"), Origin::json("{}"));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    for number in 0..1500 {
        client.get(&format!("/page-{}-x{number}z", "q".repeat(number % 7)));
    }
    let report = shadow.settled(1500);
    let endpoints = report["endpoints"].as_array().expect("a list");
    assert!(endpoints.len() <= 513, "{}", endpoints.len());
    let seen = endpoints.iter().filter_map(|each| each["seen"].as_u64());
    assert_eq!(seen.sum::<u64>(), 1500, "{endpoints:?}");
    let metrics = get(shadow.admin, "/metrics").text();
    assert!(metrics.lines().count() < 400 && !metrics.contains("page-"));
}

#[test]
fn m30_abuse_of_the_admin_api_does_not_reach_the_live_path() {
    let (primary, candidate) = (Origin::json(BODY), Origin::json(BODY));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut idle: Vec<Client> = (0..50).map(|_| Client::connect(shadow.admin)).collect();
    assert!(idle.iter_mut().all(|client| client.try_send(b"GET /metr")));
    let large = vec![b'x'; 1 << 20];
    let mut client = Client::connect(shadow.admin);
    client.send(
        "PATCH /api/v1/mirror HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1073741824\r\n\r\n",
    );
    while client.try_send(&large) {}
    for _ in 0..300 {
        get(shadow.admin, "/api/v1/findings/zzzz?format=nonsense");
    }
    for _ in 0..20 {
        assert_eq!(get(shadow.listen, "/").text(), BODY);
    }
    assert_eq!(shadow.settled(20)["coverage"]["compared"], 20);
}

/// What is scarce is known once a second; it takes some connections more until then.
/// What the admin API says on a connection that is open already.
fn told(admin: &mut Client, target: &str) -> String {
    admin.send(format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    admin.answer("GET").text()
}

#[test]
fn m29_where_descriptors_run_out_copies_give_way_and_clients_are_served_again() {
    let hang = Arc::new(AtomicBool::new(true));
    let candidate = Origin::start({
        let hang = hang.clone();
        move |_| match hang.load(Ordering::SeqCst) {
            true => Act::Hang,
            false => Act::Answer(Reply::json(BODY)),
        }
    });
    let primary = Origin::json(BODY);
    let rest = "mirror: { breaker: { of: 10000 } }";
    let script = "ulimit -n 128 && exec \"$0\" run";
    let shadow = Shadow::start_under(script, primary.address, candidate.address, rest);
    let (mut client, mut admin) = (Client::connect(shadow.listen), Client::connect(shadow.admin));
    let mut sent = 0;
    let mut ask = |client: &mut Client| {
        let answer = client.get("/items/7");
        assert_eq!((answer.status, answer.text().as_str(), answer.whole), (200, BODY, true));
        sent += 1;
        sent
    };
    // Copies that hang take one each, until mirroring steps back.
    eventually("copies to give way", || {
        ask(&mut client);
        told(&mut admin, "/api/v1/mirror").contains("\"descriptors\"").then_some(())
    });
    // Now clients that say nothing take all that is left.
    let idle: Vec<Client> = (0..200).map(|_| Client::connect(shadow.listen)).collect();
    let mut refusals = || {
        let metrics = told(&mut admin, "/metrics");
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("shadow_accept_errors_total "));
        line.map_or(0, |count| count.parse::<u64>().expect("a count"))
    };
    let errors = eventually("the end of the descriptors", || {
        // Who is connected already is served as ever.
        ask(&mut client);
        Some(refusals()).filter(|errors| *errors > 6)
    });
    // Each worker waits twice as long after each error: without that there would be thousands.
    assert!(errors < 100, "{errors}");
    drop(idle);
    hang.store(false, Ordering::SeqCst);
    eventually("new clients to be served", || {
        ask(&mut Client::connect(shadow.listen));
        (get(shadow.admin, "/livez").status == 200).then_some(())
    });
    eventually("mirroring to go on", || {
        get(shadow.admin, "/api/v1/mirror").text().contains("\"protecting\":null").then_some(())
    });
    let before = candidate.seen().len();
    let sent = ask(&mut client);
    let coverage = shadow.settled(sent)["coverage"].clone();
    assert_eq!(candidate.seen().len(), before + 1);
    assert!(coverage["dropped"]["protected"].as_u64() > Some(0), "{coverage}");
}
