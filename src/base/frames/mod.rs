//! A connection of HTTP/2 as it is read, without the frames that carry nothing.
//!
//! An empty DATA frame that does not end its stream says nothing (RFC 9113 section 6.1), and h2 ends
//! a connection with all its streams when it has met a hundred of them in its life. Where nothing else
//! comes for long, it is left to do so: that is a flood (section 10.5).
//!
//! This module never changes a byte of any other frame, nor of what is written.

mod course;
mod sieve;
mod stream;

pub use course::Course;
pub use sieve::PREFACE;
pub use stream::Frames;
