//! HTML, as a list of texts and elements in JSON.
//!
//! Any text can be read: what browsers repair is repaired simply, and the same for both sides.
//! Names are in lower case and attributes sorted, the first of a name counting; runs of spaces are
//! one, but not in `pre` and the like; scripts and styles are text; comments and document types
//! say nothing. Values that are new with every page, nonces and CSRF tokens, are shown as a word.
//!
//! This module never follows a link or runs a script.

mod tokens;
mod tree;

pub use tree::{pair_to_json, to_json};
