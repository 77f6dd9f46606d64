//! Answers of GraphQL services (the GraphQL specification, section 7.1), which say in the body
//! whether the request failed.
//!
//! This module never finds a difference; it only weighs those that were found.

use crate::model::{Divergence, Kind, Path, Place, Seg, Severity};
use crate::syntax::json::{Document, Shape};

/// Weighs what differs between two texts, where both are such answers: errors where the primary had
/// none break a client; extensions never do.
pub(super) fn weigh<'d, 'a: 'd>(
    divergences: impl Iterator<Item = &'d mut Divergence<'a>>,
    texts: [&[u8]; 2],
) {
    let is_weighed = |each: &Divergence<'_>| matches!(first(each), Some("errors" | "extensions"));
    let mut weighed = divergences.filter(|each| is_weighed(each)).peekable();
    if weighed.peek().is_some() && texts.into_iter().all(is_answer) {
        weighed.for_each(weigh_one);
    }
}

/// Whether it is an object with `data` or `errors`, and nothing but these and `extensions`.
fn is_answer(text: &[u8]) -> bool {
    let Ok(document) = Document::parse(text) else { return false };
    let mut answers = false;
    document.shape(document.root()) == Shape::Object
        && document.members(document.root()).all(|member| {
            answers |= matches!(member.key.raw(), b"data" | b"errors");
            matches!(member.key.raw(), b"data" | b"errors" | b"extensions")
        })
        && answers
}

fn weigh_one(each: &mut Divergence<'_>) {
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
