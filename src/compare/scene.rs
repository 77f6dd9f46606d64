//! What a comparison goes by beside the two answers.
//!
//! This module never compares anything.

use super::rename::Known;
use super::rules::Rules;
use crate::model::Request;

/// The circumstances of two answers.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'s> {
    pub rules: &'s Rules,
    /// What was asked: an identifier that it names is the client's own.
    pub request: Option<&'s Request>,
    /// What earlier exchanges have shown.
    pub known: Option<&'s Known>,
}

impl<'s> Scene<'s> {
    /// Two answers of which nothing else is known.
    pub fn bare(rules: &'s Rules) -> Self {
        Self { rules, request: None, known: None }
    }
}
