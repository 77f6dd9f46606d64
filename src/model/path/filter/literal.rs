//! Literals: numbers, strings and the three words, as RFC 9535 spells them in section 2.3.5.1.
//!
//! This module never changes how a number is written.

use super::read::no;
use super::test::Literal;
use crate::model::path::lex;
use crate::model::path::read::Read;

/// A string in quotes.
pub(super) fn text(at: &str) -> Read<'_, Literal> {
    let wrong = || no(at, "a string is not closed, or has an escape that there is not");
    lex::quoted(at).map(|(text, rest)| (Literal::Text(text), rest)).ok_or_else(wrong)
}

pub(super) fn number(at: &str) -> Read<'_, Literal> {
    let wrong = || no(at, "a number is written as in JSON");
    let rest = number_end(at).ok_or_else(wrong)?;
    let number = at.strip_suffix(rest).unwrap_or_default();
    Ok((Literal::Number(number.to_owned()), rest))
}

/// What follows a number.
fn number_end(at: &str) -> Option<&str> {
    let unsigned = at.strip_prefix('-').unwrap_or(at);
    let whole = match unsigned.strip_prefix('0') {
        Some(rest) => rest,
        None => digits(unsigned)?,
    };
    let fraction = match whole.strip_prefix('.') {
        Some(rest) => digits(rest)?,
        None => whole,
    };
    let rest = match fraction.strip_prefix(['e', 'E']) {
        Some(rest) => digits(rest.strip_prefix(['+', '-']).unwrap_or(rest))?,
        None => fraction,
    };
    // `01` and `1a` are no numbers with something behind them.
    (!rest.starts_with(|char: char| char.is_ascii_alphanumeric())).then_some(rest)
}

/// What follows one digit or more.
fn digits(at: &str) -> Option<&str> {
    let rest = at.trim_start_matches(|char: char| char.is_ascii_digit());
    (rest.len() < at.len()).then_some(rest)
}

/// What a word means that is followed by no parenthesis.
pub(super) fn word(word: &str) -> Option<Literal> {
    match word {
        "null" => Some(Literal::Null),
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        _ => None,
    }
}
