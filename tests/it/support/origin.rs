//! A server that answers as a test tells it, and remembers what it saw.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    /// In order, names as they were written.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub trailers: Vec<(String, String)>,
}

impl Seen {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What an origin does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    Answer(Reply),
    /// Bytes as they are; then the connection is closed.
    Raw(Vec<u8>),
    /// Bytes as they are; the connection stays open.
    Kept(Vec<u8>),
    /// Nothing, until the other side goes away.
    Hang,
    /// Closes the connection at once.
    Close,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub fn json(body: &str) -> Self {
        Self::new(200, body).with("content-type", "application/json")
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn bytes(&self, head_only: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} X\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let body: &[u8] = if head_only { &[] } else { &self.body };
        [text.as_bytes(), body].concat()
    }
}

impl From<Reply> for Act {
    fn from(reply: Reply) -> Self {
        Self::Answer(reply)
    }
}

/// A running server.
pub struct Origin {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Origin {
    /// Serves on a free port for the rest of the test.
    pub fn start<A: Into<Act>>(act: impl Fn(&Seen) -> A + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, act) = (seen.clone(), Arc::new(act));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, act) = (log.clone(), act.clone());
                thread::spawn(move || connection(stream, &log, |seen| (*act)(seen).into()));
            }
        });
        Self { address, seen }
    }

    /// Answers everything with the same JSON.
    pub fn json(body: &'static str) -> Self {
        Self::start(move |_| Reply::json(body))
    }

    /// What it has seen so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// An address at which nothing listens.
pub fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

fn connection(stream: TcpStream, log: &Mutex<Vec<Seen>>, act: impl Fn(&Seen) -> Act) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut writer = stream;
    while let Some(seen) = request(&mut reader, &mut writer) {
        log.lock().expect("no panic").push(seen.clone());
        match act(&seen) {
            Act::Answer(reply) => {
                if writer.write_all(&reply.bytes(seen.method == "HEAD")).is_err() {
                    return;
                }
            }
            Act::Raw(bytes) => {
                writer.write_all(&bytes).ok();
                writer.shutdown(Shutdown::Both).ok();
                return;
            }
            Act::Kept(bytes) => {
                if writer.write_all(&bytes).is_err() {
                    return;
                }
            }
            Act::Hang => return wait_for_the_end(reader),
            Act::Close => return,
        }
    }
}

fn wait_for_the_end(mut reader: BufReader<TcpStream>) {
    reader.get_ref().set_read_timeout(Some(Duration::from_secs(60))).ok();
    std::io::copy(&mut reader, &mut std::io::sink()).ok();
}

fn request(reader: &mut BufReader<TcpStream>, writer: &mut TcpStream) -> Option<Seen> {
    let line = line(reader)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers = fields(reader)?;
    let mut seen = Seen { method, target, headers, body: Vec::new(), trailers: Vec::new() };
    if seen.header("expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if seen.header("transfer-encoding").is_some() {
        (seen.body, seen.trailers) = chunked(reader)?;
    } else if let Some(length) = seen.header("content-length") {
        seen.body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut seen.body).ok()?;
    }
    Some(seen)
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match reader.read_line(&mut line) {
        Ok(0) => None,
        // A proxy that passes on a bare line feed gets no answer.
        Ok(_) => line.strip_suffix("\r\n").map(str::to_owned),
        Err(error) if error.kind() == ErrorKind::InvalidData => None,
        Err(_) => None,
    }
}

fn fields(reader: &mut BufReader<TcpStream>) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Some(fields);
        }
        let (name, value) = line.split_once(':')?;
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
}

type Fields = Vec<(String, String)>;

fn chunked(reader: &mut BufReader<TcpStream>) -> Option<(Vec<u8>, Fields)> {
    let mut body = Vec::new();
    loop {
        let size = line(reader)?;
        let size = usize::from_str_radix(size.split(';').next()?, 16).ok()?;
        if size == 0 {
            return Some((body, fields(reader)?));
        }
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..]).ok()?;
        line(reader)?;
    }
}
