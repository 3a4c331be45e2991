//! The terms of a grant for HTTP requests.

use std::collections::BTreeSet;

use caphost_policy::{HttpTerms, InjectedHeader, Scheme, Scope};

use super::Reader;
use super::fields::{Field, Fields};
use super::rules::Scoped;
use crate::document::Text;
use crate::fault::{Fault, quoted};

/// So many bytes of terms count as another rule: each rule has a copy.
const BYTES_OF_A_RULE: usize = 256;

impl Reader<'_> {
    /// `methods`, `paths` and `headers`, if any of them is there.
    pub(super) fn http(&mut self, fields: &Fields<'_>, scoped: &Scoped<'_>) -> Option<HttpTerms> {
        let [methods, paths, headers] = ["methods", "paths", "headers"].map(|name| fields.field(name));
        let first = methods.as_ref().or(paths.as_ref()).or(headers.as_ref())?.clone();
        self.needs_http(&first, scoped);
        let methods_span = methods.as_ref().map(|field| field.node.span.clone());
        let terms = HttpTerms {
            methods: methods.map(|field| self.terms(&field, HttpTerms::check_method)).unwrap_or_default(),
            paths: paths.map(|field| self.terms(&field, HttpTerms::check_path)).unwrap_or_default(),
            headers: headers.map(|field| self.headers(&field)).unwrap_or_default(),
        };
        if let (Err(problem), Some(span)) = (terms.check_secrets(), methods_span) {
            self.add(&span, || Fault::new(problem));
        }
        let texts = terms.methods.iter().chain(&terms.paths).map(|text| text.len() + 32);
        let bytes = texts.chain(terms.headers.iter().map(|header| header.value_text().len() + 64)).sum::<usize>();
        let rules = scoped.rules.len().saturating_mul(bytes / BYTES_OF_A_RULE);
        self.spend(rules, &first.key_span)?;
        Some(terms)
    }

    fn needs_http(&mut self, field: &Field<'_>, scoped: &Scoped<'_>) {
        let is_http = |scope: &Scope| matches!(scope, Scope::Net(net) if matches!(net.scheme(), Some(Scheme::Http | Scheme::Https)));
        if scoped.scopes.is_none() || scoped.rules.iter().any(|rule| !is_http(&rule.scope)) {
            self.add(&field.key_span, || {
                Fault::new(format!("`{}` is for scopes of `http://` and `https://`", field.key.name))
                    .hint("`scopes = [\"https://api.example.com\"]`")
            });
        }
    }

    /// Methods or paths, each once.
    fn terms(&mut self, field: &Field<'_>, check: fn(&str) -> Result<(), &'static str>) -> Vec<String> {
        let texts = self.names(field);
        if texts.is_empty() {
            self.add(&field.node.span, || {
                Fault::new(format!("`{}` is empty, and would not narrow anything", field.key.name))
                    .hint("leave it out for any; an empty list of `scopes` grants nothing")
            });
        }
        let mut seen = BTreeSet::new();
        let mut terms = Vec::with_capacity(texts.len());
        for text in texts {
            match check(text.value) {
                Err(problem) => self.add(&text.span, || Fault::new(format!("`{}`: {problem}", quoted(text.value)))),
                Ok(()) if !seen.insert(text.value) => self.twice(&text),
                Ok(()) => terms.push(text.value.to_owned()),
            }
        }
        terms
    }

    fn headers(&mut self, field: &Field<'_>) -> Vec<InjectedHeader> {
        let mut seen = BTreeSet::new();
        let mut headers = Vec::new();
        for (name, value) in self.pairs(field) {
            if let Err(error) = InjectedHeader::parse(name.value, "x") {
                self.add(&name.span, || Fault::new(format!("`{}`: {error}", quoted(name.value))));
                continue;
            }
            match InjectedHeader::parse(name.value, value.value) {
                Ok(header) if !seen.insert(header.name.clone()) => self.twice(&name),
                Ok(header) => headers.push(header),
                Err(error) => {
                    let span = value.part(self.text, error.span.clone());
                    self.add(&span, || Fault::new(error.to_string()));
                }
            }
        }
        headers
    }

    fn twice(&mut self, text: &Text<'_>) {
        self.add(&text.span, || Fault::new(format!("`{}` is written twice", quoted(text.value))));
    }
}
