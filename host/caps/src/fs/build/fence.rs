//! What the deny rules mean for the trees that are mounted.

use super::super::beneath::Opener;
use super::super::fenced::FencedDirectory;
use super::super::located::Cursors;
use super::super::metadata::FileId;
use super::super::tree::{HostDirectory, Tree};
use crate::ambient::{self, HostAuthority};
use cap_std::fs::Dir;
use caphost_policy::{Capability, Deny, PathCursor, Policy, Scope, ScopeKind};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The deny rules on paths, and which files they meant when the session began.
pub(super) struct Fence {
    has_denies: bool,
    pub(super) refuses_shared: bool,
    denied: HashMap<FileId, Vec<(Capability, PathCursor)>>,
}

impl Fence {
    /// The first of the deny rules are the operator's, and `links` those on symbolic links of theirs: what these lead to has a rule of its
    /// own. Those behind them are the host's own: nothing of what they protect has another name.
    pub(super) fn new(policy: &Policy, links: &Range<usize>, authority: HostAuthority) -> Self {
        let mut fence = Self { has_denies: false, refuses_shared: false, denied: HashMap::new() };
        for (index, deny) in policy.denies().iter().enumerate() {
            let path = match &deny.rule.scope {
                Scope::Path(path) => path.host(),
                // What lies outside of its exceptions is denied, wherever that is.
                Scope::Any if is_of_files(deny) && !deny.is_whole() => "/",
                _ => continue,
            };
            fence.has_denies = true;
            if links.contains(&index) {
                continue;
            }
            if let Some((id, is_directory)) = ambient::identity(Path::new(path), authority) {
                fence.refuses_shared |= is_directory && index < links.start;
                let capability = deny.rule.capability;
                let cursor = policy.path_cursor_without_exceptions(capability, path);
                fence.denied.entry(id).or_default().push((capability, cursor));
            }
        }
        fence
    }

    pub(super) fn apply(&self, id: FileId, cursors: &mut Cursors) {
        cursors.add_identity(self.denied.get(&id));
    }

    /// The tree of a directory. It is fenced as soon as any path is denied, wherever that lies, for a link or mount may lead
    /// there; and where other rights are granted below it, which a link must not lead to unseen.
    pub(super) fn around(&self, root: Dir, cursors: Cursors, policy: &Policy, opener: Opener) -> Box<dyn Tree> {
        if !self.has_denies && !cursors.have_rules_below() {
            return Box::new(HostDirectory { root, opener });
        }
        let (policy, denied, refuses_shared) = (policy.clone(), self.denied.clone(), self.refuses_shared);
        Box::new(FencedDirectory { root, opener, policy, denied, refuses_shared })
    }
}

fn is_of_files(deny: &Deny) -> bool {
    deny.rule.capability.scope_kind() == ScopeKind::Path
}
