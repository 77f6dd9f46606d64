//! Items of a binary format, one after the other, written as JSON text.
//!
//! [`Builder`] keeps count of what is open. A key that is no text is written in diagnostic notation
//! (RFC 8949, section 8), whatever it holds.
//!
//! This module never reads bytes, and never uses the machine's stack for nesting.

use super::notation;

/// Longer texts are not written: what repeats a byte in ten characters must not fill the memory.
const MAX_TEXT: usize = 64 << 20;

/// Containers one within the other; a byte opens one.
const MAX_DEPTH: usize = 1 << 20;

/// What cannot go on, and why.
pub(super) type Problem = &'static str;

/// A value without others in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Null,
    Bool(bool),
    Int(i128),
    /// A whole number by its digits.
    Digits(&'a str),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Whatever else there is, in its notation.
    Word(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Array,
    /// Keys and values in turn.
    Map,
    /// A tag around one value.
    Tag(u64),
    /// An extension of MessagePack around its bytes.
    Ext(i8),
    Timestamp,
}

#[derive(Debug)]
struct Level {
    container: Container,
    /// How many items it has; nothing until its end is told.
    size: Option<u64>,
    seen: u64,
}

/// A key in notation, until it is whole.
#[derive(Debug)]
struct Key {
    /// How many levels are open around it.
    depth: usize,
    text: String,
}

/// The text so far, and what is open.
#[derive(Debug, Default)]
pub(super) struct Builder {
    out: String,
    levels: Vec<Level>,
    key: Option<Key>,
    done: bool,
}

impl Builder {
    /// Whether one item is whole.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Writes an item.
    pub(super) fn item(&mut self, item: Item<'_>) -> Result<(), Problem> {
        if let Item::Text(text) = item
            && self.is_at_key()
        {
            self.separate();
            notation::text(&mut self.out, text);
        } else {
            self.enter();
            match &mut self.key {
                Some(key) => note(&mut key.text, item),
                None => write(&mut self.out, item),
            }
        }
        self.finish()
    }

    /// Opens a container of so many items, a map's keys counted too; without a size it is open
    /// until [`Builder::end`].
    pub(super) fn open(&mut self, container: Container, size: Option<u64>) -> Result<(), Problem> {
        if self.levels.len() >= MAX_DEPTH {
            return Err("it is nested more than a million levels deep");
        }
        self.enter();
        match &mut self.key {
            Some(key) => key.text.push_str(&opening(container)),
            None => match container {
                Container::Array => self.out.push('['),
                Container::Map => self.out.push('{'),
                _ => {
                    self.out.push('{');
                    notation::marked(&mut self.out, name(container).as_str());
                    self.out.push(':');
                }
            },
        }
        self.levels.push(Level { container, size, seen: 0 });
        if size == Some(0) { self.close() } else { Ok(()) }
    }

    /// Ends the innermost container, which was opened without a size.
    pub(super) fn end(&mut self) -> Result<(), Problem> {
        match self.levels.last() {
            Some(Level { container: Container::Map, size: None, seen }) if seen % 2 == 1 => {
                Err("a map ends between a key and its value")
            }
            Some(Level { size: None, .. }) => self.close(),
            _ => Err("nothing of open length ends here"),
        }
    }

    /// The text, once an item is whole.
    pub(super) fn into_json(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    fn is_at_key(&self) -> bool {
        let level = self.levels.last();
        let at_key =
            |level: &Level| level.container == Container::Map && level.seen.is_multiple_of(2);
        self.key.is_none() && level.is_some_and(at_key)
    }

    /// Goes to where the next item is written.
    fn enter(&mut self) {
        self.separate();
        if self.is_at_key() {
            self.key = Some(Key { depth: self.levels.len(), text: String::new() });
        }
    }

    fn separate(&mut self) {
        let Some(level) = self.levels.last() else { return };
        let separator = match (level.container, level.seen) {
            (_, 0) => return,
            (Container::Map, seen) if seen % 2 == 1 => ':',
            _ => ',',
        };
        match &mut self.key {
            Some(key) => key.text.extend([separator, ' ']),
            None => self.out.push(separator),
        }
    }

    fn close(&mut self) -> Result<(), Problem> {
        self.shut();
        self.finish()
    }

    /// Pops the innermost container and writes its end.
    fn shut(&mut self) {
        let Some(Level { container, .. }) = self.levels.pop() else { return };
        let (noted, written) = match container {
            Container::Array => (']', ']'),
            Container::Map => ('}', '}'),
            _ => (')', '}'),
        };
        match &mut self.key {
            Some(key) => key.text.push(noted),
            None => self.out.push(written),
        }
    }

    /// Counts the item that is whole now, and ends what it was the last of.
    fn finish(&mut self) -> Result<(), Problem> {
        loop {
            if let Some(key) = self.key.take_if(|key| key.depth == self.levels.len()) {
                notation::marked(&mut self.out, &key.text);
            }
            let Some(level) = self.levels.last_mut() else {
                self.done = true;
                break;
            };
            level.seen += 1;
            if level.size != Some(level.seen) {
                break;
            }
            self.shut();
        }
        let noted = self.key.as_ref().map_or(0, |key| key.text.len());
        if self.out.len() + noted > MAX_TEXT {
            Err("it is over 64 MiB as JSON text")
        } else {
            Ok(())
        }
    }
}

fn name(container: Container) -> String {
    match container {
        Container::Tag(number) => format!("tag({number})"),
        Container::Ext(number) => format!("ext({number})"),
        Container::Timestamp => "timestamp".to_owned(),
        Container::Array | Container::Map => String::new(),
    }
}

/// How a container begins in diagnostic notation.
fn opening(container: Container) -> String {
    match container {
        Container::Array => "[".to_owned(),
        Container::Map => "{".to_owned(),
        Container::Tag(number) => format!("{number}("),
        Container::Ext(_) | Container::Timestamp => name(container) + "(",
    }
}

/// Appends an item as JSON.
fn write(out: &mut String, item: Item<'_>) {
    match item {
        Item::Text(text) => notation::text(out, text),
        Item::Bytes(bytes) => notation::bytes(out, bytes),
        Item::Word(word) => notation::marked(out, word),
        Item::Float(number) => match notation::float(number) {
            (digits, true) => out.push_str(&digits),
            (word, false) => notation::marked(out, &word),
        },
        Item::Null | Item::Bool(_) | Item::Int(_) | Item::Digits(_) => note(out, item),
    }
}

/// Appends an item in diagnostic notation.
fn note(out: &mut String, item: Item<'_>) {
    match item {
        Item::Null => out.push_str("null"),
        Item::Bool(true) => out.push_str("true"),
        Item::Bool(false) => out.push_str("false"),
        Item::Int(number) => out.push_str(&number.to_string()),
        Item::Digits(word) | Item::Word(word) => out.push_str(word),
        Item::Float(number) => out.push_str(&notation::float(number).0),
        Item::Bytes(bytes) => notation::hex(out, bytes),
        Item::Text(text) => {
            out.push('"');
            super::json::escape_into(out, text);
            out.push('"');
        }
    }
}
