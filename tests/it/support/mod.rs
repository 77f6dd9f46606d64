//! What the tests are made of: origins that do what they are told, the program under test, and a
//! client that shows every byte.

mod client;
mod origin;
mod shadow;
pub mod wire;

pub use client::{Client, get};
pub use origin::{Act, Origin, Reply, closed};
pub use shadow::{Shadow, command, stdout};

use std::time::{Duration, Instant};

/// Nothing that a test waits for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `check` gives something.
pub fn eventually<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
