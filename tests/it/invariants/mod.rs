//! The invariants of mirroring, by their numbers: live traffic is never harmed, and nothing is lost
//! in silence. Every fault is run with a live client that compares bytes, and the ledger is checked
//! to be exact. `tests/tidy.rs` holds that each number is the beginning of one test's name, here or
//! where it belongs better: 18 in `ledger`, 25 in `protect`, 26 in `live`; 17 and
//! 28 in `src/store`, 21 and 22 in `src/judge`, 32 in `src/policy`.

mod bounds;
mod candidate;
mod network;
mod process;
mod secrets;
mod store;

const BODY: &str = r#"{"id":7,"name":"lamp"}"#;
const WRITES: &str = "isolation: { assert: \"the candidate of this test stores nothing\" }";
