//! Why bytes are not in the format that they should be in.
//!
//! This module never reads anything.

/// Why a reader gave up, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable at byte {at}: {problem}")]
pub struct Unreadable {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong there, in the words of the format.
    pub problem: &'static str,
}
