//! What operands are in a document.
//!
//! Main type: [`Found`].
//!
//! This module never compares anything but scalars.

use super::nodes::Nodes;
use super::sight::{Sight, Spent};
use super::test::{Literal, Operand, Query, Start};
use crate::model::path::select::{Hop, Step};
use crate::syntax::json::{Decimal, Document, Shape, Value};
use std::borrow::Cow;
use std::convert::Infallible;

/// One value or nothing, as it can be compared.
#[derive(Debug)]
pub(super) enum Found<'v> {
    Nothing,
    Null,
    Bool(bool),
    Number(Cow<'v, [u8]>),
    /// In generalised UTF-8.
    Text(Cow<'v, [u8]>),
    /// An array or an object of the document.
    Container(Value),
}

impl<'v> Found<'v> {
    pub(super) fn of(document: &Document<'v>, value: Value) -> Self {
        match document.shape(value) {
            Shape::Null => Self::Null,
            Shape::Bool => Self::Bool(document.raw(value) == b"true"),
            Shape::Number => Self::Number(document.raw(value).into()),
            Shape::String => Self::Text(document.string(value).canonical()),
            Shape::Array | Shape::Object => Self::Container(value),
        }
    }

    fn count(number: usize) -> Self {
        Self::Number(number.to_string().into_bytes().into())
    }

    /// Whether both are one scalar, or both nothing.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) | (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => {
                Decimal::new(one).same(&Decimal::new(other))
            }
            _ => false,
        }
    }
}

impl<'v> From<&'v Literal> for Found<'v> {
    fn from(literal: &'v Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(value) => Self::Bool(*value),
            Literal::Number(text) => Self::Number(text.as_bytes().into()),
            Literal::Text(text) => Self::Text(text.as_bytes().into()),
        }
    }
}

impl<'a> Sight<'_, 'a> {
    /// Functions of functions are nested calls, as nested tests are.
    pub(super) fn operand<'v>(
        &mut self,
        operand: &'v Operand,
        here: Value,
    ) -> Result<Found<'v>, Spent>
    where
        'a: 'v,
    {
        match operand {
            Operand::Literal(literal) => Ok(literal.into()),
            Operand::Query(query) => match self.single(query, here)? {
                Some(value) => self.found(value),
                None => Ok(Found::Nothing),
            },
            Operand::Length(operand) => {
                let found = self.operand(operand, here)?;
                self.length(&found)
            }
            Operand::Count(query) => self.count(query, here),
            Operand::Value(query) => self.only(query, here),
        }
    }

    fn found<'v>(&mut self, value: Value) -> Result<Found<'v>, Spent>
    where
        'a: 'v,
    {
        self.read(value)?;
        Ok(Found::of(self.document, value))
    }

    /// RFC 9535, section 2.4.4.
    fn length<'v>(&mut self, found: &Found<'_>) -> Result<Found<'v>, Spent> {
        Ok(match found {
            // In generalised UTF-8 every character has one byte that continues no other.
            Found::Text(text) => {
                Found::count(text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count())
            }
            Found::Container(value) => {
                let (members, elements) =
                    (self.document.members(*value), self.document.elements(*value));
                let count = members.count() + elements.count();
                self.spend(count as u64)?;
                Found::count(count)
            }
            Found::Nothing | Found::Null | Found::Bool(_) | Found::Number(_) => Found::Nothing,
        })
    }

    /// RFC 9535, section 2.4.5.
    fn count<'v>(&mut self, query: &Query, here: Value) -> Result<Found<'v>, Spent> {
        let mut nodes = Nodes::of(&query.steps, self.start(query, here));
        let mut count = 0;
        while nodes.next(self)?.is_some() {
            count += 1;
        }
        Ok(Found::count(count))
    }

    /// RFC 9535, section 2.4.8.
    fn only<'v>(&mut self, query: &Query, here: Value) -> Result<Found<'v>, Spent>
    where
        'a: 'v,
    {
        let mut nodes = Nodes::of(&query.steps, self.start(query, here));
        match (nodes.next(self)?, nodes.next(self)?) {
            (Some(value), None) => self.found(value),
            _ => Ok(Found::Nothing),
        }
    }

    pub(super) fn leads_somewhere(&mut self, query: &Query, here: Value) -> Result<bool, Spent> {
        if query.is_singular() {
            return Ok(self.single(query, here)?.is_some());
        }
        let mut nodes = Nodes::of(&query.steps, self.start(query, here));
        Ok(nodes.next(self)?.is_some())
    }

    fn start(&self, query: &Query, here: Value) -> Value {
        match query.start {
            Start::Here => here,
            Start::Root => self.document.root(),
        }
    }

    /// Where a query leads that leads to one node at most.
    fn single(&mut self, query: &Query, here: Value) -> Result<Option<Value>, Spent> {
        let mut at = self.start(query, here);
        for step in &query.steps {
            match self.child(step, at)? {
                Some(child) => at = child,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Of repeated keys the last one counts.
    fn child(&mut self, step: &Step, parent: Value) -> Result<Option<Value>, Spent> {
        let mut found = None;
        for member in self.document.members(parent) {
            self.spend(1)?;
            if leads(step, Hop::Member(&member.key.canonical()), None) {
                found = Some(member.value);
            }
        }
        let length = step.counts_from_the_end().then(|| self.document.elements(parent).count());
        self.spend(length.unwrap_or(0) as u64)?;
        for (index, element) in self.document.elements(parent).enumerate() {
            self.spend(1)?;
            if leads(step, Hop::Element(index), length) {
                return Ok(Some(element));
            }
        }
        Ok(found)
    }
}

/// Whether a step without a filter leads there.
fn leads(step: &Step, hop: Hop<'_>, length: Option<usize>) -> bool {
    let Ok(times) = step.times(hop, length, &mut |_| Ok::<bool, Infallible>(false));
    times > 0
}
