//! The expressions of `match` and `search`.
//!
//! Main type: [`Expression`].
//!
//! This module never says how an expression is written; [`regexp`](super::regexp) does.

use super::operand::Found;
use super::regexp::{Regexp, TooLarge};
use super::sight::{Sight, Spent};
use super::test::{Literal, Operand};
use crate::syntax::json::Value;

/// What a string is held against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Expression {
    pub span: Span,
    pub sought: Sought,
}

/// How much of a string has to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Span {
    /// `match`
    Whole,
    /// `search`
    Part,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sought {
    /// It stands in the filter, and is compiled once.
    Known(Regexp),
    /// It stands in the document.
    Read(Operand),
}

/// Longer expressions that stand in a document fit nothing.
const MAX_READ: usize = 1 << 10;

/// What compiling an expression costs, in units of fuel.
const COMPILING: u64 = 5_000;

/// Bytes that an expression may take once compiled.
const KNOWN_SIZE: usize = 1 << 20;
const READ_SIZE: usize = 1 << 16;

impl Span {
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "match",
            Self::Part => "search",
        }
    }
}

impl Expression {
    pub fn new(span: Span, operand: Operand) -> Result<Self, TooLarge> {
        let sought = match operand {
            Operand::Literal(Literal::Text(text)) => {
                Sought::Known(Regexp::new(&text, span, KNOWN_SIZE)?)
            }
            other => Sought::Read(other),
        };
        Ok(Self { span, sought })
    }
}

impl Sight<'_, '_> {
    /// Whether an operand is a string that fits. What is no string fits nothing, and nothing fits
    /// what is no expression (RFC 9535, section 2.4.6).
    pub(super) fn fits(
        &mut self,
        operand: &Operand,
        Expression { span, sought }: &Expression,
        here: Value,
    ) -> Result<bool, Spent> {
        let Found::Text(text) = self.operand(operand, here)? else { return Ok(false) };
        let Ok(text) = str::from_utf8(&text) else { return Ok(false) };
        self.spend(text.len() as u64 / 16)?;
        match sought {
            Sought::Known(regexp) => Ok(regexp.fits(text)),
            Sought::Read(operand) => {
                let Found::Text(read) = self.operand(operand, here)? else { return Ok(false) };
                let Ok(read) = str::from_utf8(&read) else { return Ok(false) };
                if read.len() > MAX_READ {
                    return Ok(false);
                }
                self.spend(COMPILING)?;
                Ok(Regexp::new(read, *span, READ_SIZE).is_ok_and(|regexp| regexp.fits(text)))
            }
        }
    }
}
