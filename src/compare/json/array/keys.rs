//! The memory of which field names the elements of an array.
//!
//! Main type: [`Keys`]. Whoever compares many answers owns one and passes it, so that arrays at one
//! place are joined by one field from answer to answer. What is remembered is tried first; where it
//! names nothing, the comparison finds out by itself.
//!
//! This module never looks at an element.

use std::cell::RefCell;
use std::collections::HashMap;

/// The fields that named elements so far, by the pattern of their array, and the key under which
/// elements are hashed. One thread uses it at a time.
#[derive(Debug, Default)]
pub struct Keys {
    seed: u64,
    known: RefCell<HashMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    field: String,
    /// How often in a row it named nothing.
    failures: u8,
}

impl Keys {
    /// Patterns beyond are not remembered.
    const MOST: usize = 1_024;

    /// Longer patterns and fields are not remembered.
    const LONGEST: usize = 256;

    /// After so many failures in a row a field is forgotten.
    const PATIENCE: u8 = 3;

    /// Nothing is remembered yet. The seed is drawn at random, so that nobody can know which
    /// elements have one hash; no result depends on it.
    pub fn new(seed: u64) -> Self {
        Self { seed, known: RefCell::default() }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The field that named the elements there so far.
    pub(super) fn field(&self, pattern: &str) -> Option<String> {
        self.known.borrow().get(pattern).map(|known| known.field.clone())
    }

    /// A field has named the elements there; nothing where none has.
    pub(super) fn found(&self, pattern: &str, field: Option<&str>) {
        let mut all = self.known.borrow_mut();
        if let Some(known) = all.get_mut(pattern) {
            if field == Some(known.field.as_str()) {
                known.failures = 0;
                return;
            }
            known.failures += 1;
            if known.failures < Self::PATIENCE {
                return;
            }
            all.remove(pattern);
        }
        let fits = |text: &str| text.len() <= Self::LONGEST;
        if let Some(field) = field.filter(|field| fits(field) && fits(pattern))
            && all.len() < Self::MOST
        {
            all.insert(pattern.to_owned(), Known { field: field.to_owned(), failures: 0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_kept_until_it_has_failed_three_times_in_a_row() {
        let keys = Keys::new(1);
        keys.found("$", Some("id"));
        for field in [Some("name"), None, Some("id"), None, Some("name")] {
            keys.found("$", field);
            assert_eq!(keys.field("$").as_deref(), Some("id"));
        }
        keys.found("$", Some("name"));
        assert_eq!(keys.field("$").as_deref(), Some("name"));
        (0..3).for_each(|_| keys.found("$", None));
        assert_eq!(keys.field("$"), None);
    }

    #[test]
    fn no_more_is_remembered_than_the_bound() {
        let keys = Keys::default();
        (0..2_000).for_each(|number| keys.found(&number.to_string(), Some("id")));
        assert_eq!(keys.known.borrow().len(), Keys::MOST);
        let keys = Keys::default();
        keys.found(&"a".repeat(300), Some("id"));
        keys.found("$", Some(&"a".repeat(300)));
        assert!(keys.known.borrow().is_empty());
    }
}
