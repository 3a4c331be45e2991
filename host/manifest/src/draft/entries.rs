//! Rules, put together into the entries that people would write: `fs:./d` for `fs.read:./d` and `fs.write:./d`, one table for the
//! rules that came from one.

use std::collections::BTreeMap;
use std::time::Duration;

use caphost_policy::{Capability, HttpTerms, PathScope, Profile, Quota, Rule, Scope, parse_items};

use super::{DraftDeny, DraftGrant};
use crate::text::scope_text;
use crate::{DeclaredGrant, Timestamp};

/// The longest id that is read.
const MAX_ID: usize = 64;

/// A rule with all that it is written with.
#[derive(Clone, PartialEq)]
pub(super) struct Piece<'a> {
    rule: &'a Rule,
    own: Own<'a>,
}

/// What a rule is written with: rules of one entry share it.
#[derive(Clone, PartialEq)]
struct Own<'a> {
    id: Option<&'a str>,
    terms: Terms<'a>,
    comment: Option<&'a str>,
    is_suggestion: bool,
}

/// What a rule says beside its scope.
#[derive(Clone, PartialEq)]
pub(super) enum Terms<'a> {
    /// The exceptions of a deny rule that hold: any other one would be an error in a file.
    Except(Vec<&'a Scope>),
    /// Of a grant.
    Grant { ttl: Option<Duration>, expires: Option<Timestamp>, quota: Option<&'a Quota>, http: Option<&'a HttpTerms> },
}

/// An item of a list, or a table.
pub(super) struct Entry<'a> {
    pub(super) form: EntryForm<'a>,
    pub(super) comment: Option<&'a str>,
    pub(super) is_suggestion: bool,
}

pub(super) enum EntryForm<'a> {
    /// The text form of a rule or profile.
    Text(String),
    Table(Table<'a>),
}

/// A `[[grant]]` or `[[deny]]`.
pub(super) struct Table<'a> {
    pub(super) id: Option<String>,
    /// The first of its capabilities.
    pub(super) capability: Capability,
    /// Capabilities, or the one profile that stands for them.
    pub(super) names: Vec<&'static str>,
    /// `None`: everything.
    pub(super) scopes: Option<Vec<String>>,
    /// The path that the guest sees.
    pub(super) guest: Option<&'a str>,
    pub(super) terms: Terms<'a>,
}

/// The ids that stand in a file, and how often each was wanted.
#[derive(Default)]
pub(super) struct Ids(BTreeMap<String, usize>);

impl<'a> Piece<'a> {
    pub(super) fn of_grant(draft: &'a DraftGrant) -> Self {
        let DraftGrant { grant: DeclaredGrant { grant, expires }, id, comment, is_suggestion } = draft;
        let quota = grant.quota.as_ref().filter(|quota| **quota != Quota::default());
        let terms = Terms::Grant { ttl: grant.expires_after, expires: *expires, quota, http: grant.http.as_ref() };
        let own = Own { id: id.as_deref(), terms, comment: comment.as_deref(), is_suggestion: *is_suggestion };
        Self { rule: &grant.rule, own }
    }

    pub(super) fn of_deny(draft: &'a DraftDeny) -> Self {
        let DraftDeny { deny, id, comment, is_suggestion } = draft;
        let terms = Terms::Except(deny.exceptions().collect());
        let own = Own { id: id.as_deref(), terms, comment: comment.as_deref(), is_suggestion: *is_suggestion };
        Self { rule: &deny.rule, own }
    }
}

impl Own<'_> {
    /// The rule's text form says it all.
    fn is_text(&self) -> bool {
        self.id.is_none() && self.terms.is_none()
    }

    /// Each grant with a quota counts by itself, so each is an entry of its own.
    fn is_single(&self) -> bool {
        matches!(self.terms, Terms::Grant { quota: Some(_), .. })
    }
}

impl Terms<'_> {
    fn is_none(&self) -> bool {
        match self {
            Self::Except(except) => except.is_empty(),
            Self::Grant { ttl, expires, quota, http } => {
                ttl.is_none() && expires.is_none() && quota.is_none() && http.is_none()
            }
        }
    }
}

/// The entries of rules, in their order.
pub(super) fn entries<'a>(pieces: &[Piece<'a>], ids: &mut Ids) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|piece| piece.own == first.own).count();
        let (run, behind) = rest.split_at_checked(alike.max(1)).unwrap_or((rest, &[]));
        let forms: Vec<_> = if first.own.is_text() {
            texts(run).into_iter().map(EntryForm::Text).collect()
        } else {
            tables(run, ids).into_iter().map(EntryForm::Table).collect()
        };
        let Own { comment, is_suggestion, .. } = first.own;
        entries.extend(forms.into_iter().map(|form| Entry { form, comment, is_suggestion }));
        rest = behind;
    }
    entries
}

/// Texts for rules without terms.
fn texts(run: &[Piece<'_>]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = run;
    while let Some((first, behind)) = rest.split_first() {
        let (text, count) = profile_text(rest).unwrap_or_else(|| (first.rule.to_string(), 1));
        texts.push(text);
        rest = rest.get(count..).unwrap_or(behind);
    }
    texts
}

/// The text of the profile whose rules `rest` begins with, and how many rules it stands for.
fn profile_text(rest: &[Piece<'_>]) -> Option<(String, usize)> {
    let scope = &rest.first()?.rule.scope;
    let begins = |profile: &&Profile| {
        let rules = rest.iter().map(|piece| piece.rule).take_while(|rule| rule.scope == *scope);
        profile.capabilities.len() > 1
            && rules.take(profile.capabilities.len()).map(|rule| &rule.capability).eq(profile.capabilities)
    };
    let profile = Profile::ALL.iter().find(begins)?;
    let scope = scope_text(rest.first()?.rule.capability, scope);
    let text = scope.map_or(profile.name.to_owned(), |scope| format!("{}:{scope}", profile.name));
    // Of a directory that is called `read`, `fs:read` would be another thing.
    let items = parse_items(&text).ok()?;
    let meant = rest.iter().take(profile.capabilities.len()).map(|piece| piece.rule);
    items.iter().flat_map(|item| &item.rules).eq(meant).then_some((text, profile.capabilities.len()))
}

/// Tables for rules that share their terms: one if it is every capability on every scope, else one for each rule.
fn tables<'a>(run: &[Piece<'a>], ids: &mut Ids) -> Vec<Table<'a>> {
    match joined(run, ids) {
        Some(table) => vec![table],
        None => run.iter().filter_map(|piece| joined(std::slice::from_ref(piece), ids)).collect(),
    }
}

fn joined<'a>(run: &[Piece<'a>], ids: &mut Ids) -> Option<Table<'a>> {
    let first = run.first()?;
    let capability = first.rule.capability;
    let mut capabilities: Vec<Capability> = Vec::new();
    for Piece { rule, .. } in run {
        if !capabilities.contains(&rule.capability) {
            capabilities.push(rule.capability);
        }
    }
    let of_first = run.iter().filter(|piece| piece.rule.capability == capability);
    let scopes: Vec<&Scope> = of_first.map(|piece| &piece.rule.scope).collect();
    let texts: Option<Vec<_>> = scopes.iter().map(|scope| scope_text(capability, &without_guest(scope))).collect();
    let is_sayable = texts.is_some() || scopes.len() == 1;
    let is_one_entry = run.len() == 1 || (!first.own.is_single() && is_product(run, &capabilities, &scopes));
    (is_sayable && is_one_entry).then(|| Table {
        id: first.own.id.and_then(|id| ids.unique(id)),
        capability,
        names: names(&capabilities),
        scopes: texts,
        guest: guest_of(&first.rule.scope),
        terms: first.own.terms.clone(),
    })
}

/// Whether the rules are each of the capabilities on each of the scopes, by capability or by scope. A path that the guest sees by
/// another name is never one of several.
fn is_product(run: &[Piece<'_>], capabilities: &[Capability], scopes: &[&Scope]) -> bool {
    if run.len() != capabilities.len() * scopes.len() || scopes.iter().any(|scope| guest_of(scope).is_some()) {
        return false;
    }
    let is = |(piece, (capability, scope)): (&Piece<'_>, (&Capability, &&Scope))| {
        piece.rule.capability == *capability && piece.rule.scope == **scope
    };
    let by_capability = capabilities.iter().flat_map(|capability| scopes.iter().map(move |scope| (capability, scope)));
    let by_scope = scopes.iter().flat_map(|scope| capabilities.iter().map(move |capability| (capability, scope)));
    run.iter().zip(by_capability).all(is) || run.iter().zip(by_scope).all(is)
}

fn names(capabilities: &[Capability]) -> Vec<&'static str> {
    let profile =
        Profile::ALL.iter().find(|profile| profile.capabilities.len() > 1 && profile.capabilities == capabilities);
    match profile {
        Some(profile) => vec![profile.name],
        None => capabilities.iter().map(|capability| capability.name()).collect(),
    }
}

fn guest_of(scope: &Scope) -> Option<&str> {
    if let Scope::Path(path) = scope { path.guest() } else { None }
}

pub(super) fn without_guest(scope: &Scope) -> Scope {
    match scope {
        Scope::Path(path) => PathScope::new(path.host(), None).map_or_else(|_| scope.clone(), Scope::Path),
        other => other.clone(),
    }
}

impl Ids {
    /// The id, or one that is made of it if it stands there already; `None` for a text that is no id.
    fn unique(&mut self, wanted: &str) -> Option<String> {
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-');
        if wanted.is_empty() || wanted.len() > MAX_ID || !wanted.bytes().all(is_id) {
            return None;
        }
        let mut id = wanted.to_owned();
        while self.0.contains_key(&id) {
            let times = self.0.entry(wanted.to_owned()).or_default();
            *times += 1;
            let suffix = format!("-{}", *times + 1);
            let kept = MAX_ID.saturating_sub(suffix.len()).min(wanted.len());
            id = format!("{}{suffix}", wanted.get(..kept).unwrap_or_default());
        }
        self.0.insert(id.clone(), 0);
        Some(id)
    }
}
