//! Customers and what they have ordered before.

use super::answer::{Answer, Problem};
use super::catalogue::{Catalogue, User, text};
use http::header::{AUTHORIZATION, VARY};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// `GET /users/{id}`: what others may see.
pub fn user(shop: &Catalogue, id: Uuid) -> Result<Answer, Problem> {
    let user = find(shop, id)?;
    Ok(Answer::private(StatusCode::OK, json!({ "user": user.document, "links": links(user) })))
}

/// `GET /users/me`: the token is `demo-` and the first part of the e-mail address.
pub fn me(shop: &Catalogue, headers: &HeaderMap) -> Result<Answer, Problem> {
    let name = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer demo-"))
        .ok_or(Problem::Unauthorised)?;
    let is_theirs = |user: &&User| {
        text(&user.document, "email").and_then(|email| email.split('@').next()) == Some(name)
    };
    let user = shop.users.iter().find(is_theirs).ok_or(Problem::Unauthorised)?;
    let body = json!({
        "me": { "id": user.id.to_string(), "email": user.document.get("email"), "scopes": ["read", "order"] },
        "links": links(user),
    });
    Ok(Answer::private(StatusCode::OK, body).with(VARY, "authorization"))
}

/// `GET /users/{id}/orders`: the latest first, without their lines.
pub fn orders_of(shop: &Catalogue, id: Uuid) -> Result<Answer, Problem> {
    find(shop, id)?;
    let mut orders: Vec<_> = shop.orders_of(id).collect();
    orders.reverse();
    let listed = orders.iter().map(|order| {
        json!({
            "id": order.get("id"),
            "status": order.get("status"),
            "placed_at": order.get("placed_at"),
            "total": order.get("total"),
            "lines": order.get("lines").and_then(Value::as_array).map_or(0, Vec::len),
            "refunded": order.get("refunded"),
        })
    });
    let body = json!({ "orders": listed.collect::<Vec<_>>(), "count": orders.len() });
    Ok(Answer::private(StatusCode::OK, body))
}

fn find(shop: &Catalogue, id: Uuid) -> Result<&User, Problem> {
    shop.user(id).ok_or_else(|| Problem::NotFound("there is no such user".into()))
}

fn links(user: &User) -> Value {
    json!({
        "self": format!("/users/{}", user.id),
        "orders": format!("/users/{}/orders", user.id),
    })
}
