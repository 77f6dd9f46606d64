//! Under which terms two answers are compared.
//!
//! This module never decides anything.

use super::json::Keys;
use super::rules::Rules;

/// What a comparison depends on beside the two answers.
#[derive(Clone, Copy)]
pub struct Terms<'t> {
    pub rules: &'t Rules,
    /// The fields that named the elements of arrays so far; without them, nothing is remembered.
    pub keys: Option<&'t Keys>,
}

impl<'t> From<&'t Rules> for Terms<'t> {
    fn from(rules: &'t Rules) -> Self {
        Self { rules, keys: None }
    }
}
