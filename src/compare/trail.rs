//! The way to where a walk stands, as the rules need it that ask for more than names: how long the
//! arrays on it are, and what passes the filters.
//!
//! Main type: [`Trail`]. It knows both sides, since no rule may tell them apart: a rule selects a
//! place if it does so in one of the two documents. Where no rule asks, nothing is kept.
//!
//! This module never decides what a rule does.

use super::fuel::Fuel;
use super::places::{Here, Places};
use crate::model::{Filter, Path, Pattern, Progress, Seg};
use crate::syntax::json::{Document, Value};

/// How far a pattern has been followed on each side.
pub(super) type Followed = [Progress; 2];

#[derive(Debug)]
pub(super) struct Trail<'t, 'a> {
    places: &'t Places,
    sides: [&'t Document<'a>; 2],
    /// On each side the length of each container on the way, root first.
    lengths: [Vec<usize>; 2],
    /// For each place on the way, root first, and each rule with a filter: how far it goes there.
    followed: Vec<Followed>,
}

impl<'t, 'a> Trail<'t, 'a> {
    /// At the root of both documents.
    pub(super) fn new(places: &'t Places, sides: [&'t Document<'a>; 2]) -> Self {
        let followed = places.asking().map(|pattern| [pattern.start(); 2]).collect();
        Self { places, sides, lengths: [Vec::new(), Vec::new()], followed }
    }

    pub(super) fn here<'h>(&'h self, path: &'h Path) -> Here<'h> {
        let [x, y] = &self.lengths;
        Here { path, lengths: [x, y], followed: self.last() }
    }

    /// Into a container, whose children are stepped to next.
    pub(super) fn open(&mut self, x: Value, y: Value) {
        if self.places.is_counting() {
            for ((lengths, document), value) in self.lengths.iter_mut().zip(self.sides).zip([x, y])
            {
                lengths.push(document.elements(value).count());
            }
        }
    }

    /// Into a container that is so long on both sides.
    pub(super) fn open_as(&mut self, length: usize) {
        if self.places.is_counting() {
            self.lengths.iter_mut().for_each(|lengths| lengths.push(length));
        }
    }

    /// Out of all containers but so many.
    pub(super) fn close_to(&mut self, depth: usize) {
        self.lengths.iter_mut().for_each(|lengths| lengths.truncate(depth));
    }

    /// To other documents, which stand at a place of the whole ones. No filter may be asked then.
    pub(super) fn turn_to(&mut self, sides: [&'t Document<'a>; 2]) {
        self.sides = sides;
    }

    /// Out of a container, once all of its children have been left.
    pub(super) fn close(&mut self) {
        for lengths in &mut self.lengths {
            lengths.pop();
        }
    }

    /// To a child of the container that was opened last; it may be absent on one side. Nothing
    /// once the fuel is used up.
    pub(super) fn step(
        &mut self,
        seg: &Seg,
        values: [Option<Value>; 2],
        fuel: &mut Fuel,
    ) -> Option<()> {
        if self.followed.is_empty() {
            return Some(());
        }
        let asking = self.places.asking().zip(self.last());
        let follow = |(pattern, from)| self.follow(pattern, from, (seg, values), fuel);
        let next: Option<Vec<Followed>> = asking.map(follow).collect();
        self.followed.extend(next?);
        Some(())
    }

    /// Back to the container.
    pub(super) fn back(&mut self) {
        let above = self.followed.len() - self.last().len();
        self.followed.truncate(above);
    }

    /// How far the rules with filters go where the walk stands.
    fn last(&self) -> &[Followed] {
        if self.followed.is_empty() {
            return &[];
        }
        let above = self.followed.len().saturating_sub(self.places.asking().count());
        self.followed.get(above..).unwrap_or_default()
    }

    fn follow(
        &self,
        pattern: &Pattern,
        from: &Followed,
        (seg, values): (&Seg, [Option<Value>; 2]),
        fuel: &mut Fuel,
    ) -> Option<Followed> {
        let mut next = [Progress::NOWHERE; 2];
        let sides = self.sides.iter().zip(values).zip(from.iter().zip(&self.lengths));
        for (next, ((document, value), (from, lengths))) in next.iter_mut().zip(sides) {
            let Some(value) = value else { continue };
            let mut passes = |filter: &Filter| filter.passes(document, value, fuel.units());
            *next = pattern.follow(*from, seg, lengths.last().copied(), &mut passes).ok()?;
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use crate::compare::testing::{check, ignoring, json};
    use crate::compare::{Decoded, Rules, compare};
    use crate::config;
    use crate::model::{Kind, Pattern};

    #[test]
    fn a_filter_selects_by_the_values_of_either_side() {
        let rules = ignoring(&["$.items[?@.kind == 'gift'].price"]);
        let with = |x: &str, y: &str, expected: &[&str]| {
            let body = |items: &str| json(&format!(r#"{{"items":[{items}]}}"#));
            check(&body(x), &body(y), &rules, expected);
        };
        let (gift, toy) = (r#"{"kind":"gift","price":1}"#, r#"{"kind":"toy","price":1}"#);
        let item = |text: &str, price: &str| text.replace('1', price);
        with(gift, &item(gift, "2"), &[]);
        with(toy, &item(toy, "2"), &["value $/items/0/price 1 -> 2"]);
        // One side is enough, whichever it is.
        let kinds = [r#"value $/items/0/kind "gift" -> "toy""#];
        with(gift, &item(toy, "2"), &kinds);
        with(toy, &item(gift, "2"), &[r#"value $/items/0/kind "toy" -> "gift""#]);
        with(gift, &gift.replace("1", "\"1\""), &["type $/items/0/price 1 -> \"1\""]);
        with(&format!("{toy},{gift}"), &format!("{toy},{}", item(gift, "3")), &[]);
    }

    #[test]
    fn a_side_passes_all_filters_by_its_own_values_or_not_at_all() {
        let rules = ignoring(&["$[?@.a == 1][?@.b == 1].v"]);
        let body =
            |a: u8, b: u8, v: u8| json(&format!(r#"{{"o":{{"i":{{"b":{b},"v":{v}}},"a":{a}}}}}"#));
        check(&body(1, 1, 1), &body(1, 1, 2), &rules, &[]);
        let mixed = ["value $/o/i/b 2 -> 1", "value $/o/i/v 1 -> 2", "value $/o/a 1 -> 2"];
        check(&body(1, 2, 1), &body(2, 1, 2), &rules, &mixed);
    }

    #[test]
    fn a_query_from_the_root_stays_on_its_side() {
        let rules = ignoring(&["$.list[?@.id == $.chosen].v"]);
        let body = |chosen: u8, v: u8| {
            json(&format!(
                r#"{{"list":[{{"id":1,"v":{v}}},{{"id":2,"v":{v}}}],"chosen":{chosen}}}"#
            ))
        };
        let other = "value $/list/1/v 1 -> 2";
        check(&body(1, 1), &body(1, 2), &rules, &[other]);
        check(&body(1, 1), &body(3, 2), &rules, &[other, "value $/chosen 1 -> 3"]);
        check(&body(1, 1), &body(2, 2), &rules, &["value $/chosen 1 -> 2"]);
    }

    #[test]
    fn what_stands_on_one_side_only_is_selected_by_that_side() {
        let only = config::Compare {
            only: vec!["$[?@.seen]".parse::<Pattern>().expect("a path").into()],
            ..Default::default()
        };
        let rules = Rules::new(&only);
        let (two, one) = (json(r#"[{"seen":1},{"seen":1},{"a":1}]"#), json(r#"[{"seen":1}]"#));
        check(&two, &one, &rules, &[r#"removed $/1 {"seen":1} -> -"#]);
        check(&one, &two, &rules, &[r#"added $/1 - -> {"seen":1}"#]);
        check(&json(r#"[{"a":1}]"#), &json(r#"[{"a":2}]"#), &rules, &[]);
    }

    #[test]
    fn an_index_from_the_end_is_one_on_either_side() {
        let rules = ignoring(&["$[-1]"]);
        let (two, three) = (json("[1,2]"), json("[1,3,4]"));
        // The last of either side is the same one, whatever it is.
        let resized = ["array_length $ [1,2] -> [1,3,4]", "added $/1 - -> 3"];
        check(&two, &three, &rules, &resized);
    }

    #[test]
    fn a_filter_without_end_leaves_one_divergence_and_says_so() {
        let rules = ignoring(&["$[?count($..*) < 0]"]);
        let many = |each: &str| json(&format!("[{}0]", each.repeat(1_000)));
        let (x, y) = (many("[0],"), many("[1],"));
        let decoded = Decoded::new(&x, &y);
        let found = compare(&x, &y, &decoded, &rules);
        let last = found.divergences.last().map(|divergence| divergence.kind);
        assert!(found.truncated && found.total < 1_000);
        assert!(last == Some(Kind::Truncated) || found.divergences.len() == 256);
    }
}
