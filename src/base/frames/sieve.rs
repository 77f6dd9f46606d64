//! What passes of the bytes that are read. Pure.

use crate::base::frames::course::Course;
use crate::base::frames::field_block::{OPENING, begins_with_pseudo};
use crate::base::frames::requests::Requests;

/// The length of what a client's side begins with (RFC 9113 section 3.4), in bytes.
pub const PREFACE: usize = 24;

/// The head of a frame: its length, kind, flags and stream (RFC 9113 section 4.1).
pub(super) const HEAD: usize = 9;

/// The most of a frame that has to be known before it passes.
pub(super) const START: usize = HEAD + OPENING;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// So many frames that carry nothing are left out in a row.
pub(super) const MOST_EMPTY: usize = 10_000;

/// How far a connection has been read.
pub struct Sieve {
    course: Course,
    /// How many frames have been left out since the last one that was not.
    empty: usize,
    /// So many bytes more pass as they are.
    pass: usize,
    /// A field block has begun, within which no other frame may stand (RFC 9113 section 4.3).
    in_block: bool,
    preface: Preface,
    /// Those that come, on a client's side.
    requests: Option<Requests>,
    /// A start of which not all has come.
    start: Partial,
    /// One of which all has come, and not all has passed.
    out: Partial,
}

/// How a side has begun.
#[derive(PartialEq, Eq)]
enum Preface {
    Awaited,
    Settings,
    Other,
}

/// A part of the start of a frame: of its head, and of what has to be known of its payload.
struct Partial {
    bytes: [u8; START],
    from: usize,
    to: usize,
}

impl Default for Partial {
    fn default() -> Self {
        Self { bytes: [0; START], from: 0, to: 0 }
    }
}

impl Partial {
    fn of(bytes: &[u8]) -> Self {
        let mut part = Self::default();
        part.extend(bytes);
        part
    }

    fn extend(&mut self, more: &[u8]) {
        for (free, byte) in self.bytes.iter_mut().skip(self.to).zip(more) {
            *free = *byte;
            self.to += 1;
        }
    }

    fn left(&self) -> &[u8] {
        self.bytes.get(self.from..self.to).unwrap_or_default()
    }

    fn left_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.from..self.to).unwrap_or_default()
    }
}

/// The head of a frame, read (RFC 9113 section 4.1).
pub(super) struct Head {
    pub length: usize,
    pub kind: u8,
    flags: u8,
    pub stream: u32,
}

impl Head {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [high, middle, low, kind, flags, stream @ ..] = *bytes.first_chunk::<HEAD>()?;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        Some(Self { length, kind, flags, stream: u32::from_be_bytes(stream) & (u32::MAX >> 1) })
    }

    fn ends_stream(&self) -> bool {
        self.flags & END_STREAM != 0
    }
}

impl Sieve {
    pub fn new(pass: usize, requests: Option<Requests>) -> Self {
        Self {
            course: Course::default(),
            empty: 0,
            pass,
            in_block: false,
            preface: Preface::Awaited,
            requests,
            start: Partial::default(),
            out: Partial::default(),
        }
    }

    /// What has come, for those who watch.
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// Whether a frame has begun of which not all has come.
    pub fn has_begun(&self) -> bool {
        self.start.to > 0
    }

    /// It ends there: whoever reads it is to see that.
    pub fn end(&mut self) {
        self.out = std::mem::take(&mut self.start);
    }

    /// Up to so many bytes of a start that came in parts.
    pub fn take(&mut self, most: usize) -> &[u8] {
        let from = self.out.from;
        self.out.from = self.out.to.min(from + most);
        self.out.bytes.get(from..self.out.from).unwrap_or_default()
    }

    /// Whether the side has begun in another way than HTTP/2 does.
    pub fn is_refused(&self) -> bool {
        self.preface == Preface::Other
    }

    /// Whether these are the trailers of a request.
    fn are_trailers(&self, head: &Head) -> bool {
        let goes_on = |requests: &Requests| requests.has_open(head.stream);
        head.kind == HEADERS && head.ends_stream() && self.requests.as_ref().is_some_and(goes_on)
    }

    /// How many bytes of a frame have to be there, of which these are.
    fn needed(&self, bytes: &[u8]) -> usize {
        match Head::read(bytes) {
            Some(head) if self.are_trailers(&head) => HEAD + head.length.min(OPENING),
            _ => HEAD,
        }
    }

    /// The start of the frame that bytes begin with, where all of it is there.
    fn start<'a>(&self, bytes: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let needed = self.needed(bytes);
        bytes.get_mut(..needed)
    }

    /// Whether a frame is to pass; if so, its start and what belongs to it does.
    fn passes(&mut self, start: &mut [u8]) -> bool {
        let Some(head) = Head::read(start) else { return true };
        if self.preface == Preface::Awaited {
            let settings = head.kind == SETTINGS && head.flags & ACK == 0;
            self.preface = if settings { Preface::Settings } else { Preface::Other };
        }
        if self.is_empty(&head) {
            return false;
        }
        if self.are_trailers(&head) {
            check_trailers(&head, start);
        }
        self.note(&head);
        self.pass = HEAD + head.length;
        true
    }

    /// Whether it carries nothing, and is to be left out.
    fn is_empty(&mut self, head: &Head) -> bool {
        let empty = head.kind == DATA && head.length == 0 && !head.ends_stream() && !self.in_block;
        self.empty = if empty { self.empty.saturating_add(1) } else { 0 };
        empty && self.empty <= MOST_EMPTY
    }

    /// What those are told who watch.
    fn note(&mut self, head: &Head) {
        if head.kind == WINDOW_UPDATE {
            self.course.update();
        }
        if matches!(head.kind, HEADERS | PUSH_PROMISE | CONTINUATION) {
            self.in_block = head.flags & END_HEADERS == 0;
            self.course.begin();
        }
        if let Some(requests) = &mut self.requests {
            if head.kind == DATA && requests.has_ended(head.stream) {
                self.course.stray();
            }
            match head.kind {
                DATA | HEADERS if head.ends_stream() => requests.end(head.stream),
                RST_STREAM => requests.end(head.stream),
                HEADERS => requests.go_on(head.stream),
                _ => {}
            }
        }
    }

    /// All of a frame has passed.
    fn between(&self) {
        if !self.in_block {
            self.course.end();
        }
    }

    /// Moves together what passes of bytes; gives how many that are. The part of a start that they
    /// end with is kept.
    pub fn sift(&mut self, bytes: &mut [u8]) -> usize {
        let (mut from, mut to) = (0, 0);
        loop {
            let passing = self.pass.min(bytes.len() - from);
            if from != to {
                bytes.copy_within(from..from + passing, to);
            }
            (from, to, self.pass) = (from + passing, to + passing, self.pass - passing);
            if self.pass == 0 {
                self.between();
            }
            let rest = bytes.get_mut(from..).unwrap_or_default();
            if self.pass > 0 {
                return to;
            }
            match self.start(rest) {
                Some(start) => from += if self.passes(start) { 0 } else { HEAD },
                None => {
                    self.start = Partial::of(rest);
                    return to;
                }
            }
        }
    }

    /// How many bytes of a start are still to come that has begun.
    pub fn missing(&self) -> usize {
        self.needed(self.start.left()).saturating_sub(self.start.to)
    }

    /// Takes more of it.
    pub fn complete(&mut self, more: &[u8]) {
        self.start.extend(more);
        if self.missing() > 0 {
            return;
        }
        let mut start = std::mem::take(&mut self.start);
        if self.passes(start.left_mut()) {
            self.pass -= start.to;
            self.out = start;
        }
    }
}

/// Takes the end of their stream from trailers that begin with a pseudo-field.
fn check_trailers(head: &Head, start: &mut [u8]) {
    let payload = start.get(HEAD..).unwrap_or_default();
    if begins_with_pseudo(head.flags, payload)
        && let Some(flags) = start.get_mut(4)
    {
        *flags &= !END_STREAM;
    }
}
