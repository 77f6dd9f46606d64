//! Both bodies of a comparison.
//!
//! This module never reads bodies that are equal as they came.

use super::body::{Body, Undecodable, codings, media};
use crate::compare::reading::{self, Readers, Reading};
use crate::compare::types::Types;
use crate::model::{Outcome, Reply};
use bytes::Bytes;
use http::HeaderValue;
use std::borrow::Cow;

/// Both bodies, decoded: what [`compare`](crate::compare::compare) borrows its findings from.
#[derive(Clone, Debug)]
pub struct Decoded {
    primary: Option<Body>,
    candidate: Option<Body>,
    reading: Option<Reading>,
}

impl Decoded {
    /// Decodes what there is; bodies that are equal as they came are decoded once.
    pub fn new(primary: &Outcome, candidate: &Outcome) -> Self {
        Self::typed(primary, candidate, Types::default())
    }

    /// The same, where the types of protobuf bodies may be known.
    pub fn typed(primary: &Outcome, candidate: &Outcome, types: Types<'_>) -> Self {
        let (x, y) = (reply(primary), reply(candidate));
        let one = x.zip(y).is_some_and(|(x, y)| {
            codings(x).eq(codings(y)) && x.body == y.body && label(x) == label(y)
        });
        let primary = x.map(Body::new);
        let candidate = if one { primary.clone() } else { y.map(Body::new) };
        let reading = match (x, y, &primary, &candidate) {
            (Some(x), Some(y), Some(body_x), Some(body_y)) if !one => {
                let contents = body_x.content().ok().zip(body_y.content().ok());
                contents.and_then(|(content_x, content_y)| {
                    let readers = Readers { codings: [x, y].map(message_coding), types };
                    Reading::new([(media(x), content_x), (media(y), content_y)], readers)
                })
            }
            _ => None,
        };
        Self { primary, candidate, reading }
    }

    /// The primary's body without its encoding; nothing for a fault.
    pub fn primary(&self) -> Option<Result<&[u8], Undecodable>> {
        self.primary.as_ref().map(Body::content)
    }

    /// The candidate's body without its encoding; nothing for a fault.
    pub fn candidate(&self) -> Option<Result<&[u8], Undecodable>> {
        self.candidate.as_ref().map(Body::content)
    }

    /// The texts that the bodies were compared as, where they were read into JSON or are JSON:
    /// divergences of bodies lie within them.
    pub fn compared(&self) -> [Option<&[u8]>; 2] {
        if let Some(reading) = &self.reading {
            return reading.texts();
        }
        [&self.primary, &self.candidate]
            .map(|body| body.as_ref().and_then(|body| body.content().ok()))
    }

    pub(in crate::compare) fn bodies(&self) -> Option<(&Body, &Body)> {
        self.primary.as_ref().zip(self.candidate.as_ref())
    }

    pub(in crate::compare) fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }
}

/// The body of one answer without its encoding, where it can be decoded.
pub(in crate::compare) fn text(reply: &Reply) -> Option<Bytes> {
    Body::new(reply).decoded.ok()
}

/// That text as JSON, where the body is JSON or is read into it.
pub(in crate::compare) fn alone<'a>(
    reply: &'a Reply,
    text: &'a [u8],
    types: Types<'_>,
) -> Option<Cow<'a, [u8]>> {
    let readers = Readers { codings: [message_coding(reply); 2], types };
    reading::alone((media(reply), text), readers)
}

fn reply(outcome: &Outcome) -> Option<&Reply> {
    match outcome {
        Outcome::Reply(reply) => Some(reply),
        Outcome::Fault(_) => None,
    }
}

/// How the messages of a gRPC body are compressed.
fn message_coding(reply: &Reply) -> &[u8] {
    reply.headers.get("grpc-encoding").map(HeaderValue::as_bytes).unwrap_or_default()
}

/// What the bytes are read by.
fn label(reply: &Reply) -> Option<&[u8]> {
    Some(reply.headers.get(http::header::CONTENT_TYPE)?.as_bytes())
}
