//! A side of HTTP/2, client or server, that writes any frames, right or wrong.

use super::PATIENCE;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// One frame as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
}

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One connection.
pub struct H2 {
    stream: TcpStream,
}

impl H2 {
    /// Connects, and sends the preface with empty settings.
    pub fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).expect("a connection"))
    }

    /// The same on a connection that is there.
    pub fn of(stream: TcpStream) -> Self {
        let mut h2 = Self::without_settings(stream);
        h2.send(Frame::SETTINGS, 0, 0, &[]);
        h2
    }

    /// A preface of which the settings are missing.
    pub fn without_settings(mut stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.write_all(PREFACE).expect("written");
        Self { stream }
    }

    /// The server's end of a connection: reads the preface, and sends these settings.
    pub fn accept(mut stream: TcpStream, settings: &[(u16, u32)]) -> Option<Self> {
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        // What was sent is on its way when the connection is closed.
        stream.set_nodelay(true).ok()?;
        stream.read_exact(&mut [0; PREFACE.len()]).ok()?;
        let mut h2 = Self { stream };
        h2.settings(settings);
        Some(h2)
    }

    pub fn settings(&mut self, settings: &[(u16, u32)]) {
        let setting = |(name, value): &(u16, u32)| {
            name.to_be_bytes().into_iter().chain(value.to_be_bytes()).collect::<Vec<_>>()
        };
        self.send(Frame::SETTINGS, 0, 0, &settings.iter().flat_map(setting).collect::<Vec<_>>());
    }

    /// The stream of the next request; nothing where the connection has ended.
    pub fn next_request(&mut self) -> Option<u32> {
        self.until(Frame::HEADERS).map(|head| head.stream)
    }

    /// An answer without a body: status 200.
    pub fn ok(&mut self, stream: u32) -> bool {
        self.send(Frame::HEADERS, Frame::END_HEADERS | Frame::END_STREAM, stream, &[0x88])
    }

    /// The last stream that was or may be worked on, and why no other will be.
    pub fn goaway(&mut self, last: u32, reason: u32) -> bool {
        self.send(Frame::GOAWAY, 0, 0, &[last.to_be_bytes(), reason.to_be_bytes()].concat())
    }

    /// Sends one frame; false where the other side no longer takes it.
    pub fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], kind, flags];
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        self.stream.write_all(&bytes).is_ok()
    }

    /// The socket, for what is no frame.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// A GET, with these fields after the usual ones.
    pub fn get(&mut self, stream: u32, more: &[(&str, &str)]) {
        let usual =
            [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "shop.test")];
        self.request(stream, &[&usual, more].concat());
    }

    /// A request without a body, of exactly these fields.
    pub fn request(&mut self, stream: u32, fields: &[(&str, &str)]) {
        let flags = Frame::END_STREAM | Frame::END_HEADERS;
        self.send(Frame::HEADERS, flags, stream, &fields_of(fields));
    }

    /// The next frame; nothing where the connection has ended.
    pub fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of a kind; nothing where the connection has ended before.
    pub fn until(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// How a request on a stream ends: its status, or the error that resets it (negative) or ends
    /// the connection (`None`).
    pub fn outcome(&mut self, stream: u32) -> Option<i64> {
        loop {
            let frame = self.read()?;
            match frame.kind {
                Frame::HEADERS if frame.stream == stream => return Some(status(&frame.payload)),
                Frame::RST_STREAM if frame.stream == stream => {
                    return Some(-i64::from(error(&frame.payload)));
                }
                Frame::GOAWAY if error(&frame.payload[4..]) != 0 => return None,
                _ => {}
            }
        }
    }
}

/// Header fields as literals, without tables.
pub fn fields_of(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127);
            block.push(u8::try_from(text.len()).expect("short"));
            block.extend(text.as_bytes());
        }
    }
    block
}

fn error(payload: &[u8]) -> u32 {
    u32::from_be_bytes([payload[0], payload[1], payload[2], payload[3]])
}

/// The status that stands at the start of a block: one of the static table, or a literal.
fn status(block: &[u8]) -> i64 {
    match block[0] {
        0x88 => 200,
        0x89 => 204,
        0x8a => 206,
        0x8b => 304,
        0x8c => 400,
        0x8d => 404,
        0x8e => 500,
        // Indexed name 8 with a literal of three digits, plain or in Huffman's code.
        0x48 | 0x08 if block[1] & 0x80 == 0 => {
            String::from_utf8_lossy(&block[2..5]).parse().expect("a status")
        }
        0x48 | 0x08 => huffman_digits(&block[2..2 + usize::from(block[1] & 0x7f)]),
        other => panic!("no status: {other:#x}"),
    }
}

/// Digits in the code of RFC 7541, appendix B: 0 to 2 in five bits, 3 to 9 in six.
fn huffman_digits(bytes: &[u8]) -> i64 {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let (mut rest, mut number) = (bits.as_str(), 0);
    for _ in 0..3 {
        let five = i64::from_str_radix(&rest[..5], 2).expect("bits");
        let (digit, length) = match five {
            0..=2 => (five, 5),
            _ => (i64::from_str_radix(&rest[..6], 2).expect("bits") - 0b01_1001 + 3, 6),
        };
        number = number * 10 + digit;
        rest = &rest[length..];
    }
    number
}
