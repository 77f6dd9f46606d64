//! By what protobuf bodies are read: the file that `compare.protobuf` names, and a type in it.
//!
//! This module never looks at a message.

use crate::config::described::{self, Wanted};
use crate::config::parts::Protobuf;
use crate::config::section::Section;
use crate::syntax::protobuf::Schema;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The general setting with a section's own laid over. A type that is named is one of its file's.
pub(super) fn protobuf(section: &Section<'_>, general: &Protobuf) -> Protobuf {
    let (mut all, name) = (general.clone(), section.given::<String>("message"));
    if let Some(path) = section.given::<PathBuf>("descriptors") {
        match schema(&path) {
            Ok(schema) => all = Protobuf { schema: Some(Arc::new(schema)), message: None },
            Err(problem) => {
                section.report_at("descriptors", problem);
                return all;
            }
        }
    }
    let Some(name) = name else { return all };
    match &all.schema {
        None => {
            section.report_at("message", "needs `descriptors` beside it; name a descriptor set")
        }
        Some(schema) if schema.message(&name).is_none() => {
            let problem = format!("`{name}` is not in the descriptors; write a type's full name");
            section.report_at("message", problem);
        }
        Some(_) => all.message = Some(name),
    }
    all
}

fn schema(path: &Path) -> Result<Schema, String> {
    let wanted = Wanted { what: "a descriptor set", smaller: "leave out its source info" };
    let bytes = described::bytes(path, wanted)?;
    Schema::read(&bytes).map_err(|problem| format!("`{}` {problem}", path.display()))
}
