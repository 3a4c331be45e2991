//! What an operator can do about a refusal: the grant that would lift it, or why none does.

use crate::refusal::Remedy;
use crate::request::{Request, Target};
use caphost_policy::{Capability, TableScope, codes::Code};
use std::net::SocketAddr;

/// The remedy of a refusal.
pub(super) fn remedy(code: Code, request: &Request<'_>) -> Remedy {
    match code {
        Code::DeniedByRule => {
            Remedy::NoGrantCan("a deny rule beats every grant; remove the rule to allow it".to_owned())
        }
        Code::Revoked | Code::Expired | Code::QuotaExhausted => Remedy::NoGrantCan("the grant has ended".to_owned()),
        _ => Remedy::Allow(grant(request.capability, &request.target)),
    }
}

/// The narrowest rule that covers a target.
fn grant(capability: Capability, target: &Target<'_>) -> String {
    let name = capability.name();
    match target {
        Target::Whole => name.to_owned(),
        Target::Name(variable) => format!("{name}:{variable}"),
        Target::Path { place, .. } => format!("{name}:{}", place.scope),
        Target::Host { host, port: None, .. } => format!("{name}:{host}"),
        Target::Host { host, port: Some(port), .. } => format!("{name}:{host}:{port}"),
        // An answer of a lookup has no port.
        Target::Address { address, port: 0, name: Some(_), .. } => format!("{name}:{address}"),
        Target::Address { address, port, .. } => format!("{name}:{}", SocketAddr::new(*address, *port)),
        Target::Table { database, table } => format!("{name}:{}", table_scope(database, *table)),
    }
}

/// The scope that covers a table: the whole database, where no scope can have the table's name.
fn table_scope(database: &str, table: Option<&str>) -> String {
    let scope = table.and_then(|table| TableScope::parse(&format!("{database}.{table}")).ok());
    scope.map_or_else(|| database.to_owned(), |scope| scope.to_string())
}

/// What a statement holds, in words: a keyword in backticks, a description as it is.
pub(super) fn quoted(what: &str) -> String {
    if what.contains(|character: char| character.is_ascii_lowercase()) { what.to_owned() } else { format!("`{what}`") }
}
