//! Saved responses: bare bodies, or what `curl -i` writes.
//!
//! This module never takes a body for what neither the command, its name nor its bytes say it is.

use crate::cli::Failure;
use crate::cli::args::Diff;
use crate::compare::{Decoded, Undecodable};
use crate::model::{Outcome, Payload, Reply};
use crate::syntax::json::{Document, Shape};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::fs;
use std::path::Path;

/// A larger file is refused.
const LARGEST: u64 = 256 << 20;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Reads the two responses that a command names.
pub(super) fn read(args: &Diff) -> Result<[Reply; 2], Failure> {
    let (x, y) = (file(&args.primary)?, file(&args.candidate)?);
    let primary = reply(args, &args.primary, [&x, &y])?;
    let mut replies = [primary, reply(args, &args.candidate, [&y, &x])?];
    // Both were saved alike: where one is encoded as it says, the other that is not is wrong.
    let mut encoded = replies.iter().filter(|reply| reply.headers.contains_key(CONTENT_ENCODING));
    if encoded.all(is_decoded) {
        replies.iter_mut().for_each(|reply| drop(reply.headers.remove(CONTENT_ENCODING)));
    }
    Ok(replies)
}

fn file(path: &Path) -> Result<Bytes, Failure> {
    let name = path.display();
    let failed = |error| Failure::usage(format!("{name} cannot be read: {error}"));
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST {
        return Err(Failure::usage(format!("{name} is larger than 256MiB; no answer is")));
    }
    Ok(Bytes::from(fs::read(path).map_err(failed)?))
}

fn reply(args: &Diff, path: &Path, [bytes, other]: [&Bytes; 2]) -> Result<Reply, Failure> {
    if bytes.starts_with(b"HTTP/") {
        return with_head(bytes).ok_or_else(|| {
            let name = path.display();
            Failure::usage(format!(
                "{name} begins like a response, but its head cannot be read; save it with `curl -i`"
            ))
        });
    }
    let media = match said(args)? {
        Some(media) => media,
        None => named(path).unwrap_or_else(|| looks_like(bytes, other)),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, media);
    let body = Payload::from(bytes.clone());
    Ok(Reply { status: StatusCode::OK, headers, body, trailers: None })
}

/// The media type that the command gives to bodies without a head.
fn said(args: &Diff) -> Result<Option<HeaderValue>, Failure> {
    if let Some(media) = &args.media {
        let value = HeaderValue::try_from(media.as_str()).ok().filter(|_| media.contains('/'));
        let wrong = || {
            let mend = "write one like application/xml";
            Failure::usage(format!("--type {media}: this is not a media type; {mend}"))
        };
        return value.ok_or_else(wrong).map(Some);
    }
    Ok(match args {
        _ if args.message.is_some() => Some(HeaderValue::from_static("application/protobuf")),
        _ if args.method.is_some() => Some(HeaderValue::from_static("application/grpc")),
        _ => None,
    })
}

/// The media type that the ending of a file's name stands for.
fn named(path: &Path) -> Option<HeaderValue> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(HeaderValue::from_static(match ending.as_str() {
        "json" => return Some(JSON),
        "ndjson" | "jsonl" => "application/x-ndjson",
        "xml" => "application/xml",
        "html" | "htm" => "text/html",
        "cbor" => "application/cbor",
        "msgpack" | "mpk" => "application/msgpack",
        _ => return None,
    }))
}

/// JSON where it is, and where the other side is an object or an array of JSON, or any beside
/// nothing; else text, else bytes.
fn looks_like(bytes: &[u8], other: &[u8]) -> HeaderValue {
    let is_container = |document: &Document<'_>| {
        matches!(document.shape(document.root()), Shape::Object | Shape::Array)
    };
    let other_is =
        Document::parse(other).is_ok_and(|document| bytes.is_empty() || is_container(&document));
    if other_is || Document::parse(bytes).is_ok() {
        return JSON;
    }
    let text = str::from_utf8(bytes).is_ok();
    HeaderValue::from_static(if text { "text/plain" } else { "application/octet-stream" })
}

/// What `curl -i` writes: one head or, after redirects and interim answers, several, and the body
/// of the last.
fn with_head(bytes: &Bytes) -> Option<Reply> {
    let (mut status, mut headers, mut rest) = head(bytes)?;
    while rest.starts_with(b"HTTP/") {
        (status, headers, rest) = head(&rest)?;
    }
    Some(Reply { status, headers, body: Payload::from(rest), trailers: None })
}

fn head(bytes: &Bytes) -> Option<(StatusCode, HeaderMap, Bytes)> {
    let (mut status, mut headers) = (None, HeaderMap::new());
    let mut start = 0;
    loop {
        let rest = bytes.get(start..)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest.get(..end)?;
        start += end + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match &status {
            None => {
                let code = line.split(|byte| *byte == b' ').nth(1)?;
                status = Some(StatusCode::from_bytes(code).ok()?);
            }
            Some(status) if line.is_empty() => {
                return Some((*status, headers, bytes.slice(start..)));
            }
            Some(_) => {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let (name, value) = line.split_at_checked(colon)?;
                let value = value.get(1..)?.trim_ascii();
                let name = HeaderName::from_bytes(name).ok()?;
                headers.append(name, HeaderValue::from_bytes(value).ok()?);
            }
        }
    }
}

/// `curl --compressed` decodes the body and leaves the header: then the body is not what that says,
/// and gives it away.
fn is_decoded(reply: &Reply) -> bool {
    let outcome = Outcome::Reply(reply.clone());
    let is_corrupt = Decoded::new(&outcome, &outcome).primary() == Some(Err(Undecodable::Corrupt));
    let body = reply.body.joined();
    let is_gzip = |coding: &HeaderValue| coding.as_bytes().ends_with(b"gzip");
    is_corrupt
        && match reply.headers.get(CONTENT_ENCODING) {
            Some(coding) if is_gzip(coding) => !body.starts_with(&[0x1f, 0x8b]),
            _ => str::from_utf8(&body).is_ok(),
        }
}
