//! What was taken for identifiers with other names, so that nothing of it is lost in silence.
//!
//! This module never decides what that is.

use crate::model::{Place, Renames};
use std::collections::HashMap;

/// The values that were taken away, by the pattern of their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    places: Vec<(Place, Renames)>,
    by_pattern: HashMap<String, usize>,
    /// All of them, at whatever place.
    pub total: Renames,
    /// Values that were not looked at, for there were too many: they count as they are.
    pub beyond: u64,
}

impl Names {
    /// Patterns beyond so many are in the total only.
    pub const MAX_PLACES: usize = 256;

    /// One place of each pattern with what was taken away at all of them.
    pub fn places(&self) -> impl Iterator<Item = &(Place, Renames)> {
        self.places.iter()
    }

    pub(super) fn count(&mut self, place: &Place, renames: &Renames) {
        self.total.merge(&Renames { by: None, ..*renames });
        let pattern = place.pattern();
        if let Some((_, sum)) =
            self.by_pattern.get(&pattern).and_then(|index| self.places.get_mut(*index))
        {
            return sum.merge(renames);
        }
        if self.places.len() < Self::MAX_PLACES {
            self.by_pattern.insert(pattern, self.places.len());
            self.places.push((place.clone(), *renames));
        }
    }
}
