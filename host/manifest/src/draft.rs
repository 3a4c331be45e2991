//! A manifest that a program writes for people. Invariant: whatever foreign text is put in, what is read back is what was meant, and a
//! comment ends with its line.

mod entries;
mod toml;
mod write;

use caphost_policy::{Deny, Grant, Rule};

use crate::{AuditChoice, DatabasePlace, Declaration, Declared, DeclaredGrant, DeclaredLimits, Narrowed, OnDenyChoice};

/// A new manifest, to be written as TOML. Its texts are as they are: they are escaped when they are written.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Draft {
    /// Comments at its head, a line each, without `#`.
    pub head: Vec<String>,
    /// The component's file.
    pub component: Option<String>,
    /// Arguments of the guest.
    pub arguments: Vec<String>,
    /// What is granted, in the order in which it is written. What has terms or an id comes behind the rest.
    pub grants: Vec<DraftGrant>,
    /// What is refused.
    pub denies: Vec<DraftDeny>,
    /// How much may be used.
    pub limits: DeclaredLimits,
    /// Variables: names and values.
    pub environment: Vec<(String, String)>,
    /// Databases by name.
    pub databases: Vec<(String, DatabasePlace)>,
    /// What a refused call comes back as.
    pub on_deny: Option<OnDenyChoice>,
    /// What is recorded.
    pub audit: Option<AuditChoice>,
    /// What components are narrowed to by their names.
    pub packages: Vec<DraftPackage>,
    /// Comments at its end, a line each, without `#`.
    pub tail: Vec<String>,
}

/// A grant of a [`Draft`].
#[derive(Clone, PartialEq, Debug)]
pub struct DraftGrant {
    /// The grant.
    pub grant: DeclaredGrant,
    /// Its id. One that is none, or stands there already, is replaced.
    pub id: Option<String>,
    /// What is written beside it.
    pub comment: Option<String>,
    /// It is written as a comment, and becomes a grant when the `#` before it is removed.
    pub is_suggestion: bool,
}

/// A deny rule of a [`Draft`].
#[derive(Clone, PartialEq, Debug)]
pub struct DraftDeny {
    /// The deny rule.
    pub deny: Deny,
    /// Its id. One that is none, or stands there already, is replaced.
    pub id: Option<String>,
    /// What is written beside it.
    pub comment: Option<String>,
    /// It is written as a comment, and becomes a deny rule when the `#` before it is removed.
    pub is_suggestion: bool,
}

/// What a component is narrowed to, of a [`Draft`].
#[derive(Clone, PartialEq, Default, Debug)]
pub struct DraftPackage {
    /// The component's name.
    pub name: String,
    /// What is granted.
    pub grants: Vec<DraftGrant>,
    /// What is refused.
    pub denies: Vec<DraftDeny>,
}

impl Draft {
    /// The text. [`Manifest::read`](crate::Manifest::read) gives what was put in, the order of rules aside, with these exceptions, none
    /// of which a file could say: parts of a millisecond are cut off, and a count above 2^63 - 1 is that number.
    #[must_use]
    pub fn to_toml(&self) -> String {
        write::document(self)
    }
}

impl DraftGrant {
    /// The same with a comment beside it.
    #[must_use]
    pub fn comment(self, comment: impl Into<String>) -> Self {
        Self { comment: Some(comment.into()), ..self }
    }

    /// The same as a suggestion.
    #[must_use]
    pub fn suggested(self) -> Self {
        Self { is_suggestion: true, ..self }
    }
}

impl DraftDeny {
    /// The same with a comment beside it.
    #[must_use]
    pub fn comment(self, comment: impl Into<String>) -> Self {
        Self { comment: Some(comment.into()), ..self }
    }

    /// The same as a suggestion.
    #[must_use]
    pub fn suggested(self) -> Self {
        Self { is_suggestion: true, ..self }
    }
}

impl DraftPackage {
    /// What the component `name` is narrowed to.
    #[must_use]
    pub fn new(name: &str, narrowed: &Narrowed) -> Self {
        Self { name: name.to_owned(), grants: grants(&narrowed.grants), denies: denies(&narrowed.denies) }
    }
}

impl From<DeclaredGrant> for DraftGrant {
    fn from(grant: DeclaredGrant) -> Self {
        Self { grant, id: None, comment: None, is_suggestion: false }
    }
}

impl From<Grant> for DraftGrant {
    fn from(grant: Grant) -> Self {
        DeclaredGrant::from(grant).into()
    }
}

impl From<Rule> for DraftGrant {
    fn from(rule: Rule) -> Self {
        Grant::from(rule).into()
    }
}

impl From<Deny> for DraftDeny {
    fn from(deny: Deny) -> Self {
        Self { deny, id: None, comment: None, is_suggestion: false }
    }
}

impl From<Rule> for DraftDeny {
    fn from(rule: Rule) -> Self {
        Deny::from(rule).into()
    }
}

impl From<&Declaration> for Draft {
    /// All of it but what the component is narrowed to, for which its name is needed: [`DraftPackage::new`].
    fn from(declaration: &Declaration) -> Self {
        Self {
            component: declaration.component.as_ref().map(|component| component.value.clone()),
            arguments: declaration.arguments.clone(),
            grants: grants(&declaration.grants),
            denies: denies(&declaration.denies),
            limits: declaration.limits.clone(),
            environment: declaration.environment.iter().map(|variable| variable.value.clone()).collect(),
            databases: declaration.databases.iter().map(|database| database.value.clone()).collect(),
            on_deny: declaration.on_deny.as_ref().map(|choice| choice.value),
            audit: declaration.audit.as_ref().map(|choice| choice.value.clone()),
            ..Self::default()
        }
    }
}

fn grants(declared: &[Declared<DeclaredGrant>]) -> Vec<DraftGrant> {
    let draft = |grant: &Declared<DeclaredGrant>| DraftGrant {
        id: grant.origin.id().map(str::to_owned),
        ..grant.value.clone().into()
    };
    declared.iter().map(draft).collect()
}

fn denies(declared: &[Declared<Deny>]) -> Vec<DraftDeny> {
    let draft =
        |deny: &Declared<Deny>| DraftDeny { id: deny.origin.id().map(str::to_owned), ..deny.value.clone().into() };
    declared.iter().map(draft).collect()
}

#[cfg(test)]
mod tests;
