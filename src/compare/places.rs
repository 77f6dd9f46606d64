//! The rules that hold at places of a body: which of them select one.
//!
//! Main types: [`Places`], [`Effect`] and [`Here`].
//!
//! This module never looks at a value: the walk's [`Trail`](super::trail::Trail) does so for the
//! rules that have a filter.

use super::trail::Followed;
use crate::config::ArrayRule;
use crate::model::{Path, Pattern, Reach};
use crate::syntax::json::Nearness;
use regex::Regex;
use std::sync::LazyLock;

/// What a rule does at the places that it selects.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    /// The value may differ within its class.
    Ignore,
    /// Nothing is compared elsewhere.
    Only,
    /// How near two numbers are.
    Number(Nearness),
    /// How many nanoseconds two times may lie apart.
    Time(u128),
    /// What is replaced in both strings first.
    Replace { find: Regex, with: String },
    /// A member may be null on one side and missing on the other.
    NullIsMissing,
    /// How the elements of an array are paired.
    Array(ArrayRule),
}

/// A rule with its number among all rules.
#[derive(Clone, Debug)]
struct Rule {
    number: usize,
    /// Absent: everywhere.
    at: Option<Pattern>,
    effect: Effect,
    /// Its number among those that have a filter.
    asks: Option<usize>,
}

/// The rules for places.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    rules: Vec<Rule>,
    /// Whether there is a rule that leaves out what it does not select.
    narrowed: bool,
    /// Whether a rule depends on how long arrays are.
    counting: bool,
    /// Whether tokens are not looked into: these are the claims of one.
    flat: bool,
}

/// A place, and what is known of it on each side.
#[derive(Clone, Copy)]
pub(super) struct Here<'h> {
    pub path: &'h Path,
    /// On each side, for each of its steps, the length of the array that it leads into; left out
    /// where no rule asks.
    pub lengths: [&'h [usize]; 2],
    /// How far the rules with filters go here, in their order.
    pub followed: &'h [Followed],
}

/// How a place lies to what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Inside,
    /// Something below it may be compared.
    Above,
    Outside,
}

/// What the rules make of a place for those who look whether values may count as equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Regard {
    /// It is not compared, and neither is anything below it.
    Unseen,
    /// Only what it holds may be compared.
    Above,
    /// No rule holds at it or below it.
    Plain,
    Ruled,
}

/// What holds at one place: of each sort, the number of the rule and what it says.
#[derive(Default)]
pub(super) struct Held<'r> {
    pub ignore: Option<usize>,
    pub number: Option<(usize, Nearness)>,
    pub time: Option<Tolerance>,
    pub replace: Vec<(usize, &'r Regex, &'r str)>,
    pub null_is_missing: Option<usize>,
    pub array: Option<(usize, &'r ArrayRule)>,
}

impl Held<'_> {
    /// Whether a number may pass for another one.
    pub(super) fn lets_numbers_pass(&self) -> bool {
        let timed = self.time.is_some_and(|time| time.by_path);
        self.ignore.is_some() || self.number.is_some() || timed
    }
}

/// How far times may lie apart.
#[derive(Clone, Copy)]
pub(super) struct Tolerance {
    pub rule: usize,
    pub within: u128,
    /// Whether the rule names the place: then bare numbers may be times too.
    pub by_path: bool,
}

impl Places {
    pub(super) fn add(&mut self, number: usize, at: Option<Pattern>, effect: Effect) {
        self.narrowed |= matches!(effect, Effect::Only);
        self.counting |= at.as_ref().is_some_and(Pattern::counts_from_the_end);
        let asks = at.as_ref().is_some_and(Pattern::has_filter);
        let asks = asks.then(|| self.asking().count());
        self.rules.push(Rule { number, at, effect, asks });
    }

    /// The claims of a token that are times (RFC 7519, section 4.1, and OpenID Connect).
    pub(super) fn of_claims(within: u128) -> Self {
        static CLAIMS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
            let claims = ["$.iat", "$.nbf", "$.exp", "$.auth_time"];
            claims.iter().filter_map(|claim| claim.parse().ok()).collect()
        });
        let mut places = Self { flat: true, ..Self::default() };
        CLAIMS.iter().for_each(|claim| places.add(0, Some(claim.clone()), Effect::Time(within)));
        places
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(super) fn is_flat(&self) -> bool {
        self.flat
    }

    /// Whether the lengths of arrays are asked for.
    pub(super) fn is_counting(&self) -> bool {
        self.counting
    }

    /// Whether a rule asks for both documents, whole: what passes a filter, or how an array is
    /// paired.
    pub(super) fn needs_documents(&self) -> bool {
        let asks = |rule: &Rule| rule.asks.is_some() || matches!(rule.effect, Effect::Array(_));
        self.rules.iter().any(asks)
    }

    /// The patterns of the rules that have a filter, in their order.
    pub(super) fn asking(&self) -> impl Iterator<Item = &Pattern> {
        self.rules.iter().filter(|rule| rule.asks.is_some()).filter_map(|rule| rule.at.as_ref())
    }

    /// What asking about a place so many steps deep costs, in units of fuel.
    pub(super) fn toll(&self, depth: usize) -> u64 {
        1 + (self.rules.len() * depth) as u64 / 16
    }

    /// The numbers of all rules, each with the places that it names, where it does.
    pub(super) fn rules(&self) -> impl Iterator<Item = (usize, Option<&Pattern>)> {
        self.rules.iter().map(|rule| (rule.number, rule.at.as_ref()))
    }

    /// Whether a place is compared, and the rule that says so.
    pub(super) fn scope(&self, here: Here<'_>) -> (Scope, Option<usize>) {
        if !self.narrowed {
            return (Scope::Inside, None);
        }
        let mut above = Scope::Outside;
        for rule in self.rules.iter().filter(|rule| matches!(rule.effect, Effect::Only)) {
            match rule.reach(here) {
                Reach::At | Reach::Below => return (Scope::Inside, Some(rule.number)),
                Reach::Above => above = Scope::Above,
                Reach::Outside => {}
            }
        }
        (above, None)
    }

    /// Whether a value counts that stands at a place, and is the same on both sides: it is compared,
    /// and neither it nor anything above it is ignored.
    pub(super) fn counts(&self, path: &Path) -> bool {
        let here = Here { path, lengths: [&[], &[]], followed: &[] };
        // Without the values, a filter may select any place.
        let selects = |rule: &Rule| {
            rule.asks.is_some() || matches!(rule.reach(here), Reach::At | Reach::Below)
        };
        let ignores = |rule: &Rule| matches!(rule.effect, Effect::Ignore) && selects(rule);
        self.scope(here).0 == Scope::Inside && !self.rules.iter().any(ignores)
    }

    /// What holds at a place; of two rules of one sort the later one, which is the route's.
    pub(super) fn held(&self, here: Here<'_>) -> Held<'_> {
        let mut held = Held::default();
        for rule in self.rules.iter().filter(|rule| rule.reach(here) == Reach::At) {
            let number = rule.number;
            match &rule.effect {
                Effect::Only => {}
                Effect::Ignore => held.ignore = Some(number),
                Effect::NullIsMissing => held.null_is_missing = Some(number),
                Effect::Array(rule) => held.array = Some((number, rule)),
                Effect::Number(nearness) => held.number = Some((number, *nearness)),
                Effect::Replace { find, with } => held.replace.push((number, find, with)),
                Effect::Time(within) => {
                    let by_path = rule.at.is_some();
                    if by_path || held.time.is_none_or(|time| !time.by_path) {
                        held.time = Some(Tolerance { rule: number, within: *within, by_path });
                    }
                }
            }
        }
        held
    }

    /// Whether any rule may hold at a place or below it.
    pub(super) fn regard(&self, here: Here<'_>) -> Regard {
        if self.rules.is_empty() {
            return Regard::Plain;
        }
        let (scope, _) = self.scope(here);
        let others = self.rules.iter().filter(|rule| !matches!(rule.effect, Effect::Only));
        let mut reaches = others.map(|rule| rule.reach(here));
        match scope {
            Scope::Outside => Regard::Unseen,
            Scope::Above => Regard::Above,
            Scope::Inside => match reaches.any(|reach| matches!(reach, Reach::At | Reach::Above)) {
                true => Regard::Ruled,
                false => Regard::Plain,
            },
        }
    }

    /// How far times may lie apart that stand in no body.
    pub(super) fn time_anywhere(&self) -> Option<(usize, u128)> {
        let times = self.rules.iter().rev().filter(|rule| rule.at.is_none());
        let mut times = times.filter_map(|rule| match rule.effect {
            Effect::Time(within) => Some((rule.number, within)),
            _ => None,
        });
        times.next()
    }
}

impl Rule {
    /// How the place lies to the rule, on the side where it lies nearer.
    fn reach(&self, here: Here<'_>) -> Reach {
        let Some(at) = &self.at else { return Reach::At };
        if let Some(asks) = self.asks {
            let followed = here.followed.get(asks).into_iter().flatten();
            return followed.map(|side| at.reached(*side)).max().unwrap_or(Reach::Outside);
        }
        let [primary, candidate] = here.lengths;
        let reach = at.reach(&here.path.0, primary);
        if at.counts_from_the_end() { reach.max(at.reach(&here.path.0, candidate)) } else { reach }
    }
}
