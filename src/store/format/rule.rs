//! The record of what a rule was good for.
//!
//! This module never decides where a record lies.

use crate::model::{RuleName, RuleUse};
use crate::store::format::record::{RecordError, check_counts, json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Serialize, Deserialize)]
struct Record {
    rule: String,
    text: String,
    line: u64,
    matched: u64,
    excused: u64,
    fields: BTreeSet<String>,
}

pub(in crate::store) fn to_json(name: &RuleName, used: &RuleUse) -> Vec<u8> {
    json(&Record {
        rule: name.key.clone(),
        text: name.text.clone(),
        line: used.line,
        matched: used.matched,
        excused: used.excused,
        fields: used.fields.clone(),
    })
}

pub(in crate::store) fn from_json(bytes: &[u8]) -> Result<(RuleName, RuleUse), RecordError> {
    let Record { rule: key, text, line, matched, excused, fields } = serde_json::from_slice(bytes)?;
    check_counts([&matched, &excused])?;
    Ok((RuleName { key, text }, RuleUse { line, matched, excused, fields }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_this_record() {
        let golden = r#"{"rule":"compare.ignore[0]","text":"$.id","line":3,"matched":2,"excused":1,"fields":["$.id"]}"#;
        let name = RuleName { key: "compare.ignore[0]".into(), text: "$.id".into() };
        let fields = BTreeSet::from(["$.id".to_owned()]);
        let used = RuleUse { line: 3, matched: 2, excused: 1, fields };
        assert_eq!(String::from_utf8_lossy(&to_json(&name, &used)), golden);
        assert_eq!(from_json(golden.as_bytes()).ok(), Some((name, used)));
    }
}
