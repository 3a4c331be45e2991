//! What a guest may do in the end, for machines.

use super::{Effective, limits, terms};
use crate::origins::GrantOrigin;
use caphost::manifest::Origin;
use caphost::policy::{Deny, Grant, Policy, Quota, Rule, Scope};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// All of it, as one object.
pub(crate) fn as_json(effective: &Effective<'_>) -> Value {
    let declaration = effective.declaration;
    let of_layer = |(number, layer): (usize, Vec<(&Grant, Option<&GrantOrigin>)>)| {
        layer.into_iter().map(|(grant, from)| of_grant(grant, from, number)).collect::<Vec<_>>()
    };
    let grants = effective.origins.layers().into_iter().enumerate().flat_map(of_layer);
    let denies = effective.origins.denies();
    let variables = declaration.environment.iter();
    let variables = variables.map(|one| json!({ "name": one.value.0, "origin": place(Some(&one.origin)) }));
    json!({
        "allow": grants.collect::<Vec<_>>(),
        "deny": denies.map(|(entry, origin)| deny(entry, origin)).collect::<Vec<_>>(),
        "ceiling": effective.ceiling.as_ref().map(|(policy, origin)| ceiling(policy, origin)),
        "limits": limits(effective),
        "env": variables.collect::<Vec<_>>(),
        "db": databases(effective),
        "on-deny": declaration.on_deny.as_ref().map(|choice| {
            json!({ "value": choice.value.name(), "origin": place(Some(&choice.origin)) })
        }),
        "audit": declaration.audit.as_ref().map(|audit| json!({
            "file": audit.value.file,
            "on-error": audit.value.on_error.map(|choice| choice.name()),
            "rotate-bytes": audit.value.rotate_bytes,
            "keep": audit.value.keep,
            "origin": place(Some(&audit.origin)),
        })),
    })
}

/// A grant; `layer` is 0, or 1 for what a package is narrowed to.
fn of_grant(grant: &Grant, from: Option<&GrantOrigin>, layer: usize) -> Value {
    let origin = from.map(|from| &from.origin);
    let expires = from.and_then(|from| from.expires).map(|time| time.to_string());
    let mut object = with(self::grant(grant, origin), "layer", json!(layer));
    if expires.is_some() {
        // Which time is left of it changes from run to run.
        object = with(object, "expires-after-ms", Value::Null);
    }
    with(object, "expires", json!(expires))
}

fn ceiling(policy: &Policy, origin: &Origin) -> Value {
    json!({
        "allow": policy.grants().iter().map(|entry| grant(entry, Some(origin))).collect::<Vec<_>>(),
        "deny": policy.denies().iter().map(|entry| deny(entry, Some(origin))).collect::<Vec<_>>(),
    })
}

fn grant(grant: &Grant, origin: Option<&Origin>) -> Value {
    let http = grant.http.as_ref().map(|http| {
        json!({
            "methods": http.methods,
            "paths": http.paths,
            "headers": http.headers.iter().map(|header| header.name.as_str()).collect::<Vec<_>>(),
        })
    });
    json!({
        "rule": grant.rule.to_string(),
        "capability": grant.rule.capability.name(),
        "expires-after-ms": grant.expires_after.map(milliseconds),
        "quota": grant.quota.as_ref().map(quota),
        "http": http,
        "origin": place(origin),
    })
}

fn quota(quota: &Quota) -> Value {
    let Quota { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate } = quota;
    json!({
        "ops": operations,
        "bytes": bytes,
        "received-bytes": received_bytes,
        "sent-bytes": sent_bytes,
        "connections": connections,
        "concurrent": concurrent,
        "rate": rate.map(|rate| json!({ "ops": rate.operations, "per-ms": milliseconds(rate.per) })),
    })
}

fn deny(deny: &Deny, origin: Option<&Origin>) -> Value {
    let scope = |scope: &Scope| scope_text(deny, scope);
    json!({
        "rule": deny.rule.to_string(),
        "capability": deny.rule.capability.name(),
        "except": deny.except.iter().map(scope).collect::<Vec<_>>(),
        "origin": place(origin),
    })
}

/// The text form of an exception, as it stands behind the capability's name.
fn scope_text(deny: &Deny, scope: &Scope) -> String {
    let rule = Rule { capability: deny.rule.capability, scope: scope.clone() };
    let text = rule.to_string();
    text.split_once(':').map_or(String::new(), |(_, scope)| scope.to_owned())
}

fn limits(effective: &Effective<'_>) -> Value {
    let limits = limits::all(&effective.declaration.limits, effective.limits);
    let entry = |limit: limits::Limit<'_>| {
        (limit.name.to_owned(), json!({ "value": limit.value, "origin": limit.origin.map(|one| place(Some(one))) }))
    };
    Value::Object(limits.into_iter().map(entry).collect::<Map<_, _>>())
}

fn databases(effective: &Effective<'_>) -> Vec<Value> {
    let one = |name: &str, what: String, origin| json!({ "name": name, "what": what, "origin": place(origin) });
    match effective.databases {
        Some((settings, origins)) => {
            let all = settings.iter();
            all.map(|(name, source)| one(name, crate::databases::described(source), origins.get(name))).collect()
        }
        None => {
            let declared = effective.declaration.databases.iter();
            declared.map(|it| one(&it.value.0, terms::place(&it.value.1), Some(&it.origin))).collect()
        }
    }
}

/// A place in a file, or an option. What the host adds by itself has none.
fn place(origin: Option<&Origin>) -> Value {
    let Some(origin) = origin else { return Value::Null };
    match origin.line() {
        Some(line) => json!({ "file": origin.file(), "line": line, "column": origin.column(), "id": origin.id() }),
        None => json!({ "option": origin.file() }),
    }
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Value::Object(map) = &mut object {
        map.insert(key.to_owned(), value);
    }
    object
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
