//! The calls of `caphost:host`: each one granted and refused, with the error that a guest gets and the record that is kept.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod capabilities;
mod env;
mod file;
mod fs;
mod random;
mod time;

use caphost_caps::guest::fs::OpenFlags;
use caphost_caps::guest::{Error, Refused};
use caphost_policy::codes::Code;
use caphost_policy::{Grant, Limits, Policy, Quota, Rule};

const READ: OpenFlags = OpenFlags {
    read: true,
    write: false,
    append: false,
    create: false,
    create_new: false,
    truncate: false,
    no_follow: false,
};
const WRITE: OpenFlags = OpenFlags { write: true, read: false, ..READ };

/// The refusal that a guest gets.
fn denied(capability: &'static str, resource: &str, code: Code) -> Error {
    Error::Denied(refused(capability, resource, code))
}

fn refused(capability: &'static str, resource: &str, code: Code) -> Refused {
    Refused { capability, resource: resource.to_owned(), code }
}

/// A policy of one grant that ends after so many operations or bytes.
fn metered(rule: &str, operations: Option<u64>, bytes: Option<u64>) -> Policy {
    let mut grant = Grant::from(rule.parse::<Rule>().expect("a rule"));
    grant.quota = Some(Quota { operations, bytes, ..Quota::default() });
    Policy::builder().allow(grant).build()
}

/// A policy of one grant under which the host allocates so many bytes at once.
fn limited(rules: &str, bytes: u64) -> Policy {
    let rules = caphost_policy::parse_list(rules).expect("rules");
    let builder = rules.into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    builder.limits(Limits { host_allocation_bytes: bytes, ..Limits::default() }).build()
}
