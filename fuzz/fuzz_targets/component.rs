//! Drives `tests/fuzz/src/targets/component.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("component", data));
