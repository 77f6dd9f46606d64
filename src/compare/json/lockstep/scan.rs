//! The pass itself.
//!
//! Main type: [`Scan`].
//!
//! This module never decides what a difference is worth.

use super::common::common_prefix;
use super::frames::{Frame, Frames, Sort};
use super::names::{Names, Values};
use super::plan::{Entry, Pair, Plan, What};
use crate::compare::json::MAX_DEPTH;
use crate::compare::json::task::Step;
use crate::syntax::json::{Document, Listing, Text, Tokens};
use std::str::from_utf8;

/// So many times a pair of containers may be read once more.
pub(super) const MAX_FALLBACKS: usize = 64;

/// Bytes of them that never are too many.
const FEW: usize = 4 << 10;

/// Where the pass stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    BeforeValue,
    BehindValue,
    AtTheEnd,
}

/// What may still be read once more.
struct Budget {
    containers: usize,
    /// Bytes of them, on both sides together.
    bytes: usize,
}

/// One pass over the primary's text. Each step gives nothing where the pass cannot go on.
struct Scan<'a> {
    x: Tokens<'a>,
    y: &'a [u8],
    /// What leads from a place in `x` to the same in `y`, modulo the numbers that there are.
    shift: usize,
    /// Up to here in `x`, both are the same from where the pass stands.
    common: usize,
    frames: Frames,
    /// The containers of the primary's text.
    listing: Listing,
    plan: Plan<'a>,
    budget: Budget,
}

/// Notes all that differs between two texts, and gives the primary's document; nothing if one is not
/// JSON, or if this is better left to the tree diff.
pub(super) fn scan<'a>(x: &'a [u8], y: &'a [u8]) -> Option<(Document<'a>, Plan<'a>)> {
    let is_short = |text: &[u8]| u32::try_from(text.len()).is_ok();
    if !is_short(x) || !is_short(y) || from_utf8(x).is_err() {
        return None;
    }
    let (mut start_x, mut start_y) = (Tokens::new(x, 0), Tokens::new(y, 0));
    start_x.after_space()?;
    start_y.after_space()?;
    let both = x.len() + y.len();
    let budget = Budget { containers: MAX_FALLBACKS, bytes: FEW.max(both / 4) };
    let (frames, listing, plan) = (Frames::new(), Listing::default(), Plan::new(both));
    let mut scan = Scan { x: start_x, y, shift: 0, common: 0, frames, listing, plan, budget };
    scan.go_on(scan.x.at(), start_y.at());
    scan.document()?;
    Some((scan.listing.document(x), scan.plan))
}

impl<'a> Scan<'a> {
    fn document(&mut self) -> Option<()> {
        let mut stand = Stand::BeforeValue;
        while stand != Stand::AtTheEnd {
            if stand == Stand::BeforeValue {
                stand = self.value()?;
            }
            while stand == Stand::BehindValue {
                stand = self.behind_value()?;
            }
        }
        let mut rest = Tokens::new(self.y, self.x.at().wrapping_add(self.shift));
        let is_over = rest.after_space().is_none() && self.x.after_space().is_none();
        is_over.then_some(())
    }

    /// Whether all up to the place where the pass stands is the same, and the next byte too.
    #[inline]
    fn is_common(&self) -> bool {
        self.x.at() < self.common
    }

    /// Passes a scalar or an empty container, or just opens a container.
    #[inline(always)]
    fn value(&mut self) -> Option<Stand> {
        let from = self.x.at();
        let next = self.x.after_space();
        if !self.is_common() {
            return self.apart(from);
        }
        match next? {
            b'{' => return self.open(Sort::Object, b'}'),
            b'[' => return self.open(Sort::Array, b']'),
            b'"' => {
                self.x.scalar().ok()?;
                if self.x.at() > self.common {
                    return self.apart(from);
                }
            }
            // Where a number or a word ends, the byte behind it tells.
            _ => {
                self.x.scalar().ok()?;
                if !self.is_common() {
                    return self.apart(from);
                }
            }
        }
        Some(Stand::BehindValue)
    }

    fn open(&mut self, sort: Sort, end: u8) -> Option<Stand> {
        if self.frames.depth() >= MAX_DEPTH {
            return None;
        }
        self.frames.top().spoil();
        let number = self.listing.open();
        self.frames.push(Frame::new(sort, self.x.at(), self.shift, number));
        self.x.pass();
        let inside = self.x.at();
        if self.x.after_space()? != end {
            // The space may be what is not common: the first child begins before it.
            self.x.move_to(inside);
            return self.child(sort);
        }
        if !self.is_common() {
            return self.fall_back();
        }
        self.close()
    }

    /// Passes the key of a child, if it has one.
    #[inline(always)]
    fn child(&mut self, sort: Sort) -> Option<Stand> {
        if sort == Sort::Object {
            let next = self.x.after_space()?;
            let start = self.x.at();
            if next != b'"' || !self.is_common() {
                return self.fall_back();
            }
            let key = self.x.key().ok()?;
            if self.x.at() > self.common {
                return self.fall_back();
            }
            let value = self.x.at();
            self.frames.top().member([start, value], key.map(Names::named));
        }
        Some(Stand::BeforeValue)
    }

    /// Passes a comma and the key behind it, or closes what ends here.
    #[inline(always)]
    fn behind_value(&mut self) -> Option<Stand> {
        if self.frames.depth() == 0 {
            return Some(Stand::AtTheEnd);
        }
        let sort = self.frames.top().sort;
        let next = self.x.after_space()?;
        if !self.is_common() {
            return self.fall_back();
        }
        match (next, sort) {
            (b',', Sort::Array) => {
                self.x.pass();
                self.frames.top().mark += 1;
                Some(Stand::BeforeValue)
            }
            (b',', Sort::Object) => {
                self.x.pass();
                self.child(sort)
            }
            (b'}', Sort::Object) | (b']', Sort::Array) => self.close(),
            _ => None,
        }
    }

    /// Closes the innermost container, which was followed to its end on both sides.
    fn close(&mut self) -> Option<Stand> {
        self.x.pass();
        let (frame, differs) = self.frames.pop()?;
        self.listing.close(frame.number, self.x.at());
        if !differs {
            return Some(Stand::BehindValue);
        }
        let elements = if frame.sort == Sort::Array { frame.mark + 1 } else { 0 };
        self.plan.close(frame.entry, self.x.at(), elements);
        self.has_changed(&frame)
    }

    /// A container that has differences in it was closed. In an array, it must be an object that is
    /// known to be the same thing.
    fn has_changed(&mut self, frame: &Frame) -> Option<Stand> {
        match (self.frames.top().sort, frame.sort) {
            (Sort::Object, _) => Some(Stand::BehindValue),
            (Sort::Array, Sort::Array) => self.fall_back(),
            (Sort::Array, Sort::Object) => match self.in_step((frame.telling(), frame.values)) {
                true => Some(Stand::BehindValue),
                false => self.fall_back(),
            },
        }
    }

    /// Whether the innermost array stays in step, of which an element differs that is the same thing
    /// on both sides under these names.
    fn in_step(&mut self, (names, values): (Names, Values)) -> bool {
        let text = self.x.text();
        let around = self.frames.top();
        let names = around.names.and(names);
        let repeated = values.repeated(&around.values, names, text);
        (around.names, around.values) = (names.without(repeated), values);
        !around.names.is_empty()
    }

    /// The texts part within a value, or before it; both values begin at this place.
    #[cold]
    fn apart(&mut self, from: usize) -> Option<Stand> {
        if self.frames.depth() == 0 {
            return None;
        }
        let Ok((y, end_y)) = Document::prefix(self.y, from.wrapping_add(self.shift)) else {
            // The candidate's container may end here.
            return self.fall_back();
        };
        let (x, end_x) = Document::prefix(self.x.text(), from).ok()?;
        let pair = Pair { x, y };
        self.spend(&pair)?;
        if pair.x.text() == pair.y.text() {
            return self.fall_back();
        }
        self.frames.top().spoil();
        if !self.stays(&pair, end_x) {
            return self.fall_back();
        }
        self.note(pair, end_x)?;
        self.go_on(end_x, end_y);
        Some(Stand::BehindValue)
    }

    /// The texts part around values: the innermost container is left to the tree diff, or the one
    /// around it that must be with it.
    #[cold]
    fn fall_back(&mut self) -> Option<Stand> {
        let mut depth = self.frames.depth();
        loop {
            depth = self.frames.array_around(depth.checked_sub(1)?);
            let frame = *self.frames.get(depth).filter(|_| depth > 0)?;
            let start_y = frame.start.wrapping_add(frame.shift);
            let (x, end_x) = Document::prefix(self.x.text(), frame.start).ok()?;
            let (y, end_y) = Document::prefix(self.y, start_y).ok()?;
            let pair = Pair { x, y };
            self.spend(&pair)?;
            if let Some(entries) = self.frames.truncate(depth) {
                self.plan.truncate(entries);
            }
            if self.stays(&pair, end_x) {
                self.listing.forget(frame.number);
                self.note(pair, end_x)?;
                self.go_on(end_x, end_y);
                return Some(Stand::BehindValue);
            }
        }
    }

    /// Whether the innermost container stays in the pass with a pair of values in it that ends here.
    fn stays(&mut self, pair: &Pair<'_>, end: usize) -> bool {
        self.frames.top().sort == Sort::Object
            || self.in_step(Names::shared(&pair.x, &pair.y, end - pair.x.text().len()))
    }

    /// Takes what reading two values once more costs: nothing, if they are scalars.
    fn spend(&mut self, pair: &Pair<'_>) -> Option<()> {
        let is_container = |value: &Document<'_>| matches!(value.text().first(), Some(b'{' | b'['));
        if is_container(&pair.x) || is_container(&pair.y) {
            let bytes = pair.x.text().len() + pair.y.text().len();
            self.budget.containers = self.budget.containers.checked_sub(1)?;
            self.budget.bytes = self.budget.bytes.checked_sub(bytes)?;
        }
        Some(())
    }

    /// Goes on behind two values, up to where the texts part next.
    fn go_on(&mut self, x: usize, y: usize) {
        let rest = |text: &'a [u8], from: usize| text.get(from..).unwrap_or_default();
        self.x.move_to(x);
        self.shift = y.wrapping_sub(x);
        self.common = x + common_prefix(rest(self.x.text(), x), rest(self.y, y));
    }

    /// Notes that the current child of the innermost container differs, which ends here.
    fn note(&mut self, pair: Pair<'a>, end: usize) -> Option<()> {
        while let Some(depth) = self.frames.enter(self.plan.len()) {
            let start = self.frames.get(depth)?.start;
            let (step, what) = (self.step_to(depth), What::Followed { length: 0 });
            self.plan.push(Entry { depth, step, place: start..start, what })?;
        }
        let depth = self.frames.depth();
        let place = end - pair.x.text().len()..end;
        self.listing.add(&pair.x, place.start);
        self.plan.push(Entry { depth, step: self.step_to(depth), place, what: What::Pair(pair) })
    }

    /// The step to the current value at a depth.
    fn step_to(&self, depth: usize) -> Option<Step<'a>> {
        let frame = self.frames.get(depth.checked_sub(1)?)?;
        Some(match frame.sort {
            Sort::Array => Step::Index(frame.mark),
            Sort::Object => Step::Key(Text::at(self.x.text(), frame.mark)),
        })
    }
}
