//! What two bodies are read as: which format, and by which reader.
//!
//! Every structured format but JSON itself is read into JSON text, so that one tree diff compares
//! them all.
//!
//! This module never calls two bodies equal because neither can be read.

use super::encoded::{Encoded, binary_reading, may_be_empty};
use super::types::Types;
use crate::syntax::{Format, MediaType, Unreadable, events, form, html, multipart, records, xml};
use std::borrow::Cow;

/// Two bodies as JSON text.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    texts: [Result<Vec<u8>, Unreadable>; 2],
    misfits: [bool; 2],
}

/// What must be known to read the messages in a body.
#[derive(Clone, Copy)]
pub(super) struct Readers<'a> {
    /// They may be compressed one by one, as these values of `grpc-encoding` say.
    pub codings: [&'a [u8]; 2],
    pub types: Types<'a>,
}

/// A body, and what it is said to be.
pub(super) type Side<'a> = (Option<MediaType<'a>>, &'a [u8]);

impl Reading {
    /// Reads bodies that differ, if their format has a reader.
    pub(super) fn new(sides: [Side<'_>; 2], readers: Readers<'_>) -> Option<Self> {
        let [(media, x), (_, y)] = sides;
        let says_nothing = (x.is_empty() || y.is_empty()) && !media.is_some_and(may_be_empty);
        if x == y || says_nothing {
            return None;
        }
        let [coding_x, coding_y] = readers.codings;
        let encoded =
            [Encoded { body: x, coding: coding_x }, Encoded { body: y, coding: coding_y }];
        let binary = media.and_then(|media| binary_reading(media, encoded, readers.types));
        if let Some((texts, misfits)) = binary {
            return Some(Self { texts, misfits });
        }
        let format = format(sides);
        let trees = match format {
            Format::Xml => Some(xml::pair_to_json([x, y])),
            Format::Html => Some(html::pair_to_json([x, y])),
            _ => None,
        };
        if let Some(texts) = trees {
            return Some(Self { texts, misfits: [false; 2] });
        }
        let [x, y] = sides;
        Some(Self { texts: [read(format, x)?, read(format, y)?], misfits: [false; 2] })
    }

    /// The text of each side that could be read.
    pub(super) fn texts(&self) -> [Option<&[u8]>; 2] {
        self.texts.each_ref().map(|side| side.as_deref().ok())
    }

    /// Which sides do not fit the type that is known; both were then read without it.
    pub(super) fn misfits(&self) -> [bool; 2] {
        self.misfits
    }
}

/// One body as JSON text, where it is JSON or is read into it.
pub(super) fn alone<'a>(side: Side<'a>, readers: Readers<'_>) -> Option<Cow<'a, [u8]>> {
    let (media, body) = side;
    let [coding, _] = readers.codings;
    let encoded = Encoded { body, coding };
    let binary = media.and_then(|media| binary_reading(media, [encoded; 2], readers.types));
    if let Some(([text, _], _)) = binary {
        return text.ok().map(Cow::Owned);
    }
    match format([side; 2]) {
        Format::Json => Some(Cow::Borrowed(body)),
        format => read(format, side)?.ok().map(Cow::Owned),
    }
}

/// The format of both: what the primary's type says, or what they look like.
pub(super) fn format(sides: [Side<'_>; 2]) -> Format {
    let [(media, x), (_, y)] = sides;
    media.and_then(MediaType::format).unwrap_or_else(|| sniff(x, y))
}

/// The format of bodies whose type does not say: JSON containers, text without NUL, or neither.
fn sniff(x: &[u8], y: &[u8]) -> Format {
    let container = |body: &[u8]| matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    let text = |body: &[u8]| str::from_utf8(body).is_ok() && !body.contains(&0);
    match [x, y] {
        sides if sides.iter().all(|side| container(side)) => Format::Json,
        sides if sides.iter().all(|side| text(side)) => Format::Text,
        _ => Format::Binary,
    }
}

/// The body as JSON text; nothing for a format that has no reader, or needs none.
fn read(format: Format, (media, body): Side<'_>) -> Option<Result<Vec<u8>, Unreadable>> {
    match format {
        Format::JsonLines => Some(records::lines(body)),
        Format::JsonSequence => Some(records::sequence(body)),
        Format::Form => Some(form::to_json(body)),
        Format::Multipart => Some(multipart::to_json(body, media, part)),
        Format::EventStream => Some(events::to_json(body)),
        Format::Xml => Some(xml::to_json(body)),
        Format::Html => Some(html::to_json(body)),
        Format::Json | Format::Text | Format::Binary => None,
    }
}

/// A part of a multipart body, read by its own type; one within another is not.
fn part(media: MediaType<'_>, body: &[u8]) -> Option<Result<Vec<u8>, Unreadable>> {
    match media.format()? {
        Format::Multipart => None,
        Format::Json => Some(records::one(body)),
        format => read(format, (Some(media), body)),
    }
}
