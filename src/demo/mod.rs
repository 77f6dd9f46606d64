//! The bundled example: a small shop in two versions, and an hour of traffic for it.
//!
//! [`serve`] answers as one [`Version`] of the shop; [`load`] reads the fixture traffic and
//! [`send`] plays it. Version 2 is version 1 with the faults of [`PLANTED`], and nothing else:
//!
//! | fault | endpoint | what a report shows |
//! | --- | --- | --- |
//! | rounded-price | `GET /items` | value at `$.items[*].price` |
//! | renamed-field | `GET /users/{uuid}` | missing at `$.user.given_name`, extra at `$.user.first_name` |
//! | number-to-string | `GET /orders/{uuid}` | type at `$.order.total` |
//! | dropped-element | `GET /items/{int}` | array_length at `$.item.images`, removed at `$.item.images[*]` |
//! | reordered-list | `GET /search` | reordered at `$.suggestions` |
//! | added-field | `GET /categories` | extra at `$.categories[*].icon` |
//! | server-error | `GET /items/{int}/reviews` | status at `status` |
//! | slow-endpoint | `GET /export/items.csv` | latencies only |
//! | timeout | `POST /orders` | outcome at `outcome` |
//! | wrong-content-type | `GET /images/{name}` | media_type at `header:content-type` |
//! | changed-redirect | `GET /old-items/{int}` | header_value at `header:location` |
//!
//! Both versions also differ as any two healthy servers do: `Date`, `Server`, `X-Request-Id` and
//! `ETag` headers, and `request_id` and `generated_at` in every JSON body.
//!
//! This module never touches the tap, the store or the comparison: to them it is a stranger.

mod shop;
#[cfg(test)]
mod tests;
mod traffic;

pub use shop::{PLANTED, Planted, Version, serve};
pub use traffic::{FixtureRequest, Progress, SendError, Sent, load, send};
