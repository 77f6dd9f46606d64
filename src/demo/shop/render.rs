//! An answer as HTTP: the fields of its moment, the entity tag, compression.

use super::answer::{Answer, Content};
use super::route::Version;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, SERVER, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use std::io::Write;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

/// Smaller bodies are not worth compressing.
const MIN_COMPRESSED: usize = 256;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What makes two answers to the same request differ.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub request_id: Uuid,
    pub now: Timestamp,
}

/// Writes an answer for a client that sent these headers.
pub fn render(
    answer: Answer,
    version: Version,
    moment: Moment,
    asked: &HeaderMap,
) -> Response<Bytes> {
    let Answer { mut status, mut headers, content, pace: _ } = answer;
    let (media_type, mut body) = encode(content, moment);
    let server = match version {
        Version::One => "shop/1.8.2",
        Version::Two => "shop/2.0.0",
    };
    headers.insert(SERVER, HeaderValue::from_static(server));
    headers.insert(REQUEST_ID, visible(&moment.request_id.to_string()));
    if let Some(media_type) = media_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    if status == StatusCode::OK && !body.is_empty() {
        let tag = format!("W/\"{:016x}\"", xxh3_64(&body));
        let known =
            asked.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
        headers.insert(ETAG, visible(&tag));
        if known {
            status = StatusCode::NOT_MODIFIED;
            headers.remove(CONTENT_TYPE);
            body = Bytes::new();
        }
    }
    if media_type.is_some_and(is_compressible) {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
        if body.len() >= MIN_COMPRESSED && accepts_gzip(asked) {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            body = gzip(&body);
        }
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Pictures, and what is not said to be text, are sent as they are.
fn is_compressible(media_type: &str) -> bool {
    media_type.starts_with("text/") || media_type.ends_with("json")
}

fn encode(content: Content, moment: Moment) -> (Option<&'static str>, Bytes) {
    match content {
        Content::Empty => (None, Bytes::new()),
        Content::Json(body) => (Some("application/json"), json(body, moment)),
        Content::Problem(body) => (Some("application/problem+json"), json(body, moment)),
        Content::File { media_type, bytes } => (Some(media_type), bytes),
    }
}

fn json(mut body: Value, moment: Moment) -> Bytes {
    if let Value::Object(fields) = &mut body {
        fields.insert("request_id".into(), moment.request_id.to_string().into());
        fields.insert("generated_at".into(), format!("{:.3}", moment.now).into());
    }
    body.to_string().into()
}

fn visible(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("an id or a tag is visible ASCII")
}

/// Whether an `Accept-Encoding` names gzip (or everything) and does not weigh it 0 (RFC 9110,
/// section 12.5.3).
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| matches!(name, "gzip" | "x-gzip" | "*"));
        let refused = |weight: &str| weight.trim_end_matches(['0', '.']) == "q=";
        named && !parts.any(refused)
    })
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("writing to memory cannot fail");
    encoder.finish().expect("writing to memory cannot fail").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accepted: &str, expected: bool) {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, visible(accepted))]);
        assert_eq!(accepts_gzip(&headers), expected, "{accepted}");
    }

    #[test]
    fn gzip_is_accepted_by_name_or_by_star() {
        check("gzip", true);
        check("br, gzip;q=0.8", true);
        check("*", true);
        check("deflate, br", false);
        check("identity", false);
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_weight_of_zero_refuses_gzip() {
        check("gzip;q=0", false);
        check("gzip; q=0.000, br", false);
        check("gzip;q=0.001", true);
        check("gzip;q=1.0", true);
    }
}
