//! A client that writes what it is told and shows every byte of the answer.

use super::PATIENCE;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// One connection.
pub struct Client {
    reader: BufReader<TcpStream>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body ended as its framing said, not by a broken connection.
    pub whole: bool,
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One GET on a connection of its own, to a host that is an address, as the admin API wants it.
pub fn get(address: SocketAddr, target: &str) -> Answer {
    let mut client = Client::connect(address);
    client.send(format!("GET {target} HTTP/1.1\r\nhost: {address}\r\n\r\n"));
    client.answer("GET")
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).expect("a connection"))
    }

    /// Over a connection that is there already.
    pub fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.set_nodelay(true).expect("no delay");
        Self { reader: BufReader::new(stream) }
    }

    pub fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nhost: shop.test\r\n\r\n"));
        self.answer("GET")
    }

    pub fn post(&mut self, target: &str, media: &str, body: &str) -> Answer {
        self.send(format!(
            "POST {target} HTTP/1.1\r\nhost: shop.test\r\ncontent-type: {media}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        ));
        self.answer("POST")
    }

    /// Writes bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).expect("the request is written");
    }

    /// Writes bytes; false where the other side no longer takes them.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.reader.get_mut().write_all(bytes).is_ok()
    }

    /// Reads one answer.
    pub fn answer(&mut self, method: &str) -> Answer {
        self.try_answer(method).expect("an answer")
    }

    /// Reads one answer; `None` where the connection ends before its head.
    pub fn try_answer(&mut self, method: &str) -> Option<Answer> {
        loop {
            let status = self.line()?.split(' ').nth(1)?.parse().ok()?;
            let headers = self.fields()?;
            if status == 100 {
                continue;
            }
            let mut answer = Answer { status, headers, body: Vec::new(), whole: true };
            if method != "HEAD" && status != 204 && status != 304 {
                (answer.body, answer.whole) = self.body(&answer);
            }
            return Some(answer);
        }
    }

    fn body(&mut self, head: &Answer) -> (Vec<u8>, bool) {
        if head.header("transfer-encoding").is_some() {
            return self.chunked();
        }
        let mut body = Vec::new();
        match head.header("content-length") {
            Some(length) => {
                let length = length.parse().expect("a length");
                (&mut self.reader).take(length).read_to_end(&mut body).ok();
                let whole = body.len() as u64 == length;
                (body, whole)
            }
            None => {
                let whole = self.reader.read_to_end(&mut body).is_ok();
                (body, whole)
            }
        }
    }

    fn chunked(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(size) = self.line() else { return (body, false) };
            let Ok(size) = usize::from_str_radix(size.split(';').next().unwrap_or(""), 16) else {
                return (body, false);
            };
            if size == 0 {
                return (body, self.fields().is_some());
            }
            let mut chunk = vec![0; size];
            if self.reader.read_exact(&mut chunk).is_err() {
                return (body, false);
            }
            body.extend(chunk);
            self.line();
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.reader.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end().to_owned())
    }

    fn fields(&mut self) -> Option<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Some(fields);
            }
            let (name, value) = line.split_once(':')?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}
