//! The seeds of the fuzz targets, each through the property of its target: what fuzzing has once
//! found stays mended. `tests/fuzz` has the targets.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test that fails may panic, and says which seed it was"
)]

#[path = "fuzz/properties/mod.rs"]
mod properties;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A test for each target, and the list of all.
macro_rules! targets {
    ($($name:ident)*) => {
        const TARGETS: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                check(stringify!($name), properties::$name);
            }
        )*
    };
}

targets! {
    cbor coding compare_answer compare_json config controls endpoint filter formats frames head json lockstep
    msgpack path protobuf question records redact report rewrite text units
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

/// The names in a folder, without their extension.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).expect("a readable folder");
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    entries.filter_map(|entry| stem(entry.expect("an entry").path())).collect()
}

fn check(target: &str, property: fn(&[u8])) {
    property(b"");
    for entry in fs::read_dir(root().join("seeds").join(target)).expect("the seeds of the target") {
        let path = entry.expect("an entry").path();
        println!("{}", path.display());
        property(&fs::read(&path).expect("a readable seed"));
    }
}

#[test]
fn every_target_has_seeds_and_every_seed_a_target() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(names("targets"), targets);
    assert_eq!(names("seeds"), targets);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    for target in targets {
        assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target}");
        assert!(!names(&format!("seeds/{target}")).is_empty(), "{target} has no seeds");
    }
}

#[test]
fn the_seeds_stay_small() {
    let folders = names("seeds").into_iter().map(|target| root().join("seeds").join(target));
    let files = folders.flat_map(|folder| fs::read_dir(folder).expect("a readable folder"));
    let bytes = files.map(|file| file.and_then(|file| file.metadata()).expect("a file").len());
    assert!(bytes.sum::<u64>() < 300 << 10, "over 300 KiB of seeds");
}
