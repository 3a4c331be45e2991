//! What a component can reach, as a manifest.

use super::{Constant, Extent, Reach, Use, Why};
use crate::surface;
use caphost_manifest::{Draft, DraftGrant};
use caphost_policy::visible::escape;
use caphost_policy::{Rule, Scope, ScopeKind};

/// Functions that a comment names.
const MAX_NAMED: usize = 3;
/// Imports that the head names.
const MAX_FOREIGN: usize = 10;

/// Which grants of a draft hold, and which are only suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// All that the component cannot do without hold.
    AsReached,
    /// Of these, what would be granted on everything is suggested: it is for a person to say on what.
    ScopedOnly,
}

impl Reach {
    /// A manifest that grants what is reached. What the component can do without is suggested.
    pub fn draft(&self, caution: Caution) -> Draft {
        let mut draft = Draft { head: self.head(caution), ..Draft::default() };
        draft.grants = self.uses.iter().flat_map(|one| one.grants(caution)).collect();
        draft
    }

    fn head(&self, caution: Caution) -> Vec<String> {
        let mut head = vec![
            "Read from the code of the component: a proposal, and no guarantee. What it may do is what is granted here.".to_owned(),
        ];
        if self.uses.iter().any(Use::names_paths) {
            head.push(
                "Paths are those that the component names; relative ones are taken from the directory of this file."
                    .to_owned(),
            );
        }
        if !self.is_followed {
            head.push("Its code could not be followed, so that everything that it imports is here.".to_owned());
        }
        if caution == Caution::ScopedOnly {
            head.push("A line behind `#` grants nothing until the `#` is removed.".to_owned());
        }
        let mut foreign: Vec<&str> =
            self.functions.iter().filter(|one| !one.is_known).map(|one| one.interface.as_str()).collect();
        foreign.dedup();
        let shown = foreign.iter().take(MAX_FOREIGN);
        head.extend(
            shown.map(|import| format!("Nobody provides the import `{}`: it cannot run like this.", escape(import))),
        );
        head
    }
}

impl Use {
    fn names_paths(&self) -> bool {
        matches!(&self.extent, Extent::Scopes(_)) && self.capability.scope_kind() == ScopeKind::Path
    }

    fn grants(&self, caution: Caution) -> Vec<DraftGrant> {
        let grant = |scope: &Scope| DraftGrant::from(Rule { capability: self.capability, scope: scope.clone() });
        match &self.extent {
            Extent::Everything(why) => {
                let grant = grant(&Scope::Any).comment(self.comment(*why));
                let is_wide = caution == Caution::ScopedOnly && self.capability.scope_kind() != ScopeKind::None;
                vec![if is_wide || !self.is_needed { grant.suggested() } else { grant }]
            }
            Extent::Scopes(constants) => {
                constants.iter().map(|Constant { scope, functions }| grant(scope).comment(named(functions))).collect()
            }
        }
    }

    fn comment(&self, why: Why) -> String {
        let functions = named(&self.functions);
        match (self.is_needed, why) {
            (false, _) => match self.otherwise() {
                Some(otherwise) => format!("{functions}; without it: {otherwise}"),
                None => functions,
            },
            (true, Why::NoScopes | Why::NotTold) => functions,
            (true, Why::NotConstant) => format!("no scope, because it is not always a constant: {functions}"),
            (true, Why::TooMany) => format!("no scope, because there are very many: {functions}"),
        }
    }

    /// What the functions give without the capability.
    fn otherwise(&self) -> Option<&'static str> {
        let (interface, function) = self.functions.first()?.split_once(' ')?;
        surface::rows_of(interface).find(|row| row.function == function).and_then(|row| match row.needs {
            surface::Needs::Optional { otherwise, .. } => Some(otherwise),
            surface::Needs::Capabilities(_) | surface::Needs::Nothing(_) => None,
        })
    }
}

/// Some functions by name, and how many more.
fn named(functions: &[String]) -> String {
    let shown: Vec<_> = functions.iter().take(MAX_NAMED).map(|name| escape(name).to_string()).collect();
    match functions.len().saturating_sub(MAX_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
