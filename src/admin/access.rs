//! Who may ask.

use crate::config;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Lets a request through whose address is allowed and whose token is right; `/livez` needs none.
pub(super) async fn guard(
    State(admin): State<Arc<config::Admin>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request<Body>,
    next: Next,
) -> Response {
    if !allowed(&admin, address.ip()) {
        let text = "this address is not in `admin.allow`\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let given = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
    if request.uri().path() != "/livez" && !authorised(&admin, given) {
        let text = "a token is needed; send `Authorization: Bearer TOKEN`\n";
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], text).into_response();
    }
    next.run(request).await
}

fn allowed(admin: &config::Admin, address: IpAddr) -> bool {
    let address = address.to_canonical();
    admin.allow.is_empty() || admin.allow.iter().any(|net| net.contains(&address))
}

/// Compares in a time that tells nothing about the token but its length.
fn authorised(admin: &config::Admin, given: Option<&[u8]>) -> bool {
    let Some(token) = &admin.token else { return true };
    let given = given.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
    given.ct_eq(token.as_bytes()).into()
}
