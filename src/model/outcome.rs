//! What a side answered: a reply, or the way in which it failed to give one.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// The body of a message as it was read: reference-counted chunks, never joined on the way.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    first: Bytes,
    rest: Vec<Bytes>,
    len: usize,
}

impl Payload {
    /// Takes one more chunk; an empty one is left out.
    pub fn push(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        self.len += chunk.len();
        if self.first.is_empty() { self.first = chunk } else { self.rest.push(chunk) }
    }

    /// Length in bytes over all chunks.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The chunks in order.
    pub fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.first).filter(|chunk| !chunk.is_empty()).chain(&self.rest)
    }

    /// One chunk, by its number from 0.
    pub fn chunk(&self, number: usize) -> Option<&Bytes> {
        match number.checked_sub(1) {
            None => Some(&self.first).filter(|chunk| !chunk.is_empty()),
            Some(number) => self.rest.get(number),
        }
    }

    /// The first bytes, sharing their memory.
    pub fn prefix(&self, len: usize) -> Self {
        if len >= self.len {
            return self.clone();
        }
        let (mut prefix, mut left) = (Self::default(), len);
        for chunk in self.chunks() {
            let part = chunk.len().min(left);
            prefix.push(chunk.slice(..part));
            left -= part;
        }
        prefix
    }

    /// The whole body in one piece; copies only where there is more than one chunk.
    pub fn joined(&self) -> Bytes {
        if self.rest.is_empty() {
            return self.first.clone();
        }
        let mut whole = Vec::with_capacity(self.len);
        self.chunks().for_each(|chunk| whole.extend_from_slice(chunk));
        whole.into()
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self { len: bytes.len(), first: bytes, rest: Vec::new() }
    }
}

/// Equal when the bytes are, however they are cut into chunks.
impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        if self.len != other.len {
            return false;
        }
        let (mut ours, mut theirs) = (self.chunks(), other.chunks());
        let (mut a, mut b): (&[u8], &[u8]) = (&[], &[]);
        loop {
            if a.is_empty() {
                a = ours.next().map_or(&[], |chunk| chunk);
            }
            if b.is_empty() {
                b = theirs.next().map_or(&[], |chunk| chunk);
            }
            let common = a.len().min(b.len());
            if common == 0 {
                return true;
            }
            let (a_head, a_tail) = a.split_at(common);
            let (b_head, b_tail) = b.split_at(common);
            // Bodies may share their memory: what is at the same place is the same.
            if !std::ptr::eq(a_head, b_head) && a_head != b_head {
                return false;
            }
            (a, b) = (a_tail, b_tail);
        }
    }
}

impl Eq for Payload {}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Payload,
    pub trailers: Option<HeaderMap>,
}

/// How a side failed to answer. Faults are compared like replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing listens there, or the address is not reachable.
    Refused,
    /// The name does not resolve.
    Dns,
    /// No TLS session came about.
    Tls,
    /// The connection ended before the answer did.
    Reset,
    /// No complete answer in time.
    Timeout,
    /// The answer is not HTTP.
    Malformed,
    /// The answer's body is over `mirror.max_body`.
    TooLarge,
}

impl Fault {
    /// Every fault, for tables.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::Dns,
        Self::Tls,
        Self::Reset,
        Self::Timeout,
        Self::Malformed,
        Self::TooLarge,
    ];

    /// The word for it in reports and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
        }
    }
}

/// A reply, or a fault in its place.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "replies are the rule; a box would cost each of them"
)]
pub enum Outcome {
    Reply(Reply),
    Fault(Fault),
}

impl Outcome {
    /// The status of a reply.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Reply(reply) => Some(reply.status),
            Self::Fault(_) => None,
        }
    }

    /// A fault or a 5xx: what the gate's `errors` counts on the candidate's side.
    pub fn is_error(&self) -> bool {
        self.status().is_none_or(|status| status.is_server_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(chunks: &[&'static str]) -> Payload {
        let mut payload = Payload::default();
        chunks.iter().for_each(|chunk| payload.push(Bytes::from_static(chunk.as_bytes())));
        payload
    }

    #[test]
    fn payloads_are_equal_however_they_are_cut() {
        assert_eq!(payload(&["abc", "def"]), payload(&["a", "bcde", "f"]));
        assert_ne!(payload(&["abc", "def"]), payload(&["abc", "deg"]));
        assert_ne!(payload(&["abc"]), payload(&["abc", "d"]));
        assert_eq!(payload(&[]), payload(&["", ""]));
        assert_eq!(payload(&["ab", "c"]).joined(), "abc");
    }
}
