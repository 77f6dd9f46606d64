//! Carts and orders, read from their ids and never kept.

use super::answer::{Answer, Problem};
use super::catalogue::{Catalogue, id, text};
use super::token::{Basket, LineError};
use http::StatusCode;
use http::header::{CONTENT_LOCATION, LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use uuid::Uuid;

const EXPRESS: f64 = 14.9;
const STANDARD: f64 = 4.9;
/// From here on standard shipping costs nothing.
const FREE_SHIPPING: f64 = 100.0;

/// `POST /carts`: `{"user": UUID or null, "lines": [{"item": 1001, "quantity": 1}]}`
pub fn create_cart(shop: &Catalogue, body: &[u8]) -> Result<Answer, Problem> {
    let body = object(body)?;
    let user = match body.get("user") {
        None | Some(Value::Null) => 0,
        Some(_) => {
            let user = id(&body, "user").and_then(|user| shop.user(user));
            user.ok_or_else(|| Problem::Unprocessable("there is no such user".into()))?.number
        }
    };
    let mut basket = Basket::of(user);
    for line in body.get("lines").and_then(Value::as_array).into_iter().flatten() {
        let item = line.get("item").and_then(Value::as_u64).unwrap_or_default();
        put(shop, &mut basket, item, line)?;
    }
    let id = basket.id();
    let answer = Answer::private(StatusCode::CREATED, cart_document(shop, &basket))
        .with(LOCATION, &format!("/carts/{id}"))
        .with(SET_COOKIE, &format!("cart={id}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"));
    Ok(answer)
}

/// `GET /carts/{id}`
pub fn cart(shop: &Catalogue, id: Uuid) -> Result<Answer, Problem> {
    let basket = find_cart(shop, id)?;
    Ok(Answer::private(StatusCode::OK, cart_document(shop, &basket)))
}

/// `PUT /carts/{id}/lines/{item}`: `{"quantity": 2}`. The cart with the line has another id.
pub fn put_line(shop: &Catalogue, id: Uuid, item: u64, body: &[u8]) -> Result<Answer, Problem> {
    let mut basket = find_cart(shop, id)?;
    put(shop, &mut basket, item, &object(body)?)?;
    let answer = Answer::private(StatusCode::OK, cart_document(shop, &basket));
    Ok(answer.with(CONTENT_LOCATION, &format!("/carts/{}", basket.id())))
}

/// `DELETE /carts/{id}`: the client forgets the id, and with it the cart.
pub fn delete_cart(shop: &Catalogue, id: Uuid) -> Result<Answer, Problem> {
    find_cart(shop, id)?;
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    Ok(answer.with(SET_COOKIE, "cart=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
}

/// `POST /orders`: `{"cart": UUID, "shipping": {"method": "standard"}, "payment": {…}}`. The same
/// cart, ordered again, is the same order.
pub fn place_order(shop: &Catalogue, body: &[u8]) -> Result<Answer, Problem> {
    let body = object(body)?;
    let cart = id(&body, "cart").and_then(|cart| find_cart(shop, cart).ok());
    let mut basket = cart.ok_or_else(|| Problem::Unprocessable("there is no such cart".into()))?;
    if basket.lines().is_empty() {
        return Err(Problem::Unprocessable("the cart is empty".into()));
    }
    if body.get("payment").is_none_or(Value::is_null) {
        return Err(Problem::Unprocessable("`payment` is missing".into()));
    }
    basket.ordered = true;
    basket.express = match body.get("shipping").and_then(|shipping| text(shipping, "method")) {
        Some("express") => true,
        Some("standard") | None => false,
        Some(_) => {
            let detail = "`shipping.method` is standard or express";
            return Err(Problem::Unprocessable(detail.into()));
        }
    };
    let answer = Answer::private(StatusCode::CREATED, order_document(shop, &basket));
    Ok(answer.with(LOCATION, &format!("/orders/{}", basket.id())))
}

/// `GET /orders/{id}`: one from before the shop started, or a new one.
pub fn order(shop: &Catalogue, id: Uuid) -> Result<Answer, Problem> {
    if let Some(order) = shop.order(id) {
        return Ok(Answer::private(StatusCode::OK, json!({ "order": order })));
    }
    let basket = Basket::read(id).filter(|basket| basket.ordered);
    let basket = basket.ok_or_else(|| Problem::NotFound("there is no such order".into()))?;
    Ok(Answer::private(StatusCode::OK, order_document(shop, &basket)))
}

fn find_cart(shop: &Catalogue, id: Uuid) -> Result<Basket, Problem> {
    let sold = |basket: &Basket| basket.lines().iter().all(|line| shop.item(line.item).is_some());
    let basket = Basket::read(id).filter(|basket| !basket.ordered).filter(sold);
    basket.ok_or_else(|| Problem::NotFound("there is no such cart".into()))
}

fn put(shop: &Catalogue, basket: &mut Basket, item: u64, line: &Value) -> Result<(), Problem> {
    if shop.item(item).is_none() {
        return Err(Problem::Unprocessable(format!("there is no item {item}")));
    }
    let quantity = line.get("quantity").and_then(Value::as_u64);
    let put = quantity.ok_or(LineError::Quantity).and_then(|quantity| basket.put(item, quantity));
    put.map_err(|error| Problem::Unprocessable(error.to_string()))
}

fn object(body: &[u8]) -> Result<Value, Problem> {
    let body = serde_json::from_slice(body).ok().filter(Value::is_object);
    body.ok_or_else(|| Problem::BadRequest("the body is not a JSON object".into()))
}

fn cart_document(shop: &Catalogue, basket: &Basket) -> Value {
    let (id, subtotal) = (basket.id(), subtotal(shop, basket));
    json!({
        "cart": {
            "id": id.to_string(),
            "user": shop.numbered_user(basket.user).map(|user| user.id.to_string()),
            "lines": lines(shop, basket),
            "subtotal": subtotal,
            "currency": "EUR",
            "coupon": null,
            "free_shipping": subtotal >= FREE_SHIPPING,
        },
        "links": { "self": format!("/carts/{id}"), "order": "/orders" },
    })
}

fn order_document(shop: &Catalogue, basket: &Basket) -> Value {
    let subtotal = subtotal(shop, basket);
    let (method, cost) = match basket.express {
        true => ("express", EXPRESS),
        false if subtotal >= FREE_SHIPPING => ("standard", 0.0),
        false => ("standard", STANDARD),
    };
    json!({
        "order": {
            "id": basket.id().to_string(),
            "user": shop.numbered_user(basket.user).map(|user| user.id.to_string()),
            "status": "pending",
            "placed_at": null,
            "lines": lines(shop, basket),
            "subtotal": subtotal,
            "shipping": { "method": method, "cost": cost, "tracking": null },
            "total": cents(subtotal + cost),
            "currency": "EUR",
            "note": null,
            "refunded": false,
            "invoice": null,
        },
    })
}

fn lines(shop: &Catalogue, basket: &Basket) -> Vec<Value> {
    let sold = basket.lines().iter().filter_map(|line| Some((line, shop.item(line.item)?)));
    sold.map(|(line, item)| {
        json!({
            "item": item.id,
            "name": item.name,
            "quantity": line.quantity,
            "unit_price": item.price,
            "line_total": cents(item.price * f64::from(line.quantity)),
        })
    })
    .collect()
}

fn subtotal(shop: &Catalogue, basket: &Basket) -> f64 {
    let priced = basket.lines().iter().filter_map(|line| Some((line, shop.item(line.item)?)));
    cents(priced.map(|(line, item)| item.price * f64::from(line.quantity)).sum())
}

/// To the nearest cent.
fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}
