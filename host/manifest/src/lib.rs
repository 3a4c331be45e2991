//! What a manifest declares.
//!
//! A manifest is a file, `caphost.toml`, that says what a component may do. It is read into values, each with the place it was written at:
//!
//! ```
//! use caphost_manifest::{Form, Manifest, Source, Timestamp};
//!
//! let text = "version = 1\nallow = [\"fs.read:/data\"]\n";
//! let manifest = Manifest::read(Source { name: "caphost.toml", text, form: Form::Toml })?;
//! let declaration = manifest.declaration(&[], None)?;
//! assert_eq!(declaration.grants[0].origin.to_string(), "caphost.toml:2");
//! let policy = declaration.policy(Timestamp::EPOCH, caphost_policy::Limits::default());
//! assert_eq!(policy.grants()[0].rule.to_string(), "fs.read:/data");
//! # Ok::<(), caphost_manifest::ManifestErrors>(())
//! ```
//!
//! The crate does no I/O and reads no clock. Whoever reads the file says what is not UTF-8, and stops at [`MAX_BYTES`].

mod canonical;
mod declaration;
mod document;
mod draft;
mod error;
mod fault;
pub mod keys;
mod lines;
mod manifest;
mod origin;
mod read;
mod reference;
mod schema;
mod text;
mod timestamp;
pub mod units;
mod weight;

pub use canonical::{CannotSeal, Canonical, CanonicalError};
pub use declaration::{
    AuditChoice, AuditErrorChoice, DatabasePlace, Declaration, DeclaredDatabaseLimits, DeclaredGrant, DeclaredLimits,
    Narrowed, OnDenyChoice,
};
pub use draft::{Draft, DraftDeny, DraftGrant, DraftPackage};
pub use error::{MAX_ERRORS, ManifestError, ManifestErrors};
pub use manifest::{Form, MAX_BYTES, Manifest, Source};
pub use origin::{Declared, Origin};
pub use reference::reference;
pub use schema::schema;
pub use timestamp::{Timestamp, TimestampError};
