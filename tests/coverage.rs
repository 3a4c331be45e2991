//! Reads the functions of `caphost:host` and of the WASI packages from their WIT and holds the spec cases against them.

use caphost_tests::coverage;

#[test]
fn every_function_is_granted_and_refused_in_some_case() -> anyhow::Result<()> {
    let missing = coverage::missing()?;
    assert!(missing.is_empty(), "no spec case covers:\n{}", missing.join("\n"));
    Ok(())
}

#[test]
fn exceptions_name_functions_that_exist() -> anyhow::Result<()> {
    assert_eq!(coverage::stale_rows()?, Vec::<&str>::new());
    Ok(())
}
