//! Environment variables. What a guest sets is seen by the guest only.

use super::Result;
use crate::session::Session;

/// The value of a variable; none when it is not set. Takes `env.read` of the name.
///
/// # Errors
/// A refusal, whether there is such a variable or not.
pub fn get(session: &Session, name: &str) -> Result<Option<String>> {
    Ok(session.environment().get("caphost:host env.get", name).map_err(|error| (error, name))?)
}

/// Every variable that the guest may read, with its value. One that is not granted is not there.
pub fn list(session: &Session) -> Vec<(String, String)> {
    session.environment().list("caphost:host env.list")
}

/// Gives a variable a value. Takes `env.write` of the name.
///
/// # Errors
/// [`super::Error::InvalidInput`] for a name that is empty or holds `=` or NUL, and for a value that holds NUL;
/// [`super::Error::TooLarge`] for more than the host keeps.
pub fn set(session: &Session, name: &str, value: &str) -> Result<()> {
    Ok(session.environment().set("caphost:host env.set", name, value).map_err(|error| (error, name))?)
}

/// Takes a variable away; none of that name is no error. Takes `env.write` of the name.
///
/// # Errors
/// As [`set`].
pub fn remove(session: &Session, name: &str) -> Result<()> {
    Ok(session.environment().remove("caphost:host env.remove", name).map_err(|error| (error, name))?)
}
