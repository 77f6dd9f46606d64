//! Which rules select something in an answer, whether or not anything differs there.
//!
//! A comparison never looks into what is equal: a rule for a field that never differs selects
//! nothing in it, as does one with a slip of the pen. Looking at a few answers for their own sake
//! tells them apart.
//!
//! This module never compares, and looks at a bounded number of places.

use super::decode::{alone, text};
use super::places::Places;
use super::rules::Rules;
use super::types::Types;
use super::uses::Uses;
use crate::model::{Outcome, Path, Pattern, Reach, Seg};
use crate::syntax::json::{Document, Elements, Members, Shape, Value};

/// Places of one body that are looked at.
const MAX_PLACES: usize = 10_000;

/// Containers one within the other that are gone into.
const MAX_DEPTH: usize = 128;

/// The rules that select a header or a place of the body, each once.
pub fn selected(outcome: &Outcome, types: Types<'_>, rules: &Rules) -> Uses {
    let mut uses = Uses::default();
    let Outcome::Reply(reply) = outcome else { return uses };
    for (name, rule) in rules.named_headers() {
        if reply.headers.contains_key(name) {
            uses.matched(rule);
        }
    }
    let left = rules.places.patterns();
    if left.is_empty() {
        return uses;
    }
    let Some(body) = text(reply) else { return uses };
    let json = alone(reply, &body, types);
    if let Some(document) = json.as_deref().and_then(|json| Document::parse(json).ok()) {
        let counting = rules.places.is_counting();
        Search { document: &document, left, counting, path: Path::default(), lengths: Vec::new() }
            .run(&mut uses);
    }
    uses
}

/// What is left of a container.
enum Inside<'d, 'a> {
    Object(Members<'d, 'a>),
    Array(Elements<'d, 'a>, usize),
}

struct Search<'d, 'a, 'r> {
    document: &'d Document<'a>,
    /// Patterns that have selected nothing yet.
    left: Vec<(usize, &'r Pattern)>,
    counting: bool,
    path: Path,
    lengths: Vec<usize>,
}

impl<'d, 'a> Search<'d, 'a, '_> {
    fn run(mut self, uses: &mut Uses) {
        let mut open: Vec<_> = self.at(self.document.root(), uses).into_iter().collect();
        let mut places = 0;
        while let Some(inside) = open.last_mut() {
            let next = match inside {
                Inside::Object(members) => {
                    members.next().map(|member| (Seg::Key(member.key.to_display()), member.value))
                }
                Inside::Array(elements, index) => elements.next().map(|value| {
                    *index += 1;
                    (Seg::Index(*index - 1), value)
                }),
            };
            let Some((seg, value)) = next else {
                open.pop();
                self.path.0.pop();
                self.lengths.pop();
                continue;
            };
            places += 1;
            if places > MAX_PLACES || self.left.is_empty() {
                return;
            }
            self.path.0.push(seg);
            match self.at(value, uses).filter(|_| open.len() < MAX_DEPTH) {
                Some(inside) => open.push(inside),
                None => drop(self.path.0.pop()),
            }
            self.lengths.truncate(open.len());
        }
    }

    /// Looks at a place; gives what is in it where that may be of interest.
    fn at(&mut self, value: Value, uses: &mut Uses) -> Option<Inside<'d, 'a>> {
        let (path, lengths) = (&self.path.0, &self.lengths);
        let mut further = false;
        self.left.retain(|(rule, pattern)| match pattern.reach(path, lengths) {
            Reach::At => {
                uses.matched(*rule);
                false
            }
            Reach::Above | Reach::Below => {
                further = true;
                true
            }
            Reach::Outside => true,
        });
        let inside = match self.document.shape(value) {
            _ if !further => return None,
            Shape::Object => Inside::Object(self.document.members(value)),
            Shape::Array => Inside::Array(self.document.elements(value), 0),
            Shape::Null | Shape::Bool | Shape::Number | Shape::String => return None,
        };
        let length = match &inside {
            Inside::Array(..) if self.counting => self.document.elements(value).count(),
            _ => 0,
        };
        self.lengths.push(length);
        Some(inside)
    }
}

impl Places {
    /// The rules that name places, with their numbers.
    fn patterns(&self) -> Vec<(usize, &Pattern)> {
        self.rules().filter_map(|(number, at)| Some((number, at?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{json, reply};
    use crate::config;

    fn check(rules: &str, outcome: &Outcome, expected: &[&str]) {
        let text = format!("primary: {{ url: \"http://a:1\" }}\ncompare: {rules}");
        let config = config::parse(&text, "shadow.yaml", &|_| None).expect(&text);
        let rules = Rules::new(&config.compare);
        let uses = selected(outcome, Types::default(), &rules);
        let mut found: Vec<_> = uses.iter().map(|used| (used.rule, used.matched)).collect();
        found.sort_unstable();
        let name = |(rule, matched): &(usize, u64)| (rules.names()[*rule].text.as_str(), *matched);
        let expected: Vec<_> = expected.iter().map(|name| (*name, 1)).collect();
        assert_eq!(found.iter().map(name).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_rule_selects_what_is_there_whether_or_not_it_differs() {
        let body = json(r#"{"id":1,"items":[{"at":1},{"at":2,"x":{"at":3}}],"a b":null}"#);
        let rules = "{ ignore: [$.id, $.ID, \"$.items[*].at\", \"$.items[-1].x\", $..none, /items/1/at], \
                     numbers: [{ path: \"$['a b']\", abs: 1 }], only: [\"$.items[5]\", $] }";
        let expected = ["$.id", "$.items[*].at", "$.items[-1].x", "/items/1/at", "$", "$['a b']"];
        check(rules, &body, &expected);
        check("{ ignore: [$.id] }", &json("[1,"), &[]);
        check("{ ignore: [$.id] }", &Outcome::Fault(crate::model::Fault::Reset), &[]);
    }

    #[test]
    fn headers_are_selected_by_their_names_and_other_formats_are_read() {
        let lines = [("content-type", "application/x-www-form-urlencoded"), ("x-a", "1")];
        let form = reply(200, &lines, b"a=1&b=2");
        let rules = "{ headers: { also: [x-a, x-b] }, ignore: [\"$.a[0]\", $.c] }";
        check(rules, &form, &["$.a[0]", "x-a"]);
    }

    #[test]
    fn no_body_is_looked_at_without_end() {
        let wide = format!("{{\"a\":[{}1],\"z\":1}}", "1,".repeat(MAX_PLACES));
        check("{ ignore: [$.z, $..none] }", &json(&wide), &[]);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        check("{ ignore: [$..none] }", &json(&deep), &[]);
    }
}
