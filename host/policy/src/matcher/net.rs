//! Peers by what is spoken with them. A grant with a scheme covers requests that speak it; a deny rule with a scheme also those of
//! which nobody can tell what they carry; a grant with HTTP terms only the HTTP requests that they name.

use std::net::IpAddr;

use super::http::{HttpMatch, HttpTable};
use super::map::Map;
use super::peers::{Part, Peers};
use super::ports::Reached;
use super::slot::{Entry, GrantRef, Slot};
use crate::{HostName, HttpTerms, NetScope, Ports, Protocol, Scheme, Target};

#[derive(Debug, Default)]
pub(crate) struct NetMatcher {
    /// Rules without a scheme.
    plain: Peers<Slot>,
    /// Rules with one, by what they cover: `None` is bytes.
    schemes: Map<Option<Scheme>, Peers<Slot>>,
    /// Grants with HTTP terms.
    http: Map<Scheme, Peers<HttpTable>>,
}

/// A name or an address, as a request has it.
#[derive(Clone, Copy)]
enum Peer<'a> {
    Name(&'a HostName, Option<u16>),
    Address(IpAddr, u16, Option<&'a HostName>),
}

impl NetMatcher {
    pub(crate) fn add(&mut self, scope: &NetScope, entry: Entry) {
        let is_grant = matches!(entry, Entry::Grant(_));
        let reached = Reached { ports: scope.ports(), lookups: is_grant || scope.ports() == Ports::ALL };
        let add = |peers: &mut Peers<Slot>| peers.change(scope.host(), reached, |slot| slot.add(entry));
        let Some(scheme) = scope.scheme() else { return add(&mut self.plain) };
        add(self.schemes.entry(Some(scheme)).or_default());
        if !is_grant {
            add(self.schemes.entry(None).or_default());
        }
    }

    pub(crate) fn add_http(&mut self, scope: &NetScope, terms: &HttpTerms, grant: GrantRef) {
        let reached = Reached { ports: scope.ports(), lookups: true };
        if let Some(scheme) = scope.scheme() {
            self.http.entry(scheme).or_default().change(scope.host(), reached, |table| table.add(terms, grant));
        }
    }

    /// What the rules without HTTP terms say; `None` for what is no peer.
    pub(crate) fn find(&self, target: Target<'_>) -> Option<Slot> {
        let (peer, protocol) = split(target)?;
        let mut slot = Slot::default();
        let mut add = |part, found: &Slot| {
            slot = slot.then(match part {
                Part::All => *found,
                Part::Grants => found.grant_only(),
                Part::Denies => found.deny_only(),
            });
        };
        peer.visit(&self.plain, &mut add);
        if let Some(peers) = self.schemes.get(&protocol.scheme()) {
            peer.visit(peers, &mut add);
        }
        Some(slot)
    }

    /// What the grants with HTTP terms say.
    pub(crate) fn find_http(&self, target: Target<'_>) -> HttpMatch {
        let mut http = HttpMatch::default();
        if let Some((peer, Protocol::Http { scheme, method, path })) = split(target)
            && let Some(peers) = self.http.get(&scheme)
        {
            peer.visit(peers, &mut |part, table: &HttpTable| {
                if part != Part::Denies {
                    http = http.then(table.find(method, path));
                }
            });
        }
        http
    }
}

impl Peer<'_> {
    fn visit<V: Clone + Default>(self, peers: &Peers<V>, visit: &mut impl FnMut(Part, &V)) {
        match self {
            Self::Name(name, port) => peers.visit_name(name, port, visit),
            Self::Address(address, port, name) => peers.visit_address(address, port, name, visit),
        }
    }
}

fn split(target: Target<'_>) -> Option<(Peer<'_>, Protocol<'_>)> {
    match target {
        Target::Host { name, port, protocol } => Some((Peer::Name(name, port), protocol)),
        Target::Address { address, port, name, protocol } => Some((Peer::Address(address, port, name), protocol)),
        _ => None,
    }
}
