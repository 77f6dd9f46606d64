//! HTTP/1.1 as both the clients and the origins of the simulation write and read it: to the letter,
//! and independent of the library under test.

use crate::pipe::ReadEnd;
use std::fmt;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

/// Names as they were written, in order.
pub type Fields = Vec<(String, String)>;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    None,
    Length,
    Chunked,
    /// The connection's end is the body's.
    Close,
}

/// A message to be written.
#[derive(Clone)]
pub struct Message {
    pub first: String,
    pub fields: Fields,
    pub framing: Framing,
    pub body: Vec<u8>,
    /// Only in chunks.
    pub trailers: Fields,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, fields, framing, body, trailers } = self;
        let length = body.len();
        write!(f, "{first:?} {fields:?} {framing:?} of {length} bytes, {trailers:?}")
    }
}

impl Message {
    /// Its bytes, and how many of them are the head's; without its body where that is only told of.
    pub fn render(&self, bodiless: bool) -> (Vec<u8>, usize) {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.fields {
            text += &format!("{name}: {value}\r\n");
        }
        match self.framing {
            Framing::Length => text += &format!("content-length: {}\r\n", self.body.len()),
            Framing::Chunked => text += "transfer-encoding: chunked\r\n",
            Framing::None | Framing::Close => {}
        }
        text += "\r\n";
        let mut bytes = text.into_bytes();
        let head = bytes.len();
        match self.framing {
            _ if bodiless => {}
            Framing::Chunked => self.chunks(&mut bytes),
            _ => bytes.extend_from_slice(&self.body),
        }
        (bytes, head)
    }

    fn chunks(&self, bytes: &mut Vec<u8>) {
        // Uneven chunks, the first of one byte.
        let (mut rest, mut size) = (&self.body[..], 1);
        while !rest.is_empty() {
            let (chunk, left) = rest.split_at(size.min(rest.len()));
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
            (rest, size) = (left, size * 7 + 3);
        }
        bytes.extend_from_slice(b"0\r\n");
        for (name, value) in &self.trailers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
    }
}

/// A head that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub first: String,
    pub fields: Fields,
}

impl Head {
    /// The first value of a field; names are compared as they are written in small letters.
    pub fn get(&self, name: &str) -> Option<&str> {
        find(&self.fields, name)
    }

    /// The status of an answer; 0 where there is none.
    pub fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    /// How the body of this message is framed (RFC 9112 section 6.3).
    pub fn framing(&self, request: bool) -> Framing {
        if self.get("transfer-encoding").is_some() {
            Framing::Chunked
        } else if self.get("content-length").is_some() {
            Framing::Length
        } else if request {
            Framing::None
        } else {
            Framing::Close
        }
    }
}

pub fn find<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// Why reading ended before the message did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The connection ended; nothing had begun, or something had.
    End {
        begun: bool,
    },
    Reset,
    /// The reader has had enough.
    Left,
    Malformed(String),
}

/// A message being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Got {
    pub head: Head,
    pub body: Vec<u8>,
    pub trailers: Fields,
}

/// How a reader takes its time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// At most so many bytes at once.
    pub most: usize,
    /// Then a pause, for so many times.
    pub pause: u64,
    pub pauses: usize,
}

/// Reads messages from a connection.
pub struct Reader {
    end: ReadEnd,
    buffer: Vec<u8>,
    start: usize,
    pace: Pace,
    /// After so many bytes it goes away.
    pub leaves: Option<usize>,
    /// After so many bytes it takes nothing for a long while.
    pub stalls: Option<usize>,
    /// All that ever came.
    pub all: Vec<u8>,
}

/// Longer than anybody waits for anything.
const LONG: Duration = Duration::from_secs(60);

impl Reader {
    pub fn new(end: ReadEnd, pace: Pace) -> Self {
        let (leaves, stalls) = (None, None);
        Self { end, buffer: Vec::new(), start: 0, pace, leaves, stalls, all: Vec::new() }
    }

    /// Waits for the first byte of a message.
    pub async fn begun(&mut self) -> Result<(), Broken> {
        while self.buffer.len() == self.start {
            self.fill().await?;
        }
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        if self.leaves.is_some_and(|most| self.all.len() >= most) {
            return Err(Broken::Left);
        }
        if self.stalls.is_some_and(|most| self.all.len() >= most) {
            self.stalls = None;
            sleep(LONG).await;
        }
        if self.pace.pauses > 0 {
            self.pace.pauses -= 1;
            sleep(Duration::from_millis(self.pace.pause)).await;
        }
        let begun = self.buffer.len() > self.start;
        self.buffer.drain(..self.start);
        self.start = 0;
        let mut chunk = vec![0; if self.pace.pauses > 0 { self.pace.most } else { 16_384 }];
        match self.end.read(&mut chunk).await {
            Ok(0) => Err(Broken::End { begun }),
            Ok(length) => {
                self.buffer.extend_from_slice(&chunk[..length]);
                self.all.extend_from_slice(&chunk[..length]);
                Ok(())
            }
            Err(_) => Err(Broken::Reset),
        }
    }

    /// A line without its end.
    async fn line(&mut self) -> Result<String, Broken> {
        let mut seen = 0;
        loop {
            let rest = &self.buffer[self.start..];
            let end = rest[seen..].iter().position(|&byte| byte == b'\n').map(|end| end + seen);
            if let Some(end) = end {
                let line = rest[..end].strip_suffix(b"\r").map(<[u8]>::to_vec);
                self.start += end + 1;
                let line = line.and_then(|line| String::from_utf8(line).ok());
                return line.ok_or_else(|| Broken::Malformed("a line without its end".into()));
            }
            seen = rest.len();
            self.fill().await?;
        }
    }

    async fn fields(&mut self) -> Result<Fields, Broken> {
        let mut fields = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(fields);
            }
            let Some((name, value)) = line.split_once(':') else {
                return Err(Broken::Malformed(format!("a field without a colon: {line}")));
            };
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The next head.
    pub async fn head(&mut self) -> Result<Head, Broken> {
        self.begun().await?;
        let first = self.line().await?;
        Ok(Head { first, fields: self.fields().await? })
    }

    /// Moves up to so many bytes of the body.
    async fn take(&mut self, mut length: usize, into: &mut Vec<u8>) -> Result<(), Broken> {
        while length > 0 {
            self.begun().await?;
            let some = length.min(self.buffer.len() - self.start);
            into.extend_from_slice(&self.buffer[self.start..self.start + some]);
            self.start += some;
            length -= some;
        }
        Ok(())
    }

    /// The body of a message; what came of it is kept where it breaks off.
    pub async fn body(&mut self, framing: Framing, got: &mut Got) -> Result<(), Broken> {
        let broken = match framing {
            Framing::None => Ok(()),
            Framing::Length => match got.head.get("content-length").map(str::parse) {
                Some(Ok(length)) => self.take(length, &mut got.body).await,
                _ => Err(Broken::Malformed("a length that is none".into())),
            },
            Framing::Chunked => self.chunked(got).await,
            Framing::Close => loop {
                let there = (self.buffer.len() - self.start).max(1);
                match self.take(there, &mut got.body).await {
                    Ok(()) => {}
                    Err(Broken::End { .. }) => return Ok(()),
                    Err(other) => break Err(other),
                }
            },
        };
        // Something has begun: a head was there.
        broken.map_err(|broken| match broken {
            Broken::End { .. } => Broken::End { begun: true },
            other => other,
        })
    }

    async fn chunked(&mut self, got: &mut Got) -> Result<(), Broken> {
        loop {
            let line = self.line().await?;
            let size = usize::from_str_radix(&line, 16)
                .map_err(|_| Broken::Malformed(format!("a chunk's size: {line}")))?;
            if size == 0 {
                got.trailers = self.fields().await?;
                return Ok(());
            }
            self.take(size, &mut got.body).await?;
            if !self.line().await?.is_empty() {
                return Err(Broken::Malformed("a chunk longer than it said".into()));
            }
        }
    }

    /// Whether nothing has come that was not taken.
    pub fn is_empty(&self) -> bool {
        self.buffer.len() == self.start
    }
}
