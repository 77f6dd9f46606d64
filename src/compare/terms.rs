//! Under which terms two answers are compared.
//!
//! This module never decides anything.

use super::json::Keys;
use super::rename::Known;
use super::rules::Rules;
use crate::model::Request;

/// What a comparison depends on beside the two answers.
#[derive(Clone, Copy)]
pub struct Terms<'t> {
    pub rules: &'t Rules,
    /// The fields that named the elements of arrays so far; without them, nothing is remembered.
    pub keys: Option<&'t Keys>,
    /// What was asked: an identifier that it names is the client's own.
    pub request: Option<&'t Request>,
    /// What earlier exchanges have shown of identifiers.
    pub known: Option<&'t Known>,
}

impl<'t> From<&'t Rules> for Terms<'t> {
    fn from(rules: &'t Rules) -> Self {
        Self { rules, keys: None, request: None, known: None }
    }
}
