//! `deny`: rules, and entries with exceptions.

use caphost_policy::{Deny, Rule, Scope};

use super::Reader;
use super::fields::{Field, Fields};
use super::rules::Scoped;
use crate::document::{Node, View};
use crate::fault::Fault;
use crate::{Declared, keys};

impl Reader<'_> {
    /// What `deny` of a table refuses.
    pub(super) fn denies(&mut self, fields: &Fields<'_>) -> Vec<Declared<Deny>> {
        let mut denies = Vec::new();
        let Some(field) = fields.field("deny") else { return denies };
        for node in self.list(&field) {
            match node.view() {
                View::Table(_) => self.deny(&node, &mut denies),
                _ => {
                    let Some(text) = self.one_text(&field, &node) else { continue };
                    let origin = self.origin(&node.span, None);
                    let rules = self.item(&text).into_iter();
                    denies.extend(rules.map(|rule| Declared::new(Deny::from(rule), origin.clone())));
                }
            }
        }
        denies
    }

    fn deny(&mut self, node: &Node<'_>, denies: &mut Vec<Declared<Deny>>) {
        let Some(fields) = self.fields(node, &keys::DENY) else { return };
        let id = fields.field("id").and_then(|field| self.id(&field));
        let scoped = self.scoped(&fields);
        let excepted = fields.field("except").map(|field| self.exceptions(&field, &scoped)).unwrap_or_default();
        let origin = self.origin(&fields.span, id.as_deref());
        for rule in scoped.rules {
            let of_rule = excepted.iter().filter(|except| except.capability == rule.capability && rule.covers(except));
            let except: Vec<Scope> = of_rule.map(|except| except.scope.clone()).collect();
            denies.push(Declared::new(Deny { rule, except }, origin.clone()));
        }
    }

    /// The rules that exceptions would be, each inside of one of the entry's.
    fn exceptions(&mut self, field: &Field<'_>, scoped: &Scoped<'_>) -> Vec<Rule> {
        let texts = self.scopes(field);
        // Each is compared with each rule, and a rule has those that it covers.
        if self.spend(texts.len().saturating_mul(scoped.rules.len()), &field.key_span).is_none() {
            return Vec::new();
        }
        let mut exceptions = Vec::new();
        for text in texts {
            let rules: Vec<_> =
                scoped.names.iter().flat_map(|name| self.rules_of(name, Some(&text), &field.key_span)).collect();
            let is_inside = |except: &Rule| {
                scoped.rules.iter().any(|rule| rule.capability == except.capability && rule.covers(except))
            };
            if !rules.iter().all(is_inside) {
                self.add(&text.span, || {
                    Fault::new("an exception is inside of one of the `scopes` of its entry")
                        .hint("it names a part of what this entry refuses, in the same form: a relative path inside of a relative one")
                });
            }
            exceptions.extend(rules);
        }
        exceptions
    }
}
