//! What a new seal allows that the old one does not.

use caphost::inspect::Component;
use caphost::manifest::Timestamp;
use caphost::policy::visible::escape;
use caphost::policy::{Policy, Rule};
use caphost::seal::Seal;

/// One thing about the seals. Its texts are escaped.
pub(super) struct SealChange {
    /// What is allowed, or what is with the seal.
    pub(super) what: String,
    /// Why it is here.
    pub(super) why: String,
    /// Whether the new component could do more because of it.
    pub(super) is_more: bool,
}

/// Compares the seals of two components.
pub(super) fn seals(old: &Component, new: &Component) -> Vec<SealChange> {
    let change = |what: &str, why: &str, is_more| SealChange { what: what.to_owned(), why: why.to_owned(), is_more };
    match (old.seal(), new.seal()) {
        (_, Err(_)) => vec![change("broken", "the seal of the new one does not hold: `caphost verify` says why", true)],
        (Ok(None), Ok(None)) => Vec::new(),
        (Ok(None), Ok(Some(_))) => vec![change("sealed", "the old one had no seal", false)],
        (Ok(Some(_)) | Err(_), Ok(None)) => vec![change("not sealed", "the old one had a seal", true)],
        (Err(_), Ok(Some(_))) => vec![change("not compared", "the seal of the old one does not hold", true)],
        (Ok(Some(old)), Ok(Some(new))) => excess(old, new),
    }
}

fn excess(old: &Seal, new: &Seal) -> Vec<SealChange> {
    // Both from the same moment, so that only what they say differs.
    let [old, new]: [Policy; 2] = [old, new].map(|seal| seal.policy("", Timestamp::EPOCH));
    let change = |excess: caphost::policy::Excess| {
        let rule = new.grant(excess.grant).map_or_else(String::new, |grant| shown(&grant.rule));
        SealChange { what: rule, why: excess.why.to_string(), is_more: true }
    };
    new.excess(&old).into_iter().map(change).collect()
}

fn shown(rule: &Rule) -> String {
    escape(&rule.to_string()).to_string()
}
