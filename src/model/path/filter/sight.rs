//! Whether a value passes.
//!
//! Main type: [`Sight`], one document and the fuel for looking at it.
//!
//! This module never looks on once the fuel is used up.

use super::operand::Found;
use super::test::{Operand, Relation, Test};
use crate::syntax::json::{Decimal, Document, Value};
use std::cmp::Ordering;

/// The fuel is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent;

pub(super) struct Sight<'s, 'a> {
    pub document: &'s Document<'a>,
    fuel: &'s mut u64,
}

impl<'s, 'a> Sight<'s, 'a> {
    pub(super) fn new(document: &'s Document<'a>, fuel: &'s mut u64) -> Self {
        Self { document, fuel }
    }

    pub(super) fn spend(&mut self, units: u64) -> Result<(), Spent> {
        let left = self.fuel.checked_sub(units);
        *self.fuel = left.unwrap_or(0);
        left.map(drop).ok_or(Spent)
    }

    /// Takes what reading a value's text costs.
    pub(super) fn read(&mut self, value: Value) -> Result<(), Spent> {
        self.spend(1 + (value.end() - value.start()) as u64 / 256)
    }

    /// Nested tests are nested calls; [`read`](super::read()) bounds them.
    pub(super) fn holds(&mut self, test: &Test, here: Value) -> Result<bool, Spent> {
        match test {
            Test::Any(tests) => self.some(tests, here, true),
            Test::All(tests) => self.some(tests, here, false).map(|failed| !failed),
            Test::Not(test) => self.holds(test, here).map(|holds| !holds),
            Test::Exists(query) => self.leads_somewhere(query, here),
            Test::Compares(left, relation, right) => self.compares(left, *relation, right, here),
            Test::Fits(text, expression) => self.fits(text, expression, here),
        }
    }

    /// Whether one of the tests comes out like this.
    fn some(&mut self, tests: &[Test], here: Value, wanted: bool) -> Result<bool, Spent> {
        for test in tests {
            if self.holds(test, here)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn compares(
        &mut self,
        left: &Operand,
        relation: Relation,
        right: &Operand,
        here: Value,
    ) -> Result<bool, Spent> {
        let (left, right) = (self.operand(left, here)?, self.operand(right, here)?);
        Ok(match relation {
            Relation::Equal => self.equal(&left, &right)?,
            Relation::Unequal => !self.equal(&left, &right)?,
            Relation::Less => less(&left, &right),
            Relation::Greater => less(&right, &left),
            Relation::LessOrEqual => less(&left, &right) || self.equal(&left, &right)?,
            Relation::GreaterOrEqual => less(&right, &left) || self.equal(&left, &right)?,
        })
    }

    /// RFC 9535, section 2.3.5.2.2: nothing equals nothing, and types never mix.
    fn equal(&mut self, left: &Found<'_>, right: &Found<'_>) -> Result<bool, Spent> {
        match (left, right) {
            (Found::Container(left), Found::Container(right)) => self.same(*left, *right),
            _ => Ok(left.equals(right)),
        }
    }
}

/// Numbers by their size and strings by their characters; of anything else nothing is less.
fn less(left: &Found<'_>, right: &Found<'_>) -> bool {
    match (left, right) {
        (Found::Number(left), Found::Number(right)) => {
            Decimal::new(left).order(&Decimal::new(right)) == Some(Ordering::Less)
        }
        // In generalised UTF-8 bytes have the order of characters.
        (Found::Text(left), Found::Text(right)) => left < right,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Spent;
    use crate::model::{Filter, Pattern, Reach, Seg};
    use crate::syntax::json::Document;

    /// Which elements of an array pass.
    fn passing(filter: &str, array: &str) -> Vec<usize> {
        let pattern: Pattern = format!("$[?{filter}]").parse().expect(filter);
        let document = Document::parse(array.as_bytes()).expect(array);
        let mut fuel = 1_000_000;
        let elements = document.elements(document.root()).enumerate();
        let selected = elements.filter(|(index, value)| {
            let mut passes = |filter: &Filter| filter.passes(&document, *value, &mut fuel);
            let seg = Seg::Index(*index);
            let followed = pattern.follow(pattern.start(), &seg, None, &mut passes);
            pattern.reached(followed.expect("little work")) == Reach::At
        });
        selected.map(|(index, _)| index).collect()
    }

    fn check(filter: &str, array: &str, expected: &[usize]) {
        assert_eq!(passing(filter, array), expected, "{filter} {array}");
        let opposite: Vec<_> = passing(&format!("!({filter})"), array);
        let all = passing("@||!@", array);
        let others: Vec<_> = all.into_iter().filter(|index| !expected.contains(index)).collect();
        assert_eq!(opposite, others, "!({filter}) {array}");
    }

    #[test]
    fn existence_is_about_nodes_and_not_about_what_they_hold() {
        check("@.a", r#"[{"a":null},{"a":false},{"b":1},[1],"a",{}]"#, &[0, 1]);
        check("@.*", r#"[[],[0],{},{"a":0},1]"#, &[1, 3]);
        check("@[1]", r#"[[1],[1,2],{"1":0},"ab"]"#, &[1]);
        check("@[-1]", r#"[[],[1]]"#, &[1]);
        check("@..a", r#"[{"b":[{"a":0}]},{"b":[0]}]"#, &[0]);
        check("@[?@>1]", "[[0],[2],{\"x\":3},3]", &[1, 2]);
        check("$[0].a", r#"[{"a":0},1]"#, &[0, 1]);
        check("@[::-2]", "[[],[1]]", &[1]);
        check("@.**", "[1]", &[0]);
    }

    #[test]
    fn values_are_compared_by_what_they_are() {
        check("@==1", r#"[1,1.0,1e0,"1",10e-1,true,[1]]"#, &[0, 1, 2, 4]);
        check("@==-0", "[0,-0.0,0e9,1]", &[0, 1, 2]);
        check("@==100000000000000000000001", "[100000000000000000000002]", &[]);
        check("@<=9007199254740992", "[9007199254740993,9007199254740992.0]", &[1]);
        check("@>1e400", "[1e401,2e400,1e399,-1e401]", &[0, 1]);
        check(r"@=='\u00e9'", r#"["é","\u00e9","e\u0301"]"#, &[0, 1]);
        check("@<'b'", r#"["a","ab","B","b","c",1,null]"#, &[0, 1, 2]);
        check("@>'\u{ffff}'", r#"["\ud83d\ude00","\uffff","z"]"#, &[0]);
        check("@==null", "[null,0,false,\"\"]", &[0]);
        check("@<=null", "[null,0]", &[0]);
        check("@<true", "[true,false]", &[]);
        check("@>=false", "[true,false]", &[1]);
        check("@!=1", r#"[1,"1",2]"#, &[1, 2]);
    }

    #[test]
    fn nothing_equals_nothing_alone() {
        check("@.a==@.b", r#"[{},{"a":1},{"a":1,"b":1},{"a":null}]"#, &[0, 2]);
        check("@.a<=@.b", r#"[{},{"a":1},{"a":1,"b":2}]"#, &[0, 2]);
        check("@.a<@.b", r#"[{},{"a":1},{"a":1,"b":2}]"#, &[2]);
        check("@.a!=null", r#"[{},{"a":null}]"#, &[0]);
        check("length(@)==value(@.*)", r#"[1,[7],[1],[1,2]]"#, &[0, 2]);
    }

    #[test]
    fn containers_are_compared_deeply() {
        let equal = r#"[{"a":{"x":[1,{"y":"é"}],"z":2},"b":{"z":2.0,"x":[1e0,{"y":"\u00e9"}]}}]"#;
        check("@.a==@.b", equal, &[0]);
        check("@.a>=@.b", equal, &[0]);
        check("@.a==@.b", r#"[{"a":[1,2],"b":[2,1]},{"a":[1],"b":[1,1]},{"a":[],"b":{}}]"#, &[]);
        check("@.a==@.b", r#"[{"a":{"x":1},"b":{"x":1,"y":1}},{"a":{"x":1},"b":{"y":1}}]"#, &[]);
        check("@.a==@.b", r#"[{"a":{"x":1,"x":2},"b":{"x":2}}]"#, &[0]);
        check("@.a<@.b", r#"[{"a":[1],"b":[2]}]"#, &[]);
    }

    #[test]
    fn tests_are_joined_as_in_logic() {
        let array = r#"[{},{"a":0},{"b":0},{"a":0,"b":0},{"c":0}]"#;
        check("@.a&&@.b", array, &[3]);
        check("@.a||@.b", array, &[1, 2, 3]);
        check("@.a&&@.b||@.c", array, &[3, 4]);
        check("@.a&&(@.b||@.c)", array, &[3]);
        check("!@.a&&!@.b", array, &[0, 4]);
    }

    #[test]
    fn functions_count_and_fit() {
        check(
            "length(@)==2",
            r#"["ab","\ud83d\ude00!","é","a",[1,2],{"a":1,"b":2},2,null]"#,
            &[0, 1, 4, 5],
        );
        check("length(@)==1", r#"["\ud800","é"]"#, &[0, 1]);
        check("count(@.*)==2", r#"[[1,2],{"a":1,"b":1},[1],"ab"]"#, &[0, 1]);
        check("count(@['a','a'])==2", r#"[{"a":1},{"b":1}]"#, &[0]);
        check("count(@..a)==3", r#"[{"a":{"a":1,"b":{"a":1}}}]"#, &[0]);
        check("count(@..a..b)==2", r#"[{"a":{"a":{"b":1}}}]"#, &[0]);
        check("value(@..a)==1", r#"[[{"a":1}],[{"a":1},{"a":1}],[]]"#, &[0]);
        check("match(@,'a.c')", r#"["abc","xabc","a\nc",1,["abc"]]"#, &[0]);
        check("search(@,'a.c')", r#"["abc","xabc","a\nc",1]"#, &[0, 1]);
        check("search(@.a,$[0])", r#"["b+",{"a":"abb"},{"a":"a"},{"a":1}]"#, &[1]);
        check("search(@.a,$[0])", r#"["b(",{"a":"b("}]"#, &[]);
        check("match(@,1)||search(1,@)", r#"["1",1]"#, &[]);
    }

    /// Whether the work ends within the fuel.
    fn works(filter: &str, text: &str, mut fuel: u64) -> Result<bool, Spent> {
        let pattern: Pattern = format!("$[?{filter}]").parse().expect(filter);
        let document = Document::parse(text.as_bytes()).expect("JSON");
        let root = document.root();
        let mut passes = |filter: &Filter| filter.passes(&document, root, &mut fuel);
        let followed = pattern.follow(pattern.start(), &Seg::Index(0), None, &mut passes)?;
        Ok(pattern.reached(followed) == Reach::At)
    }

    #[test]
    fn no_document_makes_a_filter_work_on_without_end_or_use_the_stack() {
        let wide = format!("[{}0]", "0,".repeat(100_000));
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        let words = format!("[{}]", vec!["\"a\""; 1_000].join(","));
        assert_eq!(works("count(@[?count($.*)>0])>0", &wide, 200_000), Err(Spent));
        assert_eq!(works("@..a", &deep, 2_000_000), Err(Spent));
        assert_eq!(works("@[?match('a',@)&&@=='b']", &words, 200_000), Err(Spent));
        assert_eq!(works("$[0]==$[1]", &format!("[{deep},{deep} ]"), 2_000_000), Ok(true));
        let spaced = deep.replacen("[[", "[ [", 1);
        assert_eq!(works("$[0]==$[1]", &format!("[{deep},{spaced}]"), u64::MAX), Ok(true));
    }
}
