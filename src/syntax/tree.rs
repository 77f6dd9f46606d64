//! Trees of elements, written as JSON.
//!
//! An element is an object with its attributes as `"@name": "value"` and, under its own name, what
//! is in it: a string where that is text alone (or nothing), else an array of strings and elements
//! in their order.
//!
//! This module never recurses, and never writes much more than it is given.

use super::Unreadable;
use super::json::quote_into;

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
}

/// What has been written of a tree.
#[derive(Debug)]
pub(super) struct Writer {
    out: String,
    frames: Vec<Frame>,
    limit: usize,
}

impl Writer {
    /// A tree that so many bytes describe. Names are written out at each element, in full.
    pub(super) fn new(bytes: usize) -> Self {
        let limit = bytes.saturating_mul(8).saturating_add(64 << 10);
        Self { out: String::with_capacity(bytes), frames: Vec::new(), limit }
    }

    /// A tree whose top is a list.
    pub(super) fn list(bytes: usize) -> Self {
        let mut writer = Self::new(bytes);
        writer.out.push('[');
        let frame = Frame { text: String::new(), list: true, space: Space::Collapse };
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
        self.frames.push(Frame { text: String::new(), list: false, space });
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
            frame.end(&mut self.out);
            self.out.push('}');
        }
    }

    /// The JSON text; what is open ends here.
    pub(super) fn finish(mut self, is_list: bool) -> Vec<u8> {
        let top = usize::from(is_list);
        while self.frames.len() > top {
            self.close();
        }
        if let Some(frame) = self.frames.pop() {
            frame.end(&mut self.out);
        }
        self.out.into_bytes()
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

    fn end(mut self, out: &mut String) {
        if self.list {
            self.flush(out);
            out.push(']');
        } else {
            quote_into(out, self.space.apply(&self.text).as_bytes());
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
