//! The shop: an HTTP/1.1 service over data that is bundled with the program.
//!
//! [`serve`] is the thin loop; all that it answers comes from `answer`, a pure function of the
//! version and the request. Nothing is remembered between two requests: a cart's id and a new
//! order's id hold their content (see [`token`]). So the answers do not depend on the order in
//! which requests arrive, and two shops that get the same requests give the same answers.
//!
//! This module never keeps state, opens a connection, or reads a file.

mod account;
mod answer;
mod basket;
mod browse;
mod catalogue;
mod export;
mod planted;
mod query;
mod render;
mod resource;
mod route;
mod server;
mod token;

pub use planted::{PLANTED, Planted};
pub use route::Version;
pub use server::serve;

#[cfg(test)]
pub use {
    answer::{Answer, Content, Pace},
    resource::Resource,
    route::answer,
};
