//! The fast path: one validating pass over the primary's text, beside which the candidate's is
//! only held against it as bytes. It yields exactly what the tree diff yields, or nothing.
//!
//! The pass keeps a frame for each open container. Where the texts part within a scalar, that
//! pair of values is noted and the pass goes on behind both; where they part in a key, a comma, a
//! bracket or white space, the innermost container is noted as a pair, for the tree diff. What
//! was noted ([`Plan`](plan::Plan)) is then visited by the same [`Walk`](super::walk::Walk) as in
//! the tree diff, steps, scopes and ignored containers included. Only rules that say how an array is
//! paired, or that have a filter, need the tree: they look at whole documents.
//!
//! Why the results are the same:
//! - Objects stay in the pass only while their keys are the same text in the same order. Keys that
//!   are repeated are then repeated as often on both sides, and are paired in their order.
//! - Arrays stay in it only while they are in step: as long on both sides, and all elements that
//!   differ are objects that hold an equal scalar under one and the same identity key
//!   ([`Names`](names::Names)). Else the array goes to the tree diff, and so does an array around.
//! - What both texts have in common is valid on both sides if it is on one; whatever else the
//!   candidate has is validated where it is read. Anything invalid ends the pass.
//!
//! Work is linear: containers are read once more at most [`MAX_FALLBACKS`](scan::MAX_FALLBACKS)
//! times, and a quarter of both texts in all. Beyond these bounds, and deeper than the tree diff
//! goes, the pass gives up and the tree diff has it all, which costs less than another half. The
//! pass spends no more fuel than the tree diff does: where it runs out, the tree diff decides.
//!
//! This module never recurses, reports, or calls equal what it has not validated.

mod common;
mod frames;
mod names;
mod plan;
mod replay;
mod scan;

pub(super) use replay::in_lockstep;
