//! The containers that are open while the pass goes on.
//!
//! Main types: [`Frames`] and [`Frame`].
//!
//! This module never reads a text.

use super::names::{Names, Values};

/// Which sort of container it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Object,
    Array,
}

/// An open container, the same on both sides up to where the pass stands or followed so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub sort: Sort,
    /// Where it begins on the primary's side.
    pub start: usize,
    /// What leads from there to the candidate's side, modulo the numbers that there are.
    pub shift: usize,
    /// Its number among the containers of the primary's text.
    pub number: usize,
    /// Where the key of its current member begins; of an array, how many elements came before.
    pub mark: usize,
    /// Of an array, the names under which all elements that differ so far are the same thing. Of an
    /// object, those that it holds.
    pub names: Names,
    /// Those of them that tell nothing: they are held twice, with a container, or with a scalar
    /// that differs.
    pub spoilt: Names,
    /// The one that the current member has.
    pub name: Names,
    /// Where the values of an object's names stand; of an array, those of the last of its elements
    /// that differ.
    pub values: Values,
    /// Its entry in the plan, once something in it differs.
    pub entry: usize,
}

impl Frame {
    pub(super) fn new(sort: Sort, start: usize, shift: usize, number: usize) -> Self {
        let names = if sort == Sort::Array { Names::ALL } else { Names::NONE };
        let (spoilt, name, values) = (Names::NONE, Names::NONE, Values::NONE);
        Self { sort, start, shift, number, mark: 0, names, spoilt, name, values, entry: 0 }
    }

    /// Its next member begins here, with a key that is one of the names, or none of them, and with a
    /// value behind it. Where the name is not known, none tells anything.
    #[inline]
    pub(super) fn member(&mut self, [key, value]: [usize; 2], name: Option<Names>) {
        self.mark = key;
        let held_before = |name| self.names.and(name);
        self.spoilt = self.spoilt.or(name.map_or(Names::ALL, held_before));
        self.name = name.unwrap_or(Names::NONE);
        self.names = self.names.or(self.name);
        self.values.set(self.name, value);
    }

    /// Its current member is a container, or differs.
    #[inline]
    pub(super) fn spoil(&mut self) {
        self.spoilt = self.spoilt.or(self.name);
    }

    /// Of an object that was followed to its end, the names under which it is the same thing on both
    /// sides.
    pub(super) fn telling(&self) -> Names {
        self.names.without(self.spoilt)
    }
}

/// The open containers.
#[derive(Debug)]
pub(super) struct Frames {
    /// The innermost one, or where none is open, what stands in for it.
    top: Frame,
    /// Those around it from the root on, behind what stands in for none.
    around: Vec<Frame>,
    /// How many of all, from the root on, have an entry in the plan.
    entered: usize,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self { top: Frame::new(Sort::Object, 0, 0, 0), around: Vec::with_capacity(8), entered: 0 }
    }

    /// How many are open.
    #[inline]
    pub(super) fn depth(&self) -> usize {
        self.around.len()
    }

    /// The innermost one. Where none is open, it is nobody's.
    #[inline]
    pub(super) fn top(&mut self) -> &mut Frame {
        &mut self.top
    }

    /// The one so many steps from the root.
    pub(super) fn get(&self, depth: usize) -> Option<&Frame> {
        let depth = depth + 1;
        if depth == self.depth() { Some(&self.top) } else { self.around.get(depth) }
    }

    #[inline]
    pub(super) fn push(&mut self, frame: Frame) {
        self.around.push(self.top);
        self.top = frame;
    }

    /// Closes the innermost container; tells whether it has an entry in the plan.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(Frame, bool)> {
        let closed = self.top;
        self.top = self.around.pop()?;
        let is_entered = self.entered > self.depth();
        self.entered = self.entered.min(self.depth());
        Some((closed, is_entered))
    }

    /// Gives the next container that needs an entry in the plan the one at this place; says which
    /// it is, and nothing once all that are open have one.
    pub(super) fn enter(&mut self, entry: usize) -> Option<usize> {
        let depth = self.entered;
        let is_top = depth + 1 == self.depth();
        let frame = if is_top { &mut self.top } else { self.around.get_mut(depth + 1)? };
        frame.entry = entry;
        self.entered += 1;
        Some(depth)
    }

    /// Gives up all containers from this depth on; tells what is given up with them: the entries
    /// in the plan from there on, if any.
    pub(super) fn truncate(&mut self, depth: usize) -> Option<usize> {
        let entry = self.get(depth).filter(|_| depth < self.entered).map(|frame| frame.entry);
        while self.depth() > depth {
            self.pop();
        }
        entry
    }

    /// The outermost of the arrays that lie directly within each other around this one: none of
    /// them is in step if it is not.
    pub(super) fn array_around(&self, mut depth: usize) -> usize {
        let is_array =
            |depth: usize| self.get(depth).is_some_and(|frame| frame.sort == Sort::Array);
        while depth > 0 && is_array(depth) && is_array(depth - 1) {
            depth -= 1;
        }
        depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(sorts: &[Sort]) -> Frames {
        let mut frames = Frames::new();
        sorts
            .iter()
            .enumerate()
            .for_each(|(start, sort)| frames.push(Frame::new(*sort, start, 0, 0)));
        frames
    }

    #[test]
    fn containers_are_entered_from_the_root_on_and_once() {
        let mut frames = open(&[Sort::Object, Sort::Array]);
        assert_eq!([frames.enter(0), frames.enter(1), frames.enter(2)], [Some(0), Some(1), None]);
        frames.push(Frame::new(Sort::Object, 2, 0, 0));
        assert_eq!(frames.pop().map(|(_, is_entered)| is_entered), Some(false));
        assert_eq!(
            frames.pop().map(|(frame, is_entered)| (frame.entry, is_entered)),
            Some((1, true))
        );
        frames.push(Frame::new(Sort::Object, 3, 0, 0));
        assert_eq!((frames.enter(7), frames.enter(8)), (Some(1), None));
    }

    #[test]
    fn a_name_tells_while_it_is_held_once_with_the_same_scalar() {
        let mut frames = open(&[Sort::Object]);
        let [id, sku, name] = [&b"id"[..], b"sku", b"name"].map(Names::named);
        let frame = frames.top();
        [id, name, Names::NONE, sku].into_iter().for_each(|each| frame.member([0; 2], Some(each)));
        assert_eq!(frame.telling(), id.or(name).or(sku));
        frame.spoil();
        assert_eq!(frame.telling(), id.or(name));
        frame.member([9, 15], Some(name));
        assert_eq!((frame.telling(), frame.mark), (id, 9));
        frame.member([12, 18], None);
        assert_eq!((frame.telling(), frame.mark), (Names::NONE, 12));
    }

    #[test]
    fn what_is_given_up_takes_its_entries_along() {
        let mut frames = open(&[Sort::Object, Sort::Array, Sort::Object]);
        assert_eq!(frames.truncate(2), None);
        frames.enter(0);
        frames.enter(1);
        frames.push(Frame::new(Sort::Object, 5, 0, 0));
        assert_eq!(frames.truncate(2), None);
        assert_eq!(frames.truncate(1), Some(1));
        assert_eq!((frames.depth(), frames.enter(1)), (1, None));
    }

    #[test]
    fn arrays_directly_within_each_other_go_together() {
        let frames = open(&[Sort::Array, Sort::Object, Sort::Array, Sort::Array, Sort::Array]);
        assert_eq!([4, 3, 2, 1, 0].map(|depth| frames.array_around(depth)), [2, 2, 2, 1, 0]);
    }
}
