//! From the path grants of a policy to a namespace. Invariant: each granted path is looked up once, here, and held open from
//! then on; a rule that cannot be enforced as it stands is an error.

use super::beneath::Opener;
use super::error::Trouble;
use super::fenced::FencedDirectory;
use super::hint::default_guest;
use super::located::Cursors;
use super::metadata::FileId;
use super::namespace::{Mount, Namespace};
use super::tree::{HostDirectory, HostFile, Tree};
use crate::ambient::{self, HostAuthority, Root};
use crate::escape::escape;
use cap_std::fs::Dir;
use caphost_policy::{Capability, PathScope, Policy, Rule, Scope, paths};
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, statat};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A grant that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule `{}` cannot be used: {reason}", escape(rule))]
pub struct MountError {
    /// The grant, in its text form.
    pub rule: String,
    /// What is in its way.
    pub reason: String,
}

/// Every grant that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountErrors(pub Vec<MountError>);

impl fmt::Display for MountErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for MountErrors {}

/// What [`prepare`] makes of a policy.
pub(crate) struct Prepared {
    /// The policy with the same rules in the same order, and canonical absolute host paths.
    pub(crate) canonical: Policy,
    /// The policy as the operator wrote it.
    pub(crate) written: Policy,
    pub(crate) namespace: Namespace,
}

/// Resolves the path scopes of `policy` and opens what its grants name.
///
/// What is `protected` belongs to the host itself: where a grant would let the guest write it, a deny rule is added.
pub(crate) fn prepare(
    policy: Policy,
    working_directory: &Path,
    protected: &[PathBuf],
    authority: HostAuthority,
) -> Result<Prepared, MountErrors> {
    let is_path_rule = |rule: &Rule| matches!(rule.capability, Capability::FsRead | Capability::FsWrite);
    if !policy.grants().iter().any(|grant| is_path_rule(&grant.rule)) {
        return Ok(Prepared { canonical: policy.clone(), written: policy, namespace: Namespace::default() });
    }
    let surveyor = Surveyor { working_directory, authority };
    let grants = policy.grants().iter().map(|grant| &grant.rule).filter(|rule| is_path_rule(rule));
    let (sites, mut errors) = surveyor.sites(grants);
    errors.extend(policy.denies().iter().filter_map(|rule| surveyor.unusable_deny(rule)));
    if !errors.is_empty() {
        return Err(MountErrors(errors));
    }
    let canonical = policy.map_paths(|scope| surveyor.canonical_scope(scope));
    let canonical = canonical.map_err(|reason| MountErrors(vec![MountError { rule: "fs".to_owned(), reason }]))?;
    let mut fenced_off = surveyor.within_reach(&canonical, protected);
    fenced_off.extend(policy.denies().iter().filter_map(|rule| surveyor.own_name(rule)));
    let fence = Fence::new(&canonical, &fenced_off, authority);
    let (canonical, written) = (canonical.with_denies(fenced_off.clone()), policy.with_denies(fenced_off));
    let opener = Opener::new(ambient::device_directories(authority));
    let mut mounts = Vec::new();
    for site in sites {
        match site.open(&canonical, opener, &fence, authority) {
            Ok(mount) => mounts.push(mount),
            Err(reason) => errors.push(MountError { rule: site.rule, reason }),
        }
    }
    let namespace = Namespace::new(mounts);
    if errors.is_empty() { Ok(Prepared { canonical, written, namespace }) } else { Err(MountErrors(errors)) }
}

/// Looks paths up on the host.
struct Surveyor<'a> {
    working_directory: &'a Path,
    authority: HostAuthority,
}

/// A granted path: where it is on the host, and where in the namespace.
#[derive(Debug)]
struct Site {
    rule: String,
    scope: String,
    written: String,
    host: String,
    guest: String,
    preopen: String,
}

impl Surveyor<'_> {
    /// The sites of all grants; two grants of one path share a site, two paths at one place of the namespace are an error.
    fn sites<'r>(&self, grants: impl Iterator<Item = &'r Rule>) -> (Vec<Site>, Vec<MountError>) {
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
        let place = guest.map_or_else(|| default_guest(host), |guest| paths::normalise("/", guest));
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
    fn own_name(&self, rule: &Rule) -> Option<Rule> {
        let Scope::Path(path) = &rule.scope else { return None };
        let host = Path::new(path.host());
        let parent = host.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = host.file_name()?.to_str()?;
        let own =
            format!("{}/{name}", self.canonical(parent.to_str()?, MayBeMissing::Wholly).ok()?.trim_end_matches('/'));
        let target = self.canonical(path.host(), MayBeMissing::Wholly).ok()?;
        (own != target).then(|| Rule::for_path(rule.capability, &own, None))
    }

    /// Deny rules for what a guest with this policy could write and must not.
    fn within_reach(&self, canonical: &Policy, protected: &[PathBuf]) -> Vec<Rule> {
        let hosts = protected.iter().filter_map(|path| self.canonical(path.to_str()?, MayBeMissing::Wholly).ok());
        let is_in_reach = |host: &String| {
            let cursor = canonical.path_cursor(Capability::FsWrite, host);
            cursor.decision().is_allowed() || cursor.has_rules_below()
        };
        hosts.filter(is_in_reach).map(|host| Rule::for_path(Capability::FsWrite, &host, None)).collect()
    }

    fn unusable_deny(&self, rule: &Rule) -> Option<MountError> {
        let Scope::Path(path) = &rule.scope else { return None };
        let reason = self.canonical_scope(path).err()?;
        Some(MountError { rule: rule.to_string(), reason })
    }

    /// The scope of any path rule, with its real path. Of a deny rule, what exists of the path is resolved.
    fn canonical_scope(&self, scope: &PathScope) -> Result<PathScope, String> {
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

impl Site {
    fn open(&self, policy: &Policy, opener: Opener, fence: &Fence, authority: HostAuthority) -> Result<Mount, String> {
        let root = match ambient::open_root(Path::new(&self.host), authority) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                ambient::open_parent(Path::new(&self.host), authority)
            }
            outcome => outcome,
        };
        let cursor = |capability| policy.path_cursor(capability, &self.host);
        let mut cursors = Cursors { read: cursor(Capability::FsRead), write: cursor(Capability::FsWrite) };
        let root = root.map_err(|error| error.to_string())?;
        let (tree, preopen, root_id) = self.tree(root, cursors, policy, opener, fence)?;
        if let Some(id) = root_id {
            fence.apply(id, &mut cursors);
        }
        let (guest, root, scope, written) =
            (self.guest.clone(), self.host.clone(), self.scope.clone(), self.written.clone());
        Ok(Mount { guest, root, scope, written, cursors, preopen, has_mounts_below: false, root_id, tree })
    }

    #[expect(clippy::type_complexity, reason = "taken apart by its one caller")]
    fn tree(
        &self,
        root: Root,
        cursors: Cursors,
        policy: &Policy,
        opener: Opener,
        fence: &Fence,
    ) -> Result<(Box<dyn Tree>, Option<String>, Option<FileId>), String> {
        let id_of =
            |dir: &Dir, name: &str| statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|stat| FileId::of(&stat));
        match root {
            Root::Entry { name, .. } if self.guest.is_empty() => {
                Err(format!("`{name}` is a file and cannot be the guest's `/`; give it a guest path with `::`"))
            }
            Root::Entry { parent, name } => {
                let id = id_of(&parent, &name);
                Ok((Box::new(HostFile { parent, name, opener, refuses_shared: fence.refuses_shared }), None, id))
            }
            Root::Directory(root) => {
                let is_kernel = |trouble| {
                    match trouble {
                    Trouble::Os(errno) => errno.to_string(),
                    _ => "it is a directory of a kernel file system (proc, sys, dev); grant single files of it by their own names".to_owned(),
                }
                };
                opener.refuse_kernel_file_system(root.as_fd()).map_err(is_kernel)?;
                let (id, preopen) = (id_of(&root, "."), Some(self.preopen.clone()));
                Ok((fence.around(root, cursors, policy, opener), preopen, id))
            }
        }
    }
}

/// The deny rules on paths, and which files they meant when the session began.
struct Fence {
    has_denies: bool,
    refuses_shared: bool,
    denied: HashMap<FileId, Vec<(Capability, caphost_policy::PathCursor)>>,
}

impl Fence {
    /// `own` are the host's own rules: nothing of what they protect has another name.
    fn new(policy: &Policy, own: &[Rule], authority: HostAuthority) -> Self {
        let mut fence = Self { has_denies: !own.is_empty(), refuses_shared: false, denied: HashMap::new() };
        let all = policy.with_denies(own.to_vec());
        for (index, rule) in all.denies().iter().enumerate() {
            let Scope::Path(path) = &rule.scope else { continue };
            fence.has_denies = true;
            if let Some((id, is_directory)) = ambient::identity(Path::new(path.host()), authority) {
                fence.refuses_shared |= is_directory && index < policy.denies().len();
                let cursor = all.path_cursor(rule.capability, path.host());
                fence.denied.entry(id).or_default().push((rule.capability, cursor));
            }
        }
        fence
    }

    fn apply(&self, id: FileId, cursors: &mut Cursors) {
        for (capability, cursor) in self.denied.get(&id).into_iter().flatten() {
            cursors.replace(*capability, *cursor);
        }
    }

    /// The tree of a directory. It is fenced as soon as any path is denied, wherever that lies, for a link or mount may lead
    /// there; and where other rights are granted below it, which a link must not lead to unseen.
    fn around(&self, root: Dir, cursors: Cursors, policy: &Policy, opener: Opener) -> Box<dyn Tree> {
        if !self.has_denies && !cursors.have_rules_below() {
            return Box::new(HostDirectory { root, opener });
        }
        let (policy, denied, refuses_shared) = (policy.clone(), self.denied.clone(), self.refuses_shared);
        Box::new(FencedDirectory { root, opener, policy, denied, refuses_shared })
    }
}
