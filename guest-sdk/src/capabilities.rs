//! What this guest may do: asking, insisting and giving up. There is nothing here that gains.
//!
//! A capability is named as on the command line: `fs.read`, `net` (a profile: all of its capabilities), `fs.read:/data/report.csv`
//! (a capability on one resource, as the guest names it).
//!
//! A guest rarely needs this: what is not granted answers with an [`Error`](crate::Error) where it is asked for. It is for
//! failing early, for going without what is not there, and for giving up what is no longer needed before untrusted input is read.

use crate::error::Result;
use crate::sys;

/// Whether something is granted. Without a resource: whether anything of the capability is. With one: whether that is.
///
/// Asking is no use: it takes nothing from a quota. A yes is recorded, a no is not. What is no capability is not granted.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs.read:./data", || {
/// use caphost_sdk::capabilities;
///
/// assert!(capabilities::has("fs.read"));
/// assert!(capabilities::has("fs.read:/data/report.csv"));
/// assert!(!capabilities::has("fs.write"));
/// # Ok(())
/// # });
/// ```
pub fn has(capability: impl AsRef<str>) -> bool {
    sys::has(capability.as_ref())
}

/// Fails unless [`has`] is true of it. A failure is a refusal like any other: it is recorded, and the operator is told.
///
/// # Errors
/// The refusal; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what is no capability.
///
/// # Examples
/// ```
/// use caphost_sdk::capabilities;
///
/// let error = capabilities::require("random").unwrap_err();
/// assert_eq!(error.capability(), Some("random"));
/// ```
pub fn require(capability: impl AsRef<str>) -> Result<()> {
    sys::require(capability.as_ref())
}

/// The grants that stand, in their text form, with resources as the guest names them. In the order they were given in.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs.read:./data,random", || {
/// use caphost_sdk::capabilities;
///
/// assert_eq!(capabilities::list(), ["fs.read:/data", "random"]);
/// # Ok(())
/// # });
/// ```
pub fn list() -> Vec<String> {
    sys::grants()
}

/// Gives up a capability, a profile, or one grant as [`list`] spells it: for good, handles that are open included.
///
/// To give up what one does not hold is no error.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the text names none of these.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs.read:./data", || {
/// use caphost_sdk::{ErrorKind, capabilities, fs};
///
/// let settings = fs::read("data/settings.toml")?;
/// capabilities::give_up("fs")?;
/// assert_eq!(fs::read("data/settings.toml").unwrap_err().kind(), ErrorKind::Revoked);
/// # Ok(())
/// # });
/// ```
pub fn give_up(capability: impl AsRef<str>) -> Result<()> {
    sys::give_up(capability.as_ref())
}
