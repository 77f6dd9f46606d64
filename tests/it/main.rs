//! The real binary, with real sockets on every side.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    reason = "a test that fails may panic, and waits by the real clock"
)]

mod support;

mod admin;
mod commands;
mod demo;
mod edges;
mod faults;
mod invariants;
mod ledger;
mod live;
mod mirror;
mod protect;
mod renames;
mod rfc_bounds;
mod rfc_forwarding;
mod rfc_http2;
mod rfc_requests;
mod rfc_service;
mod smuggling;
mod store;
mod takeover;
mod vitals;
mod wire;
mod wire_client;
mod wire_flow;
mod wire_grpc;
mod wire_side;
mod wire_tls;
