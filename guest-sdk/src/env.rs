//! Environment variables, and the arguments. What is set here is seen by this guest only.
//!
//! ```
//! # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
//! # support::under("env.read:APP_*,env.write:APP_MODE", || {
//! use caphost_sdk::{ErrorKind, env};
//!
//! env::set_var("APP_MODE", "fast")?;
//! assert_eq!(env::var("APP_MODE")?, "fast");
//! assert_eq!(env::var("APP_NAME").unwrap_err().kind(), ErrorKind::NotFound);
//! assert!(env::var("HOME").unwrap_err().is_denied());
//! # Ok(())
//! # });
//! ```

pub use std::env::{Args, args};

use crate::error::{ErrorKind, Result};
use crate::sys;
use std::iter::FusedIterator;
use std::vec;

/// The value of a variable. Takes `env.read` of the name.
///
/// # Errors
/// [`ErrorKind::NotFound`] when it is not set; a refusal when it is not granted, whether it is set or not.
pub fn var(name: impl AsRef<str>) -> Result<String> {
    sys::variable(name.as_ref())?.ok_or_else(|| ErrorKind::NotFound.into())
}

/// Every variable that this guest may read, with its value. One that is not granted is not there.
///
/// # Errors
/// Only of the host; that nothing is granted is none.
pub fn vars() -> Result<Vars> {
    Ok(Vars(sys::variables()?.into_iter()))
}

/// The longest value that can be set.
const MAX_VALUE_BYTES: usize = 1 << 20;

/// Gives a variable a value, for this guest. Takes `env.write` of the name. Unlike std's, safe: no process is changed.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a name that is empty or holds `=` or NUL, and for a value that holds NUL;
/// [`ErrorKind::TooLarge`] when this guest would have set more than 1 MiB; a refusal.
pub fn set_var(name: impl AsRef<str>, value: impl AsRef<str>) -> Result<()> {
    // More than that cannot be set, and what is very large a host does not even take from a component.
    if value.as_ref().len() > MAX_VALUE_BYTES {
        return Err(ErrorKind::TooLarge.into());
    }
    sys::set_variable(name.as_ref(), value.as_ref())
}

/// Takes a variable away, for this guest. Takes `env.write` of the name. None of that name is no error.
///
/// # Errors
/// As [`set_var`].
pub fn remove_var(name: impl AsRef<str>) -> Result<()> {
    sys::remove_variable(name.as_ref())
}

/// The names and values that [`vars`] gave.
#[derive(Debug)]
pub struct Vars(vec::IntoIter<(String, String)>);

impl Iterator for Vars {
    type Item = (String, String);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Vars {}
impl FusedIterator for Vars {}
