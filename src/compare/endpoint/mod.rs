//! Which requests belong together, and what their endpoint is called.
//!
//! [`template`] names a request by its method and path alone, each variable segment replaced by its
//! class. [`learn`] looks at all such names at once and joins what only their number shows to be
//! variable: `/users/alice`, `/users/bob` and thirty-one more become `/users/{*}`.
//!
//! This module never depends on the order in which requests came.

mod learned;
mod template;

pub use learned::learn;
pub use template::template;
