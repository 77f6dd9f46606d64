//! Filters: `[?@.type == 'a' && !@.hidden]` lets those children pass whose value does (RFC 9535,
//! section 2.3.5).
//!
//! A text is [read](read::read) into a [`Test`](test::Test), of which every part has the type that
//! its place asks for; a [`Sight`](sight::Sight) of one document tells whether a value passes.
//! Main types: [`Filter`] and [`Spent`].
//!
//! This module never works longer than its fuel lasts, and its use of the machine's stack grows
//! with the nesting of the filter alone, which is bounded, never with that of the document.

mod call;
mod expression;
mod literal;
mod nodes;
mod operand;
mod read;
mod regexp;
mod same;
mod show;
mod sight;
mod test;

pub(super) use read::read;
pub use sight::Spent;
pub use test::Filter;
