//! What one generation of the config says of a request: whether it is mirrored, and how.
//!
//! A [`Policy`] is immutable; a reload makes a new one. A request is judged by the one that it met
//! first, whose [`Plan`] it carries to its end, so that no request ever sees two generations.
//!
//! This module never waits, counts or sends.

mod decide;
mod marker;
mod plan;
mod ramp;
mod sampling;
mod upgrade;

pub use decide::Decision;
pub use marker::{MARKER, Marker, is_marker, strip_markers};
pub use plan::{Constants, Plan, Policy};
pub use ramp::Ramp;
pub use sampling::flow;
pub use upgrade::{has_token, upgrade};
