//! Keeping the candidate's side effects out of every live store. In this version: editing the copy
//! of a request so that what it writes, it writes as somebody else.
//!
//! A rule is applied or the copy is not sent: [`rewrite`] never gives back a request in which a
//! value that a rule names still stands.
//!
//! This module never touches the live request.

mod body;
mod json;
mod request;
mod target;

pub use request::{Unappliable, rewrite};
