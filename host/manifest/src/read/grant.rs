//! `allow` and `[[grant]]`.

use caphost_policy::{Capability, Grant, PathScope, Quota, Rule, Scope, ScopeKind};

use super::Reader;
use super::fields::{Field, Fields};
use super::rules::Scoped;
use crate::declaration::DeclaredGrant;
use crate::document::{Node, Span, View};
use crate::fault::{Fault, quoted};
use crate::{Declared, keys};

/// The longest `id`.
const MAX_ID: usize = 64;

impl Reader<'_> {
    /// What `allow` grants, and then what `grant` does, each with what is marked where it is wrong.
    pub(super) fn grants(&mut self, fields: &Fields<'_>) -> Vec<(Span, Declared<DeclaredGrant>)> {
        let mut grants = Vec::new();
        if let Some(field) = fields.field("allow") {
            for node in self.list(&field) {
                let Some(text) = self.one_text(&field, &node) else { continue };
                let origin = self.origin(&node.span, None);
                let rules = self.item(&text).into_iter();
                let grant = |rule| Declared::new(Grant::from(rule).into(), origin.clone());
                grants.extend(rules.map(|rule| (node.span.clone(), grant(rule))));
            }
        }
        if let Some(field) = fields.field("grant") {
            for node in self.list(&field) {
                self.grant(&node, &mut grants);
            }
        }
        grants
    }

    fn grant(&mut self, node: &Node<'_>, grants: &mut Vec<(Span, Declared<DeclaredGrant>)>) {
        let Some(fields) = self.fields(node, &keys::GRANT) else { return };
        let id = fields.field("id").and_then(|field| self.id(&field));
        let mut scoped = self.scoped(&fields);
        self.mount(&fields, &mut scoped);
        let expires_after = fields.field("ttl").and_then(|field| self.duration(&field));
        let expires = fields.field("expires").and_then(|field| self.time(&field));
        if let (Some(_), Some(field)) = (fields.field("ttl"), fields.field("expires")) {
            self.add(&field.key_span, || Fault::new("`expires` does not stand beside `ttl`"));
        }
        let quota = fields.field("quota").and_then(|field| self.quota(&field, &scoped));
        let http = self.http(&fields, &scoped);
        let origin = self.origin(&fields.span, id.as_deref());
        for rule in scoped.rules {
            let grant = Grant { rule, expires_after, quota, http: http.clone() };
            grants.push((fields.span.clone(), Declared::new(DeclaredGrant { grant, expires }, origin.clone())));
        }
    }

    /// An `id` that no other entry has.
    pub(super) fn id(&mut self, field: &Field<'_>) -> Option<String> {
        let text = self.one_text(field, &field.node)?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        if text.value.len() > MAX_ID || !text.value.bytes().all(is_plain) {
            self.add(&text.span, || Fault::new("an `id` is of `a`-`z`, `0`-`9`, `-`, `_` and `.`, 64 at most"));
            return None;
        }
        if !self.ids.insert(text.value.to_owned()) {
            self.add(&text.span, || Fault::new(format!("another entry has the `id` `{}`", quoted(text.value))));
        }
        Some(text.value.to_owned())
    }

    /// Gives the rules the path of `as`.
    fn mount(&mut self, fields: &Fields<'_>, scoped: &mut Scoped<'_>) {
        let Some(field) = fields.field("as") else { return };
        let Some(guest) = self.one_text(&field, &field.node) else { return };
        let is_path = |capability: Capability| capability.scope_kind() == ScopeKind::Path;
        if scoped.rules.iter().any(|rule| !is_path(rule.capability)) {
            self.add(&field.key_span, || Fault::new("`as` is for capabilities of files: `fs`, `fs.read`, `fs.write`"));
        } else if scoped.scopes.as_ref().is_none_or(|scopes| scopes.len() != 1) {
            self.add(&field.key_span, || Fault::new("`as` is for one scope: write an entry for each"));
        }
        for rule in &mut scoped.rules {
            if let Scope::Path(path) = &rule.scope
                && let Ok(path) = PathScope::new(path.host(), Some(guest.value))
            {
                *rule = Rule { scope: Scope::Path(path), ..rule.clone() };
            }
        }
    }

    fn quota(&mut self, field: &Field<'_>, scoped: &Scoped<'_>) -> Option<Quota> {
        let fields = self.fields(&field.node, &keys::QUOTA)?;
        if scoped.rules.len() > 1 {
            self.add(&field.key_span, || {
                Fault::new("a quota is for one capability and one scope: each grant counts by itself")
                    .hint("write an entry for each")
            });
        }
        let mut count = |name| fields.field(name).and_then(|field| self.count(&field));
        let (operations, connections) = (count("ops"), count("connections"));
        let mut size = |name| fields.field(name).and_then(|field| self.size(&field));
        let (bytes, received_bytes, sent_bytes) = (size("bytes"), size("received-bytes"), size("sent-bytes"));
        let concurrent = fields.field("concurrent").and_then(|field| self.small_count(&field));
        let rate = fields.field("rate").and_then(|field| self.rate(&field));
        let quota = Quota { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate };
        let is_empty = matches!(field.node.view(), View::Table(entries) if entries.is_empty());
        if is_empty {
            self.add(&field.node.span, || Fault::new("a `quota` without a bound bounds nothing: leave it out"));
        }
        Some(quota)
    }
}
