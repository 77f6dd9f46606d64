//! What 10,000 kept-alive connections cost that rest after one request each: the resident memory of
//! the whole program, with all requests mirrored and compared. Ends with an error where it peaks
//! above the budget.
//!
//! Compare the lines of one run with each other; the figures depend on nothing but the allocator.

#![expect(clippy::print_stdout, reason = "what a bench has to say")]

#[path = "fixtures/program.rs"]
mod program;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use tempfile::TempDir;

const CONNECTIONS: usize = 10_000;

/// The most that may be resident at any time.
const BUDGET_KIB: u64 = 200 << 10;

/// What both programs have open beside the connections.
const OTHER_FILES: u64 = 500;

const GET: &[u8] = b"GET /products/7?full=1 HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
    Content-Length: 70\r\n\r\n\
    {\"id\":1009,\"name\":\"pine shelf\",\"price\":\"19.99\",\"tags\":[\"home\",\"wall\"]}";

/// The length of an upload.
const UPLOAD: usize = 64 << 10;

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    if let Err(limit) = raise_limit(CONNECTIONS as u64 + OTHER_FILES) {
        println!("not measured: this user may have {limit} files open (`ulimit -Hn`)");
        return ExitCode::SUCCESS;
    }
    let within = [
        measure("a GET", &[GET.to_vec()]),
        measure("a POST of 64 KiB", &[upload()]),
        measure("both", &[upload(), GET.to_vec()]),
    ];
    if within.iter().all(|within| *within) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Has this process and its children open so many files; an error has what they may open.
fn raise_limit(files: u64) -> Result<(), u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= files) {
        return Ok(());
    }
    let raised = Rlimit { current: limit.maximum, ..limit };
    let most = limit.maximum.unwrap_or(u64::MAX);
    match most >= files && setrlimit(Resource::Nofile, raised).is_ok() {
        true => Ok(()),
        false => Err(most),
    }
}

/// Makes each request once on each connection, all of which stay open.
fn measure(name: &str, requests: &[Vec<u8>]) -> bool {
    let folder = TempDir::new().expect("a folder");
    let shadow = Shadow::start([upstream(), upstream()], &folder);
    let before = shadow.memory_kib("VmRSS");
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = TcpStream::connect(shadow.listen).expect("a connection");
        for request in requests {
            connection.write_all(request).expect("sent");
            whole(&mut connection);
        }
        connections.push(connection);
    }
    let (after, peak) = (shadow.memory_kib("VmRSS"), shadow.memory_kib("VmHWM"));
    // Each is open still: the program has answered, and has not hung up.
    for connection in &mut connections {
        connection.write_all(GET).expect("sent");
        whole(connection);
    }
    println!(
        "{CONNECTIONS} connections at rest after {name}: {} MiB resident before, {} after, {} at \
         most (allowed: {}), {:.1} KiB each",
        before >> 10,
        after >> 10,
        peak >> 10,
        BUDGET_KIB >> 10,
        after.saturating_sub(before) as f64 / CONNECTIONS as f64
    );
    peak <= BUDGET_KIB
}

fn upload() -> Vec<u8> {
    let head = format!("POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: {UPLOAD}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; UPLOAD]].concat()
}

/// The program as it is installed.
struct Shadow {
    child: Child,
    listen: SocketAddr,
}

impl Shadow {
    fn start([primary, candidate]: [SocketAddr; 2], folder: &TempDir) -> Self {
        let config = folder.path().join("shadow.yaml");
        let text = format!(
            "listen: {{ address: 127.0.0.1:0, timeouts: {{ head: 10m }} }}\n\
             admin: {{ address: 127.0.0.1:0 }}\nprimary: {{ url: \"http://{primary}\" }}\n\
             candidate: {{ url: \"http://{candidate}\" }}\nmirror: {{ methods: all }}\n\
             isolation: {{ assert: \"the candidate of this bench stores nothing\" }}\n\
             store: {{ path: \"{}\" }}\n",
            folder.path().join("store").display()
        );
        fs::write(&config, text).expect("a config");
        let mut command = Command::new(env!("CARGO_BIN_EXE_shadow"));
        command.arg("run").arg("--config").arg(&config);
        let mut child =
            command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        let listen = program::listening(&mut child);
        Self { child, listen }
    }

    /// One figure of its memory.
    fn memory_kib(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let figure = line.and_then(|line| line.split_ascii_whitespace().next());
        figure.and_then(|kib| kib.parse().ok()).expect("a figure")
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

/// An upstream with a thread for each connection.
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

fn answer(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        stream.write_all(ANSWER).ok()?;
    }
}

/// Reads one answer to the end of its body.
fn whole(connection: &mut TcpStream) {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(b"]}") {
        let read = connection.read(&mut buffer).expect("an answer");
        assert_ne!(read, 0, "the connection was closed");
        answer.extend(buffer.iter().take(read));
    }
}
