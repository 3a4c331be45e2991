//! What a guest may do in the end, and where each line of it is from. Invariant: no value of a variable, no password and no text of a
//! header is in it, only where secrets are found.

mod json;
mod limits;
mod terms;

pub(crate) use self::json::as_json;

use crate::columns;
use crate::databases;
use crate::origins::{GrantOrigin, Origins};
use caphost::caps::db::DatabaseSettings;
use caphost::manifest::{Declaration, Origin};
use caphost::policy::visible::escape;
use caphost::policy::{Grant, Limits, Policy};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that is shown.
pub(crate) struct Effective<'a> {
    pub(crate) declaration: &'a Declaration,
    pub(crate) origins: &'a Origins,
    pub(crate) limits: &'a Limits,
    /// What the guest may do at most, with what sets this bound.
    pub(crate) ceiling: Option<(&'a Policy, Origin)>,
    /// The databases as they were read, where they were.
    pub(crate) databases: Option<(&'a DatabaseSettings, &'a BTreeMap<String, Origin>)>,
}

/// All of it, for people: parts with a title, a line each.
pub(crate) fn as_text(effective: &Effective<'_>) -> String {
    let mut text = String::new();
    for (number, layer) in effective.origins.layers().into_iter().enumerate() {
        let title = if number == 0 { "granted" } else { "of these, only what is granted here, too" };
        let rows: Vec<_> = layer.into_iter().map(|(grant, origin)| grant_row(grant, origin)).collect();
        text += &part(title, &rows, "nothing");
    }
    let denies = effective.origins.denies();
    let denies: Vec<_> = denies.map(|(deny, origin)| row(&deny.to_string(), origin, String::new())).collect();
    text += &optional_part("refused, whatever is granted", &denies);
    if let Some((ceiling, origin)) = &effective.ceiling {
        text += &part(&format!("at most, by {origin}"), &ceiling_rows(ceiling, origin), "nothing");
    }
    text + &settings(effective)
}

fn ceiling_rows(ceiling: &Policy, origin: &Origin) -> Vec<[String; 3]> {
    let grants = ceiling.grants().iter();
    let grants = grants.map(|grant| row(&grant.rule.to_string(), Some(origin), terms::of(grant, None)));
    let denies = ceiling.denies().iter().map(|deny| row(&deny.to_string(), Some(origin), "refused".to_owned()));
    grants.chain(denies).collect()
}

/// What is no rule.
fn settings(effective: &Effective<'_>) -> String {
    let declaration = effective.declaration;
    let variables = declaration.environment.iter();
    let variables: Vec<_> = variables.map(|one| row(&one.value.0, Some(&one.origin), String::new())).collect();
    let mut text = optional_part("limits", &limits::rows(&declaration.limits, effective.limits));
    text += &optional_part("variables that are given", &variables);
    text += &optional_part("databases", &databases(effective));
    text += &optional_part("when refused", &on_deny(declaration));
    text + &optional_part("audit", &audit(declaration))
}

fn databases(effective: &Effective<'_>) -> Vec<[String; 3]> {
    match effective.databases {
        Some((settings, origins)) => {
            let one = settings.iter();
            one.map(|(name, source)| row(name, origins.get(name), databases::described(source))).collect()
        }
        None => {
            let declared = effective.declaration.databases.iter();
            declared.map(|one| row(&one.value.0, Some(&one.origin), terms::place(&one.value.1))).collect()
        }
    }
}

fn on_deny(declaration: &Declaration) -> Vec<[String; 3]> {
    declaration.on_deny.iter().map(|choice| row(choice.value.name(), Some(&choice.origin), String::new())).collect()
}

fn audit(declaration: &Declaration) -> Vec<[String; 3]> {
    let Some(audit) = &declaration.audit else { return Vec::new() };
    let details = terms::audit(&audit.value);
    vec![row(audit.value.file.as_deref().unwrap_or("no file"), Some(&audit.origin), details)]
}

fn grant_row(grant: &Grant, from: Option<&GrantOrigin>) -> [String; 3] {
    let expires = from.and_then(|from| from.expires);
    row(&grant.rule.to_string(), from.map(|from| &from.origin), terms::of(grant, expires))
}

/// A line: what is shown as it was written, where it is from, and what is more to say, which is escaped already.
fn row(what: &str, origin: Option<&Origin>, details: String) -> [String; 3] {
    let origin = origin.map_or_else(|| "caphost".to_owned(), ToString::to_string);
    [escape(what).to_string(), origin, details]
}

fn part(title: &str, rows: &[[String; 3]], otherwise: &str) -> String {
    if rows.is_empty() { format!("{title}\n  {otherwise}\n") } else { optional_part(title, rows) }
}

fn optional_part(title: &str, rows: &[[String; 3]]) -> String {
    if rows.is_empty() { String::new() } else { format!("{title}\n{}", columns::align(rows)) }
}

/// A path as it is shown.
pub(crate) fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests;
