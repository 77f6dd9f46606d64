//! What can go wrong with the store, each naming the place and the mend.
//!
//! This module never decides what to do about it.

use crate::store::Holder;
use std::io;
use std::path::{Path, PathBuf};

/// Why the store could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store at {} is in use by {}; stop that one, or set another `store.path`",
        path.display(),
        Holder::name(holder.as_ref())
    )]
    Held { path: PathBuf, holder: Option<Holder> },
    #[error("there is no store at {}; `shadow run` makes one, `store.path` names another", .0.display())]
    Missing(PathBuf),
    #[error("the store at {} has no session yet; `shadow run` starts one", .0.display())]
    Empty(PathBuf),
    #[error(
        "the store at {} has no session `{selector}`; `shadow session list` shows those it has",
        path.display()
    )]
    NoSession { path: PathBuf, selector: String },
    #[error("`{selector}` fits {} sessions ({}); give more of the id", ids.len(), ids.join(", "))]
    Ambiguous { selector: String, ids: Vec<String> },
    #[error("session {0} is being written; end it before deleting it")]
    Running(String),
    #[error("there is a session {0} already; start another, or delete that one")]
    Exists(String),
    #[error("`{0}` cannot name a session: an id has 1 to 64 letters, digits and dashes")]
    Id(String),
    #[error(
        "{} is of format `{found}`, this program's is `{expected}`; \
         read it with the program that wrote it, or move it away",
        path.display()
    )]
    Format { path: PathBuf, found: String, expected: &'static str },
    #[error(
        "{} is damaged ({what}); move it away, or name another session with --session",
        path.display()
    )]
    Damaged { path: PathBuf, what: String },
    #[error("no space is left for {} ({what}); free some, or lower `store.keep`", path.display())]
    NoSpace { path: PathBuf, what: String },
    #[error(
        "{} cannot be understood ({what}); `shadow pause` or `shadow resume` writes it anew",
        path.display()
    )]
    Controls { path: PathBuf, what: String },
    #[error("cannot {action} {}; look at its owner, its mode and its disk", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

impl StoreError {
    /// For `map_err`: an I/O error while doing something with a path. A full disk is told apart,
    /// because it passes.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::NoSpace { path: path.to_owned(), what: source.to_string() }
            }
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }

    /// For places that are not what they must be.
    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }
}
