//! Whether the client of an answer takes it.
//!
//! Over HTTP/1, none is read from the primary while the client's socket is full: what is not taken
//! stays with the primary, not in the tap. Over HTTP/2 hyper sees to that, and what waits is known.

use crate::base::Taking;
use crate::tap::patient::Begun;

/// The client of one answer, by its version.
pub enum Reader {
    Http1(Begun),
    Http2(Taking),
}

impl Reader {
    /// The next piece is asked for: whether it is to be read.
    pub(super) fn asks(&mut self) -> bool {
        match self {
            Self::Http1(begun) => !begun.is_full(),
            Self::Http2(taking) => {
                taking.asked();
                true
            }
        }
    }

    /// A piece was given.
    pub(super) fn offered(&mut self) {
        if let Self::Http2(taking) = self {
            taking.offered();
        }
    }
}
