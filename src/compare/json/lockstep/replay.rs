//! The way through what the pass has noted, by the walk of the tree diff.
//!
//! This module never visits a place that the tree diff would not have come to.

use super::plan::{Entry, Plan, What};
use super::scan::scan;
use crate::compare::comparison::Comparison;
use crate::compare::json::walk::Walk;
use crate::compare::rules::Rules;

/// Lists what differs between two texts as the tree diff would; says false, and leaves all as it
/// was, where the tree diff has to do it.
pub(in crate::compare::json) fn in_lockstep<'a>(
    x: &'a [u8],
    y: &'a [u8],
    rules: &Rules,
    found: &mut Comparison<'a>,
) -> bool {
    let Some(plan) = scan(x, y) else { return false };
    let before = found.mark();
    let is_done = follow(&plan, rules, found).is_some();
    if !is_done {
        found.rewind(before);
    }
    is_done
}

/// Visits each place in turn; gives nothing once the fuel is used up.
fn follow<'a>(plan: &Plan<'a>, rules: &Rules, found: &mut Comparison<'a>) -> Option<()> {
    let mut entries = plan.entries().iter();
    let Some(first) = entries.clone().find_map(Entry::pair) else { return Some(()) };
    let mut walk = Walk::new([&first.x, &first.y], rules, found);
    // Below a place that is not looked into.
    let mut closed = None;
    entries.try_for_each(|entry| {
        if closed.is_some_and(|depth| entry.depth > depth) {
            return Some(());
        }
        let is_open = walk.step(entry.depth, entry.step)?
            && match &entry.what {
                What::Followed { length } => walk.enter(*length),
                What::Pair(pair) => {
                    walk.pair(&pair.x, &pair.y)?;
                    false
                }
            };
        closed = (!is_open).then_some(entry.depth);
        Some(())
    })
}
