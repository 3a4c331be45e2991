//! What a guest may do: asking, insisting and giving up. Invariant: nothing here gains.

use super::fs::{about, at};
use super::{Error, Result};
use crate::audit::Extent;
use crate::fs::place_of_grant;
use crate::request::{Asked, Request, Target};
use crate::session::Session;
use caphost_policy::{Capability, Profile, Rule, Scope, ScopeKind, parse_items};

/// The longest text that is looked at, in bytes: a path of the greatest length, each of its characters escaped, and a name.
pub const MAX_TEXT_BYTES: usize = 2 * 4_096 + 64;

const HAS: &str = "caphost:host capabilities.has";
const REQUIRE: &str = "caphost:host capabilities.require";

/// Whether something is granted, by the text of a rule: a capability or a profile, with a resource as the guest names it or
/// without. Without one: whether anything of each capability is.
///
/// Asking is no use: nothing is taken from a quota. A yes is recorded, for what the guest does next may stand on it; a no refuses nothing.
/// What is no capability is not granted.
pub fn has(session: &Session, text: &str) -> bool {
    let Ok(rules) = parse(text) else { return false };
    let is_granted = rules.iter().all(|rule| is_granted(session, rule));
    if is_granted {
        rules.iter().for_each(|rule| record(session, HAS, rule));
    }
    is_granted
}

/// As [`has`], without a record.
fn stands_now(session: &Session, text: &str) -> bool {
    parse(text).is_ok_and(|rules| rules.iter().all(|rule| is_granted(session, rule)))
}

/// Fails unless [`has`] is true of it. A failure is a refusal like any other.
///
/// # Errors
/// The refusal; [`Error::InvalidInput`] for what is no capability.
pub fn require(session: &Session, text: &str) -> Result<()> {
    let rules = parse(text)?;
    match rules.iter().find(|rule| !is_granted(session, rule)) {
        Some(rule) => refuse(session, rule, text),
        None => {
            rules.iter().for_each(|rule| record(session, REQUIRE, rule));
            Ok(())
        }
    }
}

/// The grants that stand, in their text form, with resources as the guest names them. In the order they were given in.
///
/// A grant with terms for HTTP is listed by its scheme and host alone; [`has`] is true of these only where any request to them is allowed.
pub fn list(session: &Session) -> Vec<String> {
    let gate = session.gate();
    let grants = gate.written().grants().iter().enumerate();
    // What is denied as a whole is worth nothing.
    let stands =
        |index: usize, rule: &Rule| gate.ended(index).is_none() && gate.policy().has_any_grant(rule.capability);
    let standing = grants.filter(|(index, grant)| stands(*index, &grant.rule));
    // Of several policies, a grant of one is worth what the others allow of it.
    let is_whole = |text: &String| !gate.policy().is_attenuated() || stands_now(session, text);
    let mut texts: Vec<String> = Vec::new();
    for text in standing.map(|(_, grant)| text_of(&grant.rule)).filter(is_whole) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// Gives up a capability, a profile, or one grant as [`list`] spells it: for good, handles that are open included. To give up what
/// one does not hold is no error.
///
/// A directory that was granted under two names is given up with both: authority is over the directory, not over its name.
///
/// # Errors
/// [`Error::InvalidInput`] when the text names none of these.
pub fn drop(session: &Session, text: &str) -> Result<()> {
    let gate = session.gate();
    let canonical = gate.policy().grants();
    let capabilities = whole(text);
    let written = canonical.iter().zip(gate.written().grants());
    let spelled: Vec<&Rule> =
        written.filter(|(_, written)| text_of(&written.rule) == text).map(|(grant, _)| &grant.rule).collect();
    if capabilities.is_none() && spelled.is_empty() {
        return Err(Error::InvalidInput("this is no capability, no profile and no grant that was given".to_owned()));
    }
    let is_given_up = |rule: &Rule| match capabilities {
        Some(capabilities) => capabilities.contains(&rule.capability),
        None => spelled.iter().any(|spelled| is_same(spelled, rule)),
    };
    let given_up = canonical.iter().enumerate().filter(|(_, grant)| is_given_up(&grant.rule));
    session.revoker().revoke_grants(given_up.map(|(index, _)| index));
    Ok(())
}

/// The rules that one capability or profile stands for.
fn parse(text: &str) -> Result<Vec<Rule>> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::InvalidInput("the text is too long for a capability".to_owned()));
    }
    let mut items = parse_items(text).map_err(|error| Error::InvalidInput(error.to_string()))?;
    let has_host_path = |rule: &Rule| matches!(&rule.scope, Scope::Path(path) if path.guest().is_some());
    match (items.len(), items.pop()) {
        (1, Some(item)) if !item.rules.iter().any(has_host_path) => Ok(item.rules),
        _ => Err(Error::InvalidInput("one capability is expected, on a resource as the guest names it".to_owned())),
    }
}

fn is_granted(session: &Session, rule: &Rule) -> bool {
    match &rule.scope {
        Scope::Path(path) => session.files().is_granted(&at(session, REQUIRE, path.host()), rule.capability),
        _ => session.gate().standing_rule(rule).is_ok(),
    }
}

/// Records that the guest was told of a grant.
fn record(session: &Session, call: &'static str, rule: &Rule) {
    let (resource, extent) = match &rule.scope {
        Scope::Path(path) => return session.files().record_granted(&at(session, call, path.host()), rule.capability),
        Scope::Any => (String::new(), Extent::Part),
        scope => (resource_of(scope), Extent::Whole),
    };
    let request = Request { capability: rule.capability, call, asked: Asked::name(&resource), target: Target::Whole };
    session.gate().record_standing(&request, extent);
}

/// What a rule is about, as a guest names it.
fn resource_of(scope: &Scope) -> String {
    match scope {
        Scope::Any => String::new(),
        Scope::Path(path) => path.host().to_owned(),
        Scope::Name(name) => name.to_string(),
        Scope::Net(peer) => peer.to_string(),
        Scope::Table(table) => table.to_string(),
    }
}

/// Refuses what a guest insisted on and is not granted.
#[cold]
fn refuse(session: &Session, rule: &Rule, text: &str) -> Result<()> {
    let capability = rule.capability;
    if let Scope::Path(path) = &rule.scope {
        let refused = session.files().require(&at(session, REQUIRE, path.host()), capability);
        return refused.map_err(about(path.host()));
    }
    let resource = resource_of(&rule.scope);
    let Err(missing) = session.gate().standing_rule(rule) else { return Ok(()) };
    // To grant all files is more than anybody should be told to.
    let is_all_files = rule.scope == Scope::Any && capability.scope_kind() == ScopeKind::Path;
    let hint = if is_all_files { format!("{text}:.") } else { text.to_owned() };
    let request = Request { capability, call: REQUIRE, asked: Asked::name(&resource), target: Target::Whole };
    Err((session.gate().refuse_missing(&request, missing, &hint), resource.as_str()).into())
}

/// The capabilities that a name stands for.
fn whole(name: &str) -> Option<&'static [Capability]> {
    let alone = |capability: Capability| Capability::ALL.get(capability.index()..=capability.index());
    let profile = || Profile::named(name).map(|profile| profile.capabilities);
    Capability::from_name(name).and_then(alone).or_else(profile)
}

/// The text form of a grant, its path as the guest names it.
fn text_of(written: &Rule) -> String {
    let guest = match &written.scope {
        Scope::Path(path) => place_of_grant(path),
        Scope::Any if written.capability.scope_kind() == ScopeKind::Path => "/".to_owned(),
        _ => return written.to_string(),
    };
    Rule::for_path(written.capability, &guest, None).to_string()
}

/// Whether two grants are of the same thing.
fn is_same(one: &Rule, other: &Rule) -> bool {
    let scope = |rule: &Rule| match &rule.scope {
        Scope::Path(path) => Some(path.host().to_owned()),
        Scope::Any if rule.capability.scope_kind() == ScopeKind::Path => Some("/".to_owned()),
        _ => None,
    };
    one.capability == other.capability && if scope(one).is_some() { scope(one) == scope(other) } else { one == other }
}
