//! What is asked of the gate, for names and addresses. Invariant: nothing is dialled, listened on or sent to without a permit for
//! exactly that address; a name is looked up only where a grant covers it.

use super::Network;
use super::error::{NetError, NetResult};
use crate::gate::{Missing, Permit};
use crate::request::{Asked, Request, Target};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Decision, Grant, HostName, HostPattern, Protocol, Scope};
use std::net::{IpAddr, SocketAddr};

/// Under which capabilities an address is reached by whom a name was resolved for; the first is that of resolving itself.
pub(super) const REACHING: [Capability; 4] =
    [Capability::NetResolve, Capability::NetConnect, Capability::NetUdp, Capability::WebsocketConnect];

/// Who asks, and for what.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) call: &'static str,
    pub(super) capability: Capability,
    /// In the guest's words.
    pub(super) asked: &'a str,
    pub(super) protocol: Protocol<'a>,
}

impl<'a> Question<'a> {
    pub(super) fn raw(call: &'static str, capability: Capability, asked: &'a str) -> Self {
        Self { call, capability, asked, protocol: Protocol::Raw }
    }

    fn of_name(self, host: &'a HostName, port: Option<u16>) -> Request<'a> {
        self.request(Target::Host { host, port, protocol: self.protocol })
    }

    pub(super) fn of_address(self, address: SocketAddr, name: Option<&'a HostName>) -> Request<'a> {
        let (address, port) = (address.ip().to_canonical(), address.port());
        self.request(Target::Address { address, port, name, protocol: self.protocol })
    }

    fn request(self, target: Target<'a>) -> Request<'a> {
        Request { capability: self.capability, call: self.call, asked: Asked::name(self.asked), target }
    }
}

impl Network {
    /// A permit to look a name up.
    pub(super) fn permit_name(&self, ask: Question<'_>, name: &HostName, port: Option<u16>) -> NetResult<Permit> {
        Ok(self.gate.check(&ask.of_name(name, port))?)
    }

    /// Whether a name may be looked up, as it stands now. Records nothing.
    pub(super) fn may_name(&self, ask: Question<'_>, name: &HostName, port: Option<u16>) -> bool {
        self.gate.stands(&ask.of_name(name, port))
    }

    /// A permit for an address that a lookup of `name` under `lookup` gave.
    pub(super) fn permit_answer(
        &self,
        ask: Question<'_>,
        address: SocketAddr,
        name: &HostName,
        lookup: &Permit,
    ) -> NetResult<Permit> {
        Ok(self.gate.check_answer(&ask.of_address(address, Some(name)), lookup)?)
    }

    /// A permit for an address, which came from `name` if it came from one.
    pub(super) fn permit_address(
        &self,
        ask: Question<'_>,
        address: SocketAddr,
        name: Option<&HostName>,
    ) -> NetResult<Permit> {
        Ok(self.gate.check(&ask.of_address(address, name))?)
    }

    /// What a lookup by the guest itself takes: `net.resolve` where that covers the name or a deny rule of it does, else another
    /// capability that covers it.
    pub(super) fn capability_of_lookup<'a>(
        &self,
        question: impl Fn(Capability) -> Question<'a>,
        name: &'a HostName,
    ) -> Capability {
        let decision = self.gate.decide(&question(Capability::NetResolve).of_name(name, None));
        if let Decision::Denied { by: Some(_) } = decision {
            return Capability::NetResolve;
        }
        let covers = |capability: &Capability| self.may_name(question(*capability), name, None);
        REACHING.into_iter().find(covers).unwrap_or(Capability::NetResolve)
    }

    /// Whether an address may be reached, as it stands now. Records nothing.
    pub(super) fn may_address(&self, ask: Question<'_>, address: SocketAddr, name: Option<&HostName>) -> bool {
        self.gate.stands(&ask.of_address(address, name))
    }

    /// A permit for an address that the guest wrote itself: under a grant of the address, or of a name that gave it. A deny rule
    /// on any of its names refuses it.
    pub(super) fn permit_literal(&self, ask: Question<'_>, address: SocketAddr) -> NetResult<Permit> {
        self.permit_peer(ask, address, None)
    }

    /// The same, for a peer of a port that was bound with `bound`: not one more of those that may be alive at a time.
    pub(super) fn permit_peer(
        &self,
        ask: Question<'_>,
        address: SocketAddr,
        bound: Option<&Permit>,
    ) -> NetResult<Permit> {
        let name = self.name_for(ask, address);
        self.check_many(ask, address)?;
        let request = ask.of_address(address, name.as_ref());
        Ok(match bound {
            Some(bound) => self.gate.check_beside(&request, bound)?,
            None => self.gate.check(&request)?,
        })
    }

    /// Whether [`Network::permit_literal`] would give one, as it stands now. Records nothing.
    pub(super) fn may_literal(&self, ask: Question<'_>, address: SocketAddr) -> bool {
        let name = self.name_for(ask, address);
        self.may_address(ask, address, name.as_ref()) && (!is_many(address.ip()) || self.names_many(ask, address))
    }

    /// Of the names that gave an address, the one to put it to the gate under: one that is denied, so that it is refused, else
    /// one that makes it allowed, or did until its grant ended.
    ///
    /// # Security
    /// Of a URL with an address the name is not looked for: the server would be asked for another site than the one that was
    /// granted, and be told the secrets of that.
    pub(super) fn name_for(&self, ask: Question<'_>, address: SocketAddr) -> Option<HostName> {
        let names = self.names.of(address.ip().to_canonical());
        let decide = |name: &HostName| self.gate.decide(&ask.of_address(address, Some(name)));
        let is_denied = |name: &&HostName| matches!(decide(name), Decision::Denied { by: Some(_) });
        let stands = |name: &&HostName| self.may_address(ask, address, Some(name));
        let denied = names.iter().find(is_denied);
        if ask.protocol != Protocol::Raw {
            return denied.cloned();
        }
        let allowed = || names.iter().find(stands).or_else(|| names.iter().find(|name| decide(name).is_allowed()));
        denied.or_else(allowed).cloned()
    }

    /// Refuses a port that the system picked where a deny rule covers it. A grant of the port 0 is one of any that it picks.
    pub(super) fn check_picked(&self, ask: Question<'_>, address: SocketAddr) -> NetResult<()> {
        match self.is_denied_here(ask, address) {
            true => self.permit_address(ask, address, None).map(drop),
            false => Ok(()),
        }
    }

    /// Whether a deny rule covers an address of this host. Records nothing.
    pub(super) fn is_denied_here(&self, ask: Question<'_>, address: SocketAddr) -> bool {
        matches!(self.gate.decide(&ask.of_address(address, None)), Decision::Denied { by: Some(_) })
    }

    /// Refuses the address of many (multicast, broadcast) where the grant that covers it does not name it: a grant of everybody is
    /// not meant for them.
    fn check_many(&self, ask: Question<'_>, address: SocketAddr) -> NetResult<()> {
        if !is_many(address.ip()) || self.names_many(ask, address) {
            return Ok(());
        }
        let missing = Missing { code: Code::NoGrantCovers, deny: None };
        let rule = format!("{}:{address}", ask.capability.name());
        Err(self.gate.refuse_missing(&ask.of_address(address, None), missing, &rule).into())
    }

    /// Whether each grant that covers an address names it, alone or in a block of addresses of many; also where none covers it, which
    /// the gate tells.
    fn names_many(&self, ask: Question<'_>, address: SocketAddr) -> bool {
        let names = |grant: &Grant| match &grant.rule.scope {
            Scope::Net(scope) => match scope.host() {
                HostPattern::Address(_) => true,
                HostPattern::Block { address, .. } => is_many(*address),
                HostPattern::Name(_) | HostPattern::Suffix(_) | HostPattern::Class(_) => false,
            },
            _ => false,
        };
        let governing = self.gate.governing(&ask.of_address(address, None));
        governing.into_iter().all(|grant| self.gate.policy().grant(grant).is_some_and(names))
    }

    /// Refuses what takes some grant of a capability, whichever, where none stands.
    pub(super) fn check_any(&self, ask: Question<'_>) -> NetResult<()> {
        let refuse = |missing| self.gate.refuse_missing(&ask.request(Target::Whole), missing, ask.capability.name());
        self.gate.standing_capability(ask.capability).map_err(|missing| NetError::from(refuse(missing)))
    }

    /// Whether any grant of a capability stands.
    pub(super) fn stands_any(&self, capability: Capability) -> bool {
        self.gate.standing_capability(capability).is_ok()
    }
}

/// Whether an address is that of many: multicast, or the broadcast of the link.
fn is_many(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}
