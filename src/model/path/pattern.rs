//! A rule's selection of places, and how far a place lies from it.
//!
//! Main types: [`Pattern`], [`Progress`] and [`Reach`]. A pattern is followed in all its ways at once, so that
//! the work grows with the steps of pattern and place alone, whatever `**` could stand for.
//!
//! This module never reads a pattern's text, and never looks into a body: who follows a pattern
//! tells it what passes its filters.

use super::filter::Filter;
use super::place::{Path, Seg};
use super::read;
use super::select::{Hop, Step};
use crate::model::PatternError;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A rule's selection of places in a body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    steps: Vec<Step>,
}

/// How a place lies to a pattern. What is nearer to it is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Neither it nor anything below it is selected.
    Outside,
    /// Something below it may be selected.
    Above,
    /// Something above it is selected.
    Below,
    /// It is selected.
    At,
}

/// A set of steps that have been taken: bit `n` stands for the first `n` of them.
type States = u128;

/// How far a pattern has been followed on the way to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    states: States,
    /// Whether all of it had been taken before.
    below: bool,
}

impl Progress {
    /// Not even the root: there is no such place.
    pub const NOWHERE: Self = Self { states: 0, below: false };
}

impl Pattern {
    /// Longer ones are refused.
    pub const MAX_STEPS: usize = read::MAX_STEPS;

    /// Whether the place is selected, without regard to what stands there: an array's length, or a
    /// value. What [counts from the end](Self::counts_from_the_end) or [has a
    /// filter](Self::has_filter) selects nothing.
    pub fn matches(&self, path: &Path) -> bool {
        self.reach(&path.0, &[]) == Reach::At
    }

    /// How a place lies to the pattern; `lengths` has, for each step of the place that is an
    /// index, the length of the array. Nothing passes a filter.
    pub fn reach(&self, place: &[Seg], lengths: &[usize]) -> Reach {
        let mut progress = self.start();
        for (depth, seg) in place.iter().enumerate() {
            let length = lengths.get(depth).copied();
            let passes = &mut |_: &Filter| Ok::<bool, Infallible>(false);
            let Ok(next) = self.follow(progress, seg, length, passes);
            progress = next;
            if progress.states == 0 {
                break;
            }
        }
        self.reached(progress)
    }

    /// At the root.
    pub fn start(&self) -> Progress {
        Progress { states: self.with_skipped(1), below: false }
    }

    /// One step further; `length` is that of the array, where it is known, and `passes` tells of a
    /// filter whether the value there passes. It is asked of the filters that matter there alone.
    pub fn follow<E>(
        &self,
        from: Progress,
        seg: &Seg,
        length: Option<usize>,
        passes: &mut impl FnMut(&Filter) -> Result<bool, E>,
    ) -> Result<Progress, E> {
        let all = self.all();
        let below = from.below || from.states & all != 0;
        let next = self.after(from.states & !all, seg.into(), length, passes)?;
        Ok(Progress { states: self.with_skipped(next), below })
    }

    /// How a place lies that the pattern has been followed to.
    pub fn reached(&self, progress: Progress) -> Reach {
        match (progress.states & self.all() != 0, progress.below) {
            (true, _) => Reach::At,
            (false, true) => Reach::Below,
            (false, false) if progress.states == 0 => Reach::Outside,
            (false, false) => Reach::Above,
        }
    }

    /// The state in which all steps have been taken.
    fn all(&self) -> States {
        1 << self.steps.len()
    }

    /// The states after one more step of the place.
    fn after<E>(
        &self,
        mut states: States,
        hop: Hop<'_>,
        length: Option<usize>,
        passes: &mut impl FnMut(&Filter) -> Result<bool, E>,
    ) -> Result<States, E> {
        let mut next = 0;
        while states != 0 {
            let state = states.trailing_zeros();
            states &= states - 1;
            match self.steps.get(state as usize) {
                Some(Step::Deep) => next |= 1 << state,
                Some(step) if step.times(hop, length, passes)? > 0 => next |= 1 << (state + 1),
                Some(Step::One(_)) | None => {}
            }
        }
        Ok(next)
    }

    /// The states, and those that lie behind steps which may stand for nothing.
    fn with_skipped(&self, mut states: States) -> States {
        for (state, step) in self.steps.iter().enumerate() {
            if *step == Step::Deep && states & (1 << state) != 0 {
                states |= 1 << (state + 1);
            }
        }
        states
    }

    /// Whether it may select fields of several names by its form alone: `$..id`, `$.*`,
    /// `$['a','b']`, or all of a body. The elements of an array are one field.
    pub fn is_broad(&self) -> bool {
        let ends_at_one = self.steps.last().is_some_and(Step::is_single);
        !ends_at_one || self.steps.iter().any(Step::names_several)
    }

    /// Whether it has an index or a slice that depends on the length of an array.
    pub fn counts_from_the_end(&self) -> bool {
        self.steps.iter().any(Step::counts_from_the_end)
    }

    /// Whether what it selects depends on values.
    pub fn has_filter(&self) -> bool {
        self.steps.iter().any(Step::has_filter)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The one spelling that all patterns of the same steps share.
    pub fn normalised(&self) -> String {
        let mut text = String::from("$");
        self.steps.iter().for_each(|step| step.push(&mut text));
        text
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Ok(Self { text: text.to_owned(), steps: read::steps(text)? })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn path(text: &str) -> Path {
        let seg = |token: &str| match token.parse() {
            Ok(index) => Seg::Index(index),
            Err(_) => Seg::Key(token.into()),
        };
        Path(text.split('/').skip(1).map(seg).collect())
    }

    fn pattern(text: &str) -> Pattern {
        text.parse().expect(text)
    }

    fn check(text: &str, place: &str, expected: bool) {
        assert_eq!(pattern(text).matches(&path(place)), expected, "{text} on {place}");
        let normal = pattern(&pattern(text).normalised());
        assert_eq!(normal.matches(&path(place)), expected, "{normal} on {place}");
    }

    #[test]
    fn patterns_select_places() {
        check("$", "", true);
        check("$.items[*].id", "/items/3/id", true);
        check("$.items[*].id", "/items/3/idempotency_key", false);
        check("$.items[0].id", "/items/1/id", false);
        check("$..id", "/items/1/id", true);
        check("$..id", "/id", true);
        check("$..id", "/items/1/name", false);
        check("$..*", "", false);
        check("$..[*]", "/a/b", true);
        check("$.**.id", "/a/b/c/id", true);
        check("$.a.**", "/a", true);
        check("$.a.**", "/a/b/c", true);
        check("$.*", "/a", true);
        check("$.*", "/a/b", false);
        check("$['a b'][\"c\"]", "/a b/c", true);
        check("$['a','b'].c", "/b/c", true);
        check("$['a', 0, 3:5]", "/4", true);
        check("$['a', 0, 3:5]", "/5", false);
        check("$[1:6:2]", "/3", true);
        check("$[1:6:2]", "/4", false);
        check("/items/0/price", "/items/0/price", true);
        check("/items/*/price", "/items/7/price", true);
        check("/**/price", "/items/7/price", true);
        check("$..a..b", "/a/x/a/c/b", true);
        check("$..a..b", "/a/x/a/c/d", false);
    }

    #[test]
    fn an_index_selects_no_member_but_a_pointer_may_mean_either() {
        let member = Path(vec![Seg::Key("0".into())]);
        assert!(!pattern("$[0]").matches(&member));
        assert!(pattern("/0").matches(&member) && pattern("/0").matches(&path("/0")));
    }

    /// The indices that a pattern over one array selects.
    fn selected(text: &str, length: usize) -> Vec<usize> {
        let at = |index: &usize| pattern(text).reach(&[Seg::Index(*index)], &[length]) == Reach::At;
        (0..length).filter(at).collect()
    }

    #[test]
    fn indices_and_slices_count_from_either_end() {
        for (text, expected) in [
            ("$[-1]", &[4][..]),
            ("$[-6]", &[]),
            ("$[-2:]", &[3, 4]),
            ("$[:-3]", &[0, 1]),
            ("$[::-2]", &[0, 2, 4]),
            ("$[3:0:-1]", &[1, 2, 3]),
            ("$[1::2]", &[1, 3]),
            ("$[::0]", &[]),
            ("$[9:]", &[]),
            ("$[-9:9]", &[0, 1, 2, 3, 4]),
        ] {
            assert_eq!(selected(text, 5), expected, "{text}");
            assert_eq!(selected(&pattern(text).normalised(), 5), expected, "{text}");
        }
        assert!(pattern("$[-1]").counts_from_the_end() && pattern("$[::-1]").counts_from_the_end());
        assert!(!pattern("$[1:]").counts_from_the_end());
        assert!(!pattern("$[-1]").matches(&path("/0")));
    }

    #[test]
    fn a_place_lies_above_at_below_or_outside() {
        let reach = |text: &str, place: &str| pattern(text).reach(&path(place).0, &[]);
        assert_eq!(reach("$.a.b", ""), Reach::Above);
        assert_eq!(reach("$.a.b", "/a"), Reach::Above);
        assert_eq!(reach("$.a.b", "/a/b"), Reach::At);
        assert_eq!(reach("$.a.b", "/a/b/c/d"), Reach::Below);
        assert_eq!(reach("$.a.b", "/a/c"), Reach::Outside);
        assert_eq!(reach("$..b", "/a/c"), Reach::Above);
        assert_eq!(reach("$..b", "/b/c"), Reach::Below);
        assert_eq!(reach("$", "/b"), Reach::Below);
    }

    #[test]
    fn a_pattern_is_broad_by_its_form() {
        for broad in ["$", "$.*", "$..id", "$['a','b']", "$.a[1:3]", "/**", "$.a.**", "$.**.b"] {
            assert!(pattern(broad).is_broad(), "{broad}");
        }
        for narrow in ["$.a", "$.items[*].id", "$.a[0]", "/a/0", "$[-1]", "$[*]['a b']"] {
            assert!(!pattern(narrow).is_broad(), "{narrow}");
        }
    }

    /// Whether the rest of a pattern leads to the rest of a place, by trying all ways.
    fn leads(steps: &[Step], place: &[Seg]) -> bool {
        match (steps, place) {
            ([], _) => place.is_empty(),
            ([Step::Deep, rest @ ..], _) => {
                (0..=place.len()).any(|skipped| leads(rest, &place[skipped..]))
            }
            ([step, steps @ ..], [seg, place @ ..]) => {
                let Ok(times) = step.times(seg.into(), None, &mut |_| Ok::<_, Infallible>(false));
                times > 0 && leads(steps, place)
            }
            (_, []) => false,
        }
    }

    fn step() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![".a", ".b", "[0]", "[*]", ".**", "..a", "['a','b']", "[1:]"])
    }

    proptest! {
        #[test]
        fn all_ways_at_once_find_what_one_way_after_the_other_finds(
            steps in vec(step(), 0..8), place in "(/[ab01]){0,8}",
        ) {
            let (pattern, place) = (pattern(&format!("${}", steps.concat())), path(&place));
            prop_assert_eq!(pattern.matches(&place), leads(&pattern.steps, &place.0));
            for end in 0..place.0.len() {
                let above = pattern.reach(&place.0[..end], &[]);
                if pattern.matches(&place) {
                    prop_assert_ne!(above, Reach::Outside);
                }
                if above == Reach::At || above == Reach::Below {
                    let reach = pattern.reach(&place.0, &[]);
                    prop_assert!(matches!(reach, Reach::At | Reach::Below));
                }
            }
        }

        #[test]
        fn a_pattern_prints_as_one_that_reads_back(steps in vec(step(), 0..8)) {
            let read = pattern(&format!("${}", steps.concat()));
            let again = pattern(&read.normalised());
            prop_assert_eq!(&again.steps, &read.steps);
            prop_assert_eq!(again.normalised(), read.normalised());
        }

        #[test]
        fn any_name_prints_as_one_that_reads_back(name in ".{0,12}") {
            let selectors = vec![Selector::Name(name.clone()), Selector::Name(name.clone())];
            let mut text = String::from("$");
            Step::One(selectors.clone()).push(&mut text);
            prop_assert_eq!(&pattern(&text).steps, &[Step::One(selectors)]);
            let place = Path(vec![Seg::Key(name)]);
            prop_assert!(pattern(&place.pattern()).matches(&place));
        }
    }

    use super::super::select::Selector;
}
