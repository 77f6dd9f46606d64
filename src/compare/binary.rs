//! Bodies that are no text.

use super::comparison::{Comparison, Sides};
use crate::model::{Class, Kind, Path, Place};

/// Bytes shown before and from the first that differs.
const BEFORE: usize = 16;
const AFTER: usize = 48;

/// Reports one `value` at the root: the surroundings of the first byte that differs.
pub(super) fn diff<'a>(x: &'a [u8], y: &'a [u8], found: &mut Comparison<'a>) {
    let shorter = x.len().min(y.len());
    let at = x.iter().zip(y).position(|(x, y)| x != y).unwrap_or(shorter);
    let window = |body: &'a [u8]| {
        let end = body.len().min(at + AFTER);
        body.get(at.saturating_sub(BEFORE)..end)
    };
    let sides = Sides::Known([window(x), window(y)], [Class::Bytes; 2]);
    found.add(Kind::Value, || Place::Body(Path::default()), sides);
}
