//! Where the paths of rules are: on the host, every symbolic link followed, and in the namespace.

use super::super::namespace::place_of_grant;
use super::MountError;
use crate::ambient::{self, HostAuthority};
use crate::escape::escape;
use caphost_policy::{Capability, Deny, PathScope, Policy, Rule, Scope, paths};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

/// Looks paths up on the host.
pub(super) struct Surveyor<'a> {
    pub(super) working_directory: &'a Path,
    pub(super) authority: HostAuthority,
}

/// A granted path: where it is on the host, and where in the namespace.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) rule: String,
    pub(super) scope: String,
    pub(super) written: String,
    pub(super) host: String,
    pub(super) guest: String,
    pub(super) preopen: String,
}

impl Surveyor<'_> {
    /// The sites of all grants; two grants of one path share a site, two paths at one place of the namespace are an error.
    pub(super) fn sites<'r>(&self, grants: impl Iterator<Item = &'r Rule>) -> (Vec<Site>, Vec<MountError>) {
        let (mut sites, mut errors) = (Vec::<Site>::new(), Vec::new());
        let mut by_place = HashMap::<String, usize>::new();
        let grants: Vec<&Rule> = grants.collect();
        let written = self.written(&grants);
        for rule in grants {
            let missing = if self.is_written(rule, &written) { MayBeMissing::LastName } else { MayBeMissing::Nothing };
            let site = match self.site(rule, missing) {
                Ok(site) => site,
                Err(reason) => {
                    errors.push(MountError { rule: rule.to_string(), reason });
                    continue;
                }
            };
            match by_place.get(&site.guest).and_then(|&index| sites.get(index)) {
                None => {
                    by_place.insert(site.guest.clone(), sites.len());
                    sites.push(site);
                }
                Some(other) if other.host == site.host => {}
                Some(other) => errors.push(two_at_one_place(&site, other)),
            }
        }
        (sites, errors)
    }

    /// The places that may be written, by their letters.
    fn written(&self, grants: &[&Rule]) -> HashSet<String> {
        let written = grants.iter().filter(|rule| rule.capability == Capability::FsWrite);
        written.map(|rule| self.place(rule)).collect()
    }

    /// Whether the guest may make what a rule names: then it need not be there yet.
    fn is_written(&self, rule: &Rule, written: &HashSet<String>) -> bool {
        let place = self.place(rule);
        let above = std::iter::successors(Some(place.as_str()), |place| Some(place.rsplit_once('/')?.0));
        above.map(|place| if place.is_empty() { "/" } else { place }).any(|place| written.contains(place))
    }

    fn place(&self, rule: &Rule) -> String {
        let host = if let Scope::Path(path) = &rule.scope { path.host() } else { "/" };
        paths::normalise(&self.working_directory.to_string_lossy(), host)
    }

    fn site(&self, rule: &Rule, missing: MayBeMissing) -> Result<Site, String> {
        let (host, guest) = match &rule.scope {
            Scope::Path(path) => (path.host(), path.guest()),
            _ => ("/", None),
        };
        let place = match &rule.scope {
            Scope::Path(path) => place_of_grant(path),
            _ => "/".to_owned(),
        };
        let scope = match guest {
            Some(guest) => format!("{host}::{guest}"),
            None => host.to_owned(),
        };
        Ok(Site {
            rule: rule.to_string(),
            scope,
            written: host.to_owned(),
            host: self.canonical(host, missing)?,
            guest: place.trim_end_matches('/').to_owned(),
            preopen: guest.unwrap_or(host).to_owned(),
        })
    }

    /// A deny rule for a symbolic link denies what it leads to; this is the rule for the link itself, so that no other one takes
    /// its place.
    pub(super) fn own_name(&self, rule: &Rule) -> Option<Rule> {
        let Scope::Path(path) = &rule.scope else { return None };
        let own = self.own_path(path.host())?;
        let target = self.canonical(path.host(), MayBeMissing::Wholly).ok()?;
        (own != target).then(|| Rule::for_path(rule.capability, &own, None))
    }

    /// The real path of a name, that of a link and not of what it leads to.
    fn own_path(&self, host: &str) -> Option<String> {
        let host = Path::new(host);
        let parent = host.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = host.file_name()?.to_str()?;
        let parent = self.canonical(parent.to_str()?, MayBeMissing::Wholly).ok()?;
        Some(format!("{}/{name}", parent.trim_end_matches('/')))
    }

    /// Deny rules for what a guest with this policy could reach and must not: of a link, for itself and for what it leads to.
    pub(super) fn within_reach(&self, canonical: &Policy, protected: &[PathBuf]) -> Vec<Rule> {
        let mut rules = Vec::new();
        let protected = protected.iter().filter_map(|path| path.to_str());
        let of = |path: &str| [self.canonical(path, MayBeMissing::Wholly).ok(), self.own_path(path)];
        let hosts: BTreeSet<String> = protected.flat_map(of).flatten().collect();
        for host in hosts {
            for capability in [Capability::FsRead, Capability::FsWrite] {
                let cursor = canonical.path_cursor(capability, &host);
                if cursor.decision().is_allowed() || cursor.has_rules_below() {
                    rules.push(Rule::for_path(capability, &host, None));
                }
            }
        }
        rules
    }

    pub(super) fn unusable_deny(&self, deny: &Deny) -> Option<MountError> {
        let scopes = std::iter::once(&deny.rule.scope).chain(&deny.except);
        let reason = scopes.filter_map(path_of).find_map(|path| self.canonical_scope(path).err())?;
        Some(MountError { rule: deny.to_string(), reason })
    }

    /// An exception that is reached through a symbolic link below the denied place, or from outside of it: whoever may write there could
    /// have made the link, and so choose what the rule leaves out. `real` is the same rule with real paths.
    pub(super) fn misled_exception(&self, written: &Deny, real: &Deny) -> Option<MountError> {
        let denied = path_of(&real.rule.scope).map_or("/", PathScope::host);
        let pairs = written.except.iter().filter_map(path_of).zip(real.except.iter().filter_map(path_of));
        let rule_path = path_of(&written.rule.scope).map_or("/", PathScope::host);
        let mut misled = pairs.filter(|(written, real)| self.is_misled(rule_path, denied, written.host(), real.host()));
        let (written_path, real_path) = misled.next()?;
        let reason = format!(
            "the exception `{}` leads through a symbolic link to `{}`; write the path that is meant",
            escape(written_path.host()),
            escape(real_path.host())
        );
        Some(MountError { rule: written.to_string(), reason })
    }

    fn is_misled(&self, rule: &str, denied: &str, exception: &str, real: &str) -> bool {
        let [rule, exception] = [rule, exception].map(|path| self.working_directory.join(path));
        let is_plain = |whole: &Path| {
            exception.strip_prefix(whole).is_ok_and(|rest| Path::new(denied).join(rest) == Path::new(real))
        };
        if is_plain(&rule) {
            return false;
        }
        let mut above: Vec<_> = exception.ancestors().collect();
        above.reverse();
        let leads_there = |path: &&&Path| {
            let path = path.to_str().and_then(|path| self.canonical(path, MayBeMissing::Wholly).ok());
            path.as_deref() == Some(denied)
        };
        match above.iter().find(leads_there) {
            Some(whole) => !is_plain(whole),
            None => Path::new(real).starts_with(denied),
        }
    }

    /// The scope of any path rule, with its real path. Of a deny rule, what exists of the path is resolved.
    pub(super) fn canonical_scope(&self, scope: &PathScope) -> Result<PathScope, String> {
        let host = self.canonical(scope.host(), MayBeMissing::Wholly)?;
        PathScope::new(&host, scope.guest()).map_err(|error| error.to_string())
    }

    /// A policy that only narrows, with real paths. A path of it that cannot be looked up stays as it was written: nothing that is
    /// opened has it for its real path.
    pub(super) fn canonical_ceiling(&self, ceiling: &Policy) -> Policy {
        let scope = |scope: &PathScope| -> Result<PathScope, Infallible> {
            Ok(self.canonical_scope(scope).unwrap_or_else(|_| scope.clone()))
        };
        ceiling.map_paths(scope).unwrap_or_else(|never| match never {})
    }

    fn canonical(&self, host: &str, missing: MayBeMissing) -> Result<String, String> {
        let mut path = self.working_directory.join(host);
        let mut rest = Vec::new();
        let real = loop {
            match ambient::canonical(&path, self.authority) {
                Ok(real) => break real,
                Err(error) if is_missing(&error) && missing.allows(rest.len() + 1) => {
                    let name = path.file_name().ok_or_else(|| error.to_string())?;
                    rest.push(name.to_owned());
                    path.pop();
                }
                Err(error) => return Err(error.to_string()),
            }
        };
        let real = rest.into_iter().rev().fold(real, |path, name| path.join(name));
        real.into_os_string().into_string().map_err(|_| "its real path is not valid UTF-8".to_owned())
    }
}

fn path_of(scope: &Scope) -> Option<&PathScope> {
    if let Scope::Path(path) = scope { Some(path) } else { None }
}

/// Nothing is there, or a file is where a directory would have to be.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// How much of a path need not exist.
#[derive(Clone, Copy)]
enum MayBeMissing {
    Nothing,
    /// Its last name: a file that the guest will create.
    LastName,
    Wholly,
}

impl MayBeMissing {
    fn allows(self, names: usize) -> bool {
        match self {
            Self::Nothing => false,
            Self::LastName => names <= 1,
            Self::Wholly => true,
        }
    }
}

#[cold]
fn two_at_one_place(site: &Site, other: &Site) -> MountError {
    let place = if site.guest.is_empty() { "/" } else { &site.guest };
    let reason = format!(
        "`{}` is already mounted at `{place}` by `{}`; give one of them a guest path with `::`",
        other.host, other.rule
    );
    MountError { rule: site.rule.clone(), reason }
}
