//! Bodies without their content-encoding.

use super::encoded::{Encoded, Texts, binary_reading};
use crate::model::{Outcome, Reply};
use crate::syntax::MediaType;
use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::io::Read;

/// No body is decoded to more than this.
const MAX_OUTPUT: usize = 16 << 20;

/// Nor to more than this many times its size, where that is over [`SMALL`].
const MAX_RATIO: usize = 200;

/// What any body may be decoded to: short repetitive ones have enormous ratios by nature.
const SMALL: usize = 64 << 10;

/// Codings one around the other; more are not undone.
const MAX_CODINGS: usize = 2;

/// Why a body was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    #[error("the content-encoding is not one that is decoded here")]
    UnknownCoding,
    #[error("the body is not what its content-encoding says")]
    Corrupt,
    #[error("the decoded body is over {MAX_OUTPUT} bytes, or {MAX_RATIO} times its encoded size")]
    TooLarge,
}

/// One side's body.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// As it came.
    pub raw: Bytes,
    pub decoded: Result<Bytes, Undecodable>,
}

/// Both bodies, decoded: what [`compare`](super::compare) borrows its findings from.
#[derive(Clone, Debug)]
pub struct Decoded {
    primary: Option<Body>,
    candidate: Option<Body>,
    /// Both as JSON text, where they are of a binary format that is read.
    texts: Option<Texts>,
}

impl Decoded {
    /// Decodes what there is; bodies that are equal as they came are decoded once.
    pub fn new(primary: &Outcome, candidate: &Outcome) -> Self {
        let (x, y) = (reply(primary), reply(candidate));
        let primary = x.map(decode);
        let candidate = match (x, y, &primary) {
            (Some(x), Some(y), Some(body)) if codings(x).eq(codings(y)) && x.body == y.body => {
                Some(body.clone())
            }
            _ => y.map(decode),
        };
        let contents = primary.as_ref().zip(candidate.as_ref());
        let texts = x.zip(y).zip(contents).and_then(|(replies, bodies)| texts(replies, bodies));
        Self { primary, candidate, texts }
    }

    /// The primary's body without its encoding; nothing for a fault.
    pub fn primary(&self) -> Option<Result<&[u8], Undecodable>> {
        self.primary.as_ref().map(Body::content)
    }

    /// The candidate's body without its encoding; nothing for a fault.
    pub fn candidate(&self) -> Option<Result<&[u8], Undecodable>> {
        self.candidate.as_ref().map(Body::content)
    }

    pub(super) fn bodies(&self) -> Option<(&Body, &Body)> {
        self.primary.as_ref().zip(self.candidate.as_ref())
    }

    pub(super) fn texts(&self) -> Option<&Texts> {
        self.texts.as_ref()
    }
}

impl Body {
    pub(super) fn content(&self) -> Result<&[u8], Undecodable> {
        match &self.decoded {
            Ok(bytes) => Ok(bytes),
            Err(reason) => Err(*reason),
        }
    }
}

/// Bodies that differ, read as what the primary's type says.
fn texts((x, y): (&Reply, &Reply), (body_x, body_y): (&Body, &Body)) -> Option<Texts> {
    let (content_x, content_y) = (body_x.content().ok()?, body_y.content().ok()?);
    if content_x == content_y || content_x.is_empty() || content_y.is_empty() {
        return None;
    }
    let media = MediaType::new(x.headers.get(CONTENT_TYPE)?.to_str().ok()?);
    let sides = [(x, content_x), (y, content_y)].map(|(reply, body)| {
        let coding = reply.headers.get("grpc-encoding").map(|value| value.as_bytes());
        Encoded { body, coding: coding.unwrap_or_default() }
    });
    binary_reading(media, sides)
}

fn reply(outcome: &Outcome) -> Option<&Reply> {
    match outcome {
        Outcome::Reply(reply) => Some(reply),
        Outcome::Fault(_) => None,
    }
}

/// The codings of a body in the order in which they were applied; `identity` is none.
pub(super) fn codings(reply: &Reply) -> impl DoubleEndedIterator<Item = &[u8]> {
    let lines = reply.headers.get_all(CONTENT_ENCODING).into_iter();
    let words = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let words = words.map(<[u8]>::trim_ascii);
    words.filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case(b"identity"))
}

fn decode(reply: &Reply) -> Body {
    let raw = reply.body.joined();
    let mut decoded = Ok(raw.clone());
    if codings(reply).count() > MAX_CODINGS {
        decoded = Err(Undecodable::UnknownCoding);
    }
    // Nothing is encoded in an empty body, whatever the header says (an answer to HEAD, say).
    if !raw.is_empty() {
        for coding in codings(reply).rev() {
            decoded = decoded.and_then(|bytes| undo(coding, &bytes));
        }
    }
    Body { raw, decoded }
}

pub(super) fn undo(coding: &[u8], bytes: &[u8]) -> Result<Bytes, Undecodable> {
    match coding.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => inflate(MultiGzDecoder::new(bytes), bytes.len()),
        // The name stands for the zlib format; some senders leave its frame out.
        b"deflate" => match inflate(ZlibDecoder::new(bytes), bytes.len()) {
            Err(Undecodable::Corrupt) => inflate(DeflateDecoder::new(bytes), bytes.len()),
            other => other,
        },
        _ => Err(Undecodable::UnknownCoding),
    }
}

fn inflate(decoder: impl Read, encoded: usize) -> Result<Bytes, Undecodable> {
    let limit = encoded.saturating_mul(MAX_RATIO).clamp(SMALL, MAX_OUTPUT);
    let mut bytes = Vec::with_capacity(encoded.saturating_mul(4).min(limit));
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|_| Undecodable::Corrupt)?;
    if bytes.len() > limit { Err(Undecodable::TooLarge) } else { Ok(bytes.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::{HeaderMap, StatusCode};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    }

    fn check(coding: &'static str, body: Vec<u8>, expected: Result<&[u8], Undecodable>) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, coding.parse().expect("a header value"));
        let body = Bytes::from(body).into();
        let reply = Reply { status: StatusCode::OK, headers, body, trailers: None };
        assert_eq!(decode(&reply).content(), expected, "{coding}");
    }

    #[test]
    fn the_common_codings_are_undone() {
        let text = b"some text, some text";
        check("identity", text.to_vec(), Ok(text));
        check("GZIP", gzip(text), Ok(text));
        check("x-gzip, identity", gzip(text), Ok(text));
        check("gzip, gzip", gzip(&gzip(text)), Ok(text));
        check("gzip", [gzip(b"some text, "), gzip(b"some text")].concat(), Ok(text));
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(text).expect("a Vec takes all");
        check("deflate", zlib.finish().expect("a Vec takes all"), Ok(text));
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(text).expect("a Vec takes all");
        check("deflate", bare.finish().expect("a Vec takes all"), Ok(text));
        check("gzip", Vec::new(), Ok(b""));
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        let text = gzip(b"some text");
        check("gzip", text[..text.len() - 1].to_vec(), Err(Undecodable::Corrupt));
        check("gzip", b"plain".to_vec(), Err(Undecodable::Corrupt));
        check("br", b"plain".to_vec(), Err(Undecodable::UnknownCoding));
        check("gzip, gzip, gzip", gzip(&gzip(&gzip(b"x"))), Err(Undecodable::UnknownCoding));
    }

    #[test]
    fn a_bomb_is_not_decoded() {
        check("gzip", gzip(&vec![0; SMALL]), Ok(&vec![0; SMALL]));
        check("gzip", gzip(&vec![0; 1 << 20]), Err(Undecodable::TooLarge));
        let noise: Vec<u8> = (0..1_u32 << 20)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let long = noise.repeat(5);
        check("gzip", gzip(&long), Err(Undecodable::TooLarge));
        check("gzip, gzip", gzip(&gzip(&vec![0; 100 << 20])), Err(Undecodable::TooLarge));
    }
}
