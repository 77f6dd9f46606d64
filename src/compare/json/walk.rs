//! The walk through two documents.

use super::array::{self, Keys, Note, Site};
use super::object;
use super::task::{Change, Children, Step, Task};
use crate::compare::comparison::{Comparison, Sides};
use crate::compare::fuel::Fuel;
use crate::compare::places::{Here, Scope};
use crate::compare::rules::Rules;
use crate::compare::terms::Terms;
use crate::compare::trail::Trail;
use crate::compare::weigh::Scale;
use crate::config::ArrayRule;
use crate::model::{Divergence, Kind, Path, Place, Severity};
use crate::syntax::json::{Document, Shape, Value};
use std::ops::Range;
use std::vec::IntoIter;

/// Containers below this depth are compared as text only.
pub(in crate::compare) const MAX_DEPTH: usize = 512;

/// Lists what differs between two documents, in document order.
pub(in crate::compare) fn diff<'a>(
    x: &Document<'a>,
    y: &Document<'a>,
    terms: Terms<'_>,
    found: &mut Comparison<'a>,
) {
    let mut walk = Walk::new([x, y], terms, found);
    let (root_x, root_y) = (x.root(), y.root());
    if x.raw(root_x) != y.raw(root_y) {
        walk.whole(root_x, root_y);
        if !walk.found.truncated {
            walk.found.suspects.search(x, &terms.rules.places);
        }
    }
}

pub(super) struct Walk<'w, 'a> {
    x: &'w Document<'a>,
    y: &'w Document<'a>,
    rules: &'w Rules,
    keys: Option<&'w Keys>,
    found: &'w mut Comparison<'a>,
    /// Where the primary's document begins in the whole of its text.
    base: usize,
    /// Where the walk stands.
    path: Path,
    /// What the rules ask about the way there.
    trail: Trail<'w, 'a>,
    /// What is left to do in each open container, from the root down.
    levels: Vec<IntoIter<Task<'a>>>,
    fuel: Fuel,
}

impl<'w, 'a> Walk<'w, 'a> {
    /// A walk that stands at the root.
    pub(super) fn new(
        [x, y]: [&'w Document<'a>; 2],
        Terms { rules, keys, .. }: Terms<'w>,
        found: &'w mut Comparison<'a>,
    ) -> Self {
        let (path, levels) = (Path::default(), Vec::new());
        let trail = Trail::new(&rules.places, [x, y]);
        Self { x, y, rules, keys, found, base: 0, path, trail, levels, fuel: Fuel::new() }
    }

    /// Goes to a place so many steps from the root, the last of which is given, from another below
    /// the same container or within its neighbour. Says whether it is compared; nothing once the
    /// fuel is used up.
    pub(super) fn step(&mut self, depth: usize, step: Option<Step<'a>>) -> Option<bool> {
        let Some(step) = step else { return Some(true) };
        self.path.0.truncate(depth.saturating_sub(1));
        self.trail.close_to(depth);
        self.fuel.spend(self.rules.places.toll(depth))?;
        self.path.0.push(step.seg());
        Some(self.scope() != Scope::Outside)
    }

    /// Opens a container of which others know which children differ, and of an array how long it
    /// is; says false where they are not compared.
    pub(super) fn opens(&mut self, length: usize) -> bool {
        if self.is_ignored() {
            return false;
        }
        self.trail.open_as(length);
        true
    }

    /// Visits two values that stand here, the primary's so far into its text; nothing once the fuel
    /// is used up.
    pub(super) fn pair(&mut self, [x, y]: [&'w Document<'a>; 2], base: usize) -> Option<()> {
        (self.x, self.y, self.base) = (x, y, base);
        self.trail.turn_to([x, y]);
        self.whole(x.root(), y.root());
        (!self.found.truncated).then_some(())
    }

    /// Visits two values, and all that is in them.
    fn whole(&mut self, x: Value, y: Value) {
        self.visit(x, y);
        if self.levels.is_empty() {
            self.end(self.place(x));
        }
        self.run();
    }

    fn run(&mut self) {
        while let Some(level) = self.levels.last_mut() {
            let Some(task) = level.next() else {
                self.levels.pop();
                self.trail.close();
                self.leave();
                continue;
            };
            let depth = self.levels.len();
            if self.enter(&task).is_none() {
                self.stop(self.changed(task.change));
            } else if self.scope() != Scope::Outside {
                self.perform(&task);
            }
            if self.levels.len() == depth {
                self.leave();
                task.change.primary().into_iter().for_each(|x| self.end(self.place(x)));
            }
        }
    }

    /// Goes to a child; nothing once the fuel is used up.
    fn enter(&mut self, task: &Task<'a>) -> Option<()> {
        let seg = task.step.seg();
        let entered = self.trail.step(&seg, task.change.values(), &mut self.fuel);
        self.path.0.push(seg);
        entered
    }

    fn leave(&mut self) {
        self.path.0.pop();
        self.trail.back();
    }

    /// What differs here in the primary's text has been told; all that is never told of is equal.
    pub(super) fn end(&mut self, place: Range<usize>) {
        if self.rules.renames() {
            self.found.ended(place);
        }
    }

    /// Where a value of the primary's stands in the whole of its text.
    fn place(&self, value: Value) -> Range<usize> {
        self.base + value.start()..self.base + value.end()
    }

    fn perform(&mut self, task: &Task<'a>) {
        match task.change {
            Change::Both(x, y) => self.visit(x, y),
            Change::Untold(_) => {}
            Change::Primary(x) if self.is_no_member(self.x.shape(x)) => {}
            Change::Candidate(y) if self.is_no_member(self.y.shape(y)) => {}
            Change::Primary(x) => self.add(Kind::Missing, Sides::JsonPrimary(self.x.raw(x))),
            Change::Candidate(y) => self.add(Kind::Extra, Sides::JsonCandidate(self.y.raw(y))),
            Change::Removed(x, count) => {
                self.add_many(Kind::Removed, Sides::JsonPrimary(self.x.raw(x)), count);
            }
            Change::Added(y, count) => {
                self.add_many(Kind::Added, Sides::JsonCandidate(self.y.raw(y)), count);
            }
            Change::Moved { x, y, count, severity } => {
                self.add_as((Kind::Moved, severity), self.sides(x, y), count);
            }
            Change::Repeated(x, y) => {
                self.add(Kind::DuplicateKey, self.sides(x, y));
                if self.x.raw(x) != self.y.raw(y) {
                    self.visit(x, y);
                }
            }
        }
    }

    /// Looks at two values whose texts differ.
    fn visit(&mut self, x: Value, y: Value) {
        match (self.x.shape(x), self.y.shape(y)) {
            (Shape::Object, Shape::Object) | (Shape::Array, Shape::Array) => self.open(x, y),
            (Shape::Number, Shape::Number)
            | (Shape::String, Shape::String)
            | (Shape::Bool, Shape::Bool)
            | (Shape::Null, Shape::Null) => self.scalars(x, y),
            (Shape::Null, _) | (_, Shape::Null) => self.add(Kind::Null, self.sides(x, y)),
            _ => self.add(Kind::Type, self.sides(x, y)),
        }
    }

    /// Two scalars of one type, which the rules may let pass.
    fn scalars(&mut self, x: Value, y: Value) {
        let (raw_x, raw_y) = (self.x.raw(x), self.y.raw(y));
        let here = self.trail.here(&self.path);
        let mut scale = Scale::new(self.rules, here, &mut self.found.uses);
        let verdict = match self.x.shape(x) {
            Shape::Number => scale.numbers(raw_x, raw_y),
            Shape::String => match (self.x.string(x), self.y.string(y)) {
                (text_x, text_y) if text_x == text_y => None,
                (text_x, text_y) => scale.strings(text_x, text_y),
            },
            Shape::Bool if raw_x != raw_y => scale.booleans(),
            Shape::Bool | Shape::Null | Shape::Array | Shape::Object => None,
        };
        let renames = self.rules.renames();
        match verdict {
            None => {}
            Some(Kind::Value) if renames && self.is_told(Kind::Value, self.sides(x, y)) => {
                self.found.value((raw_x, raw_y), &self.path);
            }
            Some(kind) => self.add(kind, Sides::Json(raw_x, raw_y)),
        }
    }

    /// Whether a null on one side only is as good as nothing here.
    fn is_no_member(&mut self, shape: Shape) -> bool {
        if shape != Shape::Null || self.rules.places.is_empty() {
            return false;
        }
        let rule = self.rules.places.held(self.here()).null_is_missing;
        self.is_excused(rule)
    }

    /// Whether a container is ignored as a whole.
    fn is_ignored(&mut self) -> bool {
        if self.rules.places.is_empty() {
            return false;
        }
        let rule = self.rules.places.held(self.here()).ignore;
        self.is_excused(rule)
    }

    /// Counts the rule that takes a difference away, if there is one.
    fn is_excused(&mut self, rule: Option<usize>) -> bool {
        let Some(rule) = rule else { return false };
        self.found.uses.matched(rule);
        self.found.uses.excused(rule, || Place::Body(self.path.clone()));
        true
    }

    /// Whether the rules have this place compared.
    fn scope(&mut self) -> Scope {
        let (scope, rule) = self.rules.places.scope(self.here());
        rule.into_iter().for_each(|rule| self.found.uses.matched(rule));
        scope
    }

    fn here(&self) -> Here<'_> {
        self.trail.here(&self.path)
    }

    /// Two containers of one type: lists the children that differ as the next level.
    fn open(&mut self, x: Value, y: Value) {
        if self.is_ignored() {
            return;
        }
        if self.path.0.len() >= MAX_DEPTH {
            return self.add(Kind::TooDeep, self.sides(x, y));
        }
        let toll = self.rules.places.toll(self.path.0.len() + 1);
        let (fuel, tasks) = (&mut self.fuel, Vec::new());
        let children = Children { x: self.x, y: self.y, fuel, toll, tasks };
        let paired = match self.x.shape(x) {
            Shape::Object => object::pair(children, x, y).map(|tasks| (tasks, Vec::new())),
            _ => self.elements(x, y),
        };
        let Some((tasks, notes)) = paired else { return self.stop(self.sides(x, y)) };
        notes.into_iter().for_each(|note| self.note(note, (x, y)));
        self.levels.push(tasks.into_iter());
        self.trail.open(x, y);
    }

    /// Two arrays, by the rule for them, if there is one.
    fn elements(&mut self, x: Value, y: Value) -> Option<(Vec<Task<'a>>, Vec<Note>)> {
        let rule = self.array_rule();
        let (toll, tasks) = (self.rules.places.toll(self.path.0.len() + 1), Vec::new());
        let here = self.trail.here(&self.path);
        let (number, rule) = rule.unzip();
        let site = Site { rules: self.rules, keys: self.keys, here, rule };
        let children = Children { x: self.x, y: self.y, fuel: &mut self.fuel, toll, tasks };
        let paired = array::pair(children, site, (x, y))?;
        if let Some(number) = number {
            self.found.uses.matched(number);
            if paired.excused {
                self.found.uses.excused(number, || Place::Body(self.path.clone()));
            }
        }
        Some((paired.tasks, paired.notes))
    }

    fn array_rule(&mut self) -> Option<(usize, &'w ArrayRule)> {
        if self.rules.places.is_empty() {
            return None;
        }
        self.rules.places.held(self.here()).array
    }

    /// Tells what is told at an array itself.
    fn note(&mut self, note: Note, (x, y): (Value, Value)) {
        let sides = match note.values {
            None | Some([None, None]) => self.sides(x, y),
            Some([Some(x), Some(y)]) => self.sides(x, y),
            Some([Some(x), None]) => Sides::JsonPrimary(self.x.raw(x)),
            Some([None, Some(y)]) => Sides::JsonCandidate(self.y.raw(y)),
        };
        self.add_many(note.kind, sides, note.count);
    }

    /// The fuel is used up: the rest is one divergence, here.
    fn stop(&mut self, rest: Sides<'a>) {
        self.add(Kind::Truncated, rest);
        self.found.truncated = true;
        self.levels.clear();
    }

    fn sides(&self, x: Value, y: Value) -> Sides<'a> {
        Sides::Json(self.x.raw(x), self.y.raw(y))
    }

    fn changed(&self, change: Change) -> Sides<'a> {
        match change {
            Change::Both(x, y) | Change::Repeated(x, y) | Change::Moved { x, y, .. } => {
                self.sides(x, y)
            }
            Change::Primary(x) | Change::Removed(x, _) | Change::Untold(x) => {
                Sides::JsonPrimary(self.x.raw(x))
            }
            Change::Candidate(y) | Change::Added(y, _) => Sides::JsonCandidate(self.y.raw(y)),
        }
    }

    /// Above what is compared, only a container can hold something that is.
    fn is_told(&self, kind: Kind, sides: Sides<'a>) -> bool {
        let (scope, _) = self.rules.places.scope(self.here());
        let unseen = matches!(kind, Kind::Truncated | Kind::TooDeep);
        let holds = || kind != Kind::ArrayLength && sides.has_container();
        scope == Scope::Inside || unseen || (scope == Scope::Above && holds())
    }

    fn add(&mut self, kind: Kind, sides: Sides<'a>) {
        self.add_many(kind, sides, 1);
    }

    /// One that stands for so many.
    fn add_many(&mut self, kind: Kind, sides: Sides<'a>, count: u64) {
        self.add_as((kind, kind.severity()), sides, count);
    }

    fn add_as(&mut self, (kind, severity): (Kind, Severity), sides: Sides<'a>, count: u64) {
        if !self.is_told(kind, sides) {
            return;
        }
        let divergence = |place| Divergence { severity, count, ..sides.divergence(kind, place) };
        self.found.add_made(severity, || divergence(Place::Body(self.path.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{check, check_json, ignoring, json};
    use crate::compare::{Comparison, Decoded, compare};
    use crate::model::Severity;

    #[test]
    fn how_a_value_is_written_does_not_matter() {
        for (x, y) in [
            (r#"{"a":1,"b":[true,null]}"#, " { \"b\" : [ true , null ] ,\n\"a\" : 1 } "),
            (r#"{"\u00e9":"\u0041\/"}"#, r#"{"é":"A/"}"#),
            ("1", "1.0"),
            ("-0", "0"),
            ("[100]", "[1e2]"),
            (r#""\ud83d\ude00""#, "\"😀\""),
        ] {
            check_json(x, y, &[]);
        }
    }

    #[test]
    fn each_difference_has_its_kind_and_its_place() {
        check_json(r#"{"a":1}"#, r#"{"a":2}"#, &["value $/a 1 -> 2"]);
        check_json(r#"{"a":1}"#, r#"{"a":"1"}"#, &["type $/a 1 -> \"1\""]);
        check_json(r#"{"a":1}"#, r#"{"a":null}"#, &["null $/a 1 -> null"]);
        check_json(r#"{"a":1}"#, r#"{}"#, &["missing $/a 1 -> -"]);
        check_json(r#"{}"#, r#"{"a":null}"#, &["extra $/a - -> null"]);
        check_json("[true]", "[false]", &["value $/0 true -> false"]);
        check_json("[1]", "{}", &["type $ [1] -> {}"]);
        check_json("[1,2]", "[1]", &["array_length $ [1,2] -> [1]", "removed $/1 2 -> -"]);
        check_json("[]", "[{}]", &["array_length $ [] -> [{}]", "added $/0 - -> {}"]);
        check_json("null", "\"\"", &["null $ null -> \"\""]);
        check_json("", "null", &["extra $ - -> null"]);
        check_json("\"\"", "", &["missing $ \"\" -> -"]);
    }

    #[test]
    fn numbers_are_never_rounded() {
        let (one, two) = ("100000000000000000000001", "100000000000000000000002");
        check_json(one, two, &[&format!("value $ {one} -> {two}")]);
        check_json("1e400", "1e401", &["value $ 1e400 -> 1e401"]);
        check_json(
            "9007199254740993",
            "9007199254740992.0",
            &["value $ 9007199254740993 -> 9007199254740992.0"],
        );
    }

    #[test]
    fn a_lone_surrogate_equals_only_itself() {
        check_json(r#""\ud800""#, r#""\uD800""#, &[]);
        check_json(r#""\ud800""#, r#""\ud801""#, &[r#"value $ "\ud800" -> "\ud801""#]);
        check_json(
            r#"{"\ud800":1}"#,
            r#"{"\ud801":1}"#,
            &[r"missing $/\ud800 1 -> -", r"extra $/\ud801 - -> 1"],
        );
    }

    #[test]
    fn repeated_keys_are_told_and_the_last_ones_compared() {
        check_json(r#"{"a":1,"a":2}"#, r#"{"a":2}"#, &["duplicate_key $/a 2 -> 2"]);
        check_json(
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":3}"#,
            &["duplicate_key $/a 2 -> 3", "value $/a 2 -> 3"],
        );
        // Repeated alike: no difference in itself.
        check_json(r#"{"a":1,"a":2,"b":1}"#, r#"{"b":1,"a":1,"a":2}"#, &[]);
        check_json(r#"{"a":1,"a":2,"b":1}"#, r#"{"a":0,"a":2,"b":1}"#, &["value $/a 1 -> 0"]);
        check_json(
            r#"{"a":1,"a":2,"b":1}"#,
            r#"{"b":1,"c":1,"c":2}"#,
            &["missing $/a 2 -> -", "extra $/c - -> 2"],
        );
    }

    #[test]
    fn divergences_come_in_document_order() {
        check_json(
            r#"{"a":1,"b":{"x":1,"y":2},"c":[1,2],"d":4}"#,
            r#"{"e":5,"c":[1,3],"b":{"x":2,"z":2},"a":2}"#,
            &[
                "value $/a 1 -> 2",
                "value $/b/x 1 -> 2",
                "missing $/b/y 2 -> -",
                "extra $/b/z - -> 2",
                "value $/c/1 2 -> 3",
                "missing $/d 4 -> -",
                "extra $/e - -> 5",
            ],
        );
    }

    #[test]
    fn an_ignored_place_still_asserts_presence_type_and_class() {
        let rules = ignoring(&["$.at", "$.items[*].id"]);
        let with = |x: &str, y: &str, expected: &[&str]| {
            let body = |value: &str| json(&format!(r#"{{"items":[{{"id":{value}}}],"at":1}}"#));
            check(&body(x), &body(y), &rules, expected);
        };
        with("1", "2", &[]);
        with("1", "2.5", &[]);
        with("\"some words\"", "\"other words\"", &[]);
        with("\"12345678\"", "\"1234567a\"", &[]);
        with("{\"a\":1}", "{}", &[]);
        with("[1]", "[]", &[]);
        with("true", "false", &[]);
        with("\"words\"", "\"\"", &["value $/items/0/id \"words\" -> \"\""]);
        with(
            "\"2026-01-01\"",
            "\"tomorrow\"",
            &["value $/items/0/id \"2026-01-01\" -> \"tomorrow\""],
        );
        with("1", "null", &["null $/items/0/id 1 -> null"]);
        with("1", "\"1\"", &["type $/items/0/id 1 -> \"1\""]);
        check(&json(r#"{"at":1}"#), &json("{}"), &rules, &["missing $/at 1 -> -"]);
    }

    fn found(x: &str, y: &str, look: impl FnOnce(Comparison<'_>)) {
        let (x, y) = (json(x), json(y));
        let decoded = Decoded::new(&x, &y);
        look(compare(&x, &y, &decoded, &Rules::default()));
    }

    #[test]
    fn a_key_that_is_data_is_not_part_of_the_pattern() {
        let id = "0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d";
        found(
            &format!(r#"{{"users":{{"{id}":{{"age":1}}}}}}"#),
            &format!(r#"{{"users":{{"{id}":{{"age":2}}}}}}"#),
            |found| {
                assert_eq!(found.divergences[0].place.pattern(), "$.users[*].age");
                assert_eq!(found.divergences[0].place.pointer(), format!("/users/{id}/age"));
            },
        );
    }

    #[test]
    fn a_key_of_any_length_is_cut_in_a_path_and_stays_distinct() {
        let long = "k".repeat(100_000);
        found(&format!(r#"{{"{long}1":1,"{long}2":1}}"#), "{}", |found| {
            let pointers: Vec<_> =
                found.divergences.iter().map(|each| each.place.pointer()).collect();
            assert!(pointers.iter().all(|pointer| pointer.len() < 300));
            assert_ne!(pointers[0], pointers[1]);
        });
    }

    #[test]
    fn at_most_256_are_recorded_and_all_are_counted() {
        let array = |value: &str| format!("[{}]", vec![value; 1_000].join(","));
        found(&array("1"), &array("2"), |found| {
            assert_eq!((found.divergences.len(), found.total), (256, 1_000));
            assert!(!found.truncated);
        });
    }

    #[test]
    fn below_the_deepest_level_containers_are_compared_as_text() {
        let nested = |depth: usize, core: &str| "[".repeat(depth) + core + &"]".repeat(depth);
        found(&nested(511, "1"), &nested(511, "2"), |found| {
            assert_eq!(found.divergences[0].kind, Kind::Value);
        });
        found(&nested(100_000, "1"), &nested(100_000, "2"), |found| {
            assert_eq!((found.divergences[0].kind, found.total), (Kind::TooDeep, 1));
            assert_eq!(found.divergences[0].severity, Severity::Breaking);
        });
    }

    #[test]
    fn when_the_fuel_runs_out_the_rest_is_one_divergence() {
        let array = |value: &str| format!("[{}]", vec![value; 2_000_001].join(","));
        found(&array("1"), &array("1 "), |found| {
            assert_eq!((found.divergences[0].kind, found.total), (Kind::Truncated, 1));
            assert!(found.truncated);
        });
        // The same long text, looked at once more at each of many levels.
        let nested = |last: &str| {
            let core = "a".repeat(1 << 20) + last;
            format!("{}\"{core}\"{}", "[".repeat(510), "]".repeat(510))
        };
        found(&nested("1"), &nested("2"), |found| {
            assert_eq!((found.divergences[0].kind, found.total), (Kind::Truncated, 1));
        });
    }
}
