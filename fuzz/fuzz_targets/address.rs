//! Drives `tests/fuzz/src/targets/address.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("address", data));
