//! Deny rules with exceptions on peers. Scopes of peers are no tree, so each rule that names a peer is asked by itself whether one of its
//! exceptions covers the request: a decision costs as much more as there are such rules on the very same hosts.

use super::map::Map;
use super::net::{Peer, split};
use super::peers::{Part, Peers};
use super::ports::{Reached, Side};
use crate::{NetScope, Ports, Protocol, RuleId, Scheme, Target};

#[derive(Debug, Default)]
pub(crate) struct ExceptedPeers {
    rules: Vec<Excepted>,
    /// Rules on all peers.
    anywhere: Vec<usize>,
    /// By host, whatever the ports and the scheme: so that many ranges of ports take no more place than there are rules.
    hosts: Peers<Vec<usize>>,
}

#[derive(Debug)]
struct Excepted {
    rule: RuleId,
    ports: Ports,
    scheme: Option<Scheme>,
    except: Exceptions,
}

/// Scopes, each read as that of a grant.
#[derive(Debug, Default)]
struct Exceptions {
    plain: Peers<bool>,
    schemes: Map<Scheme, Peers<bool>>,
}

impl ExceptedPeers {
    /// Adds a deny rule with exceptions inside its scope; `None` is every peer.
    pub(crate) fn add<'a>(
        &mut self,
        scope: Option<&NetScope>,
        rule: RuleId,
        except: impl Iterator<Item = &'a NetScope>,
    ) {
        let index = self.rules.len();
        let (ports, scheme) = scope.map_or((Ports::ALL, None), |scope| (scope.ports(), scope.scheme()));
        self.rules.push(Excepted { rule, ports, scheme, except: Exceptions::of(except) });
        match scope {
            Some(scope) => self.hosts.change_all(scope.host(), |rules| rules.push(index)),
            None => self.anywhere.push(index),
        }
    }

    /// The first rule that refuses a request, those of wider scopes first.
    pub(crate) fn find(&self, target: Target<'_>) -> Option<RuleId> {
        let (peer, protocol) = split(target)?;
        let refusing = |indexes: &[usize]| {
            let mut rules = indexes.iter().filter_map(|index| self.rules.get(*index));
            rules.find(|rule| rule.refuses(peer, protocol)).map(|rule| rule.rule)
        };
        let mut found = refusing(&self.anywhere);
        if found.is_none() {
            peer.visit(&self.hosts, &mut |part, indexes: &Vec<usize>| {
                if part != Part::Grants && found.is_none() {
                    found = refusing(indexes);
                }
            });
        }
        found
    }
}

impl Excepted {
    /// Whether it refuses what its hosts cover.
    fn refuses(&self, peer: Peer<'_>, protocol: Protocol<'_>) -> bool {
        let has_port = match peer.port() {
            Some(port) => (self.ports.first()..=self.ports.last()).contains(&port),
            None => self.ports == Ports::ALL,
        };
        // What nobody can tell the protocol of may be this one.
        let is_spoken = self.scheme.is_none() || protocol.scheme().is_none() || self.scheme == protocol.scheme();
        has_port && is_spoken && !self.except.cover(peer, protocol)
    }
}

impl Exceptions {
    fn of<'a>(scopes: impl Iterator<Item = &'a NetScope>) -> Self {
        let mut exceptions = Self::default();
        for scope in scopes {
            let peers = match scope.scheme() {
                Some(scheme) => exceptions.schemes.entry(scheme).or_default(),
                None => &mut exceptions.plain,
            };
            let reached = Reached { ports: scope.ports(), lookups: true, side: Side::Allow };
            peers.change(scope.host(), reached, |covers| *covers = true);
        }
        exceptions
    }

    fn cover(&self, peer: Peer<'_>, protocol: Protocol<'_>) -> bool {
        let mut covers = false;
        let mut add = |part, found: &bool| covers |= *found && part != Part::Denies;
        peer.visit(&self.plain, &mut add);
        if let Some(peers) = protocol.scheme().and_then(|scheme| self.schemes.get(&scheme)) {
            peer.visit(peers, &mut add);
        }
        covers
    }
}
