//! `shadow diff`: compares two saved responses with the same engine and rules.

use crate::base::Chain;
use crate::cli::args::{Diff, DiffFormat, Global};
use crate::cli::output::Output;
use crate::cli::{Exit, Failure, source};
use crate::compare::{Decoded, Rules, Types, Undecodable, Unpatchable, compare, patch};
use crate::config::Compare;
use crate::model::{Outcome, Payload, Reply, Severity};
use crate::report::{Palette, difference, difference_json};
use crate::syntax::json::Document;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::fs;
use std::path::Path;

/// A larger file is refused.
const LARGEST: u64 = 256 << 20;

pub(super) fn diff(global: &Global, args: &Diff) -> Result<Exit, Failure> {
    let rules = rules(global, args.message.as_deref())?;
    let types = types(&rules, args)?;
    let primary = Outcome::Reply(read(args, &args.primary)?);
    let candidate = Outcome::Reply(read(args, &args.candidate)?);
    let decoded = Decoded::typed(&primary, &candidate, types);
    let comparison = compare(&primary, &candidate, &decoded, &rules);
    let output = Output::new(global.color);
    let palette = if output.coloured() { Palette::coloured() } else { Palette::plain() };
    output.data(&match args.format {
        DiffFormat::Text => difference(&comparison, &palette),
        DiffFormat::Json => difference_json(&comparison),
        DiffFormat::Patch => patched(args, &decoded)?,
    })?;
    let counts = |severity: Severity| severity != Severity::Info;
    let differs = comparison.divergences.iter().any(|divergence| counts(divergence.severity));
    Ok(if differs { Exit::Failed } else { Exit::Done })
}

/// The patch from the one body to the other, both without their encodings.
fn patched(args: &Diff, decoded: &Decoded) -> Result<String, Failure> {
    let body = |path: &Path, body: Option<Result<_, Undecodable>>| match body {
        Some(Ok(body)) => Ok(body),
        Some(Err(error)) => Err(Failure::usage(format!("{}: {error}", path.display()))),
        None => Ok(&[][..]),
    };
    let x = body(&args.primary, decoded.primary())?;
    let y = body(&args.candidate, decoded.candidate())?;
    patch(x, y).map_err(|error| {
        let path = match error {
            Unpatchable::First(_) => &args.primary,
            Unpatchable::Second(_) => &args.candidate,
        };
        let error = Chain(&error);
        Failure::usage(format!("no patch: {error} ({}); take another --format", path.display()))
    })
}

/// The rules of the config where there is one, else the built-in ones; protobuf is of this type.
fn rules(global: &Global, message: Option<&str>) -> Result<Rules, Failure> {
    let mut compare = match global.config.exists() {
        true => source::config(global)?.compare,
        false => Compare::default(),
    };
    if let Some(name) = message {
        let schema = compare.protobuf.schema.as_ref();
        if schema.and_then(|schema| schema.message(name)).is_none() {
            return Err(unknown("message", name));
        }
        compare.protobuf.message = Some(name.to_owned());
    }
    Ok(Rules::new(&compare))
}

/// The types of protobuf bodies: those that the method answers with, where one is named.
fn types<'r>(rules: &'r Rules, args: &Diff) -> Result<Types<'r>, Failure> {
    let Some(method) = &args.method else { return Ok(rules.types("")) };
    let types = rules.types(method);
    if types.is_answer() { Ok(types) } else { Err(unknown("method", method)) }
}

fn unknown(what: &str, name: &str) -> Failure {
    Failure::usage(format!(
        "the {what} `{name}` is in no descriptors; name a file that has it in the config, in \
         compare.protobuf.descriptors"
    ))
}

fn read(args: &Diff, path: &Path) -> Result<Reply, Failure> {
    let name = path.display();
    let failed = |error| Failure::usage(format!("{name} cannot be read: {error}"));
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST {
        return Err(Failure::usage(format!("{name} is larger than 256MiB; no answer is")));
    }
    let bytes = Bytes::from(fs::read(path).map_err(failed)?);
    if bytes.starts_with(b"HTTP/") {
        return with_head(&bytes).ok_or_else(|| {
            Failure::usage(format!(
                "{name} begins like a response, but its head cannot be read; save it with `curl -i`"
            ))
        });
    }
    Ok(bare(args, bytes))
}

/// A body without a head: what the command says it is, else JSON where it looks like it, else text,
/// else bytes.
fn bare(args: &Diff, bytes: Bytes) -> Reply {
    let media = match bytes.as_ref() {
        _ if args.message.is_some() => "application/protobuf",
        _ if args.method.is_some() => "application/grpc",
        _ if Document::parse(&bytes).is_ok() => "application/json",
        _ if std::str::from_utf8(&bytes).is_ok() => "text/plain",
        _ => "application/octet-stream",
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    Reply { status: StatusCode::OK, headers, body: bytes.into(), trailers: None }
}

/// What `curl -i` writes: one head or, after redirects and interim answers, several, and the body
/// of the last.
fn with_head(bytes: &Bytes) -> Option<Reply> {
    let (mut status, mut headers, mut rest) = head(bytes)?;
    while rest.starts_with(b"HTTP/") {
        (status, headers, rest) = head(&rest)?;
    }
    if is_decoded(&headers, &rest) {
        headers.remove(CONTENT_ENCODING);
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

/// `curl --compressed` decodes the body and leaves the header: then the first bytes give it away.
fn is_decoded(headers: &HeaderMap, body: &[u8]) -> bool {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        Some(b"gzip" | b"x-gzip") => !body.starts_with(&[0x1f, 0x8b]),
        Some(_) => std::str::from_utf8(body).is_ok(),
        None => false,
    }
}
