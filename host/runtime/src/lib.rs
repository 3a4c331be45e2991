//! Run WebAssembly components with exactly the capabilities they were granted.
//!
//! ```no_run
//! use caphost::caps::ambient::HostAuthority;
//! use caphost::policy::{Policy, parse_list};
//! use caphost::{Cache, Component, Host, Outcome, Run};
//!
//! let mut policy = Policy::builder();
//! for rule in parse_list("fs.read:./data,env.read:APP_*")? {
//!     policy = policy.allow(rule);
//! }
//! let component = Component::read("app.wasm", std::fs::read("app.wasm")?)?;
//! let outcome = Host::new(Cache::Off).run(Run::new(component, policy.build()), HostAuthority::claim())?;
//! assert_eq!(outcome, Outcome::Exited(0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Component`] is read and inspected without running it; a [`Run`] is a component with a policy and its streams; a [`Host`]
//! compiles, links and runs it. Everything that the guest can do goes through [`caps`], which decides by [`policy`]. What is
//! linked, and the capability that each function takes, stands in [`surface`].

pub mod audit_log;
mod bindings;
mod cache;
mod engine;
mod host_api;
pub mod infer;
pub mod inspect;
mod limiter;
mod link;
mod outcome;
mod run;
pub mod seal;
mod state;
pub mod surface;
mod tasks;
mod wasi;

pub use cache::Cache;
pub use caphost_caps as caps;
pub use caphost_manifest as manifest;
pub use caphost_policy as policy;
pub use inspect::{BadComponent, Component, Inspection};
pub use outcome::Outcome;
pub use run::{Guest, Host, Run, RunError};
pub use state::OnDeny;
