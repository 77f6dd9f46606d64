//! From a text to a filter: the grammar of RFC 9535, section 2.3.5.1, and its types.
//!
//! This module never accepts what the RFC calls invalid, and says what is wrong and where.

use super::call;
use super::literal;
use super::test::{Filter, Literal, Operand, Query, Relation, Start, Test};
use crate::model::PatternError;
use crate::model::path::lex::{blank, number, quoted};
use crate::model::path::read::{MAX_STEPS, Read, name, segments};

/// Parentheses, functions and filters within each other beyond so many are refused: this reader
/// and the evaluation use the machine's stack for them.
const MAX_NESTING: usize = 16;

/// Reads what follows the `?`, up to the `]` or the `,`; it stands within so many filters.
pub(in crate::model::path) fn read(text: &str, depth: usize) -> Read<'_, Filter> {
    let (test, rest) = any(text, deeper(text, depth)?)?;
    match blank(rest).chars().next() {
        Some(']' | ',') => Ok((Filter(test), rest)),
        _ => Err(no(blank(rest), "a test is followed by &&, || or ]")),
    }
}

pub(super) fn no(at: &str, why: &'static str) -> PatternError {
    let at = if at.is_empty() { "the end of the path" } else { at };
    PatternError::Filter { at: at.to_owned(), why }
}

/// One level of nesting more.
pub(super) fn deeper(at: &str, depth: usize) -> Result<usize, PatternError> {
    let wrong = "tests, functions and filters are nested at most 16 deep";
    if depth < MAX_NESTING { Ok(depth + 1) } else { Err(no(at, wrong)) }
}

fn any(text: &str, depth: usize) -> Read<'_, Test> {
    chain(text, "||", Test::Any, |text| all(text, depth))
}

fn all(text: &str, depth: usize) -> Read<'_, Test> {
    chain(text, "&&", Test::All, |text| one(text, depth))
}

/// Tests that are joined by a sign; a single one stays what it is.
fn chain<'a>(
    text: &'a str,
    sign: &str,
    join: fn(Vec<Test>) -> Test,
    read: impl Fn(&'a str) -> Read<'a, Test>,
) -> Read<'a, Test> {
    let (first, mut rest) = read(text)?;
    let mut more = Vec::new();
    while let Some(after) = blank(rest).strip_prefix(sign) {
        let (test, after) = read(blank(after))?;
        more.push(test);
        rest = after;
    }
    if more.is_empty() {
        return Ok((first, rest));
    }
    more.insert(0, first);
    Ok((join(more), rest))
}

fn one(text: &str, depth: usize) -> Read<'_, Test> {
    if let Some(after) = text.strip_prefix('!') {
        let (test, rest) = negated(blank(after), depth)?;
        return Ok((Test::Not(Box::new(test)), rest));
    }
    if let Some(inside) = text.strip_prefix('(') {
        return group(inside, depth);
    }
    let (left, after) = term(text, depth)?;
    let Some((relation, behind)) = relation(blank(after)) else {
        return Ok((left.test(text)?, after));
    };
    let at = blank(behind);
    let (right, rest) = term(at, depth)?;
    let (left, right) = (left.compared(text, after)?, right.compared(at, rest)?);
    Ok((Test::Compares(left, relation, right), rest))
}

/// What stands behind a `!`.
fn negated(text: &str, depth: usize) -> Read<'_, Test> {
    if let Some(inside) = text.strip_prefix('(') {
        return group(inside, depth);
    }
    let (term, rest) = term(text, depth)?;
    match relation(blank(rest)) {
        Some(_) => Err(no(text, "a comparison behind `!` stands in parentheses: !(@.a == 1)")),
        None => Ok((term.test(text)?, rest)),
    }
}

/// What stands behind a `(`.
fn group(text: &str, depth: usize) -> Read<'_, Test> {
    let (test, rest) = any(blank(text), deeper(text, depth)?)?;
    let rest = blank(rest);
    let wrong = || no(rest, "a test in parentheses is followed by &&, || or )");
    Ok((test, rest.strip_prefix(')').ok_or_else(wrong)?))
}

fn relation(text: &str) -> Option<(Relation, &str)> {
    let mut all = Relation::ALL.into_iter();
    all.find_map(|(sign, relation)| Some((relation, text.strip_prefix(sign)?)))
}

/// What a test or a comparison begins with.
pub(super) enum Term {
    Literal(Literal),
    Query(Query),
    /// What a function gives.
    Operand(Operand),
    Test(Test),
}

pub(super) fn term(text: &str, depth: usize) -> Read<'_, Term> {
    let literal = |(literal, rest)| (Term::Literal(literal), rest);
    match text.chars().next() {
        Some('@' | '$') => query(text, depth).map(|(query, rest)| (Term::Query(query), rest)),
        Some('\'' | '"') => literal::text(text).map(literal),
        Some('-' | '0'..='9') => literal::number(text).map(literal),
        Some('a'..='z') => word(text, depth),
        _ => Err(no(text, "a test is made of @, $, literals, functions, `!` and parentheses")),
    }
}

fn query(text: &str, depth: usize) -> Read<'_, Query> {
    let (start, rest) = match text.strip_prefix('@') {
        Some(rest) => (Start::Here, rest),
        None => (Start::Root, text.strip_prefix('$').unwrap_or_default()),
    };
    let (steps, rest) = segments(rest, depth)?;
    if steps.len() > MAX_STEPS {
        return Err(PatternError::TooLong);
    }
    Ok((Query { start, steps }, rest))
}

/// A function or one of the words that are literals.
fn word(text: &str, depth: usize) -> Read<'_, Term> {
    let is_part = |char: char| matches!(char, 'a'..='z' | '0'..='9' | '_');
    let end = text.find(|char| !is_part(char)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or_default();
    if let Some(inside) = rest.strip_prefix('(') {
        return call::read(word, text, inside, deeper(text, depth)?);
    }
    let wrong = "a word is null, true, false or a function with its parenthesis, in lower case";
    let literal = literal::word(word).ok_or_else(|| no(text, wrong))?;
    Ok((Term::Literal(literal), rest))
}

impl Term {
    /// What stands alone.
    fn test(self, at: &str) -> Result<Test, PatternError> {
        match self {
            Self::Test(test) => Ok(test),
            Self::Query(query) => Ok(Test::Exists(query)),
            Self::Literal(_) => Err(no(at, "a literal alone is no test; compare it")),
            Self::Operand(_) => {
                Err(no(at, "what this function gives is no test; compare it, as in length(@) > 1"))
            }
        }
    }

    /// What gives one value.
    pub(super) fn operand(self, at: &str) -> Result<Operand, PatternError> {
        match self {
            Self::Operand(operand) => Ok(operand),
            Self::Literal(literal) => Ok(Operand::Literal(literal)),
            Self::Query(query) if query.is_singular() => Ok(Operand::Query(query)),
            Self::Query(_) => {
                Err(no(at, "one value is asked for, but the query may lead to several"))
            }
            Self::Test(_) => Err(no(at, "match and search are true or false, which is no value")),
        }
    }

    /// A side of a comparison, which `rest` follows. A query there has no blanks in its brackets.
    fn compared(self, at: &str, rest: &str) -> Result<Operand, PatternError> {
        let is_query = matches!(self, Self::Query(_));
        let operand = self.operand(at)?;
        if is_query && singular_end(at) != Some(rest) {
            return Err(no(at, "a query that is compared has no blanks within its brackets"));
        }
        Ok(operand)
    }
}

/// What follows a `singular-query` of the grammar.
fn singular_end(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix(['@', '$'])?;
    loop {
        let at = blank(rest);
        let after = match at.strip_prefix('[') {
            Some(inside) if inside.starts_with(['\'', '"']) => quoted(inside)?.1.strip_prefix(']'),
            Some(inside) => number(inside)?.1.strip_prefix(']'),
            None => at.strip_prefix('.').and_then(name).map(|(_, rest)| rest),
        };
        match after {
            Some(after) => rest = after,
            None => return Some(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Pattern, PatternError};

    /// The filter is valid, and has this one normal spelling, which reads back as itself.
    fn check(text: &str, normal: &str) {
        let read = |text: &str| format!("$[?{text}]").parse::<Pattern>().expect(text);
        assert_eq!(read(text).normalised(), format!("$[?{normal}]"), "{text}");
        assert_eq!(read(normal).normalised(), read(text).normalised(), "{text}");
    }

    #[test]
    fn a_filter_has_one_normal_spelling() {
        check(" @", "@");
        check("\t@ .a\n[0] [ 'b' ]", "@.a[0].b");
        check("$..a", "$.**.a");
        check("@.a==1", "@.a==1");
        check("@['a'] \t!= \r\n\"it's\"", r"@.a!='it\'s'");
        check("1<2||'a'>=@&&null<=true", "1<2||('a'>=@&&null<=true)");
        check("(@.a||@.b)&&@.c", "(@.a||@.b)&&@.c");
        check("((@.a))", "@.a");
        check("! @.a", "!@.a");
        check("!( @.a == 1 )", "!(@.a==1)");
        check("!(!@.a)", "!(!@.a)");
        check("-0.50E+3>-0", "-0.50E+3>-0");
        check("length( @.a ) == count( @.* )", "length(@.a)==count(@[*])");
        check("value($..a)==false", "value($.**.a)==false");
        check("match(@.a,'x')&&!search( @.b , $.c )", "match(@.a,'x')&&!search(@.b,$.c)");
        check("length(value(@..a))>1", "length(value(@.**.a))>1");
        check("@[?@.a>$.b]", "@[?@.a>$.b]");
        check("@.a,?@.b,1", "@.a,?@.b,1");
        check("match(1,2)", "match(1,2)");
        check("@[0,0]", "@[0,0]");
        check("@.true==true", "@.true==true");
    }

    #[test]
    fn what_rfc_9535_calls_invalid_says_why() {
        for (text, why) in [
            ("", "is made of"),
            ("a", "lower case"),
            ("True==@.a", "is made of"),
            ("1", "a literal alone"),
            ("'a'", "a literal alone"),
            ("null&&@.a", "a literal alone"),
            ("length(@)", "compare it"),
            ("count(@.*)||@.a", "compare it"),
            ("@.a=1", "is followed by"),
            ("@.a===1", "is made of"),
            ("@.a==1==2", "is followed by"),
            ("(@.a)==1", "is followed by"),
            ("@.a&@.b", "is followed by"),
            ("@.a and @.b", "is followed by"),
            ("@.a&&", "is made of"),
            ("&&@.a", "is made of"),
            ("(@.a", "followed by &&, || or )"),
            ("@.a)", "is followed by"),
            ("()", "is made of"),
            ("!@.a==1", "in parentheses"),
            ("!1", "a literal alone"),
            ("!!@.a", "is made of"),
            ("!length(@)==1", "in parentheses"),
            ("@.*==1", "several"),
            ("@..a==1", "several"),
            ("@[0:1]==1", "several"),
            ("@['a','b']==1", "several"),
            ("@[?@]==1", "several"),
            ("1==@.**", "several"),
            ("@[ 'a' ]==1", "blanks"),
            ("$[0 ]<1", "blanks"),
            ("01==@", "as in JSON"),
            ("1.==@", "as in JSON"),
            ("-==@", "as in JSON"),
            ("1e==@", "as in JSON"),
            (".1==@", "is made of"),
            ("+1==@", "is made of"),
            ("'a==@", "not closed"),
            ("'\\q'==@", "not closed"),
            ("'\\\"'==@", "not closed"),
            ("size(@)>1", "the functions are"),
            ("Length(@)>1", "is made of"),
            ("length (@)>1", "lower case"),
            ("length()>1", "one argument"),
            ("length(@,@)>1", "one argument"),
            ("length(@.*)>1", "several"),
            ("length(match(@,@))>1", "no value"),
            ("length(@.a==1)>1", "is no test"),
            ("length((@))>1", "is made of"),
            ("count(1)>1", "takes a query"),
            ("count(length(@))>1", "takes a query"),
            ("value('a')==1", "takes a query"),
            ("match(@)", "two arguments"),
            ("match(@,@,@)", "two arguments"),
            ("match(@,'a')==true", "no value"),
            ("search(@.*,'a')", "several"),
            ("match(@,'a',)", "is made of"),
            ("length(@", "followed by `,`"),
            ("match(@,'(a{900}){900}')", "too large"),
        ] {
            let path = format!("$[?{text}]");
            let refused = path.parse::<Pattern>().expect_err(text).to_string();
            assert!(refused.contains(why), "{path}: {refused}");
        }
        for path in ["$[?@.a", "$[?", "$[?@.a b]", "$[?@.a,]", "$[?@[01]]", "$[?@.a-b]"] {
            assert!(path.parse::<Pattern>().is_err(), "{path}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |open: &str, close: &str, times: usize| {
            format!("$[?{}@.a{}]", open.repeat(times), close.repeat(times)).parse::<Pattern>()
        };
        assert!(nested("(", ")", 15).is_ok() && nested("@[?", "]", 15).is_ok());
        for (open, close) in [("(", ")"), ("@[?", "]"), ("!(", ")"), ("length(", ")")] {
            let refused = nested(open, close, 100_000).expect_err(open);
            assert!(matches!(refused, PatternError::Filter { .. }), "{open}");
            assert!(refused.to_string().contains("16 deep"), "{open}");
        }
        let steps = format!("$[?@{}]", ".a".repeat(65));
        assert_eq!(steps.parse::<Pattern>(), Err(PatternError::TooLong));
    }
}
