//! The functions of RFC 9535, section 2.4, and what they take.
//!
//! This module never calls a function; it only knows their types.

use super::expression::{Expression, Span};
use super::read::{Term, no, term};
use super::test::{Operand, Query, Test};
use crate::model::PatternError;
use crate::model::path::lex::blank;
use crate::model::path::read::Read;

/// An argument, and the text that begins with it.
type Argument<'a> = (Term, &'a str);

/// Reads what follows the parenthesis of a function, which stands at `at`.
pub(super) fn read<'a>(name: &str, at: &'a str, inside: &'a str, depth: usize) -> Read<'a, Term> {
    let (arguments, rest) = arguments(inside, depth)?;
    let mut arguments = arguments.into_iter();
    let given = [arguments.next(), arguments.next(), arguments.next()];
    let term = match (name, given) {
        ("length", [Some(one), None, _]) => Term::Operand(Operand::Length(Box::new(value(one)?))),
        ("count", [Some(one), None, _]) => Term::Operand(Operand::Count(nodes(one)?)),
        ("value", [Some(one), None, _]) => Term::Operand(Operand::Value(nodes(one)?)),
        ("match", [Some(text), Some(sought), None]) => fits(Span::Whole, text, sought)?,
        ("search", [Some(text), Some(sought), None]) => fits(Span::Part, text, sought)?,
        ("length" | "count" | "value", _) => {
            return Err(no(at, "this function takes one argument"));
        }
        ("match" | "search", _) => {
            return Err(no(at, "this function takes two arguments, a value and an expression"));
        }
        _ => return Err(no(at, "the functions are length, count, value, match and search")),
    };
    Ok((term, rest))
}

fn arguments(inside: &str, depth: usize) -> Read<'_, Vec<Argument<'_>>> {
    let mut arguments = Vec::new();
    let mut at = blank(inside);
    if let Some(rest) = at.strip_prefix(')') {
        return Ok((arguments, rest));
    }
    loop {
        let (argument, rest) = term(at, depth)?;
        arguments.push((argument, at));
        let rest = blank(rest);
        if let Some(rest) = rest.strip_prefix(')') {
            return Ok((arguments, rest));
        }
        let wrong = || no(rest, "an argument is followed by `,` or `)`, and is no test");
        at = blank(rest.strip_prefix(',').ok_or_else(wrong)?);
    }
}

fn fits(span: Span, text: Argument<'_>, sought: Argument<'_>) -> Result<Term, PatternError> {
    let (text, at) = (value(text)?, sought.1);
    let expression = Expression::new(span, value(sought)?);
    let expression = expression.map_err(|_| no(at, "the expression is too large"))?;
    Ok(Term::Test(Test::Fits(text, expression)))
}

fn value((term, at): Argument<'_>) -> Result<Operand, PatternError> {
    term.operand(at)
}

fn nodes((term, at): Argument<'_>) -> Result<Query, PatternError> {
    match term {
        Term::Query(query) => Ok(query),
        Term::Literal(_) | Term::Operand(_) | Term::Test(_) => {
            Err(no(at, "this function takes a query, such as @.* or $.items[*]"))
        }
    }
}
