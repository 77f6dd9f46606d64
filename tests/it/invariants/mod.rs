//! The invariants of mirroring, by their numbers: live traffic is never harmed, and nothing is lost
//! in silence. Every fault is run with a live client that compares bytes, and the ledger is checked
//! to be exact. `tests/tidy.rs` holds that each number is the beginning of one test's name, here or
//! where it belongs better: 18 `ledger`, 25 `protect`, 26 `live`, 31 `store`, 33 `mirror`, 34
//! `commands`; and 17 in `src/store`, 21 and 22 in `src/judge`, 28 in `src/store`, 32 in
//! `src/policy`.

mod bounds;
mod candidate;
mod network;
mod process;
mod store;

const BODY: &str = r#"{"id":7,"name":"lamp"}"#;
const WRITES: &str = "isolation: { assert: \"the candidate of this test stores nothing\" }";
