//! Peers: names, single addresses and blocks, and classes, each in a matcher of its own.
//!
//! An address that came from a name is denied by a rule on either. A grant on the name allows it only where the address is public,
//! so that a name that suddenly points to this host or to a metadata service leads nowhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::address::{Judged, Reach};
use super::dns::DnsTrie;
use super::map::Map;
use super::ports::PortMap;
use super::slot::{Entry, Slot};
use crate::scope::mask;
use crate::{AddressClass, HostName, HostPattern, NetScope};

#[derive(Debug, Default)]
pub(crate) struct NetMatcher {
    names: DnsTrie,
    classes: [PortMap; AddressClass::ALL.len()],
    /// By length of the prefix, the shortest first. A single address is a block of its whole length.
    ipv4: BTreeMap<u8, Map<IpAddr, PortMap>>,
    ipv6: BTreeMap<u8, Map<IpAddr, PortMap>>,
}

impl NetMatcher {
    pub(crate) fn add(&mut self, scope: &NetScope, entry: Entry) {
        let ports = scope.ports();
        match scope.host() {
            HostPattern::Name(name) => self.names.add_name(name, ports, entry),
            HostPattern::Suffix(suffix) => self.names.add_suffix(suffix, ports, entry),
            HostPattern::Class(class) => self.classes[*class as usize].add(ports, entry),
            HostPattern::Block { address, prefix } => self.block(*address, *prefix).add(ports, entry),
            HostPattern::Address(address @ IpAddr::V4(_)) => self.block(*address, 32).add(ports, entry),
            HostPattern::Address(address @ IpAddr::V6(_)) => self.block(*address, 128).add(ports, entry),
        }
    }

    /// What the rules say of a name whose addresses are not known yet.
    pub(crate) fn find_name(&self, name: &HostName, port: Option<u16>) -> Slot {
        self.names.find(name, port)
    }

    /// What the rules say of an address, and of the name that it came from.
    pub(crate) fn find_address(&self, address: IpAddr, port: u16, name: Option<&HostName>) -> Slot {
        let address = Judged::new(address);
        let port = Some(port);
        let by_name = name.map(|name| self.names.find(name, port)).unwrap_or_default();
        let by_name = match address.reach() {
            Reach::Class(AddressClass::Public) => by_name,
            _ => by_name.deny_only(),
        };
        let embedded = address.embedded.map(|embedded| self.blocks(embedded, port)).unwrap_or_default();
        self.class(address.reach(), port)
            .then(embedded.deny_only())
            .then(self.blocks(address.literal, port))
            .then(by_name)
    }

    fn class(&self, reach: Reach, port: Option<u16>) -> Slot {
        let find = |class: AddressClass| self.classes[class as usize].find(port);
        match reach {
            Reach::Class(class) => find(class),
            Reach::Unspecified => {
                let denies = AddressClass::ALL.iter().map(|class| find(*class).deny_only());
                denies.fold(Slot::default(), Slot::then)
            }
            Reach::Special => Slot::default(),
        }
    }

    fn blocks(&self, address: IpAddr, port: Option<u16>) -> Slot {
        let lengths = if address.is_ipv4() { &self.ipv4 } else { &self.ipv6 };
        let covering = lengths.iter().filter_map(|(prefix, blocks)| blocks.get(&mask(address, *prefix)?));
        covering.fold(Slot::default(), |slot, block| slot.then(block.find(port)))
    }

    fn block(&mut self, address: IpAddr, prefix: u8) -> &mut PortMap {
        let lengths = if address.is_ipv4() { &mut self.ipv4 } else { &mut self.ipv6 };
        lengths.entry(prefix).or_default().entry(address).or_default()
    }
}
