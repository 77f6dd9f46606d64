//! Who may ask.

use crate::config;
use crate::model::AdminRule;
use crate::telemetry::admin_refused;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN, WWW_AUTHENTICATE};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Whoever tries tokens waits so long for each.
const PENALTY: Duration = Duration::from_millis(250);

/// Lets a request through that meets no rule; `/livez` needs no token.
pub(super) async fn guard(
    State(admin): State<Arc<config::Admin>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let open = request.uri().path() == "/livez";
    let Some(rule) = rule_against(&admin, address.ip(), request.headers(), open) else {
        return next.run(request).await;
    };
    admin_refused(rule);
    if rule == AdminRule::Token && request.headers().contains_key(AUTHORIZATION) {
        sleep(PENALTY).await;
    }
    refusal(rule)
}

fn rule_against(
    admin: &config::Admin,
    address: IpAddr,
    headers: &HeaderMap,
    open: bool,
) -> Option<AdminRule> {
    if !allowed(admin, address) {
        return Some(AdminRule::Address);
    }
    // A page on the web can have a browser send requests here, but not under our own origin.
    if headers.get(ORIGIN).is_some_and(|origin| !is_own_origin(origin, headers.get(HOST))) {
        return Some(AdminRule::Origin);
    }
    match &admin.token {
        Some(token) if !open => {
            let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
            (!authorised(token, given)).then_some(AdminRule::Token)
        }
        // A name can be made to lead here by whoever owns it: then a page of theirs is of our
        // origin. Without a token only the address itself is believed.
        _ => headers.get_all(HOST).iter().any(|host| !is_address(host)).then_some(AdminRule::Host),
    }
}

fn refusal(rule: AdminRule) -> Response {
    let text = match rule {
        AdminRule::Address => "this address is not in `admin.allow`\n",
        AdminRule::Origin => "pages of other sites may not ask\n",
        AdminRule::Host => "ask by address or as localhost, or set `admin.token_file`\n",
        AdminRule::Token => {
            let text = "a token is needed; send `Authorization: Bearer TOKEN`\n";
            let ask = [(WWW_AUTHENTICATE, "Bearer")];
            return (StatusCode::UNAUTHORIZED, ask, text).into_response();
        }
        AdminRule::Slow => {
            return (StatusCode::REQUEST_TIMEOUT, "this takes too long\n").into_response();
        }
        AdminRule::Connections => "there are too many connections\n",
    };
    (StatusCode::FORBIDDEN, text).into_response()
}

/// The answer to a request that takes too long.
pub(super) fn too_slow() -> Response {
    admin_refused(AdminRule::Slow);
    refusal(AdminRule::Slow)
}

fn allowed(admin: &config::Admin, address: IpAddr) -> bool {
    let address = address.to_canonical();
    admin.allow.is_empty() || admin.allow.iter().any(|net| net.contains(&address))
}

fn is_own_origin(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
    let host = host.and_then(|host| host.to_str().ok());
    authority.is_some_and(|authority| host == Some(authority))
}

/// Whether a host is an address or `localhost`, with or without a port.
fn is_address(host: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return false };
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost")
}

/// Compares hashes, which takes the same time whatever was given.
fn authorised(token: &str, given: Option<&[u8]>) -> bool {
    let given = given.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
    blake3::hash(given) == blake3::hash(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let parse = |(name, value): &(&'static str, &'static str)| {
            (name.parse().expect("a name"), HeaderValue::from_static(value))
        };
        fields.iter().map(parse).collect()
    }

    fn check(token: Option<&str>, fields: &[(&'static str, &'static str)]) -> Option<AdminRule> {
        let address = ([127, 0, 0, 1], 9900).into();
        let admin = config::Admin { address, token: token.map(Into::into), allow: Vec::new() };
        rule_against(&admin, address.ip(), &headers(fields), false)
    }

    #[test]
    fn without_a_token_only_an_address_is_believed() {
        for host in
            ["127.0.0.1:9900", "localhost", "LOCALHOST:1", "[::1]:9900", "[::1]", "10.0.0.1"]
        {
            assert_eq!(check(None, &[("host", host)]), None, "{host}");
        }
        for host in
            ["evil.test", "127.0.0.1.evil.test:9900", "localhost.evil.test", "a b", "u@[::1"]
        {
            assert_eq!(check(None, &[("host", host)]), Some(AdminRule::Host), "{host}");
        }
        assert_eq!(check(None, &[]), None);
    }

    #[test]
    fn with_a_token_any_name_will_do() {
        let named = ("host", "shadow.internal:9900");
        assert_eq!(check(Some("t"), &[named, ("authorization", "Bearer t")]), None);
        for wrong in ["Bearer ", "Bearer tt", "bearer t", "t", "Basic t"] {
            let given = [named, ("authorization", wrong)];
            assert_eq!(check(Some("t"), &given), Some(AdminRule::Token), "{wrong}");
        }
    }

    #[test]
    fn pages_of_other_sites_may_not_ask() {
        let host = ("host", "127.0.0.1:9900");
        assert_eq!(check(None, &[host, ("origin", "http://127.0.0.1:9900")]), None);
        for origin in ["http://evil.test", "null", "http://127.0.0.1:80", "https://127.0.0.1:9900"]
        {
            let asked = [host, ("origin", origin)];
            assert_eq!(check(None, &asked), Some(AdminRule::Origin), "{origin}");
        }
    }
}
