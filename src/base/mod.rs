//! Small things that every room may use: units, the clock and alarms, figures, frames and bodies of
//! HTTP/2, sockets, how errors are printed, and what becomes of panics.
//!
//! This module never knows the product's nouns.

mod alarm;
mod budget;
mod caught;
mod chain;
pub mod clock;
mod figures;
mod frames;
mod gather;
mod quiet;
mod units;
mod unread;
mod unsent;

pub use alarm::{Alarm, Alarms};
pub use budget::{Budget, Charge};
pub use caught::caught;
pub use chain::{Chain, causes};
pub use figures::{grouped, share};
pub use frames::{Course, Frames, PREFACE};
pub use gather::poll_write_pieces;
pub use quiet::{Quiet, poll_piece};
pub use units::{ByteSize, Percent, Rate, UnitError, parse_duration, show_duration};
pub use unread::{Taking, Unread};
pub use unsent::keep_little_unsent;
