//! Answers every client from the primary, mirrors the request to a candidate, and compares the
//! two answers by structure.
//!
//! # How a request flows
//! One direction; nothing on the live side waits for what stands below the line.
//! ```text
//!  client <=> tap <=> primary
//!              | capture: both bodies teed as shared bytes, capped and charged
//!              v Exchange
//!  ------------------------------------ live plane above, shadow plane below
//!            mirror    within bounds? -> rewritten -> sent to the candidate
//!              v Trial, or the mere count where the answers are equal as they came
//!            judge     compared -> signed -> redacted -> booked
//!              v Book
//!            store     what changed, every half second
//!  ------------------------------------ stored
//!            report | gate | admin
//! ```
//!
//! # Code map
//! Imports go to lower layers only; `tests/architecture.rs` holds this table as data.
//!
//! | layer | module | what lives there |
//! | --- | --- | --- |
//! | 0 | [`model`] | the nouns: exchange, outcome, trial, ledger, divergence, finding, session |
//! | 0 | [`base`] | units, budgets, the clock, how errors are printed |
//! | 0 | [`telemetry`] | every metric and its labels, log lines |
//! | 0 | [`syntax`] | JSON text, media types, percent-encoding, and other formats read into JSON text |
//! | 1 | [`config`] | `shadow.yaml`: raw, then checked, then parts |
//! | 1 | [`compare`] | the structural comparison, signatures, endpoint templates; pure |
//! | 1 | [`redact`] | what is replaced before anything is kept; pure |
//! | 1 | [`verdict`] | the gate, what belongs together, what is to blame; pure |
//! | 2 | [`policy`] | what one generation of the config says of a request; pure |
//! | 2 | [`store`] | the running session in memory, and every session on disk |
//! | 2 | [`upstream`] | connections to one side, kept alive; what failed there |
//! | 3 | [`tap`] | the live plane: listening, forwarding, capturing |
//! | 3 | [`mirror`] | the copies: bounds, sending, handing on |
//! | 3 | [`judge`] | the shadow plane's threads: compare, redact, book |
//! | 3 | [`isolate`] | editing the candidate's copy; pure |
//! | 4 | [`control`] | the running process as people steer it |
//! | 4 | [`report`] | one file for each output format |
//! | 5 | [`admin`] | the HTTP API of a running process |
//! | 5 | [`demo`] | the bundled example service in two versions, and its traffic |
//! | 6 | [`app`] | wiring: the only place that knows everyone |
//! | 6 | [`cli`] | the command line, one file for each command, exit codes |

pub mod admin;
pub mod app;
pub mod base;
pub mod cli;
pub mod compare;
pub mod config;
pub mod control;
pub mod demo;
pub mod isolate;
pub mod judge;
pub mod mirror;
pub mod model;
pub mod policy;
pub mod redact;
pub mod report;
pub mod store;
pub mod syntax;
pub mod tap;
pub mod telemetry;
pub mod upstream;
pub mod verdict;
