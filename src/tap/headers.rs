//! What a proxy changes in a head, and nothing else (RFC 9110 section 7.6). Pure.

use crate::policy::{has_token, upgrade};
use crate::tap::known::{Fields, Known, is_hop_by_hop};
use crate::tap::settings::{Settings, Trust, Via};
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    MAX_FORWARDS, TE, TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::request::Parts;
use http::response;
use http::uri::{Authority, PathAndQuery};
use http::{Method, StatusCode, Uri, Version};
use std::net::IpAddr;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Removes the fields of one connection, and those that `Connection` names.
pub(super) fn strip(headers: &mut HeaderMap) {
    let mut found = headers.keys().filter(|name| is_hop_by_hop(name));
    match (found.next(), found.next()) {
        (None, _) => {}
        // Mostly there is one, on one line, and names none.
        (Some(name), None) if name == CONNECTION && headers.len() == headers.keys_len() => {
            let line = headers.remove(CONNECTION).filter(|line| !KNOWN.contains(&line.as_bytes()));
            for name in line.iter().flat_map(named) {
                headers.remove(name);
            }
        }
        _ => strip_all(headers),
    }
}

fn strip_all(headers: &mut HeaderMap) {
    for name in nominated(headers) {
        headers.remove(name);
    }
    while let Some(name) = headers.keys().find(|name| is_hop_by_hop(name)).cloned() {
        headers.remove(name);
    }
}

/// What `Connection` mostly says.
const KNOWN: [&[u8]; 4] = [b"keep-alive", b"close", b"upgrade", b"te"];

fn is_known(token: &[u8]) -> bool {
    KNOWN.iter().any(|known| token.eq_ignore_ascii_case(known))
}

/// The fields that `Connection` names, but for those that a message cannot do without.
pub(super) fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    headers.get_all(CONNECTION).iter().flat_map(named).collect()
}

/// Those that one line of it names.
fn named(line: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    let tokens = line.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    tokens
        // These are no fields, or go anyway.
        .filter(|token| !is_known(token))
        .filter_map(|token| HeaderName::from_bytes(token).ok())
        // A client cannot have end-to-end fields of the message's framing or routing removed.
        .filter(|name| name != HOST && name != CONTENT_LENGTH)
}

/// What the tap says of a client to the primary, prepared once for each connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub address: IpAddr,
    trust: Trust,
    forwarded_for: HeaderValue,
    scheme: &'static str,
}

impl Peer {
    pub(super) fn new(address: IpAddr, trust: Trust) -> Self {
        let address = address.to_canonical();
        let value = HeaderValue::try_from(address.to_string());
        let forwarded_for = value.expect("an address is a valid field value");
        Self { address, trust, forwarded_for, scheme: "http" }
    }

    /// The same over TLS.
    pub(super) fn secured(self) -> Self {
        Self { scheme: "https", ..self }
    }

    /// Whose request it is: the peer's, or that of a client whom a trusted proxy names.
    pub(super) fn client(&self, headers: &HeaderMap, settings: &Settings) -> IpAddr {
        if self.trust != Trust::Full || !headers.contains_key(&FORWARDED_FOR) {
            return self.address;
        }
        let lines = headers.get_all(&FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
        settings.origin(&lines.collect::<Vec<_>>().join(","), self.address)
    }
}

/// Usually so many fields are added: three of `X-Forwarded-*`, and `Via`.
const ADDED: usize = 4;

/// Turns a received head, which has these fields, into the one that is sent on.
pub(super) fn to_upstream(head: &mut Parts, fields: Fields, peer: &Peer, via: Option<&Via>) {
    // At most once is there no room for what is added.
    head.headers.reserve(ADDED);
    let fields = match fields.has_hop_by_hop() {
        true => hop(head),
        false => fields,
    };
    set_host(head);
    join_lines(head);
    count_down(head);
    forwarded(&mut head.headers, fields, peer);
    if let Some(via) = via {
        head.headers.append(VIA, via.of_request(head.version));
    }
    head.version = Version::HTTP_11;
}

/// Says for the next hop what the client has said for its own, as far as that is to pass; gives the
/// fields that the head has now.
fn hop(head: &mut Parts) -> Fields {
    let trailers = has_token(&head.headers, &TE, b"trailers");
    let upgrade = upgrade(head);
    let streamed = head.headers.contains_key(TRANSFER_ENCODING);
    strip(&mut head.headers);
    if trailers {
        head.headers.insert(TE, HeaderValue::from_static("trailers"));
        head.headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(protocol) = upgrade {
        head.headers.insert(UPGRADE, protocol);
        head.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
    if streamed {
        // hyper leaves out the body of a GET whose framing is not stated.
        head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Fields::of(&head.headers)
}

/// Turns a received head of an answer into the one that the client gets. Nothing is added: a
/// gateway may leave Via out of answers (RFC 9110 section 7.6.3).
pub(super) fn to_client(head: &mut response::Parts, client: Version) {
    // It has no content that could have one (RFC 9110 section 8.6).
    if head.status == StatusCode::NO_CONTENT {
        head.headers.remove(CONTENT_LENGTH);
    }
    // The version belongs to a connection: each side has its own (RFC 9110 section 2.5).
    head.version = Version::HTTP_11;
    // A proxy does not keep a connection of HTTP/1.0 open (RFC 9112 section 9.3). Asked to by the
    // client, hyper would for an answer of another version.
    if client == Version::HTTP_10 {
        head.version = client;
        close(head);
    }
}

/// Whether a side says that its connection ends with this answer.
pub(super) fn closes(head: &response::Parts) -> bool {
    has_token(&head.headers, &CONNECTION, b"close")
}

/// Has the connection of HTTP/1 end with this answer.
pub(super) fn close(head: &mut response::Parts) {
    head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Names the host that a request of HTTP/1.0 is for: in the version that it is passed on in, it has
/// to (RFC 9112 section 3.2).
pub(super) fn name_host(head: &mut Parts, authority: &Authority) {
    if !head.headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        head.headers.insert(HOST, host);
    }
}

/// Removes from trailers what may not stand there: the fields of one connection, those that
/// `Connection` names, and those by which a message is framed, routed or told apart
/// (RFC 9110 sections 6.5.1 and 7.6.1).
pub(super) fn strip_trailers(trailers: &mut HeaderMap, nominated: &[HeaderName]) {
    let stays = |name: &HeaderName| {
        !is_hop_by_hop(name)
            && !is_forwarded(name)
            && !nominated.contains(name)
            && !NO_TRAILERS.contains(&name.as_str())
    };
    while let Some(name) = trailers.keys().find(|name| !stays(name)).cloned() {
        trailers.remove(name);
    }
}

const NO_TRAILERS: [&str; 9] = [
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "expect",
    "host",
    "max-forwards",
    "trailer",
    "via",
];

/// So often OPTIONS may be forwarded, where it says that (RFC 9110 section 7.6.2). More than fits is
/// as much as fits.
pub(super) fn hops(head: &Parts) -> Option<u64> {
    if head.method != Method::OPTIONS {
        return None;
    }
    let digits = head.headers.get(MAX_FORWARDS)?.to_str().ok()?;
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// Counts this hop.
fn count_down(head: &mut Parts) {
    if let Some(left) = hops(head).and_then(|hops| hops.checked_sub(1)) {
        head.headers.insert(MAX_FORWARDS, HeaderValue::from(left));
    }
}

/// Leaves one line of what HTTP/2 may have in several, and HTTP/1 may not.
fn join_lines(head: &mut Parts) {
    if head.version != Version::HTTP_2 || head.headers.len() == head.headers.keys_len() {
        return;
    }
    join_cookies(head);
    // They are equal (RFC 9110 section 8.6).
    if let Some(length) = head.headers.get(CONTENT_LENGTH).cloned() {
        head.headers.insert(CONTENT_LENGTH, length);
    }
}

/// HTTP/2 may cut cookies into several lines; HTTP/1 knows one (RFC 9113 section 8.2.3).
fn join_cookies(head: &mut Parts) {
    if head.headers.get_all(COOKIE).iter().count() < 2 {
        return;
    }
    let lines: Vec<_> = head.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    let joined = HeaderValue::from_maybe_shared(Bytes::from(lines.join(&b"; "[..])));
    head.headers.insert(COOKIE, joined.expect("field values joined by semicolons are one"));
}

/// States the framing of a body whose length is not known: hyper leaves out the body of a GET
/// otherwise, and HTTP/2 states none.
pub(super) fn frame(head: &mut Parts, fields: Fields) {
    if !fields.has(Known::ContentLength) {
        head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// States that a request of HTTP/2 has no body where its method would have one: HTTP/1 is to be told
/// (RFC 9110 section 8.6).
pub(super) fn frame_empty(head: &mut Parts, fields: Fields) {
    let expected = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
    if expected && !fields.has(Known::ContentLength) {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
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
    // One that is empty, as before a fragment, passes for `/` only as long as there is a scheme.
    let target = head.uri.path_and_query().filter(|target| target.as_str() != "/").cloned();
    head.uri = Uri::from(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
}

/// An authority without its user information.
pub(super) fn host_of(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The names under which a proxy tells of the client behind it.
fn is_forwarded(name: &HeaderName) -> bool {
    let dashed = name.as_str().replace('_', "-");
    let names = [&FORWARDED_FOR, &FORWARDED_PROTO, &FORWARDED_HOST, &FORWARDED];
    names.iter().any(|each| each.as_str() == dashed)
}

fn forwarded(headers: &mut HeaderMap, fields: Fields, peer: &Peer) {
    let fields = match peer.trust {
        Trust::None => disown(headers),
        Trust::Unsaid | Trust::Full => fields,
    };
    if fields.has(Known::Forwarded) {
        headers.append(FORWARDED, forwarded_element(peer.address));
    }
    let chain = match fields.has(Known::ForwardedFor) {
        true => extended(headers, peer),
        false => peer.forwarded_for.clone(),
    };
    headers.insert(&FORWARDED_FOR, chain);
    if !fields.has(Known::ForwardedProto) {
        headers.insert(&FORWARDED_PROTO, HeaderValue::from_static(peer.scheme));
    }
    if !fields.has(Known::ForwardedHost)
        && let Some(host) = headers.get(HOST).cloned()
    {
        headers.insert(&FORWARDED_HOST, host);
    }
}

/// Removes what somebody tells of clients behind it who is not believed; gives the fields that are
/// left.
fn disown(headers: &mut HeaderMap) -> Fields {
    let theirs: Vec<_> = headers.keys().filter(|name| is_forwarded(name)).cloned().collect();
    for name in theirs {
        headers.remove(name);
    }
    Fields::of(headers)
}

/// One hop of `Forwarded` (RFC 7239 section 4).
fn forwarded_element(address: IpAddr) -> HeaderValue {
    let text = match address {
        IpAddr::V4(address) => format!("for={address};proto=http"),
        IpAddr::V6(address) => format!("for=\"[{address}]\";proto=http"),
    };
    HeaderValue::try_from(text).expect("an address is a valid field value")
}

/// The received chain in one line, and the peer at its end.
fn extended(headers: &HeaderMap, peer: &Peer) -> HeaderValue {
    let mut chain = Vec::new();
    for value in headers.get_all(&FORWARDED_FOR) {
        chain.extend_from_slice(value.as_bytes());
        chain.extend_from_slice(b", ");
    }
    chain.extend_from_slice(peer.forwarded_for.as_bytes());
    HeaderValue::from_maybe_shared(Bytes::from(chain))
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
        by(build, Trust::Unsaid)
    }

    fn by(build: http::request::Builder, trust: Trust) -> Parts {
        let mut head = head(build);
        let peer = Peer::new("::ffff:192.0.2.7".parse().expect("an address"), trust);
        let fields = Fields::of(&head.headers);
        to_upstream(&mut head, fields, &peer, None);
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
            let fields = Fields::of(&head.headers);
            frame(&mut head, fields);
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

    #[test]
    fn a_strangers_word_on_the_client_is_replaced_where_some_are_trusted() {
        let request = || {
            Request::get("/")
                .header("host", "a")
                .header("x-forwarded-for", "198.51.100.1")
                .header("x_forwarded_for", "198.51.100.1")
                .header("x-forwarded-proto", "https")
                .header("forwarded", "for=198.51.100.1")
        };
        let head = by(request(), Trust::None);
        assert_eq!(head.headers["x-forwarded-for"], "192.0.2.7");
        assert_eq!(head.headers["x-forwarded-proto"], "http");
        assert!(!head.headers.contains_key("forwarded"));
        assert!(!head.headers.contains_key("x_forwarded_for"));
        let head = by(request(), Trust::Full);
        assert_eq!(head.headers["x-forwarded-for"], "198.51.100.1, 192.0.2.7");
        assert_eq!(head.headers["x-forwarded-proto"], "https");
        let lines: Vec<_> = head.headers.get_all("forwarded").iter().collect();
        assert_eq!(lines, ["for=198.51.100.1", "for=192.0.2.7;proto=http"]);
    }

    #[test]
    fn options_of_a_whole_server_stays_that() {
        let target = |method: &str, target: &str| {
            sent(Request::builder().method(method).uri(target).header("host", "a")).uri
        };
        assert_eq!(target("OPTIONS", "*"), "*");
        assert_eq!(target("OPTIONS", "http://a/"), "/");
        assert_eq!(target("GET", "http://a"), "/");
        assert_eq!(target("GET", "http://a?x"), "/?x");
    }

    #[test]
    fn an_upgrade_is_asked_for_again_and_one_to_http_2_is_not() {
        let ask = |protocol: &str, connection: &str| {
            let request = Request::get("/").header("host", "a").header("upgrade", protocol);
            sent(request.header("connection", connection)).headers.get("upgrade").cloned()
        };
        assert_eq!(ask("websocket", "keep-alive, Upgrade"), Some("websocket".parse().expect("ok")));
        assert_eq!(ask("websocket", "keep-alive"), None);
        assert_eq!(ask("h2c", "upgrade, http2-settings"), None);
    }
}
