//! Answers every client from the primary, mirrors the request to a candidate, and compares the
//! two answers by structure.
//!
//! # Code map
//! Imports go to lower layers only; `tests/architecture.rs` holds this table as data.
//!
//! | layer | module | what lives there |
//! | --- | --- | --- |
//! | 0 | [`model`] | the nouns: exchange, outcome, trial, ledger, divergence, finding, session |
//! | 0 | [`base`] | units, the clock, how errors are printed |
//! | 0 | [`syntax`] | JSON text, media types, percent-encoding: read from raw bytes |
//! | 1 | [`config`] | `shadow.yaml`: raw, then checked, then parts |
//! | 1 | [`compare`] | what differs between two answers: JSON and other formats, value classes, signatures |
//! | 1 | [`redact`] | what is replaced in a sample before it is kept |

pub mod base;
pub mod compare;
pub mod config;
pub mod model;
pub mod redact;
pub mod syntax;
