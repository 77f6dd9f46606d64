//! Files and the space for them: private modes, atomic replacement, sizes.
//!
//! [`Disk`] is what the writer asks about space, so that tests can fill one that is not there.
//!
//! This module never knows what the files hold.

use crate::store::StoreError;
use rustix::fs::statvfs;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Space on the disk that a path lies on.
pub trait Disk: Send {
    /// Bytes that are still free for us.
    fn free(&self, path: &Path) -> io::Result<u64>;
    /// Bytes that all below the path take.
    fn used(&self, path: &Path) -> io::Result<u64>;
}

/// The real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Volume;

impl Disk for Volume {
    fn free(&self, path: &Path) -> io::Result<u64> {
        let volume = statvfs(path)?;
        Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
    }

    fn used(&self, path: &Path) -> io::Result<u64> {
        used(path)
    }
}

/// Bytes on disk of a file or of all in a directory; what vanishes meanwhile counts nothing.
pub(super) fn used(path: &Path) -> io::Result<u64> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    let mut bytes = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            bytes += used(&entry?.path())?;
        }
    }
    Ok(bytes)
}

/// Makes a directory that only its owner may enter, and those above it.
pub(super) fn make_dir(path: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(StoreError::io("create", path))
}

/// Takes the rights of all but the owner from a directory and what is in it.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let is_dir = fs::symlink_metadata(path)?.is_dir();
    fs::set_permissions(path, Permissions::from_mode(if is_dir { 0o700 } else { 0o600 }))?;
    if is_dir {
        for entry in fs::read_dir(path)? {
            make_private(&entry?.path())?;
        }
    }
    Ok(())
}

/// Copies a directory and what is in it to a new, private one.
pub(super) fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}

/// Removes a directory and what is in it, if it is there.
pub(super) fn remove_dir(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Opens a private file for reading and writing, made where it is missing.
pub(super) fn open_private(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(StoreError::io("open", path))
}

/// Puts a file in place as a whole: whoever reads it sees the old or the new one, also after a
/// crash.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    // A name of its own, so that two writers at a time do not write into one file.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let new = path.with_extension(format!("{}-{number}.new", process::id()));
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    let written = write();
    if written.is_err() {
        // Half a file would only take more of a disk that may be full.
        fs::remove_file(&new).ok();
    }
    written.map_err(StoreError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    #[test]
    fn files_and_directories_are_private() {
        let dir = tempdir().expect("a directory");
        let inner = dir.path().join("a/b");
        make_dir(&inner).expect("made");
        replace(&inner.join("file.json"), b"one").expect("written");
        replace(&inner.join("file.json"), b"two").expect("replaced");
        open_private(&inner.join("lock")).expect("opened");
        fs::write(inner.join("foreign"), b"x").expect("written");
        make_private(&inner).expect("made private");
        let mode = |name| fs::metadata(inner.join(name)).expect("there").mode() & 0o777;
        assert_eq!(mode(""), 0o700);
        for name in ["file.json", "lock", "foreign"] {
            assert_eq!(mode(name), 0o600, "{name}");
        }
        assert_eq!(fs::read(inner.join("file.json")).expect("read"), b"two");
        assert!(used(&inner).expect("measured") > 0);
        assert_eq!(used(&inner.join("gone")).expect("measured"), 0);
        assert!(Volume.free(&inner).expect("measured") > 0);
    }
}
