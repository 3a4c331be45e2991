//! The table of targets.

mod address;
mod audit_log;
mod canonical;
mod component;
mod host;
mod http_rule;
mod key;
mod manifest;
mod rows;
mod rules;
mod seal;
mod words;

use crate::Target;

/// Nothing is made.
fn nothing() -> Vec<Vec<u8>> {
    Vec::new()
}

/// Every target.
pub(crate) const ALL: &[Target] = &[
    Target { name: "rules", check: rules::check, made: nothing, words: words::NAMES, tries: 12_000 },
    Target { name: "host", check: host::check, made: nothing, words: words::HOSTS, tries: 60_000 },
    Target { name: "http_rule", check: http_rule::check, made: nothing, words: words::HTTP, tries: 20_000 },
    Target { name: "manifest", check: manifest::check, made: manifest::made, words: words::TOML, tries: 20_000 },
    Target {
        name: "canonical",
        check: canonical::check,
        made: canonical::made,
        words: words::CANONICAL,
        tries: 30_000,
    },
    Target { name: "seal", check: seal::check, made: seal::made, words: words::WAT, tries: 6_000 },
    Target { name: "key", check: key::check, made: nothing, words: words::PEM, tries: 20_000 },
    Target { name: "component", check: component::check, made: component::made, words: words::WAT, tries: 30_000 },
    Target { name: "audit_log", check: audit_log::check, made: audit_log::made, words: words::LOG, tries: 12_000 },
    Target { name: "address", check: address::check, made: nothing, words: words::ADDRESSES, tries: 60_000 },
    Target { name: "rows", check: rows::check, made: rows::made, words: &[], tries: 40_000 },
];
