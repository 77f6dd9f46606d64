//! Which requests belong together, and what their endpoint is called.
//!
//! [`template()`] names a request by its method and path alone, each variable segment replaced by its
//! class. [`learn`] looks at all such names at once and joins what only their number shows to be
//! variable: `/users/alice`, `/users/bob` and thirty-one more become `/users/{*}`.
//!
//! [`Operations`] names requests by an API description instead, whose names stay as they are.
//!
//! [`operation()`] tells apart what goes by one path: operations of GraphQL and methods of JSON-RPC.
//!
//! This module never depends on the order in which requests came.

mod described;
mod graphql;
mod learned;
mod operation;
mod protocol;
mod template;

pub use described::Operations;
pub use learned::{is_one_of, learn};
pub use operation::{Asked, may_have_operation, operation};
pub use protocol::is_grpc;
pub use template::template;
