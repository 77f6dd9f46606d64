//! What a live request costs beside the least that a tap on the same HTTP library can be, a proxy of
//! a hundred lines: the distance between the two is what is added here.
//!
//! Both run on the first core with one worker; upstreams and clients share the second with this
//! process. Both are measured in turns, in CPU time of the whole process. Compare the lines of one
//! run with each other; the times themselves say more about the machine. Another build of the program
//! is measured by `cargo bench --bench floor -- of PATH`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a bench has to say")]

#[path = "fixtures/bare.rs"]
mod bare;
#[path = "fixtures/between.rs"]
mod fixture;
#[path = "fixtures/program.rs"]
mod program;

use bytes::Bytes;
use fixture::between;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};
use shadowdiff::base::clock;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

#[global_allocator]
#[cfg(feature = "mimalloc")]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 7;
const CONNECTIONS: usize = 32;
const WARM_UP: Duration = Duration::from_millis(300);
const LOAD: Duration = Duration::from_secs(1);

const GET: &[u8] = b"GET /products/7?full=1 HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\n\r\n";
const POST: &[u8] = b"POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
                      Content-Length: 4096\r\n\r\n";

/// Requests under way on one connection of HTTP/2, of which there are as many.
const STREAMS: usize = 8;

/// What is asked, by its name in the table.
const KINDS: [(&str, Kind); 5] = [
    ("190 B", Kind::Get(190)),
    ("4 KiB", Kind::Get(4 << 10)),
    ("64 KiB", Kind::Get(64 << 10)),
    ("POST 4 KiB", Kind::Post),
    ("190 B, HTTP/2", Kind::Http2),
];

/// What is measured.
#[derive(Clone, Copy)]
enum Program<'a> {
    Bare,
    /// A build of it.
    Shadow(&'a Path),
}

/// A request, and its answer.
#[derive(Clone, Copy)]
enum Kind {
    /// Of an answer of so many bytes.
    Get(usize),
    /// Of 4 KiB, with a short answer.
    Post,
    /// Of a short answer, by a client of HTTP/2.
    Http2,
}

#[derive(Clone, Copy)]
struct Case {
    mirrored: bool,
    kind: Kind,
}

impl Kind {
    /// The size of the answer's body.
    fn answer(self) -> usize {
        match self {
            Self::Get(size) => size,
            Self::Post | Self::Http2 => 190,
        }
    }

    fn is_get(self) -> bool {
        matches!(self, Self::Get(_))
    }

    /// What is written on a connection of HTTP/1.
    fn request(self) -> Vec<u8> {
        match self {
            Self::Post => [POST, &[b'x'; 4096]].concat(),
            Self::Get(_) | Self::Http2 => GET.to_vec(),
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = arguments.iter().map(String::as_str);
    match (words.next(), words.next(), words.next()) {
        (Some("bare"), Some(primary), candidate) => {
            let address = |word: &str| word.parse().expect("an address");
            runtime().block_on(bare::run(address(primary), candidate.map(address)));
        }
        // `cargo test --benches` only asks whether it starts.
        _ if arguments.iter().any(|word| word == "--test") => {}
        (Some("of"), Some(build), _) => measure_all(Path::new(build)),
        _ => measure_all(Path::new(env!("CARGO_BIN_EXE_shadow"))),
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn measure_all(build: &Path) {
    let mut second = CpuSet::new();
    second.set(1);
    if let Err(error) = sched_setaffinity(None, &second) {
        eprintln!("not measured: this needs a second core ({error})");
        return;
    }
    println!("CPU time per live request, us    bare hyper   shadow   ratio, lowest to highest");
    for mirrored in [false, true] {
        // The bare proxy mirrors no bodies.
        for (name, kind) in KINDS.into_iter().filter(|(_, kind)| !mirrored || kind.is_get()) {
            let case = Case { mirrored, kind };
            let rounds: Vec<_> =
                (0..ROUNDS).map(|round| measure_both(build, case, round)).collect();
            let mirror = if mirrored { "all mirrored" } else { "mirroring off" };
            println!("{mirror:<14}{name:>16}  {}", line(&rounds));
        }
    }
}

/// What is said of the rounds of one case.
fn line(rounds: &[(f64, f64)]) -> String {
    let [bare, _, _] = spread(rounds.iter().map(|(bare, _)| *bare));
    let [shadow, _, _] = spread(rounds.iter().map(|(_, shadow)| *shadow));
    let [ratio, lowest, highest] = spread(rounds.iter().map(|(bare, shadow)| shadow / bare));
    format!("{bare:>12.1} {shadow:>8.1}   {ratio:.2}, {lowest:.2} to {highest:.2}")
}

/// The median, the least and the most.
fn spread(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().expect("a round");
    [at(values.len() / 2), at(0), at(values.len() - 1)]
}

/// One round, which begins with another program each time.
fn measure_both(build: &Path, case: Case, round: usize) -> (f64, f64) {
    let shadow = Program::Shadow(build);
    if round.is_multiple_of(2) {
        let bare = measure(Program::Bare, case);
        (bare, measure(shadow, case))
    } else {
        let shadow = measure(shadow, case);
        (measure(Program::Bare, case), shadow)
    }
}

/// What a request costs one of the two, in microseconds.
fn measure(program: Program<'_>, case: Case) -> f64 {
    runtime().block_on(async {
        let answer: Arc<[u8]> = answer(case.kind.answer()).into();
        let sides = [upstream(answer.clone()).await, upstream(answer.clone()).await];
        let folder = TempDir::new().expect("a folder");
        let mut child = start(program, sides, case.mirrored, &folder);
        let address = program::listening(&mut child);
        load(address, case.kind, WARM_UP).await;
        let before = cpu_time(&child);
        let requests = load(address, case.kind, LOAD).await;
        let spent = cpu_time(&child) - before;
        // Whoever watches the program is told what it saw as it ends.
        kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
        child.wait().expect("it ends");
        spent.as_secs_f64() * 1e6 / requests as f64
    })
}

fn start(program: Program<'_>, sides: [SocketAddr; 2], mirrored: bool, folder: &TempDir) -> Child {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]);
    match program {
        Program::Bare => {
            let [primary, candidate] = sides.map(|side| side.to_string());
            command.arg(std::env::current_exe().expect("this bench")).args(["bare", &primary]);
            command.args(mirrored.then_some(candidate));
        }
        Program::Shadow(build) => {
            let config = folder.path().join("shadow.yaml");
            fs::write(&config, between(sides, mirrored, folder)).expect("a config");
            command.arg(build).arg("run").arg("--config").arg(&config);
        }
    }
    command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("taskset")
}

/// The time that all threads of a program have run (proc_pid_schedstat).
fn cpu_time(child: &Child) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).expect("it runs");
    let nanoseconds = |task: fs::DirEntry| -> Option<u64> {
        let figures = fs::read_to_string(task.path().join("schedstat")).ok()?;
        figures.split(' ').next()?.parse().ok()
    };
    Duration::from_nanos(tasks.map_while(Result::ok).filter_map(nanoseconds).sum())
}

// ---- both ends

fn answer(size: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Content-Type: application/json\r\nContent-Length: {size}\r\n\
         Connection: keep-alive\r\n\r\n"
    );
    let body = format!("\"{:x<1$}\"", "", size - 2);
    [head, body].concat().into_bytes()
}

/// A side that gives one answer for each request.
async fn upstream(answer: Arc<[u8]>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 16 << 10];
                while whole_request(&mut stream, &mut request).await {
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Reads one request to its end; false where there is none.
async fn whole_request(stream: &mut TcpStream, buffer: &mut [u8]) -> bool {
    let mut length = 0;
    loop {
        match stream.read(buffer.get_mut(length..).expect("room")).await {
            Ok(read @ 1..) => length += read,
            _ => return false,
        }
        let come = buffer.get(..length).unwrap_or_default();
        let body = if come.starts_with(b"POST") { 4096 } else { 0 };
        if head_of(come).is_some_and(|head| length >= head + body) {
            return true;
        }
    }
}

/// The length of a head, where all of it has come.
fn head_of(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Makes requests for a while; says how many were answered.
async fn load(address: SocketAddr, kind: Kind, time: Duration) -> usize {
    let end = clock::now() + time;
    let mut clients = JoinSet::new();
    match kind {
        Kind::Http2 => (0..STREAMS).for_each(|_| _ = clients.spawn(streams(address, end))),
        _ => (0..CONNECTIONS).for_each(|_| _ = clients.spawn(one_by_one(address, kind, end))),
    }
    clients.join_all().await.into_iter().sum()
}

/// One request at a time on a connection.
async fn one_by_one(address: SocketAddr, kind: Kind, end: Instant) -> usize {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let (mut buffer, mut requests) = (vec![0; 128 << 10], 0);
    let request = kind.request();
    while clock::now() < end {
        stream.write_all(&request).await.expect("sent");
        whole(&mut stream, &mut buffer, kind.answer()).await;
        requests += 1;
    }
    requests
}

/// As many at a time on a connection of HTTP/2 as there are such connections.
async fn streams(address: SocketAddr, end: Instant) -> usize {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let begun = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = begun.expect("it is spoken");
    tokio::spawn(connection);
    let mut all = JoinSet::new();
    for _ in 0..STREAMS {
        let mut sender = sender.clone();
        all.spawn(async move {
            let mut requests = 0;
            while clock::now() < end {
                let request =
                    Request::get("http://shop/products/7?full=1").body(Empty::<Bytes>::new());
                let answer =
                    sender.send_request(request.expect("a request")).await.expect("an answer");
                answer.into_body().collect().await.expect("the whole of it");
                requests += 1;
            }
            requests
        });
    }
    all.join_all().await.into_iter().sum()
}

/// Reads one answer to the end of its body.
async fn whole(stream: &mut TcpStream, buffer: &mut [u8], body: usize) {
    let mut length = 0;
    let mut end = None;
    while end.is_none_or(|end| length < end) {
        let read = stream.read(buffer.get_mut(length..).expect("room")).await.expect("an answer");
        assert_ne!(read, 0, "the connection was closed");
        length += read;
        end = end.or(head_of(buffer.get(..length).unwrap_or_default()).map(|head| head + body));
    }
}
