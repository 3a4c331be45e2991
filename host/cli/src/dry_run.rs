//! `--dry-run`: what a guest would be given, and nothing is started. Invariant: what would keep it from starting is said as if it
//! were started.

use crate::begin;
use crate::effective::{self, Effective, shown};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::{ExecSettings, Granted, RunSettings};
use crate::{columns, output};
use caphost::caps::ambient::HostAuthority;
use caphost::inspect::Component;
use caphost::manifest::Origin;
use caphost::policy::visible::escape;
use caphost::policy::{Capability, Policy, Rule, Scope};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// Prints what the component would be given.
///
/// # Errors
/// What would keep it from starting: a grant or a database that cannot be used.
pub(crate) fn print_run(settings: &RunSettings, component: &Component) -> Result<Exit, Failure> {
    let protected = begin::protected(&settings.audit, &settings.granted);
    print(&escape(component.name()).to_string(), &settings.arguments, &settings.granted, protected)
}

/// Prints what the native program would be given.
///
/// # Errors
/// As [`print_run`].
pub(crate) fn print_exec(settings: &ExecSettings) -> Result<Exit, Failure> {
    let protected = begin::protected(&settings.audit, &settings.granted);
    let words: Vec<_> = settings.arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    print(&shown(Path::new(&settings.program)), &words, &settings.granted, protected)
}

fn print(guest: &str, arguments: &[String], granted: &Granted, protected: Vec<PathBuf>) -> Result<Exit, Failure> {
    let session = begin::session(granted, protected).build(HostAuthority::claim());
    let session = session.map_err(|error| begin::not_begun(error, &granted.origins))?;
    let words: Vec<_> = arguments.iter().map(|argument| escape(argument).to_string()).collect();
    let mut text = format!("{}\n", [guest.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" "));
    let all = granted.effective();
    text += &effective::as_text(&Effective {
        declaration: granted.declaration(),
        origins: &granted.origins,
        limits: all.limits(),
        ceiling: granted.ceiling.as_ref().map(|ceiling| (ceiling, Origin::option("the seal"))),
        databases: Some((&granted.databases, &granted.database_origins)),
    });
    let mounts = mounts(&granted.policy, session.gate().policy());
    if !mounts.is_empty() {
        text += &format!("mounted, by the guest's name\n{}", columns::align(&mounts));
    }
    output::print(&(text + "nothing was started\n"))?;
    Ok(Exit::Success)
}

/// For each granted path the name that the guest has for it, what may be done there or below, and where it really is.
fn mounts(written: &Policy, real: &Policy) -> Vec<[String; 3]> {
    let (mut mounts, mut known) = (Vec::new(), HashSet::new());
    for (written, real) in written.grants().iter().zip(real.grants()) {
        mounts.extend(mount(&written.rule, &real.rule).filter(|mount| known.insert(mount.clone())));
    }
    let allowed = [Capability::FsRead, Capability::FsWrite].map(|capability| (capability, allowed(real, capability)));
    let row = |(name, host): (String, String)| {
        let rights = allowed.iter().filter(|(capability, places)| {
            real.path_cursor(*capability, &host).decision().is_allowed() || holds(places, &host)
        });
        let rights: Vec<_> = rights.map(|(capability, _)| capability.name()).collect();
        let rights = if rights.is_empty() { "nothing".to_owned() } else { rights.join(", ") };
        [escape(&name).to_string(), rights, escape(&host).to_string()]
    };
    mounts.into_iter().map(row).collect()
}

/// The places, among those of grants and of what deny rules leave out, that are allowed: where anything below a place is, one of them is.
fn allowed(policy: &Policy, capability: Capability) -> BTreeSet<&str> {
    let grants = policy.grants().iter().map(|grant| (grant.rule.capability, &grant.rule.scope));
    let denies = policy.denies().iter();
    let except = denies.flat_map(|deny| deny.except.iter().map(|scope| (deny.rule.capability, scope)));
    let all = grants.chain(except);
    let places = all.filter_map(|(of, scope)| match scope {
        Scope::Path(path) if of == capability => Some(path.host()),
        _ => None,
    });
    places.filter(|place| policy.path_cursor(capability, place).decision().is_allowed()).collect()
}

/// Whether one of `places` is below `host`.
fn holds(places: &BTreeSet<&str>, host: &str) -> bool {
    let below = format!("{}/", host.trim_end_matches('/'));
    places.range(below.as_str()..).next().is_some_and(|place| place.starts_with(&below))
}

fn mount(written: &Rule, real: &Rule) -> Option<(String, String)> {
    if !matches!(written.capability, Capability::FsRead | Capability::FsWrite) {
        return None;
    }
    match (&written.scope, &real.scope) {
        (Scope::Any, _) => Some(("/".to_owned(), "/".to_owned())),
        (Scope::Path(written), Scope::Path(real)) => {
            Some((written.guest().unwrap_or(written.host()).to_owned(), real.host().to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::policy::Deny;

    fn rights(allow: &[&str], deny: Option<(&str, &str)>) -> Vec<String> {
        let rule = |text: &str| text.parse::<Rule>().unwrap();
        let builder = allow.iter().fold(Policy::builder(), |builder, text| builder.allow(rule(text)));
        let deny = deny.map(|(denied, except)| Deny { rule: rule(denied), except: vec![rule(except).scope] });
        let policy = deny.into_iter().fold(builder, |builder, deny| builder.deny(deny)).build();
        mounts(&policy, &policy).into_iter().map(|[name, rights, _]| format!("{name} {rights}")).collect()
    }

    #[test]
    fn what_a_deny_rule_is_about_is_no_right() {
        let keys = Some(("fs.write:/d/keys", "fs.write:/d/keys/public"));
        assert_eq!(rights(&["fs.read:/d", "fs.write:/o"], keys), ["/d fs.read", "/o fs.write"]);
    }

    #[test]
    fn what_is_allowed_below_is_a_right() {
        assert_eq!(
            rights(&["fs.read:/d", "fs.write:/d/new"], None),
            ["/d fs.read, fs.write", "/d/new fs.read, fs.write"]
        );
        let all_but = Some(("fs.write:/d", "fs.write:/d/new"));
        assert_eq!(rights(&["fs.read:/d", "fs.write:/d"], all_but), ["/d fs.read, fs.write"]);
        assert_eq!(rights(&["fs.write:/d"], Some(("fs.write", "fs.write:/e"))), ["/d nothing"]);
        assert_eq!(rights(&["fs.read:/d", "fs.write:/d-new"], None), ["/d fs.read", "/d-new fs.write"]);
    }
}
