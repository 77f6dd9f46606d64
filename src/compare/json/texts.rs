//! Texts that may be JSON, compared in the fastest way that there is.
//!
//! This module never lists a difference itself.

use super::lockstep::in_lockstep;
use super::walk::diff;
use crate::compare::comparison::Comparison;
use crate::compare::rename::settle;
use crate::compare::rules::Rules;
use crate::compare::terms::Terms;
use crate::syntax::json::Document;

/// Lists what differs between two texts, if both are JSON; says which of them is.
pub(in crate::compare) fn diff_texts<'a>(
    x: &'a [u8],
    y: &'a [u8],
    terms: Terms<'_>,
    found: &mut Comparison<'a>,
) -> [bool; 2] {
    if in_lockstep(x, y, terms, found) {
        return [true; 2];
    }
    match [x, y].map(Document::parse) {
        [Ok(x), Ok(y)] => {
            diff(&x, &y, terms, found);
            [true; 2]
        }
        read => read.map(|side| side.is_ok()),
    }
}

/// What the fast path and the tree diff find between two texts; nothing for the fast path where it
/// leaves them to the tree diff, nothing at all if one is not JSON. For tests: both are the same.
pub fn both_ways<'a>(
    x: &'a [u8],
    y: &'a [u8],
    rules: &Rules,
) -> (Option<Comparison<'a>>, Option<Comparison<'a>>) {
    let terms = Terms::from(rules);
    let (mut fast, mut slow) = (Comparison::default(), Comparison::default());
    let is_fast = in_lockstep(x, y, terms, &mut fast);
    let documents = [x, y].map(Document::parse);
    if let [Ok(x), Ok(y)] = &documents {
        diff(x, y, terms, &mut slow);
    }
    settle(&mut fast, terms);
    settle(&mut slow, terms);
    (is_fast.then_some(fast), documents.iter().all(Result::is_ok).then_some(slow))
}
