//! The terms of a grant in words, fit to be shown.

use crate::units::grouped;
use caphost::manifest::units::{duration_text, rate_text, size_text};
use caphost::manifest::{AuditChoice, DatabasePlace, Timestamp};
use caphost::policy::visible::escape;
use caphost::policy::{Grant, HttpTerms, InjectedHeader, Piece, Quota, SecretSource};
use std::time::Duration;

/// What a grant holds beside its rule; `expires` is when it ends, where that was declared as a time of day.
pub(super) fn of(grant: &Grant, expires: Option<Timestamp>) -> String {
    let mut terms = Vec::new();
    terms.extend(grant.expires_after.map(|after| ending(after, expires)));
    terms.extend(grant.quota.iter().flat_map(quota));
    terms.extend(grant.http.iter().flat_map(http));
    terms.join(", ")
}

fn ending(after: Duration, expires: Option<Timestamp>) -> String {
    match expires {
        Some(time) if after.is_zero() => format!("ended {time}"),
        Some(time) => format!("until {time}"),
        None => format!("for {}", duration_text(after)),
    }
}

fn quota(quota: &Quota) -> Vec<String> {
    let Quota { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate } = quota;
    let parts = [
        operations.map(|count| format!("{} operations", grouped(count))),
        bytes.map(size),
        received_bytes.map(|bytes| format!("{} received", size(bytes))),
        sent_bytes.map(|bytes| format!("{} sent", size(bytes))),
        connections.map(|count| format!("{} connections", grouped(count))),
        concurrent.map(|count| format!("{count} at a time")),
        rate.map(rate_text),
    ];
    parts.into_iter().flatten().collect()
}

/// A number of bytes, with its unit in any case.
pub(super) fn size(bytes: u64) -> String {
    let text = size_text(bytes);
    if text.ends_with(|last: char| last.is_ascii_digit()) { format!("{text}B") } else { text }
}

fn http(terms: &HttpTerms) -> Vec<String> {
    let HttpTerms { methods, paths, headers } = terms;
    let listed = |texts: &[String]| {
        let shown: Vec<_> = texts.iter().map(|text| escape(text).to_string()).collect();
        (!shown.is_empty()).then(|| shown.join(" "))
    };
    let headers = headers.iter().map(|header| format!("adds {}", self::header(header)));
    listed(methods).into_iter().chain(listed(paths)).chain(headers).collect()
}

/// A header that is added: its name, and where its secrets are from. Its text may be a secret, too.
pub(super) fn header(header: &InjectedHeader) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(_) => "…".to_owned(),
        Piece::Secret(SecretSource::Env(name)) => format!("{{env:{name}}}"),
        Piece::Secret(SecretSource::File(path)) => format!("{{file:{}}}", path.display()),
    };
    let value: String = header.template.iter().map(piece).collect();
    escape(&format!("{}: {value}", header.name)).to_string()
}

/// Where a database is; of an address what engine it is of, for the rest may hold a password.
pub(super) fn place(place: &DatabasePlace) -> String {
    let text = match place {
        DatabasePlace::Url(address) => match address.split_once(':') {
            Some(("sqlite", _)) => address.clone(),
            Some((scheme, _)) => format!("{scheme}:…"),
            None => "…".to_owned(),
        },
        DatabasePlace::Environment(name) => format!("in the variable {name}"),
        DatabasePlace::File(path) => format!("in the file {path}"),
    };
    escape(&text).to_string()
}

/// How it is recorded.
pub(super) fn audit(audit: &AuditChoice) -> String {
    let parts = [
        audit.on_error.map(|choice| format!("on error {}", choice.name())),
        audit.rotate_bytes.map(|bytes| format!("a new file at {}", size(bytes))),
        audit.keep.map(|count| format!("{count} kept")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
