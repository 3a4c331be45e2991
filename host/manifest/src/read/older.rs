//! The older form in JSON. It names capabilities without scopes, and has lists of paths for the files.

use std::collections::BTreeMap;

use caphost_policy::{Capability, Deny, Grant, PathScope, Rule, Scope, ScopeKind, parse_scoped};

use super::fields::Fields;
use super::packages::without_spans;
use super::rules::cost;
use super::{Contents, Reader, Section};
use crate::Declared;
use crate::declaration::{DeclaredGrant, Narrowed};
use crate::document::{Node, Span};
use crate::fault::{Fault, quoted};
use crate::keys;

impl Reader<'_> {
    /// What a file in the older form says.
    pub(crate) fn older(&mut self, root: &Node<'_>) -> Contents {
        let Some(fields) = self.fields(root, &keys::OLDER) else { return Contents::default() };
        let grants = without_spans(&self.older_grants(&fields));
        let section = Section { grants, denies: self.older_denies(&fields), ..Section::default() };
        let mut packages = BTreeMap::new();
        let mut granted = Vec::new();
        let named = fields.field("packages").map(|field| self.named(&field, &keys::OLDER_PACKAGE)).unwrap_or_default();
        for (entry, fields) in named {
            let grants = self.older_grants(&fields);
            let narrowed = Narrowed { grants: without_spans(&grants), denies: self.older_denies(&fields) };
            packages.insert(entry.key.to_owned(), narrowed);
            granted.push(grants);
        }
        self.check_packages(&granted, &section);
        Contents { section, packages, ..Contents::default() }
    }

    fn older_grants(&mut self, fields: &Fields<'_>) -> Vec<(Span, Declared<DeclaredGrant>)> {
        let files = fields.field("fs");
        // Lists of files say all that is granted of them.
        let is_listed = |rule: &Rule| files.is_some() && rule.capability.scope_kind() == ScopeKind::Path;
        let named = self.older_names(fields, "allow");
        let mut rules: Vec<_> = named.into_iter().filter(|(_, rule)| !is_listed(rule)).collect();
        if let Some(field) = &files
            && let Some(lists) = self.fields(&field.node, &keys::OLDER_FS)
        {
            rules.extend(self.older_files(&lists, "read", Capability::FsRead));
            rules.extend(self.older_files(&lists, "write", Capability::FsWrite));
        }
        let grant = |(span, rule): (Span, Rule)| {
            let origin = self.origin(&span, None);
            (span, Declared::new(Grant::from(rule).into(), origin))
        };
        rules.into_iter().map(grant).collect()
    }

    fn older_denies(&mut self, fields: &Fields<'_>) -> Vec<Declared<Deny>> {
        let rules = self.older_names(fields, "deny").into_iter();
        rules.map(|(span, rule)| Declared::new(Deny::from(rule), self.origin(&span, None))).collect()
    }

    /// The rules that the names of a list stand for.
    fn older_names(&mut self, fields: &Fields<'_>, list: &str) -> Vec<(Span, Rule)> {
        let mut rules = Vec::new();
        let Some(field) = fields.field(list) else { return rules };
        for name in self.names(&field) {
            match parse_scoped(name.value, None) {
                Ok(_) if self.budget == 0 => {}
                Ok(named) => {
                    if self.spend(named.len(), &name.span).is_some() {
                        rules.extend(named.into_iter().map(|rule| (name.span.clone(), rule)));
                    }
                }
                Err(_) if name.value.contains(':') => self.add(&name.span, || {
                    Fault::new(format!("`{}`: names have no scopes in this form", quoted(name.value)))
                        .hint("`caphost manifest convert` writes a `caphost.toml`, where they have")
                }),
                Err(error) => self.unreadable(&name, 0, &error),
            }
        }
        rules
    }

    /// The rules of one of the lists of files.
    fn older_files(&mut self, lists: &Fields<'_>, name: &str, capability: Capability) -> Vec<(Span, Rule)> {
        let mut rules = Vec::new();
        let Some(field) = lists.field(name) else { return rules };
        for text in self.names(&field) {
            let Ok(path) = PathScope::new(text.value, None) else { continue };
            let rule = Rule { capability, scope: Scope::Path(path) };
            if self.spend(cost(std::slice::from_ref(&rule)), &text.span).is_some() {
                rules.push((text.span, rule));
            }
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use crate::keys::{self, Table};

    #[test]
    fn every_key_of_the_older_form_is_known() {
        let names = |table: &Table| table.keys.iter().map(|key| key.name).collect::<Vec<_>>();
        assert_eq!(names(&keys::OLDER), ["allow", "deny", "fs", "packages"]);
        assert_eq!(names(&keys::OLDER_FS), ["read", "write"]);
        assert_eq!(names(&keys::OLDER_PACKAGE), ["allow", "deny", "fs"]);
    }
}
