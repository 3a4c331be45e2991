//! What the deny rules mean for the trees that are mounted.

use super::super::beneath::Opener;
use super::super::fenced::FencedDirectory;
use super::super::located::Cursors;
use super::super::metadata::FileId;
use super::super::tree::{HostDirectory, Tree};
use crate::ambient::{self, HostAuthority};
use cap_std::fs::Dir;
use caphost_policy::{Capability, PathCursor, Policy, Rule, Scope};
use std::collections::HashMap;
use std::path::Path;

/// The deny rules on paths, and which files they meant when the session began.
pub(super) struct Fence {
    has_denies: bool,
    pub(super) refuses_shared: bool,
    denied: HashMap<FileId, Vec<(Capability, PathCursor)>>,
}

impl Fence {
    /// `own` are the host's own rules: nothing of what they protect has another name.
    pub(super) fn new(policy: &Policy, own: &[Rule], authority: HostAuthority) -> Self {
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

    pub(super) fn apply(&self, id: FileId, cursors: &mut Cursors) {
        for (capability, cursor) in self.denied.get(&id).into_iter().flatten() {
            cursors.replace(*capability, *cursor);
        }
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
