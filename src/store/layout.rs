//! Where things lie in a store: `ROOT/sessions/ID/` with a `FORMAT` file, a `meta.json` that lists
//! the session without opening a database, and the database in `sled/`.
//!
//! A directory appears and goes as a whole: it is prepared and taken apart under a name that
//! begins with a dot. One that cannot be used is set aside as `ID.corrupt-TIME`.
//!
//! This module never opens a database.

use crate::store::format::Meta;
use crate::store::{StoreError, disk};
use jiff::Timestamp;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

/// Our format's version and the engine's: a directory with another one is not opened.
pub(super) const FORMAT: &str = "shadowdiff 1 sled 0.34";

const CORRUPT: &str = ".corrupt-";

/// The directories of a store.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub root: PathBuf,
}

/// The names under `sessions/`.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Newest first.
    pub sessions: Vec<String>,
    /// Set aside.
    pub corrupt: Vec<String>,
    /// Left behind by a process that was killed while it made, read or deleted a session.
    pub unfinished: Vec<String>,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    pub(super) fn session(&self, id: &str) -> PathBuf {
        self.sessions().join(id)
    }

    pub(super) fn database(&self, id: &str) -> PathBuf {
        self.session(id).join("sled")
    }

    /// Where a reader may copy a session's database to.
    pub(super) fn scratch(&self, id: &str, number: u64) -> PathBuf {
        self.session(&format!(".read-{id}-{number}"))
    }

    /// What there is.
    pub(super) fn names(&self) -> Result<Names, StoreError> {
        let path = self.sessions();
        let failed = || StoreError::io("list", &path);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Names::default()),
            other => other.map_err(failed())?,
        };
        let mut names = Names::default();
        for entry in entries {
            let name = entry.map_err(failed())?.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                names.unfinished.push(name);
            } else if name.contains(CORRUPT) {
                names.corrupt.push(name);
            } else {
                names.sessions.push(name);
            }
        }
        names.sessions.sort_by(|a, b| b.cmp(a));
        names.corrupt.sort();
        Ok(names)
    }

    /// Makes a session's directory; its id has been checked.
    pub(super) fn create(&self, meta: &Meta) -> Result<(), StoreError> {
        let id = &meta.info.id;
        let (prepared, path) = (self.session(&format!(".new-{id}")), self.session(id));
        disk::remove_dir(&prepared).map_err(StoreError::io("remove", &prepared))?;
        disk::make_dir(&prepared)?;
        disk::replace(&prepared.join("FORMAT"), format!("{FORMAT}\n").as_bytes())?;
        disk::replace(&prepared.join("meta.json"), &meta.to_json())?;
        fs::rename(&prepared, &path).map_err(StoreError::io("create", &path))
    }

    /// Writes what listing a session shows.
    pub(super) fn write_meta(&self, meta: &Meta) -> Result<(), StoreError> {
        disk::replace(&self.session(&meta.info.id).join("meta.json"), &meta.to_json())
    }

    /// What listing a session shows.
    pub(super) fn read_meta(&self, id: &str) -> Result<Meta, StoreError> {
        self.check_format(id)?;
        let path = self.session(id).join("meta.json");
        let bytes = fs::read(&path).map_err(StoreError::io("read", &path))?;
        let meta = Meta::from_json(&bytes)
            .map_err(|error| StoreError::damaged(&path, error.to_string()))?;
        if meta.info.id != id {
            return Err(StoreError::damaged(&path, format!("it is about {}", meta.info.id)));
        }
        Ok(meta)
    }

    /// The directory is one that this program can read.
    pub(super) fn check_format(&self, id: &str) -> Result<(), StoreError> {
        let path = self.session(id);
        let found = match fs::read(path.join("FORMAT")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).trim_end().chars().take(80).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => "unknown".to_owned(),
            Err(error) => return Err(StoreError::io("read", &path.join("FORMAT"))(error)),
        };
        if found == FORMAT {
            return Ok(());
        }
        Err(StoreError::Format { path, found, expected: FORMAT })
    }

    /// Sets a session's directory aside, and says where.
    pub(super) fn set_aside(&self, id: &str, now: Timestamp) -> Result<PathBuf, StoreError> {
        let path = self.session(id);
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let names = std::iter::once(format!("{id}{CORRUPT}{time}"))
            .chain((2..).map(|n| format!("{id}{CORRUPT}{time}-{n}")));
        let mut places = names.map(|name| self.session(&name)).filter(|place| !place.exists());
        let place = places.next().unwrap_or_else(|| path.with_extension("corrupt"));
        fs::rename(&path, &place).map_err(StoreError::io("set aside", &path))?;
        Ok(place)
    }

    /// Deletes a directory under `sessions/`: gone at once for every reader, whatever the disk
    /// takes.
    pub(super) fn delete(&self, name: &str) -> Result<(), StoreError> {
        let path = self.session(name);
        let doomed = match name.starts_with('.') {
            true => path.clone(),
            false => self.session(&format!(".deleted-{name}")),
        };
        let delete = || {
            if doomed != path {
                fs::rename(&path, &doomed)?;
            }
            fs::remove_dir_all(&doomed)
        };
        delete().map_err(StoreError::io("delete", &path))
    }

    /// When something in a session's directory was last written.
    pub(super) fn last_write(&self, name: &str) -> Option<Timestamp> {
        let newest = newest(&self.session(name)).ok()?;
        Timestamp::try_from(newest).ok()
    }
}

/// The last of the sessions of a store, where it can be read; for that it need not be free.
pub fn newest_id(root: &Path) -> Option<String> {
    Layout::new(root).names().ok()?.sessions.into_iter().next()
}

fn newest(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::symlink_metadata(path)?;
    let mut time = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            time = time.max(newest(&entry?.path())?);
        }
    }
    Ok(time)
}

/// Ids become names of directories.
pub(super) fn check_id(id: &str) -> Result<(), StoreError> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match plain && (1..=64).contains(&id.len()) {
        true => Ok(()),
        false => Err(StoreError::Id(id.to_owned())),
    }
}

/// The session of a store that a user means: `latest`, an id, or the beginning of just one id.
pub(super) fn resolve<'a>(
    root: &Path,
    ids: &'a [String],
    selector: &str,
) -> Result<&'a str, StoreError> {
    if selector == "latest" {
        return ids.first().map(String::as_str).ok_or_else(|| StoreError::Empty(root.to_owned()));
    }
    let fitting = || ids.iter().map(String::as_str).filter(|id| id.starts_with(selector));
    if let Some(id) = fitting().find(|id| *id == selector) {
        return Ok(id);
    }
    let mut found = fitting();
    match (found.next().filter(|_| !selector.is_empty()), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => Err(StoreError::Ambiguous {
            selector: selector.to_owned(),
            ids: fitting().take(10).map(str::to_owned).collect(),
        }),
        (None, _) => {
            Err(StoreError::NoSession { path: root.to_owned(), selector: selector.to_owned() })
        }
    }
}
