//! Elements that are paired by index.
//!
//! This module never lists the elements: however many there are, it holds none but those that differ.

use crate::compare::json::task::{Change, Children, Step, Task};
use crate::syntax::json::Value;

/// Pairs elements by index. Tells, beside the differing children, whether the lengths differ;
/// nothing where the fuel ran out.
pub(super) fn pair<'a>(
    mut children: Children<'_, 'a>,
    x: Value,
    y: Value,
) -> Option<(Vec<Task<'a>>, bool)> {
    let (mut xs, mut ys) = (children.x.elements(x), children.y.elements(y));
    let mut resized = false;
    for index in 0.. {
        let step = Step::Index(index);
        children.fuel.node()?;
        match (xs.next(), ys.next()) {
            (Some(x), Some(y)) => {
                children.both(step, x, y)?;
                continue;
            }
            (Some(x), None) => children.one(step, Change::Removed(x, 1)),
            (None, Some(y)) => children.one(step, Change::Added(y, 1)),
            (None, None) => break,
        }
        resized = true;
    }
    Some((children.tasks, resized))
}
