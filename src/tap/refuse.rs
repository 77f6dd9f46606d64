//! Requests that are answered by the tap itself, and the short answers that it gives. Pure.
//!
//! What becomes of a request that is not as it should be. `hyper` reads the bytes; the rest is
//! decided here.
//!
//! | the request has | the client gets | the primary sees |
//! | --- | --- | --- |
//! | Transfer-Encoding and Content-Length | its answer, then the end | chunks alone |
//! | two different lengths, or no number | 400 | nothing |
//! | equal lengths, on one line or on two | its answer, or 400 | one length |
//! | a coding that does not end in chunked, or any in HTTP/1.0 | 400 | nothing |
//! | a coding before chunked | 501 | nothing |
//! | a chunk size that is no number, or over 16 digits | 400 | an aborted body |
//! | chunk extensions | its answer | none of them; too many: an aborted body |
//! | a bare line feed as line end, of a chunk's size too | its answer, or 400 | proper line ends |
//! | trailers that begin with a bare line feed | 400 | an aborted body |
//! | other trailers | its answer, then the end | those that may pass |
//! | a bare carriage return, NUL, a folded line, a space before the colon | 400 | nothing |
//! | white space around a value of HTTP/2 | 400 | nothing, or an aborted body |
//! | pseudo-fields in trailers of HTTP/2 | PROTOCOL_ERROR | an aborted body |
//! | an empty line before the request line | its answer | none of it |
//! | no host, two, one that is none, one beside another authority | 400 | nothing |
//! | `*` for OPTIONS | its answer | `*` |
//! | `*` for another method, an authority alone | 400 | nothing |
//! | an absolute target | its answer | origin-form, its authority in Host |
//! | CONNECT, TRACE | 405 | nothing |
//! | our own name and number in Via | 508 | nothing |
//! | OPTIONS with `Max-Forwards: 0` | 200 with Allow | nothing |
//! | more than `listen.limits` allows | 414, 431 or 413 | nothing, or an aborted body |

use crate::config::ListenLimits;
use crate::model::{Fault, Rule};
use crate::tap::body::LiveBody;
use crate::tap::headers::{hops, host_of};
use crate::tap::known::{Fields, Known};
use bytes::Bytes;
use http::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER,
    TRANSFER_ENCODING,
};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, Response, StatusCode, Version};

/// The rule by which a request is not forwarded, if there is one.
pub(super) fn refusal(head: &Parts, fields: Fields, limits: &ListenLimits) -> Option<Rule> {
    // A tunnel to an address of the client's choice (RFC 9110 section 9.3.6) is never opened.
    if head.method == Method::CONNECT {
        return Some(Rule::Connect);
    }
    // TRACE would reflect fields that a client's script must not see (RFC 9110 section 9.3.8).
    if head.method == Method::TRACE {
        return Some(Rule::Trace);
    }
    target(head)
        .or_else(|| host(head, fields))
        .or_else(|| coding(head, fields))
        .or_else(|| value(head, fields))
        .or_else(|| length(head))
        .or_else(|| size(head, fields, limits))
        .or_else(|| (hops(head) == Some(0)).then_some(Rule::MaxForwards))
}

/// The four forms of a target (RFC 9112 section 3.2).
fn target(head: &Parts) -> Option<Rule> {
    let uri = &head.uri;
    match uri.scheme() {
        None if uri.authority().is_some() => return Some(Rule::Target),
        Some(scheme) if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS => {
            return Some(Rule::Scheme);
        }
        _ => {}
    }
    if uri.authority().is_some_and(|it| !is_authority(it.as_str())) {
        return Some(Rule::Host);
    }
    (uri.path() == "*" && head.method != Method::OPTIONS).then_some(Rule::Target)
}

/// HTTP/1.1 demands exactly one valid Host (RFC 9112 section 3.2); HTTP/2 an authority or a Host,
/// and no two that differ (RFC 9113 section 8.3.1).
fn host(head: &Parts, fields: Fields) -> Option<Rule> {
    let authority = head.uri.authority();
    let fine = match head.headers.get(HOST) {
        Some(_) if fields.repeats(Known::Host) => false,
        Some(host) => {
            is_host(host.as_bytes())
                && (head.version != Version::HTTP_2 || authority.is_none_or(|it| same(it, host)))
        }
        None => match head.version {
            Version::HTTP_2 => authority.is_some_and(|it| is_host(it.as_str().as_bytes())),
            version => version == Version::HTTP_10,
        },
    };
    (!fine).then_some(Rule::Host)
}

/// A host with its port, behind at most one user (RFC 3986 section 3.2).
fn is_authority(text: &str) -> bool {
    is_host(host_of(text).as_bytes()) && text.bytes().filter(|&byte| byte == b'@').count() < 2
}

fn same(authority: &Authority, host: &HeaderValue) -> bool {
    authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes())
}

/// `host[:port]` (RFC 3986 section 3.2), the host not empty.
fn is_host(text: &[u8]) -> bool {
    let end = match text.first() {
        Some(b'[') => text.iter().position(|&byte| byte == b']').map_or(0, |end| end + 1),
        _ => text.iter().position(|&byte| byte == b':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(end);
    let name = |byte: &u8| {
        matches!(byte,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'%'
            | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
    };
    let literal = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'[' | b']' | b':' | b'.');
    let host = match host {
        [b'[', ..] => host.len() > 3 && host.iter().all(literal),
        _ => !host.is_empty() && host.iter().all(name),
    };
    let port = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    host && port
}

/// A body in chunks and nothing else can be passed on: what coded it before is lost with the field
/// (RFC 9112 section 6.1).
fn coding(head: &Parts, fields: Fields) -> Option<Rule> {
    if !fields.has(Known::TransferEncoding) {
        return None;
    }
    let chunked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    let alone = !fields.repeats(Known::TransferEncoding);
    let fine = alone && head.headers.get(TRANSFER_ENCODING).is_some_and(chunked);
    (!fine).then_some(Rule::Coding)
}

/// No white space stands around a value of HTTP/2 (RFC 9113 section 8.2.1). Over HTTP/1 it is no part
/// of one.
fn value(head: &Parts, fields: Fields) -> Option<Rule> {
    (head.version == Version::HTTP_2 && fields.are_padded()).then_some(Rule::Malformed)
}

/// A length of HTTP/2 is one number (RFC 9110 section 8.6); hyper sees to that over HTTP/1.
fn length(head: &Parts) -> Option<Rule> {
    if head.version != Version::HTTP_2 {
        return None;
    }
    let mut lengths = head.headers.get_all(CONTENT_LENGTH).iter();
    let first = lengths.next()?;
    let number = !first.is_empty() && first.as_bytes().iter().all(u8::is_ascii_digit);
    (!number || lengths.any(|other| other != first)).then_some(Rule::Malformed)
}

fn size(head: &Parts, fields: Fields, limits: &ListenLimits) -> Option<Rule> {
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target.as_usize() {
        return Some(Rule::TargetTooLong);
    }
    if head.headers.len() > limits.fields || fields.bytes() > limits.head.as_usize() {
        return Some(Rule::HeadTooLarge);
    }
    let body = limits.body.filter(|most| declared(&head.headers).is_some_and(|it| it > most.0));
    body.map(|_| Rule::BodyTooLarge)
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What a client is told by each rule.
pub(super) fn status(rule: Rule) -> StatusCode {
    match rule {
        Rule::MaxForwards => StatusCode::OK,
        // A failed handshake and a flood leave no way to say anything.
        Rule::Handshake
        | Rule::Flood
        | Rule::Malformed
        | Rule::Host
        | Rule::Target
        | Rule::Scheme => StatusCode::BAD_REQUEST,
        Rule::Coding => StatusCode::NOT_IMPLEMENTED,
        Rule::Connect | Rule::Trace => StatusCode::METHOD_NOT_ALLOWED,
        Rule::Loop => StatusCode::LOOP_DETECTED,
        Rule::TargetTooLong => StatusCode::URI_TOO_LONG,
        Rule::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Rule::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Rule::HeadTimeout | Rule::BodyTimeout | Rule::WriteTimeout => StatusCode::REQUEST_TIMEOUT,
        Rule::TotalTimeout => StatusCode::GATEWAY_TIMEOUT,
        Rule::Denied => StatusCode::FORBIDDEN,
        Rule::Connections | Rule::PerClient => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The answer by a rule. On HTTP/1 the connection ends with it: what follows on it may be the body
/// of what was refused.
pub(super) fn for_rule(rule: Rule, version: Version) -> Response<LiveBody> {
    let mut response = short(status(rule));
    let headers = response.headers_mut();
    match rule {
        Rule::Connect | Rule::Trace | Rule::MaxForwards => {
            let allowed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        Rule::Connections | Rule::PerClient => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    if version != Version::HTTP_2 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The answer in place of the primary's.
pub(super) fn for_fault(fault: Fault) -> Response<LiveBody> {
    match fault {
        Fault::Timeout => short(StatusCode::GATEWAY_TIMEOUT),
        _ => short(StatusCode::BAD_GATEWAY),
    }
}

/// An answer that says what its status says: no internals reach a client.
fn short(status: StatusCode) -> Response<LiveBody> {
    let text = match status {
        StatusCode::OK => return Response::new(LiveBody::none()),
        StatusCode::BAD_REQUEST => "bad request\n",
        StatusCode::FORBIDDEN => "forbidden\n",
        StatusCode::METHOD_NOT_ALLOWED => "method not allowed\n",
        StatusCode::REQUEST_TIMEOUT => "request timeout\n",
        StatusCode::PAYLOAD_TOO_LARGE => "content too large\n",
        StatusCode::URI_TOO_LONG => "uri too long\n",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "request header fields too large\n",
        StatusCode::NOT_IMPLEMENTED => "not implemented\n",
        StatusCode::SERVICE_UNAVAILABLE => "service unavailable\n",
        StatusCode::GATEWAY_TIMEOUT => "gateway timeout\n",
        StatusCode::LOOP_DETECTED => "loop detected\n",
        _ => "bad gateway\n",
    };
    let mut response = Response::new(LiveBody::fixed(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_a_port_at_most() {
        let good = ["a", "shop.test:8080", "127.0.0.1", "[::1]:80", "a%20b", "a:", "x_y"];
        let bad = ["", ":80", "a b", "a:b", "a/b", "u@a", "[::1", "[]", "a:123456", "a:80:81"];
        for host in good {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in bad {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn every_rule_has_an_answer() {
        for &rule in Rule::ALL {
            let fault = status(rule).is_client_error() || status(rule).is_server_error();
            assert_eq!(fault, rule != Rule::MaxForwards, "{rule}");
        }
    }
}
