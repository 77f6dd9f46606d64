//! XML (1.0, with namespaces), as a tree of elements in JSON: the `tree` of this room's parent tells
//! its shape.
//!
//! A name in a namespace is written `{namespace}name`, whatever its prefix. Text is trimmed, CDATA
//! is text, and comments, processing instructions and declarations say nothing. Entities are those
//! of XML itself; a document that uses others cannot be read, since none is ever expanded.
//!
//! This module never expands an entity that a document declares.

mod strict;
mod tree;

pub use tree::{pair_to_json, to_json};
