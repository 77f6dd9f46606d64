//! `shadow demo` finds every planted fault, and nothing else.

use crate::support::{command, stdout};
use serde_json::Value;
use shadowdiff::demo::PLANTED;
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn the_demo_reports_every_planted_fault_and_no_harmless_difference() {
    let folder = TempDir::new().expect("a folder");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("shadow.yaml");
    let config = config.to_str().expect("a path");
    let demo = command(folder.path(), &["demo", "-c", config]).output().expect("it runs");
    assert_eq!(demo.status.code(), Some(0), "{}", String::from_utf8_lossy(&demo.stderr));
    let text = stdout(&demo);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");

    let report = command(folder.path(), &["report", "-c", config, "--format", "json"]).output();
    let report: Value = serde_json::from_str(&stdout(&report.expect("it runs"))).expect("JSON");
    let found: BTreeSet<_> =
        report["findings"].as_array().expect("findings").iter().map(key).collect();
    let planted: BTreeSet<_> = PLANTED
        .iter()
        .flat_map(|fault| {
            let key = |(kind, path): &(shadowdiff::model::Kind, &str)| {
                [fault.endpoint, kind.name(), path].map(str::to_owned)
            };
            fault.findings.iter().map(key)
        })
        .collect();
    assert_eq!(found, planted);
    for fault in PLANTED {
        assert!(text.contains(fault.endpoint), "{} is not in the text: {text}", fault.name);
    }
    let coverage = &report["coverage"];
    assert_eq!(coverage["seen"], coverage["compared"]);
    assert!(coverage["seen"].as_u64() >= Some(200));
}

fn key(finding: &Value) -> [String; 3] {
    ["endpoint", "kind", "path"].map(|name| finding[name].as_str().expect("a word").to_owned())
}
