//! Drives `tests/fuzz/src/targets/manifest.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("manifest", data));
