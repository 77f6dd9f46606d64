//! Answers of GraphQL services (the GraphQL specification, section 7.1), which say in the body
//! whether the request failed. Other services' answers may look like it: what was asked tells, or
//! the media type, or errors as GraphQL writes them.
//!
//! This module never finds a difference; it only weighs those that were found.

use super::endpoint::{Asked, operation};
use crate::model::{Divergence, Kind, Path, Place, Request, Seg, Severity};
use crate::syntax::MediaType;
use crate::syntax::json::{Document, Shape, Value};

/// What tells whether a service speaks GraphQL.
#[derive(Clone, Copy)]
pub(super) struct Hints<'h> {
    /// Of the primary's answer.
    pub media: Option<MediaType<'h>>,
    pub request: Option<&'h Request>,
}

impl Hints<'_> {
    /// Whether it does; nothing where only the answer can tell.
    fn tell(self) -> Option<bool> {
        let essence = self.media.map(MediaType::essence).unwrap_or_default();
        if essence.eq_ignore_ascii_case("application/graphql-response+json") {
            return Some(true);
        }
        self.request.map(|request| {
            let is_called = request.uri.path().to_ascii_lowercase().contains("graphql");
            is_called || operation(Asked::of(request), &request.body.joined()).is_some()
        })
    }
}

/// Weighs what differs between two texts, where both are such answers: errors where the primary had
/// none break a client; extensions never do.
pub(super) fn weigh<'d, 'a: 'd>(
    divergences: impl Iterator<Item = &'d mut Divergence<'a>>,
    texts: [&[u8]; 2],
    hints: Hints<'_>,
) {
    let is_weighed = |each: &Divergence<'_>| matches!(first(each), Some("errors" | "extensions"));
    let mut weighed = divergences.filter(|each| is_weighed(each)).peekable();
    if weighed.peek().is_none() {
        return;
    }
    let [Some(x), Some(y)] = texts.map(answer) else { return };
    if hints.tell().unwrap_or(x.has_errors || y.has_errors) {
        weighed.for_each(weigh_one);
    }
}

/// What may be an answer of GraphQL by its shape.
struct Answer {
    /// It lists errors that have a message.
    has_errors: bool,
}

/// Looks for an object with `data` or `errors`, and nothing but these and `extensions`, each of the
/// shape that it must have.
fn answer(text: &[u8]) -> Option<Answer> {
    let document = Document::parse(text).ok()?;
    let root = document.root();
    let (mut answers, mut has_errors) = (false, false);
    let mut fits = document.shape(root) == Shape::Object;
    for member in document.members(root) {
        let shape = document.shape(member.value);
        let name = member.key.raw();
        answers |= matches!(name, b"data" | b"errors");
        has_errors |= name == b"errors"
            && document.elements(member.value).any(|each| is_error(&document, each));
        fits &= match name {
            b"data" => matches!(shape, Shape::Object | Shape::Null),
            b"errors" => shape == Shape::Array,
            b"extensions" => shape == Shape::Object,
            _ => false,
        };
    }
    (fits && answers).then_some(Answer { has_errors })
}

fn is_error(document: &Document<'_>, value: Value) -> bool {
    document.members(value).any(|member| {
        member.key.raw() == b"message" && document.shape(member.value) == Shape::String
    })
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
