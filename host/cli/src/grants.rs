//! What this build can grant of the items of `--allow`. Invariant: nothing is granted that nothing can use, and nothing is
//! left out in silence.

use caphost::inspect::{Finding, unenforced};
use caphost::policy::visible::escape;
use caphost::policy::{Capability, Grant, Item, Policy, Rule};
use caphost::surface;
use std::fmt;

/// The rules of an allow list, sorted by what can be done with them.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    /// Those that are granted.
    pub(crate) rules: Vec<Rule>,
    /// Parts of items that are left out.
    pub(crate) withheld: Vec<Withheld>,
    /// Items of which nothing can be used.
    pub(crate) refused: Vec<Finding>,
}

/// A part of an item that nothing can use. Displayed it is one line, fit to be shown.
#[derive(Debug)]
pub(crate) struct Withheld {
    /// The item as it was written.
    pub(crate) item: String,
    /// The part, one rule at least.
    pub(crate) rules: Vec<Rule>,
}

impl Grants {
    /// Sorts the rules of `items`.
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut grants = Self::default();
        for item in items {
            match unenforced(item) {
                Some(finding) => grants.refused.push(finding),
                None => grants.take(item, surface::is_enforced),
            }
        }
        grants
    }

    fn take(&mut self, item: &Item, is_enforced: fn(Capability) -> bool) {
        let (usable, useless): (Vec<_>, Vec<_>) =
            item.rules.iter().cloned().partition(|rule| is_enforced(rule.capability));
        self.rules.extend(usable);
        if !useless.is_empty() {
            self.withheld.push(Withheld { item: item.text.clone(), rules: useless });
        }
    }
}

/// The grants of the last of the policies that were put together: of a package, what it is narrowed to, which is a part of the rest.
pub(crate) fn narrowest(policy: &Policy) -> &[Grant] {
    policy.layers().last().map_or(&[], |layer| layer.grants)
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.rules.iter().map(|rule| format!("`{}`", rule.capability)).collect();
        let left_out = if names.len() == 1 { "it is" } else { "they are" };
        let (item, names) = (escape(&self.item), names.join(", "));
        write!(f, "`{item}` also means {names}, which nothing in this build can use; {left_out} not granted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::policy::parse_items;

    #[test]
    fn of_a_profile_the_part_that_can_be_used_is_granted_and_a_note_names_the_rest() {
        let mut grants = Grants::default();
        grants.take(parse_items("env").unwrap().first().unwrap(), |capability| capability == Capability::EnvRead);
        assert_eq!(grants.rules.iter().map(ToString::to_string).collect::<Vec<_>>(), ["env.read"]);
        let notes: Vec<_> = grants.withheld.iter().map(ToString::to_string).collect();
        assert_eq!(notes, ["`env` also means `env.write`, which nothing in this build can use; it is not granted"]);
    }
}
