//! The children of any container, each with what leads to it.
//!
//! Main type: [`Inside`].
//!
//! This module never looks into a child.

use super::document::{Document, Elements, Members, Shape, Value};
use super::string::Text;
use std::iter::Enumerate;

/// The children of a container in order, repeated keys included.
#[derive(Clone, Debug)]
pub enum Inside<'d, 'a> {
    Object(Members<'d, 'a>),
    Array(Enumerate<Elements<'d, 'a>>),
}

/// What leads to a child.
#[derive(Clone, Copy, Debug)]
pub enum Way<'a> {
    Key(Text<'a>),
    Index(usize),
}

impl<'a> Document<'a> {
    /// The children of a value; nothing where it is a scalar.
    pub fn inside(&self, value: Value) -> Option<Inside<'_, 'a>> {
        match self.shape(value) {
            Shape::Object => Some(Inside::Object(self.members(value))),
            Shape::Array => Some(Inside::Array(self.elements(value).enumerate())),
            Shape::Null | Shape::Bool | Shape::Number | Shape::String => None,
        }
    }
}

impl<'a> Iterator for Inside<'_, 'a> {
    type Item = (Way<'a>, Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Object(members) => {
                members.next().map(|member| (Way::Key(member.key), member.value))
            }
            Self::Array(elements) => {
                elements.next().map(|(index, value)| (Way::Index(index), value))
            }
        }
    }
}
