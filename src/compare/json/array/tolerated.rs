//! What the rules let differ within bounds, by which elements that are alike in all else find each
//! other.
//!
//! This module never calls two elements equal: it says which fit together.

use crate::compare::class::Moment;
use crate::model::Seg;
use crate::syntax::json::{Decimal, Nearness};
use std::cmp::Ordering;

/// A value within an element, and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Tolerated {
    pub steps: Vec<Seg>,
    pub size: Size,
}

#[derive(Clone, Debug)]
pub(super) enum Size {
    /// As it is written.
    Number(Vec<u8>, Nearness),
    /// May lie so many nanoseconds apart.
    Time(Moment, u128),
}

impl Size {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one, _), Self::Number(other, _)) => {
                let order = Decimal::new(one).order(&Decimal::new(other));
                order.unwrap_or_else(|| one.cmp(other))
            }
            (Self::Time(one, _), Self::Time(other, _)) => one.at().cmp(&other.at()),
            (Self::Number(..), Self::Time(..)) => Ordering::Less,
            (Self::Time(..), Self::Number(..)) => Ordering::Greater,
        }
    }

    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one, nearness), Self::Number(other, _)) => nearness.holds(one, other),
            (Self::Time(one, within), Self::Time(other, _)) => {
                one.drift(*other).is_some_and(|drift| drift <= *within)
            }
            _ => false,
        }
    }
}

/// The order of two elements by what is tolerated in them.
pub(super) fn order(one: &[Tolerated], other: &[Tolerated]) -> Ordering {
    let each = one.iter().zip(other);
    let orders = each
        .map(|(one, other)| one.steps.cmp(&other.steps).then_with(|| one.size.order(&other.size)));
    orders.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&other.len()))
}

/// Whether all that is tolerated in one is near enough to what is in the other.
pub(super) fn fit(one: &[Tolerated], other: &[Tolerated]) -> bool {
    let mut each = one.iter().zip(other);
    let fits = |(one, other): (&Tolerated, &Tolerated)| {
        one.steps == other.steps && one.size.fits(&other.size)
    };
    one.len() == other.len() && each.all(fits)
}
