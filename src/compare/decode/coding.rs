//! Content codings (RFC 9110, section 8.4.1; Brotli: RFC 7932; Zstandard: RFC 8878), undone.
//!
//! This module never produces more than a bound allows, nor takes a cut stream for a whole one.

use super::Undecodable;
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;
use zstd::stream::read::Decoder;

/// No body is decoded to more than this.
pub(super) const MAX_OUTPUT: usize = 16 << 20;

/// Nor to more than this many times its size, where that is over [`SMALL`].
pub(super) const MAX_RATIO: usize = 200;

/// What any body may be decoded to: short repetitive ones have enormous ratios by nature.
pub(super) const SMALL: usize = 64 << 10;

/// The logarithm of the largest window that a Zstandard stream on the web may ask for, 8 MiB
/// (RFC 9659). That of Brotli is 16 MiB by its format.
const MAX_WINDOW_LOG: u32 = 23;

/// Bytes of Brotli that are decoded at a time.
const CHUNK: usize = 64 << 10;

/// The body within one coding.
pub(in crate::compare) fn undo(coding: &[u8], bytes: &[u8]) -> Result<Bytes, Undecodable> {
    match coding.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => inflate(MultiGzDecoder::new(bytes), bytes.len()),
        // The name stands for the zlib format; some senders leave its frame out.
        b"deflate" => {
            let (mut framed, mut bare) = (ZlibDecoder::new(bytes), DeflateDecoder::new(bytes));
            match inflate(&mut framed, bytes.len()) {
                Err(Undecodable::Corrupt) => whole(inflate(&mut bare, bytes.len()), bare.get_ref()),
                inflated => whole(inflated, framed.get_ref()),
            }
        }
        b"br" => brotli(bytes),
        b"zstd" => zstandard(bytes),
        _ => Err(Undecodable::UnknownCoding),
    }
}

fn limit(encoded: usize) -> usize {
    encoded.saturating_mul(MAX_RATIO).clamp(SMALL, MAX_OUTPUT)
}

fn inflate(decoder: impl Read, encoded: usize) -> Result<Bytes, Undecodable> {
    let limit = limit(encoded);
    let mut bytes = Vec::with_capacity(encoded.saturating_mul(4).min(limit));
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|_| Undecodable::Corrupt)?;
    if bytes.len() > limit { Err(Undecodable::TooLarge) } else { Ok(bytes.into()) }
}

/// The stream ends with the body: what follows it belongs to nothing.
fn whole(inflated: Result<Bytes, Undecodable>, rest: &[u8]) -> Result<Bytes, Undecodable> {
    inflated.and_then(|text| if rest.is_empty() { Ok(text) } else { Err(Undecodable::Corrupt) })
}

fn zstandard(bytes: &[u8]) -> Result<Bytes, Undecodable> {
    let mut decoder = Decoder::with_buffer(bytes).map_err(|_| Undecodable::Corrupt)?;
    decoder.window_log_max(MAX_WINDOW_LOG).map_err(|_| Undecodable::Corrupt)?;
    inflate(decoder, bytes.len())
}

fn brotli(bytes: &[u8]) -> Result<Bytes, Undecodable> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let (mut left, mut read, mut total) = (bytes.len(), 0, 0);
    let (limit, mut out) = (limit(bytes.len()), Vec::new());
    let mut chunk = vec![0; CHUNK];
    loop {
        let (mut room, mut written) = (chunk.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            bytes,
            &mut room,
            &mut written,
            &mut chunk,
            &mut total,
            &mut state,
        );
        out.extend_from_slice(chunk.get(..written).unwrap_or_default());
        if out.len() > limit {
            return Err(Undecodable::TooLarge);
        }
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultSuccess if left == 0 => return Ok(out.into()),
            BrotliResult::ResultSuccess
            | BrotliResult::NeedsMoreInput
            | BrotliResult::ResultFailure => return Err(Undecodable::Corrupt),
        }
    }
}
