//! What the rules of the config were good for.
//!
//! This module never lets a rule go in silence: those beyond the bound are counted.

use crate::model::{RuleName, RuleUse};
use crate::store::book::Book;
use crate::store::book::pages::MAX_NAME;
use crate::store::sample;

/// Rules of a session; the uses of all others are not told.
pub(super) const MAX_RULES: usize = 1_000;

impl Book {
    /// A rule holds, whether or not it will be of use.
    pub fn declare(&mut self, name: RuleName, line: u64) {
        self.on_rule(name, |rule| rule.line = line);
    }

    /// A rule was of use.
    pub fn used(&mut self, name: RuleName, matched: u64, excused: u64, fields: Vec<String>) {
        self.on_rule(name, |rule| {
            rule.matched += matched;
            rule.excused += excused;
            let room = RuleUse::MAX_FIELDS.saturating_sub(rule.fields.len());
            let new = fields.into_iter().map(|field| sample::cut(&field, MAX_NAME));
            let new: Vec<_> = new.filter(|field| !rule.fields.contains(field)).take(room).collect();
            rule.fields.extend(new);
        });
    }

    fn on_rule(&mut self, name: RuleName, change: impl FnOnce(&mut RuleUse)) {
        let rules = &mut self.session.rules;
        if rules.len() >= MAX_RULES && !rules.contains_key(&name) {
            return self.overflow("rules", 1);
        }
        change(rules.entry(name.clone()).or_default());
        self.dirty.rules.insert(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Session;
    use crate::store::testing::info;
    use jiff::Timestamp;

    #[test]
    fn every_rule_is_told_of_whether_or_not_it_was_of_use() {
        let mut book = Book::new(info("a"));
        let name = |text: &str| RuleName { key: "compare.ignore[0]".into(), text: text.into() };
        book.declare(name("$.a"), 3);
        book.declare(name("$.b"), 4);
        let fields = |from: usize| (from..from + 10).map(|number| format!("$.{number}")).collect();
        book.used(name("$.a"), 2, 1, fields(0));
        book.used(name("$.a"), 2, 1, fields(5));
        let mut session = Session::new(info("a"));
        book.take_dirty(Timestamp::UNIX_EPOCH).apply(&mut session);
        assert_eq!(session, *book.session());
        let used = &session.rules[&name("$.a")];
        assert_eq!((used.line, used.matched, used.excused, used.fields.len()), (3, 4, 2, 15));
        assert_eq!(session.rules[&name("$.b")], RuleUse { line: 4, ..RuleUse::default() });
        (0..MAX_RULES).for_each(|number| book.declare(name(&number.to_string()), 1));
        assert_eq!(book.session().rules.len(), MAX_RULES);
        assert_eq!(book.session().overflow["rules"], 2);
    }
}
