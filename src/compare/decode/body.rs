//! One side's body, as it came and decoded.
//!
//! This module never decodes an empty body, whatever its header says.

use super::charset;
use super::coding::{MAX_OUTPUT, MAX_RATIO, undo};
use crate::model::Reply;
use crate::syntax::MediaType;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

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
    #[error("the charset is not one that is decoded here")]
    UnknownCharset,
    #[error("the body is not in the charset that it is said to be in")]
    Malformed,
}

/// One side's body.
#[derive(Clone, Debug)]
pub(in crate::compare) struct Body {
    /// As it came.
    pub raw: Bytes,
    pub decoded: Result<Bytes, Undecodable>,
    /// The name of the charset that it was in, where that was not UTF-8.
    pub charset: Option<&'static str>,
}

impl Body {
    /// Undoes what there is to undo: the codings first, then the charset.
    pub(super) fn new(reply: &Reply) -> Self {
        let raw = reply.body.joined();
        let text = uncoded(reply, &raw).and_then(|bytes| charset::decode(media(reply), &bytes));
        match text {
            Ok((text, charset)) => Self { raw, decoded: Ok(text), charset },
            Err(reason) => Self { raw, decoded: Err(reason), charset: None },
        }
    }

    /// What it stands for, or why that is not known.
    pub(in crate::compare) fn content(&self) -> Result<&[u8], Undecodable> {
        match &self.decoded {
            Ok(bytes) => Ok(bytes),
            Err(reason) => Err(*reason),
        }
    }
}

/// The codings of a body in the order in which they were applied; `identity` is none.
pub(in crate::compare) fn codings(reply: &Reply) -> impl DoubleEndedIterator<Item = &[u8]> {
    let lines = reply.headers.get_all(CONTENT_ENCODING).into_iter();
    let words = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let words = words.map(<[u8]>::trim_ascii);
    words.filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case(b"identity"))
}

/// What the body is said to be.
pub(in crate::compare) fn media(reply: &Reply) -> Option<MediaType<'_>> {
    let value = reply.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(MediaType::new(value))
}

fn uncoded(reply: &Reply, raw: &Bytes) -> Result<Bytes, Undecodable> {
    if codings(reply).count() > MAX_CODINGS {
        return Err(Undecodable::UnknownCoding);
    }
    // Nothing is encoded in an empty body, whatever the header says (an answer to HEAD, say).
    if raw.is_empty() {
        return Ok(raw.clone());
    }
    codings(reply).rev().try_fold(raw.clone(), |bytes, coding| undo(coding, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::decode::coding::SMALL;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::{HeaderMap, StatusCode};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    }

    fn deflate(bytes: &[u8], framed: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let level = Compression::default();
        let written = match framed {
            true => ZlibEncoder::new(&mut out, level).write_all(bytes),
            false => DeflateEncoder::new(&mut out, level).write_all(bytes),
        };
        written.expect("a Vec takes all");
        out
    }

    fn brotli(bytes: &[u8], window: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = brotli::CompressorWriter::new(&mut out, 4_096, 5, window);
        encoder.write_all(bytes).expect("a Vec takes all");
        drop(encoder);
        out
    }

    fn zstandard(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).expect("a Vec takes all")
    }

    fn check(coding: &'static str, body: Vec<u8>, expected: Result<&[u8], Undecodable>) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, coding.parse().expect("a header value"));
        let body = Bytes::from(body).into();
        let reply = Reply { status: StatusCode::OK, headers, body, trailers: None };
        assert_eq!(Body::new(&reply).content(), expected, "{coding}");
    }

    #[test]
    fn the_common_codings_are_undone() {
        let text = b"some text, some text";
        check("identity", text.to_vec(), Ok(text));
        check("GZIP", gzip(text), Ok(text));
        check("x-gzip, identity", gzip(text), Ok(text));
        check("gzip, gzip", gzip(&gzip(text)), Ok(text));
        check("gzip", [gzip(b"some text, "), gzip(b"some text")].concat(), Ok(text));
        check("deflate", deflate(text, true), Ok(text));
        check("deflate", deflate(text, false), Ok(text));
        check("gzip", Vec::new(), Ok(b""));
        check("br", brotli(text, 18), Ok(text));
        check("zstd", zstandard(text), Ok(text));
        check("zstd", [zstandard(b"some text, "), zstandard(b"some text")].concat(), Ok(text));
        check("zstd, br", brotli(&zstandard(text), 22), Ok(text));
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        let text = gzip(b"some text");
        check("gzip", text[..text.len() - 1].to_vec(), Err(Undecodable::Corrupt));
        check("gzip", b"plain".to_vec(), Err(Undecodable::Corrupt));
        check("compress", b"plain".to_vec(), Err(Undecodable::UnknownCoding));
        check("gzip, gzip, gzip", gzip(&gzip(&gzip(b"x"))), Err(Undecodable::UnknownCoding));
    }

    #[test]
    fn a_stream_that_is_cut_anywhere_or_goes_on_behind_its_end_is_corrupt() {
        let text: Vec<u8> =
            (0..5_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let streams = [
            ("br", brotli(&text, 18)),
            ("zstd", zstandard(&text)),
            ("gzip", gzip(&text)),
            ("deflate", deflate(&text, true)),
            ("deflate", deflate(&text, false)),
        ];
        for (coding, stream) in streams {
            for end in (1..stream.len()).step_by(97) {
                check(coding, stream[..end].to_vec(), Err(Undecodable::Corrupt));
            }
            check(coding, [&stream, &b"more"[..]].concat(), Err(Undecodable::Corrupt));
        }
    }

    #[test]
    fn a_window_over_the_bound_is_not_allocated() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
        encoder.window_log(24).expect("a window");
        encoder.include_contentsize(false).expect("a flag");
        encoder.write_all(b"text").expect("a Vec takes all");
        let wide = encoder.finish().expect("a Vec takes all");
        check("zstd", wide, Err(Undecodable::Corrupt));
        // The large windows of Brotli are no part of its format: 0x11, then 30 bits of window.
        check("br", vec![0x11, 0x1e, 0x03], Err(Undecodable::Corrupt));
    }

    #[test]
    fn a_bomb_is_not_decoded() {
        check("gzip", gzip(&vec![0; SMALL]), Ok(&vec![0; SMALL]));
        check("gzip", gzip(&vec![0; 1 << 20]), Err(Undecodable::TooLarge));
        check("br", brotli(&vec![0; SMALL], 18), Ok(&vec![0; SMALL]));
        check("br", brotli(&vec![0; 1 << 20], 22), Err(Undecodable::TooLarge));
        check("zstd", zstandard(&vec![0; 1 << 20]), Err(Undecodable::TooLarge));
        let noise: Vec<u8> = (0..1_u32 << 20)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let long = noise.repeat(5);
        check("gzip", gzip(&long), Err(Undecodable::TooLarge));
        check("gzip, gzip", gzip(&gzip(&vec![0; 100 << 20])), Err(Undecodable::TooLarge));
    }
}
