//! What is asked of the gate, for names and addresses. Invariant: nothing is dialled, listened on or sent to without a permit for
//! exactly that address; a name is looked up only where a grant covers it.

use super::Network;
use super::error::{NetError, NetResult};
use crate::gate::{Missing, Permit};
use crate::request::{Asked, Request, Target};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Decision, HostName, HostPattern, Protocol, Scope};
use std::net::{IpAddr, SocketAddr};

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

    /// A permit for an address, which came from `name` if it came from one.
    pub(super) fn permit_address(
        &self,
        ask: Question<'_>,
        address: SocketAddr,
        name: Option<&HostName>,
    ) -> NetResult<Permit> {
        Ok(self.gate.check(&ask.of_address(address, name))?)
    }

    /// Whether an address may be reached, as it stands now. Records nothing.
    pub(super) fn may_address(&self, ask: Question<'_>, address: SocketAddr, name: Option<&HostName>) -> bool {
        self.gate.stands(&ask.of_address(address, name))
    }

    /// A permit for an address that the guest wrote itself: under a grant of the address, or of a name that gave it. A deny rule
    /// on any of its names refuses it.
    pub(super) fn permit_literal(&self, ask: Question<'_>, address: SocketAddr) -> NetResult<Permit> {
        let name = self.name_for(ask, address);
        self.check_many(ask, address)?;
        self.permit_address(ask, address, name.as_ref())
    }

    /// Whether [`Network::permit_literal`] would give one, as it stands now. Records nothing.
    pub(super) fn may_literal(&self, ask: Question<'_>, address: SocketAddr) -> bool {
        let name = self.name_for(ask, address);
        self.may_address(ask, address, name.as_ref()) && (!is_many(address.ip()) || self.names_many(ask, address))
    }

    /// Of the names that gave an address, the one to put it to the gate under: one that is denied, so that it is refused, else
    /// one that makes it allowed.
    pub(super) fn name_for(&self, ask: Question<'_>, address: SocketAddr) -> Option<HostName> {
        let names = self.names.of(address.ip().to_canonical());
        let is_denied = |name: &&HostName| {
            matches!(self.gate.decide(&ask.of_address(address, Some(name))), Decision::Denied { by: Some(_) })
        };
        let denied = names.iter().find(is_denied);
        denied.or_else(|| names.iter().find(|name| self.may_address(ask, address, Some(name)))).cloned()
    }

    /// Refuses a port that the system picked where a deny rule covers it. A grant of the port 0 is one of any that it picks.
    pub(super) fn check_picked(&self, ask: Question<'_>, address: SocketAddr) -> NetResult<()> {
        match self.gate.decide(&ask.of_address(address, None)) {
            Decision::Denied { by: Some(_) } => self.permit_address(ask, address, None).map(drop),
            Decision::Denied { by: None } | Decision::Allowed { .. } => Ok(()),
        }
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

    /// Whether the grant that covers an address names it, alone or in a block; also where none covers it, which the gate tells.
    fn names_many(&self, ask: Question<'_>, address: SocketAddr) -> bool {
        let Decision::Allowed { grant } = self.gate.decide(&ask.of_address(address, None)) else { return true };
        match self.gate.policy().grant(grant).map(|grant| &grant.rule.scope) {
            Some(Scope::Net(scope)) => {
                matches!(scope.host(), HostPattern::Address(_) | HostPattern::Block { .. })
            }
            _ => false,
        }
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
