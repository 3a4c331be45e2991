//! Drives `tests/fuzz/src/targets/audit_log.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| caphost_fuzz::run("audit_log", data));
