//! What a filter asks of a value.
//!
//! Main types: [`Filter`], [`Test`] and [`Operand`]. The types of RFC 9535, section 2.4.1, are types
//! here: what gives true or false is a [`Test`], what gives one value or nothing an [`Operand`], and
//! what gives nodes a [`Query`].
//!
//! This module never reads a text or a document.

use super::expression::Expression;
use super::sight::{Sight, Spent};
use crate::model::path::select::Step;
use crate::syntax::json::{Document, Value};

/// What stands behind the `?`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter(pub(super) Test);

impl Filter {
    /// Whether a value of the document passes. Looking takes from the fuel: a unit for each value
    /// that is passed by, and for each 256 bytes of text.
    pub fn passes(
        &self,
        document: &Document<'_>,
        value: Value,
        fuel: &mut u64,
    ) -> Result<bool, Spent> {
        Sight::new(document, fuel).holds(&self.0, value)
    }
}

/// What is true or false of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Test {
    /// One of these holds: `||`.
    Any(Vec<Test>),
    /// All of these hold: `&&`.
    All(Vec<Test>),
    Not(Box<Test>),
    /// The query leads somewhere.
    Exists(Query),
    Compares(Operand, Relation, Operand),
    /// `match` or `search`: an operand that is a string fits an expression.
    Fits(Operand, Expression),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is one value or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operand {
    Literal(Literal),
    /// A query that leads to one value at most.
    Query(Query),
    /// Of characters, elements or members; nothing of anything else.
    Length(Box<Operand>),
    /// How many nodes the query leads to.
    Count(Query),
    /// Where the query leads to, if that is one node.
    Value(Query),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
}

/// A path within a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Query {
    pub start: Start,
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Start {
    /// `@`: the value that the filter looks at.
    Here,
    /// `$`: the whole document.
    Root,
}

impl Query {
    /// Whether it leads to one node at most, by its form.
    pub fn is_singular(&self) -> bool {
        self.steps.iter().all(Step::is_single)
    }
}

impl Relation {
    pub const ALL: [(&str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        (">", Self::Greater),
    ];
}
