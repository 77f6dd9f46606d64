//! A store as people and programs read it: `shadow store info`.

use crate::base::{ByteSize, grouped};
use crate::report::clean::clean;
use crate::store::{Health, StoreInfo};
use serde_json::json;

/// What is told of a store: its directory and, where a process runs, how storing goes.
pub struct StoreAbout {
    pub info: StoreInfo,
    pub health: Option<Health>,
}

impl StoreAbout {
    /// For people.
    pub fn text(&self) -> String {
        let Self { info, health } = self;
        let running = match health {
            Some(health) => health.to_string(),
            None => "no process holds it".to_owned(),
        };
        let mut lines = vec![
            format!("path      {}", clean(&info.path.display().to_string())),
            format!("format    {}", info.format),
            format!("size      {}", ByteSize(info.size)),
            format!("sessions  {}", grouped(info.sessions as u64)),
            format!("running   {running}"),
        ];
        lines.extend(info.unreadable.iter().map(|why| format!("unreadable  {}", clean(why))));
        let aside = info.corrupt.iter().map(|path| path.display().to_string());
        lines.extend(aside.map(|path| format!("set aside   {}", clean(&path))));
        lines.join("\n") + "\n"
    }

    /// For programs.
    pub fn json(&self) -> String {
        let Self { info, health } = self;
        let about = json!({
            "path": info.path,
            "format": info.format,
            "size_bytes": info.size,
            "sessions": info.sessions,
            "unreadable": info.unreadable,
            "set_aside": info.corrupt,
            "health": health.as_ref().map(Health::name),
        });
        format!("{about:#}\n")
    }
}
