//! The least manifest, written.

use super::peers::{self, PeerUse};
use super::places::Place;
use super::{LearnScope, Usage, Use, paths};
use caphost_manifest::{DeclaredGrant, Draft, DraftGrant};
use caphost_policy::{Capability, Grant, NameScope, PathScope, Rule, Scope, ScopeKind, TableScope, paths::normalise};
use std::collections::BTreeMap;

/// Where a manifest is written to, and for whom.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The directory of the manifest on the host, every symbolic link followed: what lies below is written relative to it.
    pub directory: &'a str,
    /// How far grants are made wider.
    pub scope: LearnScope,
    /// Whether there is anything at a path of the host; what there is not is only suggested to be read.
    pub exists: &'a dyn Fn(&str) -> bool,
}

/// A grant, how often it was used, and why it is a suggestion if it is one.
struct Line {
    grant: Grant,
    count: u64,
    instead: Option<&'static str>,
}

const MISSING: &str = "was looked for, and is not there: a grant to read it can only be used once it is";
const TWO_AT_ONE_PLACE: &str = "the guest found another file under the same name, too";
const ASKED_ABOUT: &str = "the guest asked whether any of it is granted, and used none";

impl Usage {
    /// The least manifest that allows what was used. Its head says what it does not hold.
    pub fn draft(&self, frame: Frame<'_>) -> Draft {
        let mut lines = self.paths(frame);
        lines.extend(self.peers(frame.scope));
        lines.extend(self.others(frame.scope));
        lines.sort_by_key(|line| (line.grant.rule.capability, line.grant.rule.to_string()));
        let adds_headers =
            lines.iter().any(|line| line.grant.http.as_ref().is_some_and(|http| !http.headers.is_empty()));
        Draft {
            head: self.head(adds_headers),
            grants: lines.into_iter().map(Line::drafted).collect(),
            ..Draft::default()
        }
    }

    fn paths(&self, frame: Frame<'_>) -> Vec<Line> {
        let uses = self.uses.iter().filter_map(|(used, count)| match used {
            Use::Path(used) => Some((used, *count)),
            _ => None,
        });
        let granted = paths::granted(uses, frame.scope, frame.exists);
        let mut places = BTreeMap::<&str, &str>::new();
        let mut lines = Vec::new();
        for it in &granted {
            let first = places.entry(&it.place.guest).or_insert(&it.place.host);
            let is_first = *first == it.place.host;
            let instead = match (is_first, it.is_missing) {
                (false, _) => Some(TWO_AT_ONE_PLACE),
                (true, true) => Some(MISSING),
                (true, false) => None,
            };
            let Some(scope) = path_scope(&it.place, frame.directory) else { continue };
            let rule = Rule { capability: it.capability, scope: Scope::Path(scope) };
            lines.push(Line { grant: rule.into(), count: it.count, instead });
        }
        lines
    }

    fn peers(&self, scope: LearnScope) -> Vec<Line> {
        let all: Vec<(&PeerUse, u64)> = self
            .uses
            .iter()
            .filter_map(|(used, count)| match used {
                Use::Peer(used) => Some((used, *count)),
                _ => None,
            })
            .collect();
        let is_answered = |lookup: &PeerUse| lookup.is_lookup() && all.iter().any(|(used, _)| used.answers(lookup));
        let mut lines = Vec::<Line>::new();
        for (used, count) in all.iter().filter(|(used, _)| !is_answered(used)) {
            let Some(grant) = used.grant(scope) else { continue };
            if let Some(line) = lines.iter_mut().find(|line| peers::covers(&line.grant, &grant)) {
                line.count = line.count.saturating_add(*count);
                continue;
            }
            let covered = lines.extract_if(.., |line| peers::covers(&grant, &line.grant));
            let count = covered.fold(*count, |count, line| count.saturating_add(line.count));
            lines.push(Line { grant, count, instead: None });
        }
        lines
    }

    /// Capabilities without a scope, variables and tables.
    fn others(&self, scope: LearnScope) -> Vec<Line> {
        let mut lines: BTreeMap<String, Line> = BTreeMap::new();
        for (used, count) in &self.uses {
            let Some((rule, instead)) = self.other(used, scope) else { continue };
            let line = lines.entry(rule.to_string()).or_insert(Line { grant: rule.into(), count: 0, instead });
            line.count = line.count.saturating_add(*count);
            line.instead = line.instead.and(instead);
        }
        let rules: Vec<Rule> =
            lines.values().filter(|line| line.instead.is_none()).map(|line| line.grant.rule.clone()).collect();
        let patterns: Vec<&Rule> = rules.iter().filter(|rule| is_pattern(rule)).collect();
        let is_covered = |rule: &Rule| patterns.iter().any(|pattern| *pattern != rule && pattern.covers(rule));
        lines.into_values().filter(|line| !is_covered(&line.grant.rule)).collect()
    }

    fn other(&self, used: &Use, scope: LearnScope) -> Option<(Rule, Option<&'static str>)> {
        let rule = |capability, scope| Some((Rule { capability, scope }, None));
        match used {
            Use::Path(_) | Use::Peer(_) => None,
            Use::Whole(capability) => rule(*capability, Scope::Any),
            Use::Some(capability) if self.has_use_of(*capability) => None,
            Use::Some(capability) => Some((Rule { capability: *capability, scope: Scope::Any }, Some(ASKED_ABOUT))),
            Use::Name(capability, name) => rule(*capability, Scope::Name(NameScope::parse(name).ok()?)),
            Use::Table(capability, database, table) => {
                let table = table.as_ref().filter(|_| scope != LearnScope::Host);
                rule(*capability, Scope::Table(table_scope(database, table)?))
            }
            Use::InDatabase(capability, database) if self.uses_database(*capability, database) => None,
            Use::InDatabase(capability, database) => rule(*capability, Scope::Table(table_scope(database, None)?)),
        }
    }

    /// Whether anything of a capability was used by itself.
    fn has_use_of(&self, capability: Capability) -> bool {
        self.uses.keys().any(|used| match used {
            Use::Whole(other) | Use::Name(other, _) | Use::Table(other, ..) => *other == capability,
            Use::Path(used) => used.capability() == capability,
            Use::Peer(used) => used.capability == capability,
            Use::Some(_) | Use::InDatabase(..) => false,
        })
    }

    /// Whether a table of a database was used: for reading whichever way, since to open it takes either.
    fn uses_database(&self, capability: Capability, name: &str) -> bool {
        self.uses.keys().any(|used| match used {
            Use::Table(other, database, _) => {
                database == name && (capability == Capability::DbRead || *other == capability)
            }
            _ => false,
        })
    }

    fn head(&self, adds_headers: bool) -> Vec<String> {
        let seen = &self.seen;
        let lost = format!("The log lacks {} records: what they would show is not granted.", seen.lost);
        let notes = [
            (
                seen.lists_environment,
                "The guest listed its variables. None is granted for that: grant `env.read` of those that it needs.",
            ),
            (
                seen.reads_monotonic_clock,
                "The guest measured time. Without `time.wall` its clock is a deterministic one.",
            ),
            (
                seen.draws_insecure,
                "The guest drew insecure random numbers. Without `random` they are the same in each run.",
            ),
            (
                adds_headers,
                "The host adds headers to requests, with secrets of whoever runs it: see that they go where they belong.",
            ),
            (seen.foreign > 0, "Some records could not be understood: what they show is not granted."),
            (seen.lost > 0, lost.as_str()),
            (self.is_full, "More was used than is written here: grant directories, or whole hosts."),
        ];
        notes.into_iter().filter(|(is_so, _)| *is_so).map(|(_, text)| text.to_owned()).collect()
    }
}

impl Line {
    fn drafted(self) -> DraftGrant {
        let used = match self.count {
            1 => "used once".to_owned(),
            count => format!("used {count} times"),
        };
        DraftGrant {
            grant: DeclaredGrant::from(self.grant),
            id: None,
            comment: Some(self.instead.map_or(used, str::to_owned)),
            is_suggestion: self.instead.is_some(),
        }
    }
}

/// The scope of a place, relative to `directory` where it lies below, with the guest's name where that is another.
fn path_scope(place: &Place, directory: &str) -> Option<PathScope> {
    let directory = if directory == "/" { "" } else { directory };
    let text = match place.host.strip_prefix(directory) {
        Some("") => ".".to_owned(),
        Some(rest) if rest.starts_with('/') && !directory.is_empty() => format!(".{rest}"),
        _ => place.host.clone(),
    };
    let is_default = normalise("/", &text) == place.guest;
    PathScope::new(&text, (!is_default).then_some(place.guest.as_str())).ok()
}

fn table_scope(database: &str, table: Option<&String>) -> Option<TableScope> {
    let text = table.map_or_else(|| database.to_owned(), |table| format!("{database}.{table}"));
    TableScope::parse(&text).ok()
}

/// Whether a rule may cover others of its capability.
fn is_pattern(rule: &Rule) -> bool {
    match &rule.scope {
        Scope::Any => rule.capability.scope_kind() != ScopeKind::None,
        Scope::Name(name) => name.prefix().is_some(),
        Scope::Table(table) => table.table().is_none(),
        Scope::Path(_) | Scope::Net(_) => false,
    }
}
