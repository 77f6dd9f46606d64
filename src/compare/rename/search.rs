//! The search, through all that is equal in the primary's document, for identifiers that differ
//! elsewhere: one that is renamed there and the same here stands for two things.
//!
//! Where the bytes of one stand is found first, without regard to what the text says, and only what
//! is around such a spot is visited.
//!
//! This module never looks at a place where something differs.

use super::finder::{Finder, is_edge};
use super::renamable::renamable;
use super::suspects::{Agreed, Ended, MAX_TEXT, SHORTEST_WITHIN, Sort, Suspects};
use crate::compare::class::of_text;
use crate::compare::json::{Leaf, leaves};
use crate::compare::places::Places;
use crate::compare::table::Map;
use crate::model::Class;
use crate::syntax::json::{Document, Shape, Value};
use memchr::memmem;
use std::borrow::Cow;
use std::iter;

/// Equal values that hold an identifier which elsewhere has another name.
const MAX_AGREED: usize = 4_096;

/// For more identifiers a text is read at once.
const FEW: usize = 16;

/// What is looked for, each with its class.
type Sought<'a> = Map<Cow<'a, [u8]>, Class>;

impl<'a> Suspects<'a> {
    /// Searches the primary's document.
    pub(in crate::compare) fn search(&mut self, document: &Document<'a>, places: &Places) {
        let sought = self.sought();
        let ended = self.all_ended();
        if !sought.is_empty() {
            let spots = spots(document.text(), &sought, &ended);
            self.look(document, &sought, (&ended, &spots), places);
        }
    }

    /// The identifiers that differ; none where more differs than can be told from what is equal.
    fn sought(&self) -> Sought<'a> {
        if self.is_overrun() {
            return Sought::default();
        }
        let mut sought = Sought::default();
        for one in &self.list {
            if one.sort == Sort::Identifier {
                let class = one.divergence.primary_class;
                sought.extend([&one.primary, &one.candidate].map(|text| (text.clone(), class)));
            } else if let Some((u, v)) = one.names() {
                sought.extend([u, v].map(|text| (Cow::Owned(text.to_vec()), of_text(text))));
            }
        }
        sought
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
        (ended, spots): (&[Ended], &Spots),
        places: &Places,
    ) {
        if spots.are_none() {
            return;
        }
        let whole = Finder::new(sought.iter().map(|(text, class)| (&**text, *class)), 1);
        // A number within a text may be any number.
        let words = sought.iter().filter(|(_, class)| **class != Class::Int);
        let words = Finder::new(words.map(|(text, class)| (&**text, *class)), SHORTEST_WITHIN);
        let mut past = Past { ended, begun: 0 };
        let is_left_out = |value: Value| past.is_ended(value.start()) || !spots.are_in(value);
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

/// What has ended, looked through from the start of the document on.
struct Past<'e> {
    ended: &'e [Ended],
    /// How many begin at the last place that was asked for, or before.
    begun: usize,
}

impl Past<'_> {
    /// Whether something that differs stands here, at or behind the place of the question before.
    fn is_ended(&mut self, at: usize) -> bool {
        let later = self.ended.get(self.begun..).unwrap_or_default();
        self.begun += later.iter().take_while(|ended| ended.start as usize <= at).count();
        let last = self.begun.checked_sub(1).and_then(|last| self.ended.get(last));
        last.is_some_and(|last| at < last.end as usize)
    }
}

/// How many divergences were recorded, and suspects noted, before what is equal here.
fn told_before(ended: &[Ended], at: usize) -> (usize, usize) {
    let next = ended.partition_point(|ended| ended.start as usize <= at);
    let last = next.checked_sub(1).and_then(|last| ended.get(last));
    last.map_or((0, 0), |last| (last.recorded as usize, last.noted as usize))
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

/// Where in a text what is sought may stand: nowhere else, if that is known.
struct Spots(Option<Vec<usize>>);

impl Spots {
    fn are_none(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether there may be one in a value.
    fn are_in(&self, value: Value) -> bool {
        self.0.as_ref().is_none_or(|spots| {
            let next = spots.partition_point(|spot| *spot < value.start());
            spots.get(next).is_some_and(|spot| *spot < value.end())
        })
    }
}

/// Where what is sought may stand, outside of what has ended. The text is not read for that: with
/// escapes in it, or much to seek, that is anywhere.
fn spots(text: &[u8], sought: &Sought<'_>, ended: &[Ended]) -> Spots {
    if sought.len() > FEW || memchr::memchr(b'\\', text).is_some() {
        return Spots(None);
    }
    let hits = sought.iter().flat_map(|(id, class)| {
        let mut past = Past { ended, begun: 0 };
        let is_spot = move |at: &usize| !past.is_ended(*at) && may_be(text, *at, id, *class);
        hits(text, id).filter(is_spot)
    });
    let mut spots: Vec<_> = hits.collect();
    spots.sort_unstable();
    Spots(Some(spots))
}

/// Where a text holds an identifier; one place may begin within another.
fn hits(text: &[u8], id: &[u8]) -> impl Iterator<Item = usize> {
    let (finder, mut from) = (memmem::Finder::new(id), 0);
    iter::from_fn(move || {
        let at = from + finder.find(text.get(from..)?)?;
        from = at + 1;
        Some(at)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::class::of_text;

    fn check(text: &str, ids: &[&str], expected: Option<&[usize]>) {
        let class = |id: &str| (Cow::Owned(id.as_bytes().to_vec()), of_text(id.as_bytes()));
        let sought = ids.iter().map(|id| class(id)).collect();
        let first = Ended { start: 0, end: 8, recorded: 0, noted: 0 };
        assert_eq!(spots(text.as_bytes(), &sought, &[first]).0.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_number_stands_whole_under_a_key_of_one() {
        check(r#"{"id":7,"order_id": 7 ,"n":7,"at":"7","userId":"7"}"#, &["7"], Some(&[20, 48]));
        check(r#"{"a":0,"id":[7],"x_id":{"a":7},"id":17,"id":7.1,"id":-7}"#, &["7"], Some(&[]));
        check(r#"{"a":0,"id":-7}"#, &["-7"], Some(&[12]));
    }

    #[test]
    fn another_identifier_stands_anywhere_as_a_word() {
        check(
            r#"["cus_N8fZ2kQ1","a/cus_N8fZ2kQ1?","xcus_N8fZ2kQ1"]"#,
            &["cus_N8fZ2kQ1"],
            Some(&[19]),
        );
        let ids = ["1a2-1a2-1a2"];
        check(r#"{"key":"k","v":"x1a2-1a2-1a2-1a2"}"#, &ids, Some(&[21]));
    }

    #[test]
    fn with_escapes_or_much_to_seek_it_may_be_anywhere() {
        check(r#"{"a":0,"id":"\u0037"}"#, &["7"], None);
        let many: Vec<_> = (0..17).map(|id| id.to_string()).collect();
        check("[]", &many.iter().map(String::as_str).collect::<Vec<_>>(), None);
        check("[]", &[], Some(&[]));
    }
}
