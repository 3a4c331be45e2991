//! From the path grants of a policy to a namespace. Invariant: each granted path is looked up once, here, and held open from
//! then on; a rule that cannot be enforced as it stands is an error.

mod fence;
mod survey;

use self::fence::Fence;
use self::survey::{Site, Surveyor};
use super::beneath::Opener;
use super::error::Trouble;
use super::located::Cursors;
use super::metadata::FileId;
use super::namespace::{Mount, Namespace};
use super::tree::{HostFile, Tree};
use crate::ambient::{self, HostAuthority, Root};
use crate::escape::escape;
use cap_std::fs::Dir;
use caphost_policy::{Capability, Deny, Policy, Rule};
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, statat};
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
    /// What both were narrowed by, with canonical paths as far as they exist.
    pub(crate) ceiling: Option<Policy>,
    /// How many of its deny rules are the operator's; those behind them protect the host's own files.
    pub(crate) operator_denies: usize,
    pub(crate) namespace: Namespace,
}

/// Resolves the path scopes of `policy`, narrowed by `ceiling`, and opens what the grants of `policy` name.
///
/// What is `protected` belongs to the host itself: where a grant would let the guest write it, a deny rule is added.
pub(crate) fn prepare(
    policy: Policy,
    ceiling: Option<Policy>,
    working_directory: &Path,
    protected: &[PathBuf],
    authority: HostAuthority,
) -> Result<Prepared, MountErrors> {
    let is_path_rule = |rule: &Rule| matches!(rule.capability, Capability::FsRead | Capability::FsWrite);
    if !policy.grants().iter().any(|grant| is_path_rule(&grant.rule)) {
        let written = narrowed(policy, ceiling.as_ref());
        let (operator_denies, canonical) = (written.denies().len(), written.clone());
        return Ok(Prepared { canonical, written, ceiling, operator_denies, namespace: Namespace::default() });
    }
    let surveyor = Surveyor { working_directory, authority };
    let grants = policy.grants().iter().map(|grant| &grant.rule).filter(|rule| is_path_rule(rule));
    let (sites, mut errors) = surveyor.sites(grants);
    let written = narrowed(policy.clone(), ceiling.as_ref());
    errors.extend(written.denies().iter().filter_map(|deny| surveyor.unusable_deny(deny)));
    if !errors.is_empty() {
        return Err(MountErrors(errors));
    }
    let canonical = policy.map_paths(|scope| surveyor.canonical_scope(scope));
    let canonical = canonical.map_err(|reason| MountErrors(vec![MountError { rule: "fs".to_owned(), reason }]))?;
    let ceiling = ceiling.map(|ceiling| surveyor.canonical_ceiling(&ceiling));
    let canonical = narrowed(canonical, ceiling.as_ref());
    let denies = written.denies().iter().zip(canonical.denies());
    errors.extend(denies.filter_map(|(written, real)| surveyor.misled_exception(written, real)));
    let own_name = |(index, deny): (usize, &Deny)| Some((index, surveyor.own_name(&deny.rule)?));
    let own_names: Vec<(usize, Rule)> = written.denies().iter().enumerate().filter_map(own_name).collect();
    let operator_denies = written.denies().len() + own_names.len();
    let links = written.denies().len()..operator_denies;
    let of_the_host = surveyor.within_reach(&canonical, protected);
    let with_all = |policy: &Policy| policy.with_denies_beside(own_names.clone()).with_denies(of_the_host.clone());
    let (canonical, written) = (with_all(&canonical), with_all(&written));
    let fence = Fence::new(&canonical, &links, authority);
    let opener = Opener::new(ambient::device_directories(authority));
    let mut mounts = Vec::new();
    for site in sites {
        match site.open(&canonical, opener, &fence, authority) {
            Ok(mount) => mounts.push(mount),
            Err(reason) => errors.push(MountError { rule: site.rule, reason }),
        }
    }
    let namespace = Namespace::new(mounts);
    if errors.is_empty() {
        Ok(Prepared { canonical, written, ceiling, operator_denies, namespace })
    } else {
        Err(MountErrors(errors))
    }
}

fn narrowed(policy: Policy, ceiling: Option<&Policy>) -> Policy {
    ceiling.map(|ceiling| policy.attenuate(ceiling)).unwrap_or(policy)
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
