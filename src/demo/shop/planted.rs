//! The faults of version 2: each is one edit of version 1's answers on one endpoint.
//!
//! This module never sees a request: what an edit needs stands in the answer.

use super::answer::{Answer, Content, Pace, Problem};
use crate::model::Kind;
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};
use std::time::Duration;

/// A fault that version 2 has and version 1 has not.
#[derive(Clone, Copy, Debug)]
pub struct Planted {
    /// What it is called: `rounded-price`.
    pub name: &'static str,
    /// The only endpoint that has it: `GET /items`.
    pub endpoint: &'static str,
    /// What a comparison of arrays by index reports, with the place's pattern. Empty where the
    /// answers are equal and only the latencies tell. An answer of another status has another
    /// body, so beside `status` a report may name parts of that body too.
    pub findings: &'static [(Kind, &'static str)],
    /// What the fault does, in a sentence without its full stop.
    pub what: &'static str,
    /// Turns an answer of version 1 into version 2's, where the fault strikes.
    pub(super) edit: fn(&mut Answer),
}

/// What the slow endpoint takes longer.
const SLOWER: Duration = Duration::from_millis(300);

/// Every fault; each is on an endpoint of its own.
pub const PLANTED: &[Planted] = &[
    Planted {
        name: "rounded-price",
        endpoint: "GET /items",
        findings: &[(Kind::Value, "$.items[*].price")],
        what: "lists prices from 100 up rounded to ten cents",
        edit: round_prices,
    },
    Planted {
        name: "renamed-field",
        endpoint: "GET /users/{uuid}",
        findings: &[(Kind::Missing, "$.user.given_name"), (Kind::Extra, "$.user.first_name")],
        what: "calls the given name `first_name`",
        edit: rename_given_name,
    },
    Planted {
        name: "number-to-string",
        endpoint: "GET /orders/{uuid}",
        findings: &[(Kind::Type, "$.order.total")],
        what: "writes the total as a string",
        edit: quote_total,
    },
    Planted {
        name: "dropped-element",
        endpoint: "GET /items/{int}",
        findings: &[(Kind::ArrayLength, "$.item.images"), (Kind::Removed, "$.item.images[*]")],
        what: "loses the last picture of an item that has three or more",
        edit: drop_last_image,
    },
    Planted {
        name: "reordered-list",
        endpoint: "GET /search",
        findings: &[(Kind::Reordered, "$.suggestions")],
        what: "suggests the least common words first",
        edit: reverse_suggestions,
    },
    Planted {
        name: "added-field",
        endpoint: "GET /categories",
        findings: &[(Kind::Extra, "$.categories[*].icon")],
        what: "gives every category an icon",
        edit: add_icons,
    },
    Planted {
        name: "server-error",
        endpoint: "GET /items/{int}/reviews",
        findings: &[(Kind::Status, "status")],
        what: "fails with 500 where nobody has written a review yet",
        edit: fail_without_reviews,
    },
    Planted {
        name: "slow-endpoint",
        endpoint: "GET /export/items.csv",
        findings: &[],
        what: "takes 300 ms longer for the same price list",
        edit: slow_down,
    },
    Planted {
        name: "timeout",
        endpoint: "POST /orders",
        findings: &[(Kind::Outcome, "outcome")],
        what: "never confirms an order with express shipping",
        edit: hang_on_express,
    },
    Planted {
        name: "wrong-content-type",
        endpoint: "GET /images/{name}",
        findings: &[(Kind::MediaType, "header:content-type")],
        what: "sends pictures as application/octet-stream",
        edit: forget_media_type,
    },
    Planted {
        name: "changed-redirect",
        endpoint: "GET /old-items/{int}",
        findings: &[(Kind::HeaderValue, "header:location")],
        what: "redirects old addresses to /catalogue/items",
        edit: redirect_elsewhere,
    },
];

fn elements<'a>(answer: &'a mut Answer, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    answer.find_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

fn round_prices(answer: &mut Answer) {
    for price in elements(answer, "/items").filter_map(|item| item.get_mut("price")) {
        if let Some(exact) = price.as_f64().filter(|exact| *exact >= 100.0) {
            *price = json!((exact * 10.0).round() / 10.0);
        }
    }
}

fn rename_given_name(answer: &mut Answer) {
    if let Some(user) = answer.find_mut("/user").and_then(Value::as_object_mut)
        && let Some(name) = user.shift_remove("given_name")
    {
        user.insert("first_name".into(), name);
    }
}

fn quote_total(answer: &mut Answer) {
    if let Some(total) = answer.find_mut("/order/total") {
        *total = total.to_string().into();
    }
}

fn drop_last_image(answer: &mut Answer) {
    let images = answer.find_mut("/item/images").and_then(Value::as_array_mut);
    if let Some(images) = images.filter(|images| images.len() >= 3) {
        images.pop();
    }
}

fn reverse_suggestions(answer: &mut Answer) {
    if let Some(suggestions) = answer.find_mut("/suggestions").and_then(Value::as_array_mut) {
        suggestions.reverse();
    }
}

fn add_icons(answer: &mut Answer) {
    for category in elements(answer, "/categories").filter_map(Value::as_object_mut) {
        let slug = category.get("slug").and_then(Value::as_str).unwrap_or_default();
        let icon = format!("/icons/{slug}.svg");
        category.insert("icon".into(), icon.into());
    }
}

fn fail_without_reviews(answer: &mut Answer) {
    if answer.find_mut("/count").is_some_and(|count| *count == 0) {
        *answer = Problem::Internal.into();
    }
}

fn slow_down(answer: &mut Answer) {
    answer.pace = Pace::After(SLOWER);
}

fn hang_on_express(answer: &mut Answer) {
    if answer.find_mut("/order/shipping/method").is_some_and(|method| *method == "express") {
        answer.pace = Pace::Never;
    }
}

fn forget_media_type(answer: &mut Answer) {
    if let Content::File { media_type, .. } = &mut answer.content {
        *media_type = "application/octet-stream";
    }
}

fn redirect_elsewhere(answer: &mut Answer) {
    if answer.status == StatusCode::MOVED_PERMANENTLY
        && let Some(location) = answer.headers.remove(LOCATION)
        && let Ok(location) = location.to_str()
    {
        let elsewhere = format!("/catalogue{location}");
        let redirect = Answer::empty(StatusCode::MOVED_PERMANENTLY);
        *answer = redirect.with(LOCATION, &elsewhere);
    }
}
