//! Answers of GraphQL services (the GraphQL specification, section 7.1), which say in the body
//! whether the request failed.
//!
//! This module never finds a difference; it only weighs those that were found.

use crate::model::{Divergence, Kind, Path, Place, Seg, Severity};
use crate::syntax::json::{Document, Shape};

/// Whether a document is such an answer: an object with `data` or `errors`, and nothing but these
/// and `extensions`.
pub(super) fn is_answer(document: &Document<'_>) -> bool {
    let mut answers = false;
    document.shape(document.root()) == Shape::Object
        && document.members(document.root()).all(|member| {
            answers |= matches!(member.key.raw(), b"data" | b"errors");
            matches!(member.key.raw(), b"data" | b"errors" | b"extensions")
        })
        && answers
}

/// Errors where the primary had none break a client; extensions never do.
pub(super) fn weigh<'d, 'a: 'd>(divergences: impl Iterator<Item = &'d mut Divergence<'a>>) {
    for each in divergences {
        match (first(each), each.kind) {
            (Some("extensions"), _) => each.severity = Severity::Info,
            (Some("errors"), Kind::Extra | Kind::Null | Kind::ArrayLength)
                if is_at_root(each) && has_none(each.primary) && !has_none(each.candidate) =>
            {
                each.severity = Severity::Breaking;
            }
            _ => {}
        }
    }
}

fn path<'d>(divergence: &'d Divergence<'_>) -> Option<&'d Path> {
    match &divergence.place {
        Place::Body(path) => Some(path),
        Place::Outcome | Place::Status | Place::Header(_) | Place::Trailer(_) => None,
    }
}

fn first<'d>(divergence: &'d Divergence<'_>) -> Option<&'d str> {
    match path(divergence)?.0.first()? {
        Seg::Key(key) => Some(key),
        _ => None,
    }
}

fn is_at_root(divergence: &Divergence<'_>) -> bool {
    path(divergence).is_some_and(|path| path.0.len() == 1)
}

fn has_none(side: Option<&[u8]>) -> bool {
    let Some(side) = side else { return true };
    let empty = |side: &[u8]| {
        let inside = side.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
        inside.is_some_and(|inside| inside.trim_ascii().is_empty())
    };
    side == b"null" || empty(side)
}
