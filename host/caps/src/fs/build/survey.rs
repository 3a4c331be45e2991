//! Where the paths of rules are: on the host, every symbolic link followed, and in the namespace.

use super::super::namespace::place_of_grant;
use super::MountError;
use crate::ambient::{self, HostAuthority};
use caphost_policy::{Capability, PathScope, Policy, Rule, Scope};
use std::collections::{BTreeSet, HashMap};
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
        for rule in grants {
            let site = match self.site(rule) {
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

    fn site(&self, rule: &Rule) -> Result<Site, String> {
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
            host: self.canonical(host, MayBeMissing::from(rule.capability == Capability::FsWrite))?,
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

    pub(super) fn unusable_deny(&self, rule: &Rule) -> Option<MountError> {
        let Scope::Path(path) = &rule.scope else { return None };
        let reason = self.canonical_scope(path).err()?;
        Some(MountError { rule: rule.to_string(), reason })
    }

    /// The scope of any path rule, with its real path. Of a deny rule, what exists of the path is resolved.
    pub(super) fn canonical_scope(&self, scope: &PathScope) -> Result<PathScope, String> {
        let host = self.canonical(scope.host(), MayBeMissing::Wholly)?;
        PathScope::new(&host, scope.guest()).map_err(|error| error.to_string())
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
    fn from(is_written: bool) -> Self {
        if is_written { Self::LastName } else { Self::Nothing }
    }

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
