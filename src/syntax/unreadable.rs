//! Why bytes are not in the format that they should be in.
//!
//! This module knows no format.

use std::str::Utf8Error;

/// Why a reader gave up, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable at byte {at}: {problem}")]
pub struct Unreadable {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong there, in the words of the format.
    pub problem: &'static str,
}

/// The bytes of a format that is text.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Unreadable> {
    let wrong =
        |error: Utf8Error| Unreadable { at: error.valid_up_to(), problem: "it is not UTF-8" };
    str::from_utf8(bytes).map_err(wrong)
}
