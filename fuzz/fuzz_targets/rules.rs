//! Drives `tests/fuzz/src/targets/rules.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("rules", data));
