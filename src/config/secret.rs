//! Reading a secret from a file of its own.
//!
//! This module never puts the secret, or a part of it, into an error.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Longer tokens are refused.
const MAX_TOKEN: u64 = 4096;

/// The token that a file holds, without the white space around it; an error is one sentence with
/// its mend.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let name = path.display();
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => format!("there is no file `{name}`; write the token to it"),
        ErrorKind::PermissionDenied => format!("`{name}` may not be read; allow it to this user"),
        _ => format!("`{name}` cannot be read ({error}); name a file"),
    };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(format!("`{name}` is not a file; name one that holds the token"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_TOKEN + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_TOKEN {
        return Err(format!("`{name}` holds over {MAX_TOKEN} bytes; write the token alone to it"));
    }
    let token = bytes.trim_ascii();
    if token.is_empty() {
        return Err(format!("`{name}` is empty; write the token to it"));
    }
    let visible = token.iter().all(u8::is_ascii_graphic);
    let token = str::from_utf8(token).ok().filter(|_| visible);
    token.map(str::to_owned).ok_or_else(|| {
        format!("`{name}` holds more than one word of visible ASCII; write the token alone to it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content: &[u8], expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        fs::write(&path, content).expect("a file");
        match (read(&path), expected) {
            (Ok(token), Ok(expected)) => assert_eq!(token, expected),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{problem}"),
            (found, _) => panic!("{content:?}: {found:?}"),
        }
    }

    #[test]
    fn a_token_is_one_word() {
        check(b"abc-123\n", Ok("abc-123"));
        check(b"\n  abc\r\n", Ok("abc"));
        check(b" \n", Err("is empty"));
        check(b"two words", Err("more than one word"));
        check(b"\xff\xfe", Err("more than one word"));
        check(&[b'a'; 5000], Err("over 4096 bytes"));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let problem = read(folder.path()).expect_err("a folder");
        assert!(problem.contains("is not a file"), "{problem}");
        let problem = read(&folder.path().join("none")).expect_err("nothing");
        assert!(problem.contains("there is no file"), "{problem}");
    }
}
