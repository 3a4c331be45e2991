//! Grants with HTTP terms.

use caphost::policy::{
    Capability, Grant, HostName, HostPattern, HttpRule, HttpTerms, InjectedHeader, NetScope, Policy, Protocol, Request,
    Scope, Target,
};

use super::rules::check_error;
use crate::checks::{assert_fit, bounded};

/// What is read prints, and reads back to the same; it grants what it says, and nothing else.
pub(super) fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let grant = bounded(text.len(), 256, || HttpRule::parse(text));
    match &grant {
        Ok(grant) => check_grant(text, grant),
        Err(error) => check_error(text, error),
    }
    if let Some((name, value)) = text.split_once(':') {
        match InjectedHeader::parse(name, value) {
            Ok(header) => assert_eq!(InjectedHeader::parse(name, &header.value_text()).as_ref(), Ok(&header), "{text}"),
            Err(error) => assert_fit(error.problem, 1024),
        }
    }
    grant.is_ok()
}

fn check_grant(text: &str, grant: &Grant) {
    assert!(grant.is_well_formed() && grant.rule.covers(&grant.rule));
    let (Some(terms), Scope::Net(scope)) = (&grant.http, &grant.rule.scope) else { panic!("{text}: no terms") };
    assert!(terms.methods.iter().all(|method| HttpTerms::check_method(method).is_ok()));
    assert!(terms.paths.iter().all(|path| HttpTerms::check_path(path).is_ok()) && terms.check_secrets().is_ok());
    match HttpRule::of(grant) {
        Some(rule) => assert_eq!(HttpRule::parse(&rule.to_string()).as_ref(), Ok(grant), "{rule}"),
        None => assert!(matches!(scope.host(), HostPattern::Block { .. }), "{text}"),
    }
    if let HostPattern::Name(name) = scope.host() {
        check_decisions(grant, terms, scope, name);
    }
}

fn check_decisions(grant: &Grant, terms: &HttpTerms, scope: &NetScope, name: &HostName) {
    let granted = Policy::builder().allow(grant.clone()).build();
    let denied = Policy::builder().allow(grant.clone()).deny(grant.rule.clone()).build();
    let Some(scheme) = scope.scheme() else { panic!("no scheme") };
    let method = terms.methods.first().map_or("GET", String::as_str);
    let path = terms.paths.first().map_or("/", String::as_str);
    let decide = |policy: &Policy, port: u16, method: &str, path: &str| {
        let target = Target::Host { name, port: Some(port), protocol: Protocol::Http { scheme, method, path } };
        policy.decide(&Request { capability: Capability::NetConnect, target }).is_allowed()
    };
    let ports = scope.ports();
    assert!(decide(&granted, ports.first(), method, path) && decide(&granted, ports.last(), method, path));
    assert!(!decide(&denied, ports.first(), method, path), "a deny rule beats it");
    if let Some(port) = ports.last().checked_add(1) {
        assert!(!decide(&granted, port, method, path));
    }
    if !terms.methods.is_empty() {
        assert!(!decide(&granted, ports.first(), "NOT-GRANTED-AT-ALL", path));
    }
    if !terms.paths.is_empty() && path != "/" {
        for outside in ["/".to_owned(), format!("{path}/../.."), format!("{}-other", path.trim_end_matches('/'))] {
            assert!(!decide(&granted, ports.first(), method, &outside), "{outside} is not below {path}");
        }
    }
    let raw = Target::Host { name, port: Some(ports.first()), protocol: Protocol::Raw };
    let raw = granted.decide(&Request { capability: Capability::NetConnect, target: raw });
    assert!(!raw.is_allowed(), "who speaks no HTTP keeps to no terms");
}
