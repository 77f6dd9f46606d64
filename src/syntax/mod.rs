//! How messages are written: JSON text, media types, percent-encoding, and other formats as JSON.
//!
//! [`json::Document`] reads JSON from its raw text, one level at a time; [`MediaType`] tells how a
//! body is to be read; [`percent_decode`] undoes the escapes of paths, queries and forms.
//!
//! Every other structured format has a module with `to_json`, which reads bytes into JSON text or
//! says why they are [`Unreadable`]. The rendering is injective: different meaning, different text.
//!
//! This module never builds a tree of values, never recurses, and knows nothing of the product.

mod builder;
pub mod cbor;
pub mod events;
pub mod form;
pub mod grpc;
pub mod html;
mod input;
pub mod json;
mod media;
pub mod msgpack;
pub mod multipart;
pub mod notation;
mod percent;
pub mod protobuf;
pub mod records;
mod tree;
mod unreadable;
pub mod xml;

pub use media::{Format, MediaType};
pub use percent::percent_decode;
pub use unreadable::Unreadable;
