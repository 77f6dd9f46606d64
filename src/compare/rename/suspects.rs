//! Differences that may be none: values that are identifiers, or that may hold one.
//!
//! Main types: [`Suspects`] and [`Suspect`]. The walk through two documents notes them, with what
//! ends on the primary's side wherever something differs: all the rest of that document is equal,
//! and what of it holds one of these identifiers is noted behind the walk.
//!
//! This module never decides what an identifier stands for.

use super::finder::Finder;
use super::renamable::{is_short_number, renamable};
use crate::compare::class::Pair;
use crate::compare::comparison::Sides;
use crate::compare::json::{Leaf, leaves};
use crate::compare::places::Places;
use crate::model::{Class, Divergence, Kind, Path, Place, Seg};
use crate::syntax::json::{Document, Shape, Text, Value};
use std::borrow::Cow;

/// Differing values that are looked at.
const MAX_SUSPECTS: usize = 16_384;

/// Places where something ends; with more, nothing is taken for renamed.
const MAX_ENDED: usize = 65_536;

/// Equal values that hold an identifier which elsewhere has another name.
const MAX_AGREED: usize = 4_096;

/// Longer texts are not searched for identifiers.
const MAX_TEXT: usize = 16 << 10;

/// Shorter identifiers are not looked for within other texts.
pub(super) const SHORTEST_WITHIN: usize = 6;

/// All that one comparison has to look into.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::compare) struct Suspects<'a> {
    pub(super) list: Vec<Suspect<'a>>,
    pub(super) agreed: Vec<Agreed<'a>>,
    ended: Vec<Ended>,
    /// Values for which there was no room.
    pub(super) beyond: u64,
}

/// A place in the course of suspecting.
#[derive(Clone, Copy, Debug)]
pub(in crate::compare) struct Suspected {
    listed: usize,
    ended: usize,
    agreed: usize,
    beyond: u64,
}

/// A difference that may be none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Suspect<'a> {
    pub divergence: Divergence<'a>,
    /// How many divergences were recorded before it.
    pub after: usize,
    pub primary: Cow<'a, [u8]>,
    pub candidate: Cow<'a, [u8]>,
    pub sort: Sort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Both sides have an identifier of one class.
    Identifier,
    /// A text that may have identifiers in it.
    Text,
    /// A whole number, which may be counted from another start.
    Number,
}

/// An identifier that stands at a place where nothing differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Agreed<'a> {
    pub id: Cow<'a, [u8]>,
    pub path: Path,
    /// The value as it is written.
    pub raw: &'a [u8],
    pub class: Class,
    /// How many divergences were recorded before it, and how many suspects noted.
    pub after: (usize, usize),
}

/// Something that differs ends here: from where to where it stands on the primary's side, and how
/// much had been recorded by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ended {
    start: u32,
    end: u32,
    recorded: u32,
    noted: u32,
}

impl<'a> Suspects<'a> {
    /// Takes two values that differ in nothing but what they are, unless they can be no
    /// identifiers and hold none.
    pub(in crate::compare) fn value(
        &mut self,
        raw: (&'a [u8], &'a [u8]),
        path: &Path,
        recorded: usize,
    ) -> bool {
        let Some(texts) = texts(raw) else { return false };
        if !self.has_room() {
            return false;
        }
        let pair = Pair::of_json(raw.0, raw.1);
        let key = match path.0.last() {
            Some(Seg::Key(key) | Seg::AnyKey(key)) => Some(key.as_str()),
            Some(Seg::Index(_) | Seg::KeyedBy { .. }) | None => None,
        };
        let one_class = pair.primary == pair.candidate && pair.is_alike();
        let fits = |text: &[u8]| renamable(key, pair.primary, text);
        let sort = match raw.0.first() {
            _ if one_class && fits(&texts.0) && fits(&texts.1) => Sort::Identifier,
            Some(b'"') => Sort::Text,
            _ => Sort::Number,
        };
        let sides = Sides::Known([Some(raw.0), Some(raw.1)], [pair.primary, pair.candidate]);
        let divergence = sides.divergence(Kind::Value, Place::Body(path.clone()));
        let (primary, candidate) = texts;
        self.list.push(Suspect { divergence, after: recorded, primary, candidate, sort });
        true
    }

    /// Takes lines of a header that may hold identifiers; of the difference, the first is shown.
    pub(in crate::compare) fn lines(
        &mut self,
        (x, y): (&[&'a [u8]], &[&'a [u8]]),
        divergence: &Divergence<'a>,
        recorded: usize,
    ) -> bool {
        if x.len() != y.len() || !self.has_room() {
            return false;
        }
        let [primary, candidate] = [x, y].map(|lines| Cow::Owned(lines.join(&b'\n')));
        let (divergence, sort) = (divergence.clone(), Sort::Text);
        self.list.push(Suspect { divergence, after: recorded, primary, candidate, sort });
        true
    }

    fn has_room(&mut self) -> bool {
        let room = self.list.len() < MAX_SUSPECTS;
        self.beyond += u64::from(!room);
        room
    }

    /// What is suspected so far.
    pub(in crate::compare) fn mark(&self) -> Suspected {
        let (listed, ended) = (self.list.len(), self.ended.len());
        Suspected { listed, ended, agreed: self.agreed.len(), beyond: self.beyond }
    }

    /// Whether any of what came since is an identifier.
    pub(in crate::compare) fn has_identifiers_since(&self, mark: &Suspected) -> bool {
        self.list.iter().skip(mark.listed).any(|suspect| suspect.sort == Sort::Identifier)
    }

    /// Forgets what came since.
    pub(in crate::compare) fn rewind(&mut self, mark: Suspected) {
        self.list.truncate(mark.listed);
        self.ended.truncate(mark.ended);
        self.agreed.truncate(mark.agreed);
        self.beyond = mark.beyond;
    }

    /// The divergences that are not told yet.
    pub(in crate::compare) fn divergences(&mut self) -> impl Iterator<Item = &mut Divergence<'a>> {
        self.list.iter_mut().map(|suspect| &mut suspect.divergence)
    }

    /// Something that differs ends, after so many recorded divergences.
    pub(in crate::compare) fn ended(&mut self, value: Value, recorded: usize) {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        if self.ended.len() <= MAX_ENDED {
            self.ended.push(Ended {
                start: small(value.start()),
                end: small(value.end()),
                recorded: small(recorded),
                noted: small(self.list.len()),
            });
        }
    }

    /// Whether more differs than can be told from what is equal.
    pub(super) fn is_overrun(&self) -> bool {
        self.ended.len() > MAX_ENDED
    }

    /// Looks, through all that is equal in the primary's document, for the identifiers that differ
    /// elsewhere.
    pub(in crate::compare) fn search(&mut self, document: &Document<'a>, places: &Places) {
        let identifiers = self.list.iter().filter(|one| one.sort == Sort::Identifier);
        let class = |one: &Suspect<'_>| one.divergence.primary_class;
        let ids: Vec<_> = identifiers
            .flat_map(|one| [(&one.primary, class(one)), (&one.candidate, class(one))])
            .map(|(text, class)| (text.clone(), class))
            .collect();
        if ids.is_empty() || self.is_overrun() {
            return;
        }
        self.ended.sort_unstable_by_key(|ended| ended.start);
        let whole = Finder::new(ids.iter().map(|(text, class)| (&**text, *class)), 1);
        // A number within a text may be any number.
        let words = ids.iter().filter(|(_, class)| *class != Class::Int);
        let words = Finder::new(words.map(|(text, class)| (&**text, *class)), SHORTEST_WITHIN);
        let ended = std::mem::take(&mut self.ended);
        let mut passed = 0;
        let is_left_out = |value: Value| {
            while ended.get(passed).is_some_and(|ended| (ended.end as usize) <= value.start()) {
                passed += 1;
            }
            ended.get(passed).is_some_and(|ended| ended.start as usize <= value.start())
        };
        let before = |value: Value| {
            let next = ended.partition_point(|ended| (ended.end as usize) <= value.start());
            let last = next.checked_sub(1).and_then(|last| ended.get(last));
            last.map_or((0, 0), |last| (last.recorded as usize, last.noted as usize))
        };
        leaves(document, is_left_out, |leaf| {
            for (id, class) in held(document, &leaf, &whole, &words) {
                let (path, raw) = (leaf.path(), document.raw(leaf.value));
                if self.agreed.len() >= MAX_AGREED {
                    self.beyond += 1;
                } else if places.counts(&path) {
                    self.agreed.push(Agreed { id, path, raw, class, after: before(leaf.value) });
                }
            }
        });
    }
}

impl Suspect<'_> {
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.divergence.place {
            Place::Body(path) => Some(path),
            Place::Outcome | Place::Status | Place::Header(_) | Place::Trailer(_) => None,
        }
    }

    /// The key of a short number.
    pub(super) fn room(&self) -> Option<&str> {
        let short = is_short_number(&self.primary) && is_short_number(&self.candidate);
        self.path().filter(|_| short).and_then(key)
    }

    /// Both sides as numbers, where they are written as whole ones.
    pub(super) fn numbers(&self) -> Option<(i64, i64)> {
        let number = |side: Option<&[u8]>| str::from_utf8(side?).ok()?.parse::<i64>().ok();
        Some((number(self.divergence.primary)?, number(self.divergence.candidate)?))
    }
}

impl Agreed<'_> {
    /// The key of a short number.
    pub(super) fn room(&self) -> Option<&str> {
        Some(&self.path).filter(|_| is_short_number(&self.id)).and_then(key)
    }
}

fn key(path: &Path) -> Option<&str> {
    match path.0.last()? {
        Seg::Key(key) | Seg::AnyKey(key) => Some(key),
        Seg::Index(_) | Seg::KeyedBy { .. } => None,
    }
}

/// What a value says, without quotes and escapes.
type Plain<'a> = Cow<'a, [u8]>;

/// Two strings without their escapes, or two whole numbers; nothing for other values, and for
/// those that are too long.
fn texts<'a>((x, y): (&'a [u8], &'a [u8])) -> Option<(Plain<'a>, Plain<'a>)> {
    let string = |raw: &'a [u8]| {
        let inside = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(Text::new(inside).canonical()).filter(|text| text.len() <= MAX_TEXT)
    };
    let number = |raw: &'a [u8]| {
        let whole = raw.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
        whole.then_some(Cow::Borrowed(raw))
    };
    match x.first()? {
        b'"' => Some((string(x)?, string(y)?)),
        _ => Some((number(x)?, number(y)?)),
    }
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
