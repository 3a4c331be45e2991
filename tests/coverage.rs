//! Reads the functions of the WASI packages from their WIT and holds the spec cases against them.

use caphost_tests::coverage;

#[test]
fn every_function_is_granted_and_refused_in_some_case() {
    let missing = coverage::missing().unwrap();
    assert!(missing.is_empty(), "no spec case covers:\n{}", missing.join("\n"));
}

#[test]
fn exceptions_name_functions_that_exist() {
    assert_eq!(coverage::stale_rows().unwrap(), Vec::<&str>::new());
}
