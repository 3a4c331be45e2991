//! Peers by what is spoken with them. A grant with a scheme covers requests that speak it; a deny rule with a scheme also those of
//! which nobody can tell what they carry; a grant with HTTP terms only the HTTP requests that they name.

use std::net::IpAddr;

use super::http::{HttpMatch, HttpTables};
use super::map::Map;
use super::net_excepted::ExceptedPeers;
use super::peers::{Part, Peers};
use super::ports::{Reached, Side};
use super::slot::{Entry, GrantRef, Slot};
use crate::{HostName, HttpTerms, NetScope, Ports, Protocol, RuleId, Scheme, Target};

#[derive(Debug, Default)]
pub(crate) struct NetMatcher {
    /// Rules without a scheme.
    plain: Peers<Slot>,
    /// Rules with one, by what they cover: `None` is bytes.
    schemes: Map<Option<Scheme>, Peers<Slot>>,
    /// Grants with HTTP terms.
    http: Map<Scheme, Peers<HttpTables>>,
    /// Deny rules with exceptions.
    excepted: Option<Box<ExceptedPeers>>,
}

/// A name or an address, as a request has it.
#[derive(Clone, Copy)]
pub(super) enum Peer<'a> {
    Name(&'a HostName, Option<u16>),
    Address(IpAddr, u16, Option<&'a HostName>),
}

impl NetMatcher {
    pub(crate) fn add(&mut self, scope: &NetScope, entry: Entry) {
        let side = if matches!(entry, Entry::Grant(_)) { Side::Allow } else { Side::Deny };
        let lookups = side == Side::Allow || scope.ports() == Ports::ALL;
        let reached = Reached { ports: scope.ports(), lookups, side };
        let add = |peers: &mut Peers<Slot>| peers.change(scope.host(), reached, |slot| slot.add(entry));
        let Some(scheme) = scope.scheme() else { return add(&mut self.plain) };
        add(self.schemes.entry(Some(scheme)).or_default());
        if side == Side::Deny {
            add(self.schemes.entry(None).or_default());
        }
    }

    /// Adds a deny rule with exceptions inside its scope; `None` is every peer.
    pub(crate) fn add_excepted<'a>(
        &mut self,
        scope: Option<&NetScope>,
        rule: RuleId,
        except: impl Iterator<Item = &'a NetScope>,
    ) {
        self.excepted.get_or_insert_default().add(scope, rule, except);
    }

    pub(crate) fn add_http(&mut self, scope: &NetScope, terms: &HttpTerms, grant: GrantRef) {
        if let Some(scheme) = scope.scheme() {
            let peers = self.http.entry(scheme).or_default();
            peers.change_all(scope.host(), |tables| tables.add(scope.ports(), terms, grant));
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
        let excepted = self.excepted.as_ref().filter(|_| slot.deny.is_none());
        slot.deny = slot.deny.or_else(|| excepted?.find(target));
        Some(slot)
    }

    /// What the grants with HTTP terms say.
    pub(crate) fn find_http(&self, target: Target<'_>) -> HttpMatch {
        let mut http = HttpMatch::default();
        if let Some((peer, Protocol::Http { scheme, method, path })) = split(target)
            && let Some(peers) = self.http.get(&scheme)
        {
            peer.visit(peers, &mut |part, tables: &HttpTables| {
                if part != Part::Denies {
                    http = http.then(tables.find(peer.port(), method, path));
                }
            });
        }
        http
    }
}

impl Peer<'_> {
    pub(super) fn port(self) -> Option<u16> {
        match self {
            Self::Name(_, port) => port,
            Self::Address(_, port, _) => Some(port),
        }
    }

    pub(super) fn visit<V: Clone + Default>(self, peers: &Peers<V>, visit: &mut impl FnMut(Part, &V)) {
        match self {
            Self::Name(name, port) => peers.visit_name(name, port, visit),
            Self::Address(address, port, name) => peers.visit_address(address, port, name, visit),
        }
    }
}

pub(super) fn split(target: Target<'_>) -> Option<(Peer<'_>, Protocol<'_>)> {
    match target {
        Target::Host { name, port, protocol } => Some((Peer::Name(name, port), protocol)),
        Target::Address { address, port, name, protocol } => Some((Peer::Address(address, port, name), protocol)),
        _ => None,
    }
}
