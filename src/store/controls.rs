//! What people turned at run time, kept in `ROOT/controls.json`: it survives a restart, and works
//! while the database does not.
//!
//! This module never decides what a missing or unreadable file means for traffic; it says which.

use crate::model::Controls;
use crate::store::{StoreError, disk};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A name that is not known may be a switch that is misspelt, so that it is not passed over.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlsRecord {
    version: u32,
    enabled: Option<bool>,
    sample: Option<String>,
}

const VERSION: u32 = 1;

/// The controls of a store; the default where none were saved. A file that cannot be read or
/// understood is an error: somebody may have paused the mirror in it.
pub fn load_controls(root: &Path) -> Result<Controls, StoreError> {
    let path = path(root);
    let bytes = match fs::read(&path) {
        // Where there is no directory, nothing was ever saved.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Controls::default());
        }
        other => other.map_err(StoreError::io("read", &path))?,
    };
    let bad = |what: String| StoreError::Controls { path: path.clone(), what };
    let record: ControlsRecord =
        serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    if record.version != VERSION {
        return Err(bad(format!("its version is {}, not {VERSION}", record.version)));
    }
    let sample = record.sample.map(|text| text.parse()).transpose();
    let sample = sample.map_err(|error: crate::base::UnitError| bad(error.to_string()))?;
    Ok(Controls { enabled: record.enabled, sample })
}

/// Saves the controls; once it returns, they outlive the process and the machine.
pub fn save_controls(root: &Path, controls: Controls) -> Result<(), StoreError> {
    disk::make_dir(root)?;
    let sample = controls.sample.map(|sample| sample.to_string());
    let record = ControlsRecord { version: VERSION, enabled: controls.enabled, sample };
    let text = serde_json::to_vec(&record).expect("it has only named fields");
    disk::replace(&path(root), &text)
}

fn path(root: &Path) -> PathBuf {
    root.join("controls.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    #[test]
    fn controls_read_back_as_they_were_saved() {
        let dir = tempdir().expect("a directory");
        let root = dir.path().join("store");
        assert_eq!(load_controls(&root).ok(), Some(Controls::default()));
        let sample = "2.5%".parse().ok();
        for enabled in [None, Some(true), Some(false)] {
            for sample in [None, sample] {
                let controls = Controls { enabled, sample };
                save_controls(&root, controls).expect("saved");
                assert_eq!(load_controls(&root).ok(), Some(controls));
            }
        }
        let text = fs::read_to_string(path(&root)).expect("there");
        assert_eq!(text, r#"{"version":1,"enabled":false,"sample":"2.5%"}"#);
    }

    #[test]
    fn controls_that_cannot_be_understood_are_an_error_with_its_mend() {
        let dir = tempdir().expect("a directory");
        let misspelt = r#"{"version":1,"enabeld":false}"#;
        let wrong = r#"{"version":1,"sample":"101%"}"#;
        for bad in ["", "{", "[]", r#"{"version":2}"#, wrong, misspelt] {
            fs::write(path(dir.path()), bad).expect("written");
            let error = load_controls(dir.path()).expect_err(bad).to_string();
            assert!(
                error.contains("controls.json") && error.contains("`shadow resume`"),
                "{error}"
            );
        }
        fs::remove_file(path(dir.path())).expect("removed");
        fs::create_dir(path(dir.path())).expect("made");
        load_controls(dir.path()).expect_err("a directory is no file");
    }
}
