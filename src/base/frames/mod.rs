//! A connection of HTTP/2 as it is read, without the frames that carry nothing.
//!
//! An empty DATA frame that does not end its stream says nothing (RFC 9113 section 6.1), and h2 ends
//! a connection with all its streams when it has met a hundred of them in its life. Where nothing else
//! comes for long, it is left to do so: that is a flood (section 10.5).
//!
//! Of what h2 lets pass, three things are not let: a side that does not begin with its settings
//! (section 3.4) is not read; DATA behind the end of its stream (section 5.1) is told of; and a
//! request's trailers that begin with a pseudo-field (section 8.1) lose the flag that ends their
//! stream, without which h2 takes them for what they are, a malformed message.
//!
//! This module never changes a byte of any other frame, nor of what is written.

mod course;
mod field_block;
mod requests;
mod resets;
mod sieve;
mod stream;

pub use course::Course;
pub use sieve::PREFACE;
pub use stream::Frames;
