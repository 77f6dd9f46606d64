//! Whether two values of one document are the same.
//!
//! This module never recurses.

use super::operand::Found;
use super::sight::{Sight, Spent};
use crate::syntax::json::{Shape, Text, Value};
use std::collections::HashMap;

impl<'a> Sight<'_, 'a> {
    /// Arrays by their elements in order, objects by their members in any: of repeated keys the
    /// last one counts.
    pub(super) fn same(&mut self, x: Value, y: Value) -> Result<bool, Spent> {
        let mut pairs = vec![(x, y)];
        while let Some((x, y)) = pairs.pop() {
            self.read(x)?;
            if self.document.raw(x) == self.document.raw(y) {
                continue;
            }
            let same = match (self.document.shape(x), self.document.shape(y)) {
                (Shape::Array, Shape::Array) => self.elements(x, y, &mut pairs)?,
                (Shape::Object, Shape::Object) => self.members(x, y, &mut pairs)?,
                _ => Found::of(self.document, x).equals(&Found::of(self.document, y)),
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lists the elements to be compared; false where there are more on one side.
    fn elements(
        &mut self,
        x: Value,
        y: Value,
        pairs: &mut Vec<(Value, Value)>,
    ) -> Result<bool, Spent> {
        let (mut xs, mut ys) = (self.document.elements(x), self.document.elements(y));
        loop {
            self.spend(1)?;
            match (xs.next(), ys.next()) {
                (Some(x), Some(y)) => pairs.push((x, y)),
                (None, None) => return Ok(true),
                _ => return Ok(false),
            }
        }
    }

    /// Lists the members to be compared; false where one side has others.
    fn members(
        &mut self,
        x: Value,
        y: Value,
        pairs: &mut Vec<(Value, Value)>,
    ) -> Result<bool, Spent> {
        let (xs, mut ys) = (self.last_members(x)?, self.last_members(y)?);
        for (key, x) in xs {
            match ys.remove(&key) {
                Some(y) => pairs.push((x, y)),
                None => return Ok(false),
            }
        }
        Ok(ys.is_empty())
    }

    fn last_members(&mut self, object: Value) -> Result<HashMap<Text<'a>, Value>, Spent> {
        let mut members = HashMap::new();
        for member in self.document.members(object) {
            self.spend(1)?;
            members.insert(member.key, member.value);
        }
        Ok(members)
    }
}
