//! A store as people and programs read it: `shadow store info`.

use crate::base::{ByteSize, grouped};
use crate::report::clean::clean;
use serde_json::json;
use std::path::PathBuf;

/// What is told of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreAbout {
    pub path: PathBuf,
    /// The format that this program writes.
    pub format: &'static str,
    /// Bytes on disk.
    pub size: u64,
    pub sessions: usize,
    /// Why sessions cannot be listed, one sentence each.
    pub unreadable: Vec<String>,
    /// Directories that were set aside as damaged.
    pub corrupt: Vec<PathBuf>,
    /// How storing goes; absent where no process runs.
    pub health: Option<String>,
}

impl StoreAbout {
    /// For people.
    pub fn text(&self) -> String {
        let path = clean(&self.path.display().to_string());
        let mut lines = vec![
            format!("path      {path}"),
            format!("format    {}", self.format),
            format!("size      {}", ByteSize(self.size)),
            format!("sessions  {}", grouped(self.sessions as u64)),
            format!("running   {}", self.health.as_deref().unwrap_or("no process holds it")),
        ];
        lines.extend(self.unreadable.iter().map(|reason| format!("unreadable  {}", clean(reason))));
        let aside = |path: &PathBuf| format!("set aside  {}", clean(&path.display().to_string()));
        lines.extend(self.corrupt.iter().map(aside));
        lines.join("\n") + "\n"
    }

    /// For programs.
    pub fn json(&self) -> String {
        let about = json!({
            "path": self.path,
            "format": self.format,
            "size_bytes": self.size,
            "sessions": self.sessions,
            "unreadable": self.unreadable,
            "set_aside": self.corrupt,
            "health": self.health,
        });
        format!("{about:#}\n")
    }
}
