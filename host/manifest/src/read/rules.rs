//! Rules: items of a list, and names with the scopes that stand apart from them.

use caphost_policy::{Item, Rule, RuleError, Scope, parse_items, parse_scoped};

use super::Reader;
use super::fields::{Field, Fields};
use crate::document::{Span, Text};
use crate::fault::{Fault, quoted};
use crate::weight;

/// What a table says that has `cap` and `scopes`.
pub(super) struct Scoped<'n> {
    pub(super) names: Vec<Text<'n>>,
    /// `None`: everything.
    pub(super) scopes: Option<Vec<Text<'n>>>,
    pub(super) rules: Vec<Rule>,
}

impl Reader<'_> {
    /// The rules that one item of `allow` or `deny` stands for.
    pub(super) fn item(&mut self, text: &Text<'_>) -> Vec<Rule> {
        let item = match parse_items(text.value) {
            Ok(items) => <[Item; 1]>::try_from(items).ok(),
            Err(error) => {
                self.unreadable(text, 0, &error);
                return Vec::new();
            }
        };
        let Some([item]) = item else {
            self.add(&text.span, || {
                Fault::new("an item holds one rule or profile")
                    .hint(r"each has quotes of its own; a comma that belongs to a name is written `\\,`")
            });
            return Vec::new();
        };
        if self.spend(cost(&item.rules), &text.span).is_some() { item.rules } else { Vec::new() }
    }

    /// The rules of `cap` and `scopes`.
    pub(super) fn scoped<'n>(&mut self, fields: &Fields<'n>) -> Scoped<'n> {
        let names = fields.field("cap").map(|field| self.capabilities(&field)).unwrap_or_default();
        let scopes = fields.field("scopes").map(|field| self.scopes(&field));
        let mut rules = Vec::new();
        for name in &names {
            match &scopes {
                None => rules.extend(self.rules_of(name, None, &fields.span)),
                Some(scopes) => {
                    for scope in scopes {
                        rules.extend(self.rules_of(name, Some(scope), &fields.span));
                    }
                }
            }
        }
        Scoped { names, scopes, rules }
    }

    /// The rules of a name on a scope; none if it cannot be read.
    pub(super) fn rules_of(&mut self, name: &Text<'_>, scope: Option<&Text<'_>>, span: &Span) -> Vec<Rule> {
        if self.budget == 0 {
            return Vec::new();
        }
        let rules = match parse_scoped(name.value, scope.map(|scope| scope.value)) {
            Ok(rules) => rules,
            Err(error) => {
                self.unreadable(scope.unwrap_or(name), name.value.len() + 1, &error);
                return Vec::new();
            }
        };
        let has_guest = |rule: &Rule| matches!(&rule.scope, Scope::Path(path) if path.guest().is_some());
        if let Some(scope) = scope.filter(|_| rules.iter().any(has_guest)) {
            self.add(&scope.span, || {
                Fault::new("a scope has no path for the guest here").hint(
                    "that of a grant is written `as = \"/in\"`; two colons that belong to a name are written `\\\\::`",
                )
            });
            return Vec::new();
        }
        if self.spend(cost(&rules), span).is_some() { rules } else { Vec::new() }
    }

    /// Names that are those of capabilities or profiles, each once.
    fn capabilities<'n>(&mut self, field: &Field<'n>) -> Vec<Text<'n>> {
        let mut known: Vec<Text<'n>> = Vec::new();
        for name in self.one_or_more(field) {
            if let Err(error) = parse_scoped(name.value, None) {
                self.unreadable(&name, 0, &error);
            } else if known.iter().any(|other| other.value == name.value) {
                self.add(&name.span, || Fault::new(format!("`{}` is written twice", quoted(name.value))));
            } else {
                known.push(name);
            }
        }
        known
    }

    pub(super) fn scopes<'n>(&mut self, field: &Field<'n>) -> Vec<Text<'n>> {
        self.names(field)
    }

    /// `offset` bytes of what `error` is about stand in front of the text.
    pub(super) fn unreadable(&mut self, text: &Text<'_>, offset: usize, error: &RuleError) {
        let error_span = error.span();
        let part = error_span.start.saturating_sub(offset)..error_span.end.saturating_sub(offset);
        let span = text.part(self.text, part);
        self.add(&span, || Fault::rule(error));
    }
}

/// How many rules these count as.
pub(super) fn cost(rules: &[Rule]) -> usize {
    rules.iter().map(|rule| weight::of_scope(&rule.scope)).sum()
}
