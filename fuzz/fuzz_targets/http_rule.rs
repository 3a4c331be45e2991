//! Drives `tests/fuzz/src/targets/http_rule.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("http_rule", data));
