//! What a guest may do, as values: capability names, scopes, grants, deny rules and limits.
//!
//! A policy is made from text or by hand, and answers one question:
//!
//! ```
//! use caphost_policy::{Capability, Decision, Policy, Request, Target, parse_list};
//!
//! let mut builder = Policy::builder();
//! for rule in parse_list("fs.read:/data,env.read:APP_*")? {
//!     builder = builder.allow(rule);
//! }
//! let policy = builder.build();
//!
//! let inside = Request { capability: Capability::FsRead, target: Target::Path("/data/report.csv") };
//! let outside = Request { capability: Capability::FsRead, target: Target::Path("/etc/passwd") };
//! assert!(policy.decide(&inside).is_allowed());
//! assert_eq!(policy.decide(&outside), Decision::Denied { by: None });
//! # Ok::<(), caphost_policy::RuleError>(())
//! ```
//!
//! The story in the order of the modules:
//! - [`Capability`] is the one table of what can be granted, [`Profile`] the named lists of it.
//! - [`Rule`] is a capability on a [`Scope`]; [`parse_list`] reads rules ([`parse_items`] tells which item each came from), `Display` writes them, [`RuleError`] shows the place of a typo.
//! - [`Grant`] is a rule with terms (expiry, [`Quota`], [`HttpTerms`], which [`HttpRule`] reads); [`Limits`] bound what a run may consume.
//! - [`Policy`] compiles rules into matchers, so that [`Policy::decide`] costs the length of the path or name
//!   and not the number of grants; [`Policy::attenuate`] narrows it, [`Policy::excess`] compares two.
//! - [`Deny`] is a deny rule with what it leaves out.
//! - [`codes`] holds the stable code and the page of every refusal; [`visible`] makes foreign text fit to be shown, [`frame`] marks a place in it.
//!
//! The crate does no I/O, reads no clock and knows no async: the same request gets the same decision for ever.

mod capability;
pub mod codes;
mod containment;
mod deny;
mod error;
mod escape;
mod excess;
pub mod frame;
mod grant;
mod http;
mod limits;
mod matcher;
mod nearest;
mod parse;
pub mod paths;
mod policy;
mod profile;
mod request;
mod rule;
mod scope;
pub mod visible;

pub use capability::{Capability, ScopeKind};
pub use deny::Deny;
pub use error::{Problem, RuleError};
pub use excess::{Exceeds, Excess};
pub use grant::{Grant, Quota, Rate};
pub use http::{HeaderError, HttpRule, HttpTerm, HttpTerms, InjectedHeader, Piece, SecretSource};
pub use limits::{DatabaseLimits, Limits};
pub use matcher::PathCursor;
pub use nearest::nearest;
pub use parse::{Item, parse_items, parse_list, parse_scoped};
pub use policy::{Policy, PolicyBuilder, PolicyLayer};
pub use profile::Profile;
pub use request::{Decision, Protocol, Request, RuleId, Target};
pub use rule::{Rule, Scope};
pub use scope::{
    AddressClass, Host, HostName, HostPattern, NameScope, NetScope, PathScope, Ports, Scheme, ScopeError, TableScope,
};
