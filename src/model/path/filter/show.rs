//! A filter in its one normal spelling.
//!
//! This module never depends on how a filter was written.

use super::expression::{Expression, Sought};
use super::test::{Filter, Literal, Operand, Query, Relation, Start, Test};
use crate::model::path::place::push_quoted;
use std::fmt::{self, Display, Formatter};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(tests) => join(f, tests, "||"),
            Self::All(tests) => join(f, tests, "&&"),
            Self::Not(test) => match **test {
                Self::Exists(_) | Self::Fits(..) => write!(f, "!{test}"),
                Self::Any(_) | Self::All(_) | Self::Not(_) | Self::Compares(..) => {
                    write!(f, "!({test})")
                }
            },
            Self::Exists(query) => query.fmt(f),
            Self::Compares(left, relation, right) => write!(f, "{left}{relation}{right}"),
            Self::Fits(text, expression) => expression.show(f, text),
        }
    }
}

/// Tests within tests stand in parentheses where they are joined themselves.
fn join(f: &mut Formatter<'_>, tests: &[Test], sign: &str) -> fmt::Result {
    for (index, test) in tests.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { sign })?;
        match test {
            Test::Any(_) | Test::All(_) => write!(f, "({test})")?,
            Test::Not(_) | Test::Exists(_) | Test::Compares(..) | Test::Fits(..) => test.fmt(f)?,
        }
    }
    Ok(())
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = Self::ALL.iter().find(|(_, relation)| relation == self);
        f.write_str(sign.map_or("", |(sign, _)| sign))
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Query(query) => query.fmt(f),
            Self::Length(operand) => write!(f, "length({operand})"),
            Self::Count(query) => write!(f, "count({query})"),
            Self::Value(query) => write!(f, "value({query})"),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => quoted(f, text),
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let start = match self.start {
            Start::Here => '@',
            Start::Root => '$',
        };
        let mut text = String::from(start);
        self.steps.iter().for_each(|step| step.push(&mut text));
        f.write_str(&text)
    }
}

impl Expression {
    fn show(&self, f: &mut Formatter<'_>, text: &Operand) -> fmt::Result {
        write!(f, "{}({text},", self.span.name())?;
        match &self.sought {
            Sought::Known(regexp) => quoted(f, regexp.text())?,
            Sought::Read(operand) => operand.fmt(f)?,
        }
        f.write_str(")")
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let mut quoted = String::new();
    push_quoted(&mut quoted, text);
    f.write_str(&quoted)
}
