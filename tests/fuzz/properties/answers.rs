//! Two answers beside each other.

use super::{Parts, fields, is_printable};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use shadowdiff::compare::class::of_text;
use shadowdiff::compare::{
    Comparison, Decoded, Rules, compare, endpoint::template, same, signature,
};
use shadowdiff::config::{ArrayRule, Compare, Pairing};
use shadowdiff::model::{Outcome, Pattern, Place, Reply};
use shadowdiff::report::{Palette, difference, difference_json};
use std::io::{self, Write};

fn reply(headers: HeaderMap, body: &[u8], trailers: Option<HeaderMap>) -> Outcome {
    let body = Bytes::copy_from_slice(body).into();
    Outcome::Reply(Reply { status: StatusCode::OK, headers, body, trailers })
}

fn typed(media: &'static str, body: &[u8]) -> Outcome {
    let headers = [(http::header::CONTENT_TYPE, HeaderValue::from_static(media))];
    reply(headers.into_iter().collect(), body, None)
}

/// Rules under which places are ignored and arrays paired, so that these are walked too.
fn rules() -> Rules {
    let ignore = ["$.ignored", "$..id", "$.list[*].at", "/a/**/z"];
    let ignore = ignore.map(|text| text.parse::<Pattern>().expect("a pattern").into()).to_vec();
    let also = ["x-also", "allow"].map(|name| name.parse::<HeaderName>().expect("a name").into());
    let headers_also = also.to_vec();
    let array = |(path, pairing): (&str, Pairing)| {
        ArrayRule { path: path.parse().expect("a pattern"), pairing, ordered: false }.into()
    };
    let keys = Pairing::Keyed(vec!["a".to_owned(), "b".to_owned()]);
    let arrays = [("$.set", Pairing::Set), ("$.bag[*]", Pairing::Multiset), ("$..keyed", keys)];
    let arrays = arrays.map(array).to_vec();
    Rules::new(&Compare { ignore, arrays, headers_also, ..Default::default() })
}

/// What holds of every pair: nothing differs from itself, sides of one type can change places,
/// what is recorded is bounded, and what is shown can be shown.
fn pair(x: &Outcome, y: &Outcome) -> u64 {
    let rules = rules();
    let alone = Decoded::new(x, x);
    assert!(compare(x, x, &alone, &rules).is_equal(), "it differs from itself");
    let decoded = Decoded::new(x, y);
    let found = compare(x, y, &decoded, &rules);
    if media(x) == media(y) {
        let turned = Decoded::new(y, x);
        let turned = compare(y, x, &turned, &rules).total;
        assert_eq!(found.total, turned, "the sides count differently");
    }
    assert!(found.is_equal() || !same(x, y, &rules), "the fast path calls equal what is not");
    look(&found);
    found.total
}

/// The primary's type decides how both bodies are read.
fn media(outcome: &Outcome) -> Option<&HeaderValue> {
    let Outcome::Reply(reply) = outcome else { return None };
    reply.headers.get(http::header::CONTENT_TYPE)
}

fn look(found: &Comparison<'_>) {
    assert_eq!(found.divergences.len() as u64, found.total.min(Comparison::MAX_RECORDED as u64));
    for each in &found.divergences {
        let named = signature("GET /", each);
        assert_eq!(named, signature("GET /", each));
        assert_eq!(named.to_string().parse(), Ok(named));
        if let Place::Body(path) = &each.place
            && path.0.len() <= Pattern::MAX_STEPS
        {
            let pattern = each.place.pattern().parse::<Pattern>().expect("our own pattern");
            assert!(pattern.matches(path), "{pattern} does not select its place");
        }
    }
    assert!(is_printable(&difference(found, &[], &Palette::plain())));
    let json = difference_json(found, &[]);
    serde_json::from_str::<serde_json::Value>(&json).expect("JSON");
}

/// Two JSON bodies.
pub fn compare_json(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let (x, y) = (parts.next(), parts.next());
    let total = pair(&typed("application/json", x), &typed("application/json", y));
    assert!(total > 0 || x.is_empty() == y.is_empty());
}

/// Two answers: fields, body, trailers of the one, then of the other.
pub fn compare_answer(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let mut answer = || {
        let (headers, body, trailers) = (parts.next(), parts.next(), parts.next());
        let trailers = (!trailers.is_empty()).then(|| fields(trailers));
        reply(fields(headers), body, trailers)
    };
    let (x, y) = (answer(), answer());
    pair(&x, &y);
}

/// An endpoint's name is bounded, on one line, and the same every time. First part: the method.
pub fn endpoint(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let method = Method::from_bytes(parts.next()).unwrap_or(Method::GET);
    let path = parts.text();
    let name = template(&method, &path);
    assert_eq!(name, template(&method, &path));
    // The method, sixteen segments of at most 64 bytes of which each may be escaped, and `/**`.
    assert!(name.len() <= 32 + 1 + 16 * (1 + 3 * 64) + 3, "{} bytes", name.len());
    assert!(!name.contains(char::is_control));
    of_text(path.as_bytes());
}

/// What is decoded is bounded in itself and in proportion, and what was encoded decodes to itself.
/// First part: the codings; the rest: the body.
pub fn coding(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let (codings, body) = (parts.next(), parts.0.unwrap_or_default());
    check_decoded(codings, body);
    for level in [Compression::none(), Compression::fast()] {
        let (gzip, zlib) = (GzEncoder::new(vec![], level), ZlibEncoder::new(vec![], level));
        let encoded = [
            (&b"gzip"[..], written(gzip, body, GzEncoder::finish)),
            (b"deflate", written(zlib, body, ZlibEncoder::finish)),
            (b"deflate", written(DeflateEncoder::new(vec![], level), body, DeflateEncoder::finish)),
        ];
        for (coding, encoded) in encoded {
            let decoded = check_decoded(coding, &encoded);
            assert!(decoded.is_none_or(|decoded| decoded == body), "decoded to something else");
        }
    }
}

fn written<W: Write>(mut encoder: W, body: &[u8], finish: fn(W) -> io::Result<Vec<u8>>) -> Vec<u8> {
    encoder.write_all(body).expect("memory takes it");
    finish(encoder).expect("memory takes it")
}

fn check_decoded(codings: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_ENCODING, HeaderValue::from_bytes(codings).ok()?);
    let answer = reply(headers, body, None);
    let plain = reply(HeaderMap::new(), b"plain", None);
    let decoded = Decoded::new(&answer, &plain);
    let content = decoded.primary()?.ok()?;
    let bound = (body.len() * 200 * 200).clamp(64 << 10, 16 << 20);
    assert!(content.len() <= bound, "{} bytes from {}", content.len(), body.len());
    Some(content.to_vec())
}
