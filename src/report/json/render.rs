//! From a report to JSON text, and the schema of it.

use crate::model::{Finding, Session};
use crate::report::clean::is_hidden;
use crate::report::company::Company;
use crate::report::json::wire;
use crate::report::{Report, SessionSummary};
use crate::verdict::GateResult;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

/// The whole report, indented, its last line ended. The same report gives the same bytes.
pub fn render(report: &Report<'_>) -> String {
    print(&wire::Report::from(report))
}

/// One finding with everything that was kept of its samples.
pub fn finding(session: &Session, finding: &Finding) -> String {
    let lead = Company::of(session, finding).lead;
    print(&wire::Finding::full(finding, lead))
}

/// The report's `gate` alone.
pub fn gate(result: &GateResult) -> String {
    print(&wire::Gate::from(result))
}

/// A list of sessions with their counts.
pub fn sessions(all: &[SessionSummary]) -> String {
    print(&wire::sessions(all))
}

/// The JSON Schema (draft 2020-12) of [`render`]'s output.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<wire::Report<'_>>().to_value()
}

fn print(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    escape(&text.expect("strings, numbers and string keys always serialise")) + "\n"
}

/// Escapes what JSON allows in a string and a terminal would act on. Such a character can stand
/// nowhere else but in a string.
fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        if char == '\n' || !is_hidden(char) {
            out.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}
