//! What passes of the bytes that are read. Pure.

use crate::base::frames::course::Course;

/// The length of what a client's side begins with (RFC 9113 section 3.4), in bytes.
pub const PREFACE: usize = 24;

/// The head of a frame: its length, kind, flags and stream (RFC 9113 section 4.1).
pub(super) const HEAD: usize = 9;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
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
    /// A head of which not all has come.
    head: Partial,
    /// One of which all has come, and not all has passed.
    out: Partial,
}

/// A part of a head.
#[derive(Default)]
struct Partial {
    bytes: [u8; HEAD],
    from: usize,
    to: usize,
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
}

impl Sieve {
    pub fn new(pass: usize) -> Self {
        Self {
            course: Course::default(),
            empty: 0,
            pass,
            in_block: false,
            head: Partial::default(),
            out: Partial::default(),
        }
    }

    /// What has come, for those who watch.
    pub fn course(&self) -> Course {
        self.course.clone()
    }

    /// Whether a head has begun of which not all has come.
    pub fn has_begun(&self) -> bool {
        self.head.to > 0
    }

    /// It ends there: whoever reads it is to see that.
    pub fn end(&mut self) {
        self.out = std::mem::take(&mut self.head);
    }

    /// Up to so many bytes of a head that came in parts.
    pub fn take(&mut self, most: usize) -> &[u8] {
        let from = self.out.from;
        self.out.from = self.out.to.min(from + most);
        self.out.bytes.get(from..self.out.from).unwrap_or_default()
    }

    /// How much of it is still to come.
    pub fn missing(&self) -> usize {
        HEAD - self.head.to
    }

    /// Whether a frame is to pass; if so, its head and what belongs to it does.
    fn passes(&mut self, head: &[u8; HEAD]) -> bool {
        let [high, middle, low, kind, flags, ..] = *head;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        if kind == DATA && length == 0 && flags & END_STREAM == 0 && !self.in_block {
            self.empty = self.empty.saturating_add(1);
            if self.empty <= MOST_EMPTY {
                return false;
            }
        } else {
            self.empty = 0;
        }
        if kind == WINDOW_UPDATE {
            self.course.update();
        }
        if matches!(kind, HEADERS | PUSH_PROMISE | CONTINUATION) {
            self.in_block = flags & END_HEADERS == 0;
            self.course.begin();
        }
        self.pass = HEAD + length;
        true
    }

    /// All of a frame has passed.
    fn between(&self) {
        if !self.in_block {
            self.course.end();
        }
    }

    /// Moves together what passes of bytes; gives how many that are. The part of a head that they
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
            let rest = bytes.get(from..).unwrap_or_default();
            match rest.first_chunk::<HEAD>() {
                Some(head) => from += if self.passes(head) { 0 } else { HEAD },
                None => {
                    if self.pass == 0 {
                        self.head = Partial::of(rest);
                    }
                    return to;
                }
            }
        }
    }

    /// Takes more of a head that has begun.
    pub fn complete(&mut self, more: &[u8]) {
        self.head.extend(more);
        if self.missing() > 0 {
            return;
        }
        let head = std::mem::take(&mut self.head);
        if self.passes(&head.bytes) {
            self.pass -= HEAD;
            self.out = head;
        }
    }
}
