//! Whether two scalars of one type count as one at their place.
//!
//! Main types: [`Scale`] and [`Verdict`]. A rule takes away differences within one type and one
//! class only; that a string is empty is never taken away.
//!
//! This module never compares containers, and never takes away what is missing or of another type.

use super::class::{Moment, Pair, of_text};
use super::places::{Held, Here, Tolerance};
use super::rules::Rules;
use super::token;
use super::url;
use super::uses::Uses;
use crate::model::{Class, Kind, Place};
use crate::syntax::json::{Decimal, Nearness, Text};
use regex::Regex;
use std::borrow::Cow;

/// Longer strings are compared as they are: replacing may take time with the square of the length.
const MAX_REPLACED: usize = 16 << 10;

/// Replacing makes a string no longer than so many times what the longest replaced one is.
const MAX_GROWTH: usize = 4;

/// What is found out about two values: nothing, where they count as one.
pub(super) type Verdict = Option<Kind>;

/// Weighs two values at one place.
pub(super) struct Scale<'s, 'r> {
    rules: &'r Rules,
    here: Here<'s>,
    uses: &'s mut Uses,
}

impl<'s, 'r> Scale<'s, 'r> {
    pub(super) fn new(rules: &'r Rules, here: Here<'s>, uses: &'s mut Uses) -> Self {
        Self { rules, here, uses }
    }

    /// Two numbers, written differently.
    pub(super) fn numbers(&mut self, x: &[u8], y: &[u8]) -> Verdict {
        let same = Decimal::new(x).same(&Decimal::new(y));
        if self.rules.places.is_empty() {
            return (!same).then_some(Kind::Value);
        }
        let held = self.held();
        if let Some((rule, nearness)) = held.number {
            if nearness.holds(x, y) {
                return if same { None } else { self.excuse(rule) };
            }
        } else if same {
            return None;
        }
        let drift = || Moment::of_number(x)?.drift(Moment::of_number(y)?);
        let time = held.time.filter(|time| time.by_path);
        self.timed(&held, time, drift(), || true)
    }

    /// Two booleans that differ.
    pub(super) fn booleans(&mut self) -> Verdict {
        let held = self.held();
        self.ignored(&held, Kind::Value, || true)
    }

    /// Two strings that differ.
    pub(super) fn strings(&mut self, x: Text<'_>, y: Text<'_>) -> Verdict {
        if self.rules.places.is_empty() && self.rules.hosts.is_empty() {
            return Some(Kind::Value);
        }
        let (x, y) = (x.canonical(), y.canonical());
        if x.is_empty() || y.is_empty() {
            return Some(Kind::Value);
        }
        let held = self.held();
        let (mut sides, mut rules) = ([x, y], Vec::new());
        let mut mapped_any = false;
        for (rule, find, with) in &held.replace {
            replace(&mut sides, find, with).then(|| rules.push(*rule));
        }
        for side in &mut sides {
            if let Some((mapped, by)) = self.rules.hosts.mapped(side) {
                *side = Cow::Owned(mapped);
                mapped_any = true;
                rules.extend(by.into_iter().inspect(|rule| self.uses.matched(*rule)));
            }
        }
        let [x, y] = sides;
        if x == y || (mapped_any && url::same(&x, &y)) {
            rules.sort_unstable();
            rules.dedup();
            for rule in rules {
                self.excuse(rule);
            }
            return None;
        }
        self.texts(&held, &x, &y)
    }

    /// Two texts that differ once all is replaced.
    fn texts(&mut self, held: &Held<'_>, x: &[u8], y: &[u8]) -> Verdict {
        if let Some((rule, nearness)) = held.number {
            let numeric = |text| matches!(of_text(text), Class::Int | Class::Decimal);
            if nearness != Nearness::Lexical && numeric(x) && numeric(y) && nearness.holds(x, y) {
                return self.excuse(rule);
            }
        }
        let drift = |time: Tolerance| {
            let read = |text| {
                let number = || time.by_path.then(|| Moment::of_number(text)).flatten();
                Moment::of_text(text).or_else(number)
            };
            read(x)?.drift(read(y)?)
        };
        if let Some(time) = held.time {
            let tokens = !self.rules.places.is_flat() && [x, y].map(of_text) == [Class::Jwt; 2];
            if tokens && token::alike(x, y, time.within) {
                return self.excuse(time.rule);
            }
        }
        let drift = held.time.and_then(drift);
        self.timed(held, held.time, drift, || Pair::of_text(x, y).is_alike())
    }

    /// A difference that may be one of time, so many nanoseconds long.
    fn timed(
        &mut self,
        held: &Held<'_>,
        time: Option<Tolerance>,
        drift: Option<u128>,
        alike: impl FnOnce() -> bool,
    ) -> Verdict {
        let (Some(time), Some(drift)) = (time, drift) else {
            return self.ignored(held, Kind::Value, alike);
        };
        if !time.by_path {
            self.uses.matched(time.rule);
        }
        if drift <= time.within {
            return self.excuse(time.rule);
        }
        self.ignored(held, Kind::TimeDrift, alike)
    }

    /// A difference that stays, unless the place is ignored and one class covers both sides.
    fn ignored(&mut self, held: &Held<'_>, kind: Kind, alike: impl FnOnce() -> bool) -> Verdict {
        match held.ignore.filter(|_| alike()) {
            Some(rule) => self.excuse(rule),
            None => Some(kind),
        }
    }

    /// What holds here; rules that name the place have matched something.
    fn held(&mut self) -> Held<'r> {
        let held = self.rules.places.held(self.here);
        let time = held.time.filter(|time| time.by_path).map(|time| time.rule);
        let number = held.number.map(|(rule, _)| rule);
        let replace = held.replace.iter().map(|(rule, ..)| *rule);
        let matched = [held.ignore, number, time].into_iter().flatten().chain(replace);
        matched.for_each(|rule| self.uses.matched(rule));
        held
    }

    fn excuse(&mut self, rule: usize) -> Verdict {
        let path = self.here.path;
        self.uses.excused(rule, || Place::Body(path.clone()));
        None
    }
}

/// Replaces what an expression finds on both sides; says whether that changed anything. Where one
/// side is too long, no text, or would grow too much, both stay as they are.
fn replace(sides: &mut [Cow<'_, [u8]>; 2], find: &Regex, with: &str) -> bool {
    let new = || {
        let [x, y] = &*sides;
        let longest = x.len().max(y.len());
        Some([replaced(x, find, with, longest)?, replaced(y, find, with, longest)?])
    };
    let Some(new) = new() else { return false };
    let changed = new.iter().zip(&*sides).any(|(new, old)| new != &**old);
    *sides = new.map(Cow::Owned);
    changed
}

/// A text with what an expression finds in it replaced; nothing where the longer of two is too long,
/// where it is no text, or would grow too much.
pub(super) fn replaced(text: &[u8], find: &Regex, with: &str, longest: usize) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok().filter(|_| longest <= MAX_REPLACED)?;
    let most = longest.max(with.len()).saturating_mul(MAX_GROWTH) + 256;
    let (mut out, mut done) = (String::new(), 0);
    for found in find.captures_iter(text) {
        let whole = found.get(0)?;
        out.push_str(text.get(done..whole.start())?);
        found.expand(with, &mut out);
        done = whole.end();
        if out.len() > most {
            return None;
        }
    }
    out.push_str(text.get(done..)?);
    Some(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use crate::compare::testing::{check, json};
    use crate::compare::{Decoded, Rules, compare};
    use crate::config;
    use crate::model::Place;

    /// The rules that a config says under `compare`.
    fn rules(text: &str) -> Rules {
        let text = format!("primary: {{ url: \"http://a:1\" }}\ncompare: {text}");
        let config = config::parse(&text, "shadow.yaml", &|_| None).expect(&text);
        Rules::new(&config.compare)
    }

    /// Both ways round, since no rule may tell the sides apart.
    fn kinds(text: &str, x: &str, y: &str, expected: &[&str]) {
        let rules = rules(text);
        for (x, y) in [(x, y), (y, x)] {
            let (x, y) = (json(x), json(y));
            let decoded = Decoded::new(&x, &y);
            let found = compare(&x, &y, &decoded, &rules);
            let places = |each: &crate::model::Divergence<'_>| {
                format!("{} {}", each.kind.name(), each.place.pointer())
            };
            let found: Vec<_> = found.divergences.iter().map(places).collect();
            assert_eq!(found, expected, "{text}: {x:?} {y:?}");
        }
    }

    #[test]
    fn a_number_rule_widens_or_narrows_what_is_one_number() {
        let abs = "{ numbers: [{ path: $.a, abs: 0.01 }] }";
        kinds(abs, r#"{"a":1}"#, r#"{"a":1.01}"#, &[]);
        kinds(abs, r#"{"a":1}"#, r#"{"a":1.011}"#, &["value /a"]);
        kinds(abs, r#"{"b":1}"#, r#"{"b":1.01}"#, &["value /b"]);
        kinds(abs, r#"{"a":"9.99"}"#, r#"{"a":"10.00"}"#, &[]);
        kinds(abs, r#"{"a":"9.99"}"#, r#"{"a":"ten"}"#, &["value /a"]);
        kinds(
            "{ numbers: [{ path: $.a, as: lexical }] }",
            r#"{"a":1}"#,
            r#"{"a":1.0}"#,
            &["value /a"],
        );
        let two = "{ numbers: [{ path: $..a, abs: 5 }, { path: $.a, abs: 1 }] }";
        kinds(two, r#"{"a":1}"#, r#"{"a":3}"#, &["value /a"]);
    }

    #[test]
    fn a_tolerance_never_excuses_another_type_or_class_or_what_is_missing() {
        let all = "{ numbers: [{ path: $.a, rel: 100% }], times: [{ path: $.a, within: 1d }] }";
        for (x, y, kind) in [
            (r#"{"a":1}"#, r#"{"a":"1"}"#, "type /a"),
            (r#"{"a":1}"#, r#"{"a":null}"#, "null /a"),
            (r#"{"a":"2026-01-01"}"#, r#"{"a":"2026-01-01T00:00:00Z"}"#, "value /a"),
            (r#"{"a":"1"}"#, r#"{"a":""}"#, "value /a"),
            (r#"{"a":1}"#, r#"{"a":true}"#, "type /a"),
        ] {
            kinds(all, x, y, &[kind]);
        }
        check(&json(r#"{"a":1}"#), &json("{}"), &rules(all), &["missing $/a 1 -> -"]);
    }

    #[test]
    fn times_may_lie_so_far_apart() {
        let all = "{ times: { within: 5s } }";
        let (x, y) = (r#"{"a":"2026-01-01T00:00:00Z"}"#, r#"{"a":"2026-01-01T00:00:05Z"}"#);
        kinds(all, x, y, &[]);
        kinds(all, x, r#"{"a":"2026-01-01T00:00:05.001Z"}"#, &["time_drift /a"]);
        kinds(all, r#"{"a":1700000000}"#, r#"{"a":1700000001}"#, &["value /a"]);
        let at = "{ times: [{ within: 5s }, { path: $.a, within: 1h }] }";
        kinds(at, r#"{"a":1700000000}"#, r#"{"a":1700003600}"#, &[]);
        kinds(at, r#"{"a":1700000000}"#, r#"{"a":1700003601}"#, &["time_drift /a"]);
        kinds(at, r#"{"b":"2026-01-01"}"#, r#"{"b":"2026-01-02"}"#, &["time_drift /b"]);
        kinds(all, x, r#"{"a":"Thu, 01 Jan 2026 00:00:00 GMT"}"#, &["value /a"]);
        let ignored = "{ ignore: [$.a], times: { within: 5s } }";
        kinds(ignored, x, r#"{"a":"2027-01-01T00:00:00Z"}"#, &[]);
    }

    #[test]
    fn text_is_replaced_and_hosts_are_mapped_before_it_is_compared() {
        let text = "{ normalise: [{ path: $.a, find: \"-[0-9]+$\", with: \"\" }], \
                    hosts: { a.test: b.test } }";
        kinds(text, r#"{"a":"x-1"}"#, r#"{"a":"x-22"}"#, &[]);
        kinds(text, r#"{"a":"x-1"}"#, r#"{"a":"y-1"}"#, &["value /a"]);
        kinds(text, r#"{"a":"-1"}"#, r#"{"a":""}"#, &["value /a"]);
        kinds(text, r#"{"b":"http://a.test/x"}"#, r#"{"b":"http://b.test/x"}"#, &[]);
        kinds(text, r#"{"b":"http://a.test/x"}"#, r#"{"b":"http://b.test/y"}"#, &["value /b"]);
        let (one, other) = ("http://a.test/x?p=1&q=2", "http://b.test:80/x?q=2&p=1");
        kinds(text, &format!(r#"{{"b":"{one}"}}"#), &format!(r#"{{"b":"{other}"}}"#), &[]);
        let (one, other) = ("http://c.test/x?p=1&q=2", "http://c.test/x?q=2&p=1");
        let (one, other) = (format!(r#"{{"b":"{one}"}}"#), format!(r#"{{"b":"{other}"}}"#));
        kinds(text, &one, &other, &["value /b"]);
        let grows = "{ normalise: [{ path: $.a, find: \".\", with: \"$0$0$0$0$0$0$0$0\" }] }";
        let long = |last: char| format!("{{\"a\":\"{}{last}\"}}", "a".repeat(9_000));
        kinds(grows, &long('1'), &long('2'), &["value /a"]);
    }

    #[test]
    fn null_may_stand_for_missing_where_a_rule_says_so() {
        let text = "{ null_equals_missing: [$.a] }";
        kinds(text, r#"{"a":null}"#, "{}", &[]);
        check(&json(r#"{"a":1}"#), &json("{}"), &rules(text), &["missing $/a 1 -> -"]);
        check(&json(r#"{"b":null}"#), &json("{}"), &rules(text), &["missing $/b null -> -"]);
        kinds(text, r#"{"a":null}"#, r#"{"a":1}"#, &["null /a"]);
    }

    #[test]
    fn outside_of_what_only_names_nothing_is_compared() {
        let text = "{ only: [\"$.items[*].id\", $.meta] }";
        kinds(text, r#"{"items":[{"id":1,"at":1}],"b":1}"#, r#"{"items":[{"id":1,"at":2}]}"#, &[]);
        kinds(text, r#"{"items":[{"id":1}]}"#, r#"{"items":[{"id":2}]}"#, &["value /items/0/id"]);
        kinds(text, r#"{"meta":{"a":{"b":1}}}"#, r#"{"meta":{"a":{"b":2}}}"#, &["value /meta/a/b"]);
        kinds(text, r#"{"items":1}"#, r#"{"items":2}"#, &[]);
        kinds(text, r#"{"items":1}"#, r#"{"items":[]}"#, &["type /items"]);
        kinds(text, "1", "2", &[]);
        let rules = rules(text);
        let (x, y) = (r#"{"items":[{"id":1},{}]}"#, r#"{"items":[{"id":1}]}"#);
        check(&json(x), &json(y), &rules, &["removed $/items/1 {} -> -"]);
        check(&json(r#"{"meta":1}"#), &json("{}"), &rules, &["missing $/meta 1 -> -"]);
    }

    #[test]
    fn rules_of_one_path_never_silence_another() {
        let text = "{ ignore: [\"$.items[*].id\", \"$.last[-1]\"] }";
        let x = r#"{"items":[{"id":1,"idempotency_key":1,"ids":[1]}],"last":[1,2,3]}"#;
        let y = r#"{"items":[{"id":2,"idempotency_key":2,"ids":[2]}],"last":[0,2,4]}"#;
        let places = ["value /items/0/idempotency_key", "value /items/0/ids/0", "value /last/0"];
        kinds(text, x, y, &places);
    }

    #[test]
    fn every_rule_tells_what_it_was_good_for() {
        let rules = rules("{ ignore: [$..id, $.gone, $.b], numbers: [{ path: $.n, abs: 1 }] }");
        let (x, y) = (
            json(r#"{"id":1,"a":{"id":1},"b":"1","n":1,"same":{"id":1}}"#),
            json(r#"{"id":2,"a":{"id":2},"b":"x","n":9,"same":{"id":1}}"#),
        );
        let decoded = Decoded::new(&x, &y);
        let found = compare(&x, &y, &decoded, &rules);
        let name = |rule: usize| rules.names()[rule].text.clone();
        let shown: Vec<_> = found
            .uses
            .iter()
            .map(|used| {
                let fields: Vec<_> = used.fields.iter().map(Place::pattern).collect();
                (name(used.rule), used.matched, used.excused, fields.join(" "))
            })
            .collect();
        let used = |name: &str, matched, excused, fields: &str| {
            (name.to_owned(), matched, excused, fields.to_owned())
        };
        assert_eq!(
            shown,
            [used("$..id", 2, 2, "$.id $.a.id"), used("$.b", 1, 0, ""), used("$.n", 1, 0, ""),]
        );
        assert_eq!(rules.names()[1].origin.key, "compare.ignore[1]");
    }
}
