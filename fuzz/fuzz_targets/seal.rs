//! Drives `tests/fuzz/src/targets/seal.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("seal", data));
