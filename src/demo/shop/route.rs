//! From a request to its answer.

use super::answer::{Answer, Problem};
use super::catalogue::catalogue;
use super::planted::PLANTED;
use super::query::Query;
use super::resource::Resource;
use super::{account, basket, browse, export};
use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_METHODS, ALLOW};
use http::{Method, Request, StatusCode};
use serde_json::json;

/// Which shop it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    One,
    /// With every planted fault.
    Two,
}

/// The answer to a request: the same one whenever, and after whatever, it is asked.
pub fn answer(version: Version, request: &Request<Bytes>) -> Answer {
    let Some(resource) = Resource::find(request.uri().path()) else {
        return Problem::NotFound("nothing has this address".into()).into();
    };
    let mut answer = healthy(resource, request).unwrap_or_else(Answer::from);
    if version == Version::Two {
        let endpoint = format!("{} {}", request.method(), resource.template());
        for planted in PLANTED.iter().filter(|planted| planted.endpoint == endpoint) {
            (planted.edit)(&mut answer);
        }
    }
    answer
}

/// What version 1 answers.
fn healthy(resource: Resource<'_>, request: &Request<Bytes>) -> Result<Answer, Problem> {
    let (method, body) = (request.method(), request.body());
    if !resource.allows(method) {
        return Err(Problem::MethodNotAllowed(resource.allowed()));
    }
    if *method == Method::OPTIONS {
        let allowed = resource.allowed();
        return Ok(Answer::empty(StatusCode::NO_CONTENT)
            .with(ALLOW, allowed)
            .with(ACCESS_CONTROL_ALLOW_METHODS, allowed));
    }
    let shop = catalogue();
    let query = Query::read(request.uri().query().unwrap_or_default());
    match resource {
        Resource::Items => browse::items(shop, &query),
        Resource::Item(id) => browse::item(shop, id),
        Resource::Reviews(id) => browse::reviews(shop, id),
        Resource::OldItem(id) => browse::old_item(shop, id),
        Resource::Search => browse::search(shop, &query),
        Resource::Categories => Ok(browse::categories(shop)),
        Resource::Me => account::me(shop, request.headers()),
        Resource::User(id) => account::user(shop, id),
        Resource::OrdersOf(id) => account::orders_of(shop, id),
        Resource::Orders => basket::place_order(shop, body),
        Resource::Order(id) => basket::order(shop, id),
        Resource::Carts => basket::create_cart(shop, body),
        Resource::Cart(id) if *method == Method::DELETE => basket::delete_cart(shop, id),
        Resource::Cart(id) => basket::cart(shop, id),
        Resource::Line(id, item) => basket::put_line(shop, id, item, body),
        Resource::Export => Ok(export::price_list(shop)),
        Resource::Image(name) => export::picture(shop, name),
        Resource::Health => Ok(Answer::private(StatusCode::OK, json!({ "status": "ok" }))),
    }
}
