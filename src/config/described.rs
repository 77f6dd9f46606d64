//! Files that describe an API, read whole within a bound.
//!
//! This module never looks into a file: what it describes is read elsewhere.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Bytes of a file.
const MAX_FILE: u64 = 16 << 20;

/// What sort of file is wanted, for those who named another.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// `an OpenAPI file`
    pub what: &'static str,
    /// What to do about one that is too large.
    pub smaller: &'static str,
}

/// The bytes of a file; an error is one sentence with its mend.
pub(super) fn bytes(path: &Path, wanted: Wanted) -> Result<Vec<u8>, String> {
    let (name, what) = (path.display(), wanted.what);
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => format!("there is no file `{name}`; name {what}"),
        ErrorKind::PermissionDenied => format!("`{name}` may not be read; allow it to this user"),
        _ => format!("`{name}` cannot be read ({error}); name {what}"),
    };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(format!("`{name}` is not a file; name {what}"));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("`{name}` is larger than 16MiB; {}", wanted.smaller));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let wanted = Wanted { what: "a leaf", smaller: "press it" };
        let problem = |path: &str| bytes(Path::new(path), wanted).expect_err("no file");
        assert_eq!(problem("fixtures/none"), "there is no file `fixtures/none`; name a leaf");
        assert_eq!(problem("fixtures"), "`fixtures` is not a file; name a leaf");
    }
}
