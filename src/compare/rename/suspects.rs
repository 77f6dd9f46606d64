//! Differences that may be none: values that are identifiers, or that may hold one.
//!
//! Main types: [`Suspects`] and [`Suspect`]. The walk through two documents notes them, with what
//! ends on the primary's side wherever something differs: all the rest of that document is equal,
//! and is searched behind the walk (see the module `search`).
//!
//! This module never decides what an identifier stands for.

use super::renamable::{is_short_number, random, renamable};
use crate::compare::class::Pair;
use crate::compare::comparison::Sides;
use crate::compare::ends::ends;
use crate::compare::token;
use crate::model::{Class, Divergence, Kind, Path, Place, Seg};
use crate::syntax::json::Text;
use std::borrow::Cow;
use std::ops::Range;

/// Differing values that are looked at.
const MAX_SUSPECTS: usize = 16_384;

/// Places where something ends; with more, nothing is taken for renamed.
const MAX_ENDED: usize = 65_536;

/// Longer texts are not searched for identifiers.
pub(super) const MAX_TEXT: usize = 16 << 10;

/// Shorter identifiers are not looked for within other texts.
pub(super) const SHORTEST_WITHIN: usize = 6;

/// All that one comparison has to look into.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::compare) struct Suspects<'a> {
    pub(super) list: Vec<Suspect<'a>>,
    pub(super) agreed: Vec<Agreed<'a>>,
    pub(super) ended: Vec<Ended>,
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
    /// Where in a text the one identifier stands in which the sides differ.
    word: Option<Word>,
}

/// How many bytes come before a word, and how many behind it, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    before: usize,
    behind: usize,
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
pub(super) struct Ended {
    pub start: u32,
    pub end: u32,
    pub recorded: u32,
    pub noted: u32,
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
        // What a token says is no name of its.
        let is_one = |(x, y): &(Plain<'_>, Plain<'_>)| {
            pair.primary != Class::Jwt || token::are_made_anew(x, y)
        };
        let sort = match raw.0.first() {
            _ if one_class && fits(&texts.0) && fits(&texts.1) && is_one(&texts) => {
                Sort::Identifier
            }
            Some(b'"') => Sort::Text,
            _ => Sort::Number,
        };
        let sides = Sides::Known([Some(raw.0), Some(raw.1)], [pair.primary, pair.candidate]);
        let divergence = sides.divergence(Kind::Value, Place::Body(path.clone()));
        let (primary, candidate) = texts;
        let word = (sort == Sort::Text).then(|| word(&primary, &candidate)).flatten();
        self.list.push(Suspect { divergence, after: recorded, primary, candidate, sort, word });
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
        let (divergence, sort, word) = (divergence.clone(), Sort::Text, None);
        self.list.push(Suspect { divergence, after: recorded, primary, candidate, sort, word });
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

    /// What differs at this place of the primary's text was told, after so many recorded divergences.
    pub(in crate::compare) fn ended(&mut self, place: Range<usize>, recorded: usize) {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        if self.ended.len() <= MAX_ENDED {
            self.ended.push(Ended {
                start: small(place.start),
                end: small(place.end),
                recorded: small(recorded),
                noted: small(self.list.len()),
            });
        }
    }

    /// Whether more differs than can be told from what is equal.
    pub(super) fn is_overrun(&self) -> bool {
        self.ended.len() > MAX_ENDED
    }
}

impl Suspect<'_> {
    /// The identifiers that differ: the values themselves, or the one word of a text in a body.
    pub(super) fn names(&self) -> Option<(&[u8], &[u8])> {
        let (x, y) = (&*self.primary, &*self.candidate);
        match self.word {
            Some(word) => Some((word.of(x)?, word.of(y)?)),
            None => (self.sort == Sort::Identifier).then_some((x, y)),
        }
    }

    /// Whether it is an identifier within a longer text.
    pub(super) fn is_within(&self) -> bool {
        self.word.is_some()
    }

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

impl Word {
    fn of(self, text: &[u8]) -> Option<&[u8]> {
        text.get(self.before..text.len().checked_sub(self.behind)?)
    }
}

/// The one word in which two texts differ, where it is a random identifier on both sides.
fn word(x: &[u8], y: &[u8]) -> Option<Word> {
    let (head, tail) = ends(x, y);
    let dashed = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    [dashed, u8::is_ascii_alphanumeric].into_iter().find_map(|fits: fn(&u8) -> bool| {
        let begun = x.get(..head)?.iter().rev().take_while(|byte| fits(byte)).count();
        let left = x.get(x.len() - tail..)?.iter().take_while(|byte| fits(byte)).count();
        let word = Word { before: head - begun, behind: tail - left };
        let class = random(word.of(x)?)?;
        (random(word.of(y)?) == Some(class)).then_some(word)
    })
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
