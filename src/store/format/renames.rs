//! The record of values with other names.
//!
//! This module never decides where a record lies.

use crate::model::Renames;
use crate::store::format::record::{RecordError, check_counts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By pattern.
pub(super) type Records = BTreeMap<String, Record>;

#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    renamed: u64,
    opaque: u64,
    offset: u64,
    by: Option<i64>,
}

pub(super) fn to_records(renames: &BTreeMap<String, Renames>) -> Records {
    let record = |(pattern, renames): (&String, &Renames)| {
        let Renames { renamed, opaque, offset, by } = *renames;
        (pattern.clone(), Record { renamed, opaque, offset, by })
    };
    renames.iter().map(record).collect()
}

pub(super) fn from_records(records: Records) -> Result<BTreeMap<String, Renames>, RecordError> {
    for Record { renamed, opaque, offset, .. } in records.values() {
        check_counts([renamed, opaque, offset])?;
    }
    let renames = |(pattern, record): (String, Record)| {
        let Record { renamed, opaque, offset, by } = record;
        (pattern, Renames { renamed, opaque, offset, by })
    };
    Ok(records.into_iter().map(renames).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renames_have_this_record() {
        let golden = r#"{"$.id":{"renamed":1,"opaque":2,"offset":3,"by":-4}}"#;
        let renames = Renames { renamed: 1, opaque: 2, offset: 3, by: Some(-4) };
        let renames = BTreeMap::from([("$.id".to_owned(), renames)]);
        assert_eq!(serde_json::to_string(&to_records(&renames)).expect("JSON"), golden);
        let records = serde_json::from_str(golden).expect("records");
        assert_eq!(from_records(records).ok(), Some(renames));
        let huge = golden.replace("\"opaque\":2", "\"opaque\":18446744073709551615");
        assert!(from_records(serde_json::from_str(&huge).expect("records")).is_err());
    }
}
