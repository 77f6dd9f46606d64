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
//! | 1 | [`config`] | `shadow.yaml`: raw, then checked, then parts |
//! | 5 | [`demo`] | the bundled example service in two versions, and its traffic |

pub mod base;
pub mod config;
pub mod demo;
pub mod model;
