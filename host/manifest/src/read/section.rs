//! What stands at the top of a file, and in each profile too.

use std::collections::BTreeSet;

use caphost_policy::{Deny, NameScope, TableScope};

use super::Reader;
use super::fields::{Field, Fields};
use super::packages::without_spans;
use crate::declaration::DeclaredGrant;
use crate::document::Text;
use crate::fault::{Fault, quoted};
use crate::{
    AuditChoice, AuditErrorChoice, DatabasePlace, Declared, DeclaredDatabaseLimits, DeclaredLimits, OnDenyChoice, keys,
};

/// Rules, limits and the rest, without profiles and packages.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Section {
    pub(crate) grants: Vec<Declared<DeclaredGrant>>,
    pub(crate) denies: Vec<Declared<Deny>>,
    pub(crate) limits: DeclaredLimits,
    pub(crate) environment: Vec<Declared<(String, String)>>,
    pub(crate) databases: Vec<Declared<(String, DatabasePlace)>>,
    pub(crate) on_deny: Option<Declared<OnDenyChoice>>,
    pub(crate) audit: Option<Declared<AuditChoice>>,
}

impl Reader<'_> {
    pub(super) fn section(&mut self, fields: &Fields<'_>) -> Section {
        Section {
            grants: without_spans(&self.grants(fields)),
            denies: self.denies(fields),
            limits: fields.field("limits").and_then(|field| self.limits(&field)).unwrap_or_default(),
            environment: fields.field("env").map(|field| self.environment(&field)).unwrap_or_default(),
            databases: fields.field("db").map(|field| self.databases(&field)).unwrap_or_default(),
            on_deny: fields.field("on-deny").and_then(|field| self.on_deny(&field)),
            audit: fields.field("audit").and_then(|field| self.audit(&field)),
        }
    }

    fn limits(&mut self, field: &Field<'_>) -> Option<DeclaredLimits> {
        let fields = self.fields(&field.node, &keys::LIMITS)?;
        let db = fields.field("db").and_then(|field| self.database_limits(&field)).unwrap_or_default();
        Some(DeclaredLimits {
            memory: self.one(&fields, "memory", Self::size),
            timeout: self.one(&fields, "timeout", Self::duration),
            fuel: self.one(&fields, "fuel", Self::count),
            max_handles: self.one(&fields, "max-handles", Self::small_count),
            max_instances: self.one(&fields, "max-instances", Self::small_count),
            max_output: self.one(&fields, "max-output", Self::size),
            db,
        })
    }

    fn database_limits(&mut self, field: &Field<'_>) -> Option<DeclaredDatabaseLimits> {
        let fields = self.fields(&field.node, &keys::DATABASE_LIMITS)?;
        Some(DeclaredDatabaseLimits {
            statement_time: self.one(&fields, "statement-time", Self::duration),
            rows: self.one(&fields, "rows", Self::count),
            row_bytes: self.one(&fields, "row-bytes", Self::size),
            result_bytes: self.one(&fields, "result-bytes", Self::size),
            connections: self.one(&fields, "connections", Self::small_count),
            transactions: self.one(&fields, "transactions", Self::small_count),
        })
    }

    fn environment(&mut self, field: &Field<'_>) -> Vec<Declared<(String, String)>> {
        let mut environment = Vec::new();
        for (name, value) in self.pairs(field) {
            let problem = match () {
                () if NameScope::parse(name.value).is_err() || name.value.contains('*') => {
                    "the name of a variable is not empty, and holds no `=`, `*` or NUL"
                }
                () if value.value.contains('\0') => "a variable holds no NUL",
                () if self.spend(1, &name.span).is_none() => continue,
                () => {
                    let origin = self.origin(&name.span, None);
                    environment.push(Declared::new((name.value.to_owned(), value.value.to_owned()), origin));
                    continue;
                }
            };
            self.add(&name.span, || Fault::new(problem));
        }
        environment
    }

    fn databases(&mut self, field: &Field<'_>) -> Vec<Declared<(String, DatabasePlace)>> {
        let mut databases = Vec::new();
        let mut seen = BTreeSet::new();
        for (entry, fields) in self.named(field, &keys::DATABASE) {
            let name = Text { value: entry.key, span: entry.key_span };
            if !TableScope::parse(name.value).is_ok_and(|scope| scope.table().is_none()) {
                self.add(&name.span, || Fault::new("the name of a database is of ASCII letters, digits, `_` and `-`"));
            } else if !seen.insert(name.value.to_ascii_lowercase()) {
                self.add(&name.span, || Fault::new(format!("`{}` is there in two spellings", quoted(name.value))));
            }
            let mut place =
                |key, of: fn(String) -> DatabasePlace| fields.field(key).and_then(|field| self.text(&field)).map(of);
            let url = place("url", DatabasePlace::Url);
            let variable = place("url-env", DatabasePlace::Environment);
            let file = place("url-file", DatabasePlace::File);
            if let Some(place) = url.or(variable).or(file) {
                databases.push(Declared::new((name.value.to_owned(), place), self.origin(&name.span, None)));
            }
        }
        databases
    }

    fn on_deny(&mut self, field: &Field<'_>) -> Option<Declared<OnDenyChoice>> {
        self.declared(field, |reader, field| {
            let word = reader.choice(field)?;
            OnDenyChoice::ALL.iter().copied().find(|choice| choice.name() == word)
        })
    }

    fn audit(&mut self, field: &Field<'_>) -> Option<Declared<AuditChoice>> {
        let fields = self.fields(&field.node, &keys::AUDIT)?;
        let on_error = fields.field("on-error").and_then(|field| self.choice(&field));
        let choice = AuditChoice {
            file: fields.field("file").and_then(|field| self.text(&field)),
            on_error: AuditErrorChoice::ALL.iter().copied().find(|choice| Some(choice.name()) == on_error),
            rotate_bytes: fields.field("rotate").and_then(|field| self.size(&field)),
            keep: fields.field("keep").and_then(|field| self.small_count(&field)),
        };
        Some(Declared::new(choice, self.origin(&fields.span, None)))
    }

    /// One value of a table, with its place.
    fn one<T>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        read: fn(&mut Self, &Field<'_>) -> Option<T>,
    ) -> Option<Declared<T>> {
        fields.field(name).and_then(|field| self.declared(&field, read))
    }
}

impl Section {
    /// Adds what a profile adds: its rules beside these, everything else in the place of these. Of what has a name, the last one counts
    /// once [`Section::settled`] has taken the others out.
    pub(crate) fn add(&mut self, profile: &Self) {
        self.grants.extend(profile.grants.iter().cloned());
        self.denies.extend(profile.denies.iter().cloned());
        self.limits = std::mem::take(&mut self.limits).replaced_by(profile.limits.clone());
        self.environment.extend(profile.environment.iter().cloned());
        self.databases.extend(profile.databases.iter().cloned());
        if profile.on_deny.is_some() {
            self.on_deny.clone_from(&profile.on_deny);
        }
        self.audit = match (self.audit.take(), profile.audit.clone()) {
            (Some(own), Some(of_profile)) => Some(of_profile.map(|choice| choice.or(own.value))),
            (own, of_profile) => of_profile.or(own),
        };
    }

    /// The same, with each name once.
    pub(crate) fn settled(self) -> Self {
        Self {
            environment: last_of_each(self.environment, str::to_owned),
            databases: last_of_each(self.databases, str::to_ascii_lowercase),
            ..self
        }
    }
}

impl AuditChoice {
    /// This choice, and `other` for what it leaves open.
    fn or(self, other: Self) -> Self {
        Self {
            file: self.file.or(other.file),
            on_error: self.on_error.or(other.on_error),
            rotate_bytes: self.rotate_bytes.or(other.rotate_bytes),
            keep: self.keep.or(other.keep),
        }
    }
}

/// The last of each name.
fn last_of_each<T>(named: Vec<Declared<(String, T)>>, spelling: fn(&str) -> String) -> Vec<Declared<(String, T)>> {
    let mut seen = BTreeSet::new();
    let mut last: Vec<_> =
        named.into_iter().rev().filter(|declared| seen.insert(spelling(&declared.value.0))).collect();
    last.reverse();
    last
}
