//! `packages`: what a component is narrowed to by its name. Invariant: a package grants nothing that the file does not grant.

use std::collections::BTreeMap;

use caphost_policy::{Exceeds, Limits, Policy, PolicyBuilder};

use super::Reader;
use super::fields::Fields;
use super::section::Section;
use crate::declaration::{Declaration, DeclaredGrant, Narrowed};
use crate::document::Span;
use crate::fault::{Fault, quoted};
use crate::{Declared, Timestamp, keys};

/// How many grants are looked at once more, each package by itself.
const MAX_EFFORT: usize = 1 << 18;

/// A grant, with what is marked where it is wrong.
pub(super) type Placed = (Span, Declared<DeclaredGrant>);

impl Reader<'_> {
    pub(super) fn packages(&mut self, fields: &Fields<'_>, top: &Section) -> BTreeMap<String, Narrowed> {
        let Some(field) = fields.field("packages") else { return BTreeMap::new() };
        let mut packages = BTreeMap::new();
        let mut granted = Vec::new();
        for (entry, fields) in self.named(&field, &keys::PACKAGE) {
            let grants = self.grants(&fields);
            let narrowed = Narrowed { grants: without_spans(&grants), denies: self.denies(&fields) };
            packages.insert(entry.key.to_owned(), narrowed);
            granted.push(grants);
        }
        self.check_packages(&granted, top);
        packages
    }

    /// Compares what each package grants with what the file grants, profiles and deny rules aside.
    pub(super) fn check_packages(&mut self, packages: &[Vec<Placed>], top: &Section) {
        if packages.iter().all(Vec::is_empty) || !self.faults.is_empty() {
            return;
        }
        let ceiling =
            Declaration { grants: top.grants.clone(), environment: top.environment.clone(), ..Declaration::default() };
        let ceiling = ceiling.policy(Timestamp::EPOCH, Limits::default());
        let (mut effort, mut start) = (MAX_EFFORT, 0);
        let together: Vec<_> = packages.iter().flatten().collect();
        let found = beyond(&together, &ceiling);
        for package in packages {
            let own: Vec<_> = package.iter().collect();
            let place = |index| found.partition_point(|(found, _)| *found < index);
            let found = found.get(place(start)..place(start + own.len())).unwrap_or_default();
            start += own.len();
            if found.is_empty() {
                continue;
            }
            match effort.checked_sub(own.len() + ceiling.grants().len()) {
                // They run one at a time: a quota that one takes up another may, too.
                Some(left) => {
                    effort = left;
                    beyond(&own, &ceiling).into_iter().for_each(|(index, why)| self.is_beyond(own.get(index), why));
                }
                None => found.iter().for_each(|(index, why)| self.is_beyond(together.get(*index), *why)),
            }
        }
    }

    fn is_beyond(&mut self, placed: Option<&&Placed>, why: Exceeds) {
        let Some((span, grant)) = placed else { return };
        self.add(span, || {
            let rule = quoted(&grant.value.grant.rule.to_string());
            Fault::new(format!("a package grants no more than the file does: `{rule}`: {why}"))
                .hint("grant it in the file too, outside of every profile")
        });
    }
}

/// The grants that go beyond `ceiling`, by their index.
fn beyond(grants: &[&Placed], ceiling: &Policy) -> Vec<(usize, Exceeds)> {
    let values = grants.iter().map(|(_, grant)| grant.value.at(Timestamp::EPOCH));
    let policy = values.fold(Policy::builder(), PolicyBuilder::allow).build();
    policy.excess(ceiling).into_iter().map(|excess| (excess.grant.index(), excess.why)).collect()
}

/// The grants, as they are kept.
pub(super) fn without_spans(grants: &[Placed]) -> Vec<Declared<DeclaredGrant>> {
    grants.iter().map(|(_, grant)| grant.clone()).collect()
}
