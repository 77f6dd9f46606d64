//! Feeds noise to the property of the same name.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::frames(bytes));
