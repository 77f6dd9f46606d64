//! What one live request costs in allocations and system calls, counted: the same on a busy
//! machine as on a quiet one. Ends with an error where a budget is exceeded.
//!
//! Allocations are those of a worker's thread, which is this one. System calls are those of the
//! whole program, told by `strace`; without it, or asked for `allocations` alone, they are left out.
//! A slow build takes a few more: it hands over smaller batches.

#![expect(clippy::print_stdout, reason = "what a bench has to say")]
#![expect(clippy::indexing_slicing, reason = "a bench may end in a panic")]

#[path = "fixtures/between.rs"]
mod fixture;
#[path = "fixtures/program.rs"]
mod program;

use arc_swap::ArcSwap;
use fixture::between;
use shadowdiff::app::worker::{Place, Shared, run};
use shadowdiff::base::clock;
use shadowdiff::config::{self, Config};
use shadowdiff::judge::{Judge, Judges};
use shadowdiff::mirror::Limits;
use shadowdiff::model::{Controls, SessionInfo};
use shadowdiff::policy::{Constants, Marker, Policy};
use shadowdiff::store::Book;
use shadowdiff::tap::{self, Claim, Settings, Stop};
use shadowdiff::upstream::Endpoint;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::sync::watch;

/// Connections with one request each under way, so that a wake-up serves many.
const CONNECTIONS: usize = 32;
const FEW: usize = 2_000;
const MANY: usize = 6_000;

const REQUEST: &[u8] = b"GET /products/7?full=1 HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\n\r\n";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 70\r\nConnection: keep-alive\r\n\r\n\
    {\"id\":1009,\"name\":\"pine shelf\",\"price\":\"19.99\",\"tags\":[\"home\",\"wall\"]}";

/// What one live request may cost.
struct Budget {
    name: &'static str,
    mirrored: bool,
    calls: f64,
    allocations: f64,
}

const BUDGETS: [Budget; 2] = [
    Budget { name: "mirroring off", mirrored: false, calls: 4.2, allocations: 8.0 },
    Budget { name: "all mirrored", mirrored: true, calls: 6.3, allocations: 20.0 },
];

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it starts.
    let asked = |word| std::env::args().any(|argument| argument == word);
    if asked("--test") {
        return ExitCode::SUCCESS;
    }
    let is_traced = !asked("allocations") && strace();
    let sides = [upstream(), upstream()];
    let mut within = true;
    println!("per live request        allocations  of at most   system calls  of at most");
    for budget in &BUDGETS {
        let allocations = per_request(|requests| allocations(sides, budget.mirrored, requests));
        let calls =
            is_traced.then(|| per_request(|requests| calls(sides, budget.mirrored, requests)));
        let shown = calls.map_or("not traced".into(), |calls| format!("{calls:.2}"));
        println!(
            "{:<22}  {allocations:>11.2}  {:>10.1}   {shown:>12}  {:>10.1}",
            budget.name, budget.allocations, budget.calls
        );
        within &= allocations <= budget.allocations;
        within &= calls.is_none_or(|calls| calls <= budget.calls);
    }
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What many requests cost beyond a few, for each: starting and stopping falls out.
fn per_request(mut cost: impl FnMut(usize) -> u64) -> f64 {
    let (few, many) = (cost(FEW), cost(MANY));
    many.saturating_sub(few) as f64 / (MANY - FEW) as f64
}

// ---- allocations

fn allocations(sides: [SocketAddr; 2], mirrored: bool, requests: usize) -> u64 {
    let folder = TempDir::new().expect("a folder");
    let text = between(sides, mirrored, &folder);
    let config = config::parse(&text, "bench.yaml", &|_| None).expect("a good config");
    let book = Arc::new(Mutex::new(Book::new(info(&config))));
    let (judges, inboxes) = Judges::start([Judge::new(book)]).expect("a thread");
    let [inbox] = inboxes.try_into().ok().expect("one of it");
    let listener = tap::bind(config.listen.address, 1, Claim::Alone).expect("a port").remove(0);
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = watch::channel(Stop::No);
    let shared = shared(&config, stopped);
    let clients = thread::spawn(move || {
        load(address, requests);
        stop.send_replace(Stop::Drain);
    });
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let place = Place { index: 0, of: 1 };
    let counted = allocation_counter::measure(|| run(runtime, shared, place, listener, inbox));
    clients.join().expect("all answered");
    judges.join();
    counted.count_total
}

fn shared(config: &Config, stop: watch::Receiver<Stop>) -> Shared {
    let constants = Constants { session: "bench".into(), key: [7; 32] };
    let policy = Policy::new(config, Controls::default(), None, &constants);
    Shared {
        primary: Endpoint::from(&config.primary),
        candidate: config.candidate.as_ref().map(Endpoint::from),
        settings: Arc::new(ArcSwap::from_pointee(Settings::new(config, 7))),
        limits: Limits::new(policy.limits()),
        policy: Arc::new(ArcSwap::from_pointee(policy)),
        marker: Marker::new("bench", &[7; 32]),
        door: Arc::default(),
        process: 7,
        stop,
    }
}

fn info(config: &Config) -> SessionInfo {
    SessionInfo {
        id: "bench".into(),
        service: config.service.clone(),
        candidate_version: None,
        user: None,
        pull_request: None,
        commit: None,
        started_at: clock::wall(),
        ended_at: None,
        assertion: None,
    }
}

// ---- system calls

fn strace() -> bool {
    let (out, err) = (Stdio::null(), Stdio::null());
    let asked = Command::new("strace").arg("-V").stdout(out).stderr(err).status();
    asked.is_ok_and(|status| status.success())
}

fn calls(sides: [SocketAddr; 2], mirrored: bool, requests: usize) -> u64 {
    let folder = TempDir::new().expect("a folder");
    let config = folder.path().join("shadow.yaml");
    fs::write(&config, between(sides, mirrored, &folder)).expect("a config");
    let table = folder.path().join("calls");
    // On one core, and so with one worker, as it is measured beside other programs.
    let mut traced = Command::new("taskset");
    traced.args(["-c", "0", "strace", "-f", "-c", "-U", "calls,name", "-o"]).arg(&table);
    traced.arg(env!("CARGO_BIN_EXE_shadow")).arg("run").arg("--config").arg(&config);
    let mut child = traced.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("strace");
    load(program::listening(&mut child), requests);
    end(&child);
    child.wait().expect("it ends");
    let table = fs::read_to_string(&table).expect("what was counted");
    let counts: BTreeMap<_, _> = table.lines().filter_map(count).collect();
    counts.into_iter().filter(|(name, _)| *name != "total").map(|(_, calls)| calls).sum()
}

fn count(line: &str) -> Option<(&str, u64)> {
    let mut words = line.split_ascii_whitespace();
    let calls = words.next()?.parse().ok()?;
    Some((words.next()?, calls))
}

/// Asks the traced program to end; strace ends with it.
fn end(strace: &Child) {
    let children = format!("/proc/{0}/task/{0}/children", strace.id());
    let children = fs::read_to_string(children).expect("the traced program");
    let status = Command::new("kill").args(children.split_ascii_whitespace()).status();
    assert!(status.is_ok_and(|status| status.success()));
}

// ---- both

/// An upstream with a thread for each connection: it answers each read with one answer, and
/// allocates nothing.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(mut stream: TcpStream) {
    let mut request = [0; 4096];
    while stream.read(&mut request).is_ok_and(|length| length > 0) {
        if stream.write_all(ANSWER).is_err() {
            return;
        }
    }
}

/// Makes so many requests, one on each connection at a time.
fn load(address: SocketAddr, requests: usize) {
    let connect = |_| TcpStream::connect(address).expect("a connection");
    let mut connections: Vec<_> = (0..CONNECTIONS).map(connect).collect();
    for _ in 0..requests / CONNECTIONS {
        for connection in &mut connections {
            connection.write_all(REQUEST).expect("sent");
        }
        for connection in &mut connections {
            whole(connection);
        }
    }
}

/// Reads one answer to the end of its body.
fn whole(connection: &mut TcpStream) {
    let (mut buffer, mut length) = ([0; 4096], 0);
    while !buffer[..length].ends_with(b"]}") {
        let read = connection.read(&mut buffer[length..]).expect("an answer");
        assert_ne!(read, 0, "the connection was closed");
        length += read;
    }
}
