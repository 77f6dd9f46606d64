//! Requests that are answered by the tap itself, and the short answers that it gives.

use crate::model::Fault;
use crate::tap::body::LiveBody;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Version};

/// Why a request is not forwarded, if it is not.
pub(super) fn refusal(head: &Parts) -> Option<StatusCode> {
    // A tunnel to an address of the client's choice (RFC 9110 section 9.3.6) is never opened.
    if head.method == Method::CONNECT {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    // TRACE would reflect fields that a client's script must not see (RFC 9110 section 9.3.8).
    if head.method == Method::TRACE {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    (!has_valid_host(head)).then_some(StatusCode::BAD_REQUEST)
}

/// HTTP/1.1 demands exactly one valid Host (RFC 9112 section 3.2); HTTP/2 an authority or a Host.
fn has_valid_host(head: &Parts) -> bool {
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if head.version == Version::HTTP_2 => {
            // An authority and a Host that disagree are no request (RFC 9113 section 8.3.1).
            let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
            let same = authority.is_none_or(|one| one.eq_ignore_ascii_case(host.as_bytes()));
            same && is_authority(host)
        }
        (Some(host), None) => is_authority(host),
        (Some(_), Some(_)) => false,
        (None, _) => head.version == Version::HTTP_10 || head.uri.authority().is_some(),
    }
}

fn is_authority(host: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(byte);
    host.as_bytes().iter().all(plain)
}

/// The answer in place of the primary's.
pub(super) fn for_fault(fault: Fault) -> Response<LiveBody> {
    match fault {
        Fault::Timeout => short(StatusCode::GATEWAY_TIMEOUT),
        _ => short(StatusCode::BAD_GATEWAY),
    }
}

/// An answer that says what its status says: no internals reach a client.
pub(super) fn short(status: StatusCode) -> Response<LiveBody> {
    let text = match status {
        StatusCode::BAD_REQUEST => "bad request\n",
        StatusCode::METHOD_NOT_ALLOWED => "method not allowed\n",
        StatusCode::GATEWAY_TIMEOUT => "gateway timeout\n",
        _ => "bad gateway\n",
    };
    let mut response = Response::new(LiveBody::fixed(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
