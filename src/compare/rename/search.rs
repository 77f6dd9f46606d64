//! The search, through all that is equal in the primary's document, for identifiers that differ
//! elsewhere: one that is renamed there and the same here stands for two things.
//!
//! A text that was not read yet is first asked whether it can hold any of them, which costs a small
//! part of reading it.
//!
//! This module never looks at a place where something differs.

use super::finder::{Finder, is_edge};
use super::renamable::renamable;
use super::suspects::{Agreed, Ended, MAX_TEXT, SHORTEST_WITHIN, Sort, Suspects};
use crate::compare::json::{Leaf, leaves};
use crate::compare::places::Places;
use crate::model::Class;
use crate::syntax::json::{Document, Shape, Value};
use memchr::memmem;
use std::borrow::Cow;
use std::collections::HashMap;

/// Equal values that hold an identifier which elsewhere has another name.
const MAX_AGREED: usize = 4_096;

/// For more identifiers a text is read at once.
const FEW: usize = 16;

/// What is looked for, each with its class.
type Sought<'a> = HashMap<Cow<'a, [u8]>, Class>;

impl<'a> Suspects<'a> {
    /// Searches the primary's text, which is JSON.
    pub(in crate::compare) fn search_text(&mut self, text: &'a [u8], places: &Places) {
        let sought = self.sought();
        let ended = self.all_ended();
        if !sought.is_empty()
            && may_hold(text, &sought, &ended)
            && let Ok(document) = Document::parse(text)
        {
            self.look(&document, &sought, &ended, places);
        }
    }

    /// Searches the primary's document.
    pub(in crate::compare) fn search(&mut self, document: &Document<'a>, places: &Places) {
        let sought = self.sought();
        let ended = self.all_ended();
        if !sought.is_empty() {
            self.look(document, &sought, &ended, places);
        }
    }

    /// The identifiers that differ; none where more differs than can be told from what is equal.
    fn sought(&self) -> Sought<'a> {
        if self.is_overrun() {
            return Sought::new();
        }
        let identifiers = self.list.iter().filter(|one| one.sort == Sort::Identifier);
        let texts = identifiers.flat_map(|one| {
            let class = one.divergence.primary_class;
            [(one.primary.clone(), class), (one.candidate.clone(), class)]
        });
        texts.collect()
    }

    /// What has ended in the document that is done, in its order.
    fn all_ended(&mut self) -> Vec<Ended> {
        if self.is_overrun() {
            return Vec::new();
        }
        let mut ended = std::mem::take(&mut self.ended);
        ended.sort_unstable_by_key(|ended| ended.start);
        ended
    }

    fn look(
        &mut self,
        document: &Document<'a>,
        sought: &Sought<'a>,
        ended: &[Ended],
        places: &Places,
    ) {
        let whole = Finder::new(sought.iter().map(|(text, class)| (&**text, *class)), 1);
        // A number within a text may be any number.
        let words = sought.iter().filter(|(_, class)| **class != Class::Int);
        let words = Finder::new(words.map(|(text, class)| (&**text, *class)), SHORTEST_WITHIN);
        let is_left_out = |value: Value| is_ended(ended, value.start());
        leaves(document, is_left_out, |leaf| {
            for (id, class) in held(document, &leaf, &whole, &words) {
                let (path, raw) = (leaf.path(), document.raw(leaf.value));
                let after = told_before(ended, leaf.value.start());
                if self.agreed.len() >= MAX_AGREED {
                    self.beyond += 1;
                } else if places.counts(&path) {
                    self.agreed.push(Agreed { id, path, raw, class, after });
                }
            }
        });
    }
}

/// The last that begins here or before.
fn last_begun(ended: &[Ended], at: usize) -> Option<&Ended> {
    let next = ended.partition_point(|ended| ended.start as usize <= at);
    ended.get(next.checked_sub(1)?)
}

/// Whether something that differs stands here.
fn is_ended(ended: &[Ended], at: usize) -> bool {
    last_begun(ended, at).is_some_and(|last| at < last.end as usize)
}

/// How many divergences were recorded, and suspects noted, before what is equal here.
fn told_before(ended: &[Ended], at: usize) -> (usize, usize) {
    last_begun(ended, at).map_or((0, 0), |last| (last.recorded as usize, last.noted as usize))
}

/// The identifiers that a scalar is, or holds.
fn held<'a>(
    document: &Document<'a>,
    leaf: &Leaf<'_, 'a>,
    whole: &Finder<'_, Class>,
    words: &Finder<'_, Class>,
) -> Vec<(Cow<'a, [u8]>, Class)> {
    let text = match document.shape(leaf.value) {
        Shape::String => document.string(leaf.value).canonical(),
        Shape::Number => Cow::Borrowed(document.raw(leaf.value)),
        Shape::Null | Shape::Bool | Shape::Array | Shape::Object => return Vec::new(),
    };
    if let Some(class) = whole.whole(&text) {
        let named = renamable(leaf.key().as_deref(), class, &text);
        return if named { vec![(text, class)] } else { Vec::new() };
    }
    if text.len() > MAX_TEXT {
        return Vec::new();
    }
    let part = |start: usize, end: usize| match &text {
        Cow::Borrowed(text) => text.get(start..end).map(Cow::Borrowed),
        Cow::Owned(text) => text.get(start..end).map(|part| Cow::Owned(part.to_vec())),
    };
    words.within(&text).filter_map(|hit| Some((part(hit.start, hit.end)?, hit.id))).collect()
}

/// Whether a text may hold any of what is sought, outside of what has ended. It is not read: with
/// escapes in it, or much to seek, it may.
fn may_hold(text: &[u8], sought: &Sought<'_>, ended: &[Ended]) -> bool {
    if sought.len() > FEW || memchr::memchr(b'\\', text).is_some() {
        return true;
    }
    sought.iter().any(|(id, class)| {
        let mut hits = memmem::find_iter(text, id);
        hits.any(|at| !is_ended(ended, at) && may_be(text, at, id, *class))
    })
}

/// Whether what stands here may be an identifier, or a part of a text that is one.
fn may_be(text: &[u8], at: usize, id: &[u8], class: Class) -> bool {
    let end = at + id.len();
    if class != Class::Int {
        return is_edge(text, at) && is_edge(text, end);
    }
    let before = text.get(..at).unwrap_or_default();
    let behind = text.get(end..).unwrap_or_default().first();
    let start = match (before.strip_suffix(b"\""), behind) {
        (Some(before), Some(b'"')) => before,
        (None, None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n')) => before,
        _ => return false,
    };
    let key = key_of(start).and_then(|key| str::from_utf8(key).ok());
    renamable(key, class, id)
}

/// The key of the value that follows this text, if it has one.
fn key_of(before: &[u8]) -> Option<&[u8]> {
    let key = before.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
    let start = memchr::memrchr(b'"', key)?;
    key.get(start + 1..)
}
