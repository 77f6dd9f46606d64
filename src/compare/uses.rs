//! What the rules of one comparison were good for.
//!
//! Main types: [`Uses`] and [`Use`]. They are part of the comparison that they were counted in, so
//! that counting needs no lock; whoever keeps the session adds them up.
//!
//! This module never decides whether a rule holds.

use crate::model::{Place, RuleUse};

/// The uses of all rules that were of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses(Vec<Use>);

/// What one rule was good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The rule's number among [`Rules::names`](super::Rules::names).
    pub rule: usize,
    /// Places that it selected at which something differs in writing.
    pub matched: u64,
    /// Differences that it took away.
    pub excused: u64,
    /// Places where it did, one of each pattern; the first `RuleUse::MAX_FIELDS` of them.
    pub fields: Vec<Place>,
    patterns: Vec<String>,
}

impl Use {
    /// So many excuses are looked at for a new field, and then one in as many.
    const EACH: u64 = 32;
}

impl Uses {
    /// In the order in which the rules were of use first.
    pub fn iter(&self) -> impl Iterator<Item = &Use> {
        self.0.iter()
    }

    /// A rule selects a place.
    pub(super) fn matched(&mut self, rule: usize) {
        self.of(rule).matched += 1;
    }

    /// A rule takes a difference away that it had matched.
    pub(super) fn excused(&mut self, rule: usize, field: impl FnOnce() -> Place) {
        let used = self.of(rule);
        used.excused += 1;
        let looked_at = used.excused <= Use::EACH || used.excused.is_multiple_of(Use::EACH);
        if !looked_at || used.fields.len() >= RuleUse::MAX_FIELDS {
            return;
        }
        let field = field();
        let pattern = field.pattern();
        if !used.patterns.contains(&pattern) {
            used.patterns.push(pattern);
            used.fields.push(field);
        }
    }

    fn of(&mut self, rule: usize) -> &mut Use {
        let found = self.0.iter().position(|used| used.rule == rule);
        let index = found.unwrap_or_else(|| {
            self.0.push(Use {
                rule,
                matched: 0,
                excused: 0,
                fields: Vec::new(),
                patterns: Vec::new(),
            });
            self.0.len() - 1
        });
        self.0.get_mut(index).expect("it was found, or has been put there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_counted_and_their_fields_are_named_once() {
        let mut uses = Uses::default();
        for number in 0..100 {
            uses.matched(3);
            uses.excused(3, || Place::Header(format!("f{}", number % 2)));
        }
        uses.matched(1);
        let shown: Vec<_> =
            uses.iter().map(|used| (used.rule, used.matched, used.excused)).collect();
        assert_eq!(shown, [(3, 100, 100), (1, 1, 0)]);
        assert_eq!(uses.iter().next().expect("one").patterns, ["header:f0", "header:f1"]);
    }

    #[test]
    fn fields_beyond_the_bound_are_not_named() {
        let mut uses = Uses::default();
        (0..40).for_each(|number| uses.excused(0, || Place::Header(number.to_string())));
        assert_eq!(uses.iter().map(|used| used.fields.len()).sum::<usize>(), RuleUse::MAX_FIELDS);
    }
}
