//! Whether a request asks for another protocol. Pure.

use http::Version;
use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use http::request::Parts;

/// The protocol that a client of HTTP/1.1 asks to go over to (RFC 9110 section 7.8). HTTP/2 is not
/// one: whoever wants it begins with it (RFC 9113 section 3.1).
pub fn upgrade(head: &Parts) -> Option<HeaderValue> {
    let protocol = head.headers.get(UPGRADE)?;
    let known = !has_token(&head.headers, &UPGRADE, b"h2c");
    let asked = has_token(&head.headers, &CONNECTION, b"upgrade");
    (known && asked && head.version == Version::HTTP_11).then(|| protocol.clone())
}

/// Whether a list names a token (RFC 9110 section 5.6.1).
pub fn has_token(headers: &HeaderMap, name: &HeaderName, wanted: &[u8]) -> bool {
    let values = headers.get_all(name).iter();
    let mut tokens = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(wanted))
}
