//! What a proxy changes in a head, and nothing else (RFC 9110 section 7.6). Pure.

use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Uri, Version};
use std::net::IpAddr;

static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Fields that belong to one connection and never pass a proxy.
fn hop_by_hop() -> [&'static HeaderName; 5] {
    [&KEEP_ALIVE, &PROXY_CONNECTION, &TE, &TRANSFER_ENCODING, &UPGRADE]
}

/// Whether a field belongs to one connection only.
pub fn is_hop_by_hop(name: &HeaderName) -> bool {
    name == CONNECTION || hop_by_hop().contains(&name)
}

/// Removes the fields of one connection, and those that `Connection` names.
pub(super) fn strip(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        for name in nominated(headers) {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    for name in hop_by_hop() {
        headers.remove(name);
    }
}

fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).iter();
    let tokens = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    tokens
        .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
        // A client cannot have end-to-end fields of the message's framing or routing removed.
        .filter(|name| name != HOST && name != CONTENT_LENGTH)
        .collect()
}

/// What the tap says of a client to the primary, prepared once for each connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub address: IpAddr,
    forwarded_for: HeaderValue,
    scheme: &'static str,
}

impl Peer {
    pub(super) fn new(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let value = HeaderValue::try_from(address.to_string());
        let forwarded_for = value.expect("an address is a valid field value");
        Self { address, forwarded_for, scheme: "http" }
    }

    /// The same over TLS.
    pub(super) fn secured(self) -> Self {
        Self { scheme: "https", ..self }
    }
}

/// Turns a received head into the one that is sent on.
pub(super) fn to_upstream(head: &mut Parts, peer: &Peer) {
    let trailers = wants_trailers(&head.headers);
    let streamed = head.headers.contains_key(TRANSFER_ENCODING);
    strip(&mut head.headers);
    if trailers {
        head.headers.insert(TE, HeaderValue::from_static("trailers"));
        head.headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if streamed {
        // hyper leaves out the body of a GET whose framing is not stated.
        head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if head.version == Version::HTTP_2 {
        join_cookies(&mut head.headers);
    }
    set_host(head);
    forwarded(&mut head.headers, peer);
    head.version = Version::HTTP_11;
}

/// States the framing of a body whose length is not known: hyper leaves out the body of a GET
/// otherwise, and HTTP/2 states none.
pub(super) fn frame(head: &mut Parts) {
    if !head.headers.contains_key(CONTENT_LENGTH) {
        head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// HTTP/2 may send a cookie in crumbs; others get it whole (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let crumbs: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    let whole = HeaderValue::from_maybe_shared(bytes::Bytes::from(crumbs.join(&b"; "[..])));
    let whole = whole.expect("field values joined by `; ` are a field value");
    headers.insert(COOKIE, whole);
}

fn wants_trailers(headers: &HeaderMap) -> bool {
    let values = headers.get_all(TE).iter();
    let mut tokens = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

/// Makes the target origin-form. The authority of an absolute-form or HTTP/2 target replaces Host
/// (RFC 9112 section 3.2.2); where the request goes is never its choice.
fn set_host(head: &mut Parts) {
    if head.uri.authority().is_none() {
        return;
    }
    if let Some(authority) = head.uri.authority()
        && let Ok(value) = HeaderValue::try_from(host_of(authority.as_str()))
    {
        head.headers.insert(HOST, value);
    }
    let target = head.uri.path_and_query().cloned();
    head.uri = Uri::from(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
}

/// An authority without its user information.
fn host_of(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn forwarded(headers: &mut HeaderMap, peer: &Peer) {
    let chain = match headers.get(&FORWARDED_FOR) {
        None => peer.forwarded_for.clone(),
        Some(_) => extended(headers, peer),
    };
    headers.insert(&FORWARDED_FOR, chain);
    if !headers.contains_key(&FORWARDED_PROTO) {
        headers.insert(&FORWARDED_PROTO, HeaderValue::from_static(peer.scheme));
    }
    if !headers.contains_key(&FORWARDED_HOST)
        && let Some(host) = headers.get(HOST).cloned()
    {
        headers.insert(&FORWARDED_HOST, host);
    }
}

/// The received chain in one line, and the peer at its end.
fn extended(headers: &HeaderMap, peer: &Peer) -> HeaderValue {
    let mut chain = Vec::new();
    for value in headers.get_all(&FORWARDED_FOR) {
        chain.extend_from_slice(value.as_bytes());
        chain.extend_from_slice(b", ");
    }
    chain.extend_from_slice(peer.forwarded_for.as_bytes());
    HeaderValue::from_maybe_shared(bytes::Bytes::from(chain))
        .expect("field values and an address joined by commas are a field value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn head(build: http::request::Builder) -> Parts {
        build.body(()).expect("a valid request").into_parts().0
    }

    fn sent(build: http::request::Builder) -> Parts {
        let mut head = head(build);
        to_upstream(&mut head, &Peer::new("::ffff:192.0.2.7".parse().expect("an address")));
        head
    }

    #[test]
    fn fields_of_one_connection_do_not_pass() {
        let head = sent(
            Request::get("/a?b")
                .header("host", "shop.test")
                .header("connection", "close, x-private, host")
                .header("x-private", "1")
                .header("keep-alive", "timeout=5")
                .header("upgrade", "h2c")
                .header("te", "gzip")
                .header("x-kept", "1"),
        );
        let names: Vec<_> = head.headers.keys().map(HeaderName::as_str).collect();
        for name in ["connection", "x-private", "keep-alive", "upgrade", "te"] {
            assert!(!names.contains(&name), "{name} passed");
        }
        assert_eq!(head.headers["x-kept"], "1");
        assert_eq!(head.headers["host"], "shop.test");
    }

    #[test]
    fn the_chain_of_clients_grows_by_the_peer() {
        let head = sent(Request::get("/").header("host", "a"));
        assert_eq!(head.headers["x-forwarded-for"], "192.0.2.7");
        assert_eq!(head.headers["x-forwarded-proto"], "http");
        assert_eq!(head.headers["x-forwarded-host"], "a");
        let head = sent(
            Request::get("/")
                .header("host", "a")
                .header("x-forwarded-for", "198.51.100.1")
                .header("x-forwarded-for", "198.51.100.2")
                .header("x-forwarded-host", "front"),
        );
        assert_eq!(head.headers["x-forwarded-for"], "198.51.100.1, 198.51.100.2, 192.0.2.7");
        assert_eq!(head.headers.get_all("x-forwarded-for").iter().count(), 1);
        assert_eq!(head.headers["x-forwarded-host"], "front");
    }

    #[test]
    fn an_absolute_target_sets_host_and_becomes_origin_form() {
        let head = sent(Request::get("http://u:p@real.test:81/x?y=%2F").header("host", "other"));
        assert_eq!(head.headers["host"], "real.test:81");
        assert_eq!(head.uri, "/x?y=%2F");
    }

    #[test]
    fn crumbs_of_a_cookie_are_joined() {
        let build = Request::get("/").version(Version::HTTP_2).header("host", "a");
        let head = sent(build.header("cookie", "a=1").header("cookie", "b=2; c=3"));
        let cookies: Vec<_> = head.headers.get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3"]);
    }

    #[test]
    fn a_body_of_unknown_length_is_chunked() {
        let framed = |build: http::request::Builder| {
            let mut head = sent(build.version(Version::HTTP_2).header("host", "a"));
            frame(&mut head);
            head.headers.contains_key("transfer-encoding")
        };
        assert!(framed(Request::get("/")));
        assert!(!framed(Request::post("/").header("content-length", "3")));
    }

    #[test]
    fn trailers_stay_wanted_and_chunks_stay_chunks() {
        let head = sent(
            Request::post("/")
                .header("host", "a")
                .header("te", "gzip, Trailers")
                .header("transfer-encoding", "chunked"),
        );
        assert_eq!(head.headers["te"], "trailers");
        assert_eq!(head.headers["transfer-encoding"], "chunked");
    }
}
