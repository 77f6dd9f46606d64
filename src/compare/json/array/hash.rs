//! Hashes of values, by which elements are known.
//!
//! Main type: [`Hasher`]. Two values have one hash where the rules would find nothing between them,
//! or nothing but what they let pass within bounds: the order of keys, the spelling of numbers and
//! escapes in strings do not go into it, and neither does what is ignored, tolerated or outside of
//! what is compared; a [`Grain`] may be finer or coarser than that. Rules with a filter are not asked, since they look at both documents. It is for
//! finding partners only: whoever pairs two values compares them too.
//!
//! This module never recurses, and never says that two values are equal.

use super::tolerated::{Size, Tolerated};
use crate::compare::class::{Moment, of_text};
use crate::compare::json::task::Step;
use crate::compare::json::walk::MAX_DEPTH;
use crate::compare::places::{Held, Here, Regard};
use crate::compare::rename::{masked, renamable};
use crate::compare::rules::Rules;
use crate::compare::weigh::replaced;
use crate::config::Pairing;
use crate::model::{Class, Path};
use crate::syntax::json::{Decimal, Document, Elements, Members, Shape, Text, Value};
use std::borrow::Cow;
use std::iter::Enumerate;
use std::mem::replace;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What two values of one hash may differ in, beside what is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// In nothing.
    Exact,
    /// In what the rules let pass within bounds.
    Tolerant,
    /// In the names of things too: identifiers of one class.
    Renamed,
}

/// Shorter strings are no identifiers.
const SHORTEST: usize = 8;

/// Hashes values of one side of an array.
pub(super) struct Hasher<'h, 'a> {
    pub document: &'h Document<'a>,
    pub grain: Grain,
    rules: &'h Rules,
    seed: u64,
    /// Where the value stands that is looked at; kept where a rule may hold.
    path: Path,
    lengths: Vec<usize>,
    /// The digits of a number.
    buffer: Vec<u8>,
    /// What was tolerated, where that is asked for.
    tolerated: Option<Vec<Tolerated>>,
}

/// What a child is called in its container, and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Child {
    pub hash: u64,
    pub name: u64,
}

/// A container that is being hashed.
struct Frame<'h, 'a> {
    rest: Rest<'h, 'a>,
    fold: Fold,
    /// What it is called in its container.
    name: u64,
    /// Whether a rule may hold within it.
    ruled: bool,
}

enum Rest<'h, 'a> {
    Members(Members<'h, 'a>),
    Elements(Enumerate<Elements<'h, 'a>>),
}

/// How the hashes of children become one.
enum Fold {
    /// In any order.
    Sum(u64),
    Ordered(u64),
    /// In any order, and each once.
    Set(Vec<u64>),
}

impl<'h, 'a> Hasher<'h, 'a> {
    /// For the elements of the array that stands here, which has so many.
    pub(super) fn new(
        document: &'h Document<'a>,
        rules: &'h Rules,
        seed: u64,
        (here, length): (Here<'_>, usize),
    ) -> Self {
        let [primary, candidate] = here.lengths;
        let (path, mut lengths) = (here.path.clone(), primary.max(candidate).to_vec());
        lengths.push(length);
        let grain = Grain::Tolerant;
        let (buffer, tolerated) = (Vec::new(), None);
        Self { document, grain, rules, seed, path, lengths, buffer, tolerated }
    }

    /// Whether identifiers may have other names on the other side.
    pub(super) fn renames(&self) -> bool {
        self.rules.renames()
    }

    /// What hashing so many bytes costs, in units of fuel.
    pub(super) fn price(&self, bytes: usize) -> u64 {
        let toll = self.rules.places.toll(self.path.0.len() + 1);
        (1 + bytes as u64 / 64).saturating_mul(toll)
    }

    /// The hash of the element at an index.
    pub(super) fn element(&mut self, index: usize, value: Value) -> u64 {
        self.path.0.push(Step::Index(index).seg());
        let hash = self.hash(value).unwrap_or(0);
        self.path.0.pop();
        hash
    }

    /// What the rules let differ within bounds in the element at an index, by the way to it.
    pub(super) fn tolerated(&mut self, index: usize, value: Value) -> Vec<Tolerated> {
        self.tolerated = Some(Vec::new());
        self.element(index, value);
        let mut tolerated = self.tolerated.take().unwrap_or_default();
        // The element itself stands elsewhere on the other side.
        let above = self.path.0.len() + 1;
        tolerated.iter_mut().for_each(|each| drop(each.steps.drain(..above.min(each.steps.len()))));
        tolerated.sort_by(|one, other| one.steps.cmp(&other.steps));
        tolerated
    }

    /// The hash of the element at an index that is the same in every process: for an order between
    /// two sides, not for finding anything.
    pub(super) fn mark(&mut self, index: usize, value: Value) -> u64 {
        let seed = replace(&mut self.seed, 0);
        let mark = self.element(index, value);
        self.seed = seed;
        mark
    }

    /// The hashes of what the element at an index holds: the members of an object, each with its
    /// key's, or the elements of an array; none of a scalar. They are sorted.
    pub(super) fn children(&mut self, index: usize, value: Value) -> Vec<Child> {
        self.path.0.push(Step::Index(index).seg());
        self.lengths.push(self.document.elements(value).count());
        let mut children = Vec::new();
        for (at, child) in self.document.elements(value).enumerate() {
            self.child(Step::Index(at), child, &mut children);
        }
        for member in self.document.members(value) {
            self.child(Step::Key(member.key), member.value, &mut children);
        }
        self.lengths.pop();
        self.path.0.pop();
        children.sort_unstable();
        children
    }

    fn child(&mut self, step: Step<'a>, value: Value, children: &mut Vec<Child>) {
        let name = self.name(step);
        self.path.0.push(step.seg());
        let counts = !self.is_nothing(step, value);
        let hash = counts.then(|| self.hash(value)).flatten();
        self.path.0.pop();
        children.extend(hash.map(|hash| Child { name, hash: self.mix(name, hash) }));
    }

    /// Whether a rule may let anything pass here.
    pub(super) fn has_rules(&self) -> bool {
        !self.rules.places.is_empty()
    }

    /// The hash of a key.
    pub(super) fn key(&self, key: Text<'_>) -> u64 {
        self.called(&key.canonical())
    }

    /// The hash of a key of these characters.
    pub(super) fn called(&self, key: &[u8]) -> u64 {
        xxh3_64_with_seed(key, self.seed)
    }

    /// One hash of two.
    pub(super) fn mix(&self, one: u64, other: u64) -> u64 {
        let both = u128::from(one) << 64 | u128::from(other);
        xxh3_64_with_seed(&both.to_le_bytes(), self.seed)
    }

    /// The hash of a string or a number by which an element may be known; of nothing else.
    pub(super) fn identity(&mut self, value: Value) -> Option<u64> {
        let tells = matches!(self.document.shape(value), Shape::String | Shape::Number);
        tells.then(|| self.scalar(value, None))
    }

    /// The hash of the value where the path leads; nothing where it is not compared.
    fn hash(&mut self, value: Value) -> Option<u64> {
        let mut open: Vec<Frame<'h, 'a>> = Vec::new();
        let ruled = self.sees(value)?;
        let mut given = self.enter(&mut open, value, (0, ruled));
        loop {
            if let Some(Child { name, hash }) = given.take() {
                let Some(frame) = open.last_mut() else { return Some(hash) };
                let named = self.mix(name, hash);
                frame.take(named);
            }
            given = match open.last_mut().and_then(|frame| frame.rest.next()) {
                Some((step, child)) => self.step(&mut open, step, child),
                None => Some(self.close(&mut open)?),
            };
        }
    }

    /// Goes on to a child; gives its hash, unless it is a container that is open now.
    fn step(
        &mut self,
        open: &mut Vec<Frame<'h, 'a>>,
        step: Step<'a>,
        value: Value,
    ) -> Option<Child> {
        let name = self.name(step);
        if !open.last().is_some_and(|frame| frame.ruled) {
            return self.enter(open, value, (name, false));
        }
        self.path.0.push(step.seg());
        let depth = open.len();
        let ruled = if self.is_nothing(step, value) { None } else { self.sees(value) };
        let given = ruled.and_then(|ruled| self.enter(open, value, (name, ruled)));
        if open.len() == depth {
            self.path.0.pop();
        }
        given
    }

    /// Gives the hash of a scalar, and of what is looked at no further; else opens the container.
    fn enter(
        &mut self,
        open: &mut Vec<Frame<'h, 'a>>,
        value: Value,
        (name, ruled): (u64, bool),
    ) -> Option<Child> {
        let document = self.document;
        let shape = document.shape(value);
        let held = ruled.then(|| self.rules.places.held(self.here()));
        let rest = match shape {
            Shape::Object => Rest::Members(document.members(value)),
            Shape::Array => Rest::Elements(document.elements(value).enumerate()),
            _ => return Some(Child { name, hash: self.scalar(value, held.as_ref()) }),
        };
        if open.len() >= MAX_DEPTH {
            return Some(Child { name, hash: self.text(shape, document.raw(value)) });
        }
        if held.as_ref().is_some_and(|held| held.ignore.is_some()) {
            return Some(Child { name, hash: self.text(shape, b"") });
        }
        let rule = held.and_then(|held| held.array);
        let fold = match (shape, rule.map(|(_, rule)| &rule.pairing)) {
            (Shape::Object, _) | (_, Some(Pairing::Multiset)) => Fold::Sum(0),
            (_, Some(Pairing::Set)) => Fold::Set(Vec::new()),
            _ => Fold::Ordered(0),
        };
        if ruled {
            self.lengths.push(document.elements(value).count());
        }
        open.push(Frame { rest, fold, name, ruled });
        None
    }

    /// Closes the innermost container.
    fn close(&mut self, open: &mut Vec<Frame<'h, 'a>>) -> Option<Child> {
        let frame = open.pop()?;
        if frame.ruled {
            self.lengths.pop();
        }
        if open.last().is_some_and(|outer| outer.ruled) {
            self.path.0.pop();
        }
        let tag = match frame.rest {
            Rest::Members(_) => tag(Shape::Object),
            Rest::Elements(_) => tag(Shape::Array),
        };
        let hash = match frame.fold {
            Fold::Sum(sum) => self.mix(tag, sum),
            Fold::Ordered(state) => self.mix(tag, state),
            Fold::Set(mut hashes) => {
                hashes.sort_unstable();
                hashes.dedup();
                self.mix(tag, hashes.into_iter().fold(0, u64::wrapping_add))
            }
        };
        Some(Child { name: frame.name, hash })
    }

    fn name(&self, step: Step<'_>) -> u64 {
        match step {
            Step::Key(key) => self.key(key),
            Step::Index(_) => 0,
        }
    }

    /// Whether this is a member that is as good as missing.
    fn is_nothing(&self, step: Step<'_>, value: Value) -> bool {
        let null = || matches!(step, Step::Key(_)) && self.document.shape(value) == Shape::Null;
        let places = &self.rules.places;
        !places.is_empty() && null() && places.held(self.here()).null_is_missing.is_some()
    }

    /// Whether a rule may hold for the value where the path leads, or within it; nothing where none
    /// of it is compared.
    fn sees(&self, value: Value) -> Option<bool> {
        let is_container = || matches!(self.document.shape(value), Shape::Array | Shape::Object);
        match self.rules.places.regard(self.here()) {
            Regard::Unseen => None,
            Regard::Above => is_container().then_some(true),
            Regard::Plain => Some(false),
            Regard::Ruled => Some(true),
        }
    }

    fn here(&self) -> Here<'_> {
        let followed = [].as_slice();
        Here { path: &self.path, lengths: [&self.lengths; 2], followed }
    }

    fn scalar(&mut self, value: Value, held: Option<&Held<'_>>) -> u64 {
        let (shape, raw) = (self.document.shape(value), self.document.raw(value));
        match shape {
            Shape::Number if held.is_none_or(|held| !self.passes_numbers(held)) => {
                self.buffer.clear();
                Decimal::new(raw).canonical_into(&mut self.buffer);
                self.text(shape, &self.buffer)
            }
            Shape::Number => {
                self.note(raw, held);
                self.text(shape, b"")
            }
            Shape::String => self.string(self.document.string(value), held),
            Shape::Bool if held.is_none_or(|held| held.ignore.is_none()) => self.text(shape, raw),
            _ => self.text(shape, b""),
        }
    }

    /// An empty string is never taken for another one.
    fn string(&mut self, text: Text<'_>, held: Option<&Held<'_>>) -> u64 {
        let text = text.canonical();
        if text.is_empty() {
            return self.text(Shape::Null, b"\"");
        }
        let text = match held {
            Some(held) => normalised(held, text),
            None => text,
        };
        if held.is_some_and(|held| self.passes(held, &text)) {
            self.note(&text, held);
            return self.text(Shape::String, b"");
        }
        if self.grain == Grain::Renamed && text.len() >= SHORTEST {
            let class = of_text(&text);
            return match renamable(None, class, &text) {
                true => self.text(Shape::String, &[class as u8]),
                false => self.text(Shape::String, &masked(&text)),
            };
        }
        let hosts = &self.rules.hosts;
        match (!hosts.is_empty()).then(|| hosts.mapped(&text)).flatten() {
            Some((mapped, _)) => self.text(Shape::String, &mapped),
            None => self.text(Shape::String, &text),
        }
    }

    fn passes_numbers(&self, held: &Held<'_>) -> bool {
        held.ignore.is_some() || (self.grain != Grain::Exact && held.lets_numbers_pass())
    }

    /// Whether the rules may let a string pass for another one.
    fn passes(&self, held: &Held<'_>, text: &[u8]) -> bool {
        let is_time = || Moment::of_text(text).is_some() || of_text(text) == Class::Jwt;
        let is_timed = || held.time.is_some_and(|time| time.by_path || is_time());
        let is_numeric = || matches!(of_text(text), Class::Int | Class::Decimal);
        let is_tolerated = || (held.number.is_some() && is_numeric()) || is_timed();
        held.ignore.is_some() || (self.grain != Grain::Exact && is_tolerated())
    }

    /// Notes a number or a text that passes, unless it is ignored.
    fn note(&mut self, text: &[u8], held: Option<&Held<'_>>) {
        let (Some(noted), Some(held)) = (&mut self.tolerated, held) else { return };
        let time = || {
            let time = held.time?;
            let at = Moment::of_text(text).or_else(|| Moment::of_number(text))?;
            Some(Size::Time(at, time.within))
        };
        let number = held.number.map(|(_, nearness)| Size::Number(text.to_vec(), nearness));
        if let Some(size) = number.or_else(time).filter(|_| held.ignore.is_none()) {
            noted.push(Tolerated { steps: self.path.0.clone(), size });
        }
    }

    fn text(&self, shape: Shape, text: &[u8]) -> u64 {
        xxh3_64_with_seed(text, self.seed ^ tag(shape))
    }
}

/// The text with all replaced that rules replace in it.
fn normalised<'t>(held: &Held<'_>, text: Cow<'t, [u8]>) -> Cow<'t, [u8]> {
    held.replace.iter().fold(text, |text, (_, find, with)| {
        match replaced(&text, find, with, text.len()) {
            Some(new) => Cow::Owned(new),
            None => text,
        }
    })
}

fn tag(shape: Shape) -> u64 {
    match shape {
        Shape::Null => 1 << 8,
        Shape::Bool => 2 << 8,
        Shape::Number => 3 << 8,
        Shape::String => 4 << 8,
        Shape::Array => 5 << 8,
        Shape::Object => 6 << 8,
    }
}

impl<'a> Rest<'_, 'a> {
    fn next(&mut self) -> Option<(Step<'a>, Value)> {
        match self {
            Self::Members(members) => {
                members.next().map(|member| (Step::Key(member.key), member.value))
            }
            Self::Elements(elements) => {
                elements.next().map(|(index, value)| (Step::Index(index), value))
            }
        }
    }
}

impl Frame<'_, '_> {
    fn take(&mut self, hash: u64) {
        match &mut self.fold {
            Fold::Sum(sum) => *sum = sum.wrapping_add(hash),
            // What came before is turned, so that two in another order are not the same.
            Fold::Ordered(state) => {
                *state =
                    state.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(hash);
            }
            Fold::Set(hashes) => hashes.push(hash),
        }
    }
}
