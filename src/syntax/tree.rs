//! Trees of elements, written as JSON.
//!
//! An element is an object with its attributes as `"@name": "value"` and, under its own name, what
//! is in it: a string where that is text alone (or nothing), else an array of strings and elements
//! in their order.
//!
//! An element with nothing in it may be a text or a list. Where two trees are read as a [`pair`], it
//! is an empty list if any element of its names, from the root down, has others in it on either
//! side: `<items/>` lacks what `<items><item/></items>` has, and is no other type.
//!
//! This module never recurses, and never writes much more than it is given.

use super::Unreadable;
use super::json::quote_into;
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Elements within each other; more are not read.
const MAX_DEPTH: usize = 10_000;

/// How text between elements is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Spaces at both ends say nothing.
    Trim,
    /// Nor does it matter how many there are between words.
    Collapse,
}

/// An element that is not closed yet.
#[derive(Debug)]
struct Frame {
    /// Text since the last child.
    text: String,
    /// Whether children have been written, and so an array is.
    list: bool,
    space: Space,
    way: Way,
}

/// A hash of the names from the root down.
type Way = u64;

/// The ways to elements that have others in them.
pub(super) type Lists = HashSet<Way>;

/// A tree as JSON, and what is known of it for its pair.
pub(super) struct Written {
    pub json: Vec<u8>,
    lists: Lists,
    /// The ways to elements with nothing in them.
    empty: HashSet<Way>,
}

/// What reads a tree, where these elements are known to be lists.
pub(super) type Read = fn(&[u8], &Lists) -> Result<Written, Unreadable>;

/// Reads one tree for itself.
pub(super) fn alone(bytes: &[u8], read: Read) -> Result<Vec<u8>, Unreadable> {
    read(bytes, &Lists::new()).map(|tree| tree.json)
}

/// Reads both sides so that what has nothing in it is what the like of it is.
pub(super) fn pair(sides: [&[u8]; 2], read: Read) -> [Result<Vec<u8>, Unreadable>; 2] {
    let alone = sides.map(|side| read(side, &Lists::new()));
    let lists: Lists = alone.iter().flatten().flat_map(|tree| &tree.lists).copied().collect();
    if alone.iter().flatten().all(|tree| tree.empty.is_disjoint(&lists)) {
        return alone.map(|tree| tree.map(|tree| tree.json));
    }
    sides.map(|side| read(side, &lists).map(|tree| tree.json))
}

/// What has been written of a tree.
#[derive(Debug)]
pub(super) struct Writer<'l> {
    out: String,
    frames: Vec<Frame>,
    limit: usize,
    known: &'l Lists,
    lists: Lists,
    empty: HashSet<Way>,
}

impl<'l> Writer<'l> {
    /// A tree that so many bytes describe, and which of its elements are known to be lists. Names
    /// are written out at each element, in full.
    pub(super) fn new(bytes: usize, known: &'l Lists) -> Self {
        let limit = bytes.saturating_mul(8).saturating_add(64 << 10);
        let (lists, empty) = (Lists::new(), HashSet::new());
        Self { out: String::with_capacity(bytes), frames: Vec::new(), limit, known, lists, empty }
    }

    /// A tree whose top is a list.
    pub(super) fn list(bytes: usize, known: &'l Lists) -> Self {
        let mut writer = Self::new(bytes, known);
        writer.out.push('[');
        let frame = Frame { text: String::new(), list: true, space: Space::Collapse, way: 0 };
        writer.frames.push(frame);
        writer
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Opens an element; its attributes come without the `@`.
    pub(super) fn open(
        &mut self,
        name: &str,
        attributes: &[(String, String)],
        space: Space,
    ) -> Result<(), &'static str> {
        if self.frames.len() >= MAX_DEPTH {
            return Err("elements are nested too deeply");
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.child(&mut self.out);
        }
        self.out.push('{');
        for (name, value) in attributes {
            self.out.push_str("\"@");
            let start = self.out.len();
            quote_into(&mut self.out, name.as_bytes());
            self.out.remove(start);
            self.out.push(':');
            quote_into(&mut self.out, value.as_bytes());
            self.out.push(',');
            self.bounded()?;
        }
        quote_into(&mut self.out, name.as_bytes());
        self.out.push(':');
        let above = self.frames.last().map_or(0, |frame| frame.way);
        let way = xxh3_64_with_seed(name.as_bytes(), above);
        self.frames.push(Frame { text: String::new(), list: false, space, way });
        self.bounded()
    }

    fn bounded(&self) -> Result<(), &'static str> {
        let fits = self.out.len() <= self.limit;
        if fits { Ok(()) } else { Err("names are repeated too often") }
    }

    /// Adds text to the innermost element.
    pub(super) fn text(&mut self, text: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame.text.push_str(text);
        }
    }

    /// Closes the innermost element.
    pub(super) fn close(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.end(frame);
            self.out.push('}');
        }
    }

    /// The JSON text; what is open ends here.
    pub(super) fn finish(mut self, is_list: bool) -> Written {
        let top = usize::from(is_list);
        while self.frames.len() > top {
            self.close();
        }
        if let Some(frame) = self.frames.pop() {
            self.end(frame);
        }
        Written { json: self.out.into_bytes(), lists: self.lists, empty: self.empty }
    }

    fn end(&mut self, mut frame: Frame) {
        if frame.list {
            frame.flush(&mut self.out);
            self.out.push(']');
            self.lists.insert(frame.way);
            return;
        }
        let text = frame.space.apply(&frame.text);
        if text.is_empty() {
            self.empty.insert(frame.way);
            if self.known.contains(&frame.way) {
                return self.out.push_str("[]");
            }
        }
        quote_into(&mut self.out, text.as_bytes());
    }
}

impl Frame {
    /// Makes the array ready for a child.
    fn child(&mut self, out: &mut String) {
        if !self.list {
            out.push('[');
            self.list = true;
        }
        self.flush(out);
        comma(out);
    }

    fn flush(&mut self, out: &mut String) {
        let text = std::mem::take(&mut self.text);
        let text = self.space.apply(&text);
        if !text.is_empty() {
            comma(out);
            quote_into(out, text.as_bytes());
        }
    }
}

/// A comma, but not at the beginning of an array.
fn comma(out: &mut String) {
    if !out.ends_with('[') {
        out.push(',');
    }
}

impl Space {
    fn apply(self, text: &str) -> String {
        const SPACE: [char; 5] = [' ', '\t', '\r', '\n', '\u{c}'];
        match self {
            Self::Trim => text.trim_matches(SPACE).to_owned(),
            Self::Collapse => {
                let words = text.split(SPACE).filter(|word| !word.is_empty());
                words.fold(String::new(), |mut text, word| {
                    if !text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(word);
                    text
                })
            }
        }
    }
}

/// An unreadable place.
pub(super) fn unreadable(at: usize, problem: &'static str) -> Unreadable {
    Unreadable { at, problem }
}
