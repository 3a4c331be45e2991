//! Drives `tests/fuzz/src/targets/host.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("host", data));
