//! The document, from its head to its end.

use std::time::Duration;

use caphost_policy::{HttpTerms, Quota};

use super::entries::{Entry, EntryForm, Ids, Piece, Table, Terms, entries, without_guest};
use super::toml::{key, list, string, table};
use super::{Draft, DraftDeny, DraftGrant};
use crate::text::{brief, scope_text};
use crate::units::{duration_text, rate_text, size_text};
use crate::{AuditChoice, DatabasePlace, Declared, DeclaredLimits};

/// The longest comment, in characters.
const MAX_COMMENT: usize = 200;
/// A comment that makes its line longer, in characters, stands above it.
const MAX_LINE: usize = 120;

pub(super) fn document(draft: &Draft) -> String {
    let mut writer = Writer::default();
    draft.head.iter().for_each(|line| writer.comment("", line));
    writer.line("version = 1");
    writer.entry("component", draft.component.as_deref().map(string));
    writer.entry("arguments", (!draft.arguments.is_empty()).then(|| list(draft.arguments.iter().map(String::as_str))));
    writer.entry("on-deny", draft.on_deny.map(|choice| string(choice.name())));
    writer.blank();
    writer.rules("", &draft.grants, &draft.denies);
    writer.limits(&draft.limits);
    writer.section("env", draft.environment.iter().map(|(name, value)| (key(name), string(value))).collect());
    for (name, place) in &draft.databases {
        writer.section(&format!("db.{}", key(name)), vec![database(place)]);
    }
    writer.section("audit", draft.audit.as_ref().map(audit).unwrap_or_default());
    for package in &draft.packages {
        let name = format!("packages.{}", key(&package.name));
        writer.blank();
        writer.line(&format!("[{name}]"));
        writer.rules(&format!("{name}."), &package.grants, &package.denies);
    }
    writer.blank();
    draft.tail.iter().for_each(|line| writer.comment("", line));
    writer.text.truncate(writer.text.trim_end_matches('\n').len() + 1);
    writer.text
}

#[derive(Default)]
struct Writer {
    text: String,
    ids: Ids,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn comment(&mut self, indent: &str, comment: &str) {
        let comment = brief(comment, MAX_COMMENT);
        self.line(format!("{indent}# {comment}").trim_end());
    }

    fn entry(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value {
            self.line(&format!("{key} = {value}"));
        }
    }

    /// A table, if it has any entry.
    fn section(&mut self, name: &str, entries: Vec<(String, String)>) {
        if entries.is_empty() {
            return;
        }
        self.blank();
        self.line(&format!("[{name}]"));
        entries.into_iter().for_each(|(key, value)| self.entry(&key, Some(value)));
    }

    /// The lists `allow` and `deny`, and the tables `grant` behind `prefix`.
    fn rules(&mut self, prefix: &str, grants: &[DraftGrant], denies: &[DraftDeny]) {
        let grants: Vec<_> = grants.iter().map(Piece::of_grant).collect();
        let denies: Vec<_> = denies.iter().map(Piece::of_deny).collect();
        let grants = entries(&grants, &mut self.ids);
        let denies = entries(&denies, &mut self.ids);
        self.items("allow", grants.iter().filter_map(|entry| Some((entry, text_of(entry)?))));
        if !denies.is_empty() {
            self.items("deny", denies.iter().map(|entry| (entry, item_of(entry))));
        }
        for entry in &grants {
            if let EntryForm::Table(table) = &entry.form {
                self.table(&format!("[[{prefix}grant]]"), entry, fields(table));
            }
        }
    }

    /// A list, one item a line.
    fn items<'e>(&mut self, name: &str, items: impl Iterator<Item = (&'e Entry<'e>, String)>) {
        let mut items = items.peekable();
        if items.peek().is_none() {
            return self.line(&format!("{name} = []"));
        }
        self.line(&format!("{name} = ["));
        for (entry, item) in items {
            let mark = if entry.is_suggestion { "# " } else { "" };
            self.with_comment("  ", &format!("{mark}{item},"), entry);
        }
        self.line("]");
    }

    fn table(&mut self, head: &str, entry: &Entry<'_>, fields: Vec<(String, String)>) {
        let mark = if entry.is_suggestion { "# " } else { "" };
        self.blank();
        self.with_comment("", &format!("{mark}{head}"), entry);
        fields.into_iter().for_each(|(key, value)| self.line(&format!("{mark}{key} = {value}")));
    }

    /// A line with its comment behind it, or above it where there is no room. What is suggested is one line in any case, so that a
    /// comment without its `#` is not taken for a suggestion.
    fn with_comment(&mut self, indent: &str, content: &str, entry: &Entry<'_>) {
        let Some(comment) = entry.comment.filter(|comment| !comment.is_empty()) else {
            return self.line(&format!("{indent}{content}"));
        };
        let line = format!("{indent}{content}  # {}", brief(comment, MAX_COMMENT));
        if entry.is_suggestion || line.chars().count() <= MAX_LINE {
            return self.line(&line);
        }
        self.comment(indent, comment);
        self.line(&format!("{indent}{content}"));
    }

    fn limits(&mut self, limits: &DeclaredLimits) {
        let of_run = [
            ("memory", value(&limits.memory).map(size)),
            ("timeout", value(&limits.timeout).map(duration)),
            ("fuel", value(&limits.fuel).map(count)),
            ("max-handles", value(&limits.max_handles).map(|number| number.to_string())),
            ("max-instances", value(&limits.max_instances).map(|number| number.to_string())),
            ("max-output", value(&limits.max_output).map(size)),
        ];
        let of_databases = [
            ("statement-time", value(&limits.db.statement_time).map(duration)),
            ("rows", value(&limits.db.rows).map(count)),
            ("row-bytes", value(&limits.db.row_bytes).map(size)),
            ("result-bytes", value(&limits.db.result_bytes).map(size)),
            ("connections", value(&limits.db.connections).map(|number| number.to_string())),
            ("transactions", value(&limits.db.transactions).map(|number| number.to_string())),
        ];
        self.section("limits", given(of_run));
        self.section("limits.db", given(of_databases));
    }
}

fn text_of(entry: &Entry<'_>) -> Option<String> {
    match &entry.form {
        EntryForm::Text(text) => Some(string(text)),
        EntryForm::Table(_) => None,
    }
}

fn item_of(entry: &Entry<'_>) -> String {
    match &entry.form {
        EntryForm::Text(text) => string(text),
        EntryForm::Table(of) => table(&fields(of)),
    }
}

fn fields(table: &Table<'_>) -> Vec<(String, String)> {
    let texts = |texts: &Vec<String>| list(texts.iter().map(String::as_str));
    let names = match table.names.as_slice() {
        [name] => string(name),
        names => list(names.iter().copied()),
    };
    let mut fields = given([
        ("id", table.id.as_deref().map(string)),
        ("cap", Some(names)),
        ("scopes", table.scopes.as_ref().map(texts)),
        ("as", table.guest.map(string)),
    ]);
    fields.extend(match &table.terms {
        Terms::Except(except) => {
            let except: Vec<_> =
                except.iter().filter_map(|scope| scope_text(table.capability, &without_guest(scope))).collect();
            given([("except", (!except.is_empty()).then(|| texts(&except)))])
        }
        Terms::Grant { ttl, expires, quota, http } => {
            let ends = [("ttl", ttl.map(duration)), ("expires", expires.map(|end| end.to_string()))];
            let quota = [("quota", quota.map(self::quota))];
            given(ends).into_iter().chain(given(quota)).chain(http.map(self::http).unwrap_or_default()).collect()
        }
    });
    fields
}

fn quota(quota: &Quota) -> String {
    table(&given([
        ("ops", quota.operations.map(count)),
        ("bytes", quota.bytes.map(size)),
        ("received-bytes", quota.received_bytes.map(size)),
        ("sent-bytes", quota.sent_bytes.map(size)),
        ("connections", quota.connections.map(count)),
        ("concurrent", quota.concurrent.map(|number| number.to_string())),
        ("rate", quota.rate.map(|rate| string(&rate_text(rate)))),
    ]))
}

/// Terms without a term are an empty table of headers: they cover any request of HTTP, and nothing else.
fn http(terms: &HttpTerms) -> Vec<(String, String)> {
    let HttpTerms { methods, paths, headers } = terms;
    let texts = |texts: &Vec<String>| (!texts.is_empty()).then(|| list(texts.iter().map(String::as_str)));
    let has_headers = !headers.is_empty() || (methods.is_empty() && paths.is_empty());
    let headers: Vec<_> = headers.iter().map(|header| (key(&header.name), string(&header.value_text()))).collect();
    given([("methods", texts(methods)), ("paths", texts(paths)), ("headers", has_headers.then(|| table(&headers)))])
}

fn database(place: &DatabasePlace) -> (String, String) {
    let (key, text) = match place {
        DatabasePlace::Url(url) => ("url", url),
        DatabasePlace::Environment(name) => ("url-env", name),
        DatabasePlace::File(path) => ("url-file", path),
    };
    (key.to_owned(), string(text))
}

fn audit(choice: &AuditChoice) -> Vec<(String, String)> {
    given([
        ("file", choice.file.as_deref().map(string)),
        ("on-error", choice.on_error.map(|choice| string(choice.name()))),
        ("rotate", choice.rotate_bytes.map(size)),
        ("keep", choice.keep.map(|keep| keep.to_string())),
    ])
}

fn given<const N: usize>(entries: [(&str, Option<String>); N]) -> Vec<(String, String)> {
    entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn value<T: Copy>(declared: &Option<Declared<T>>) -> Option<T> {
    declared.as_ref().map(|declared| declared.value)
}

/// A size without a unit is given one: `1000B`.
fn size(bytes: u64) -> String {
    let text = size_text(bytes);
    let unit = if text.ends_with(|last: char| last.is_ascii_digit()) { "B" } else { "" };
    string(&(text + unit))
}

fn duration(duration: Duration) -> String {
    string(&duration_text(duration))
}

/// TOML counts to 2^63 - 1.
fn count(number: u64) -> String {
    number.min(i64::MAX.unsigned_abs()).to_string()
}
