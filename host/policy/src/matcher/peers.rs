//! Peers: names, single addresses and blocks, and classes, each in a matcher of its own.
//!
//! An address that came from a name is denied by a rule on either. A grant on the name allows it only where the address is public,
//! so that a name that suddenly points to this host or to a metadata service leads nowhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::address::{Judged, Reach};
use super::dns::DnsTrie;
use super::map::Map;
use super::ports::{PortMap, Reached};
use crate::scope::mask;
use crate::{AddressClass, HostName, HostPattern};

/// What is said of peers, by whatever a rule can name them by.
#[derive(Debug, Default)]
pub(crate) struct Peers<V> {
    names: DnsTrie<V>,
    classes: [PortMap<V>; AddressClass::ALL.len()],
    /// By length of the prefix, the shortest first. A single address is a block of its whole length.
    ipv4: BTreeMap<u8, Map<IpAddr, PortMap<V>>>,
    ipv6: BTreeMap<u8, Map<IpAddr, PortMap<V>>>,
}

/// Which rules of those that are shown count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    All,
    Grants,
    Denies,
}

impl<V: Clone + Default> Peers<V> {
    /// Changes what is said of the peers that a pattern names.
    pub(crate) fn change(&mut self, host: &HostPattern, reached: Reached, change: impl Fn(&mut V)) {
        self.of(host).change(reached, change);
    }

    /// Changes what is said of the peers that a pattern names, at all ports.
    pub(crate) fn change_all(&mut self, host: &HostPattern, change: impl Fn(&mut V)) {
        self.of(host).change_all(change);
    }

    fn of(&mut self, host: &HostPattern) -> &mut PortMap<V> {
        match host {
            HostPattern::Name(name) => self.names.of_name(name),
            HostPattern::Suffix(suffix) => self.names.of_suffix(suffix),
            HostPattern::Class(class) => &mut self.classes[*class as usize],
            HostPattern::Block { address, prefix } => self.block(*address, *prefix),
            HostPattern::Address(address @ IpAddr::V4(_)) => self.block(*address, 32),
            HostPattern::Address(address @ IpAddr::V6(_)) => self.block(*address, 128),
        }
    }

    /// Shows all that covers a name whose addresses are not known yet, the least specific first.
    ///
    /// A grant of the class `public` covers any name: what it leads to is checked when it is known. A deny rule of a class covers
    /// none by itself.
    pub(crate) fn visit_name(&self, name: &HostName, port: Option<u16>, visit: &mut impl FnMut(Part, &V)) {
        self.class(AddressClass::Public, port).into_iter().for_each(|found| visit(Part::Grants, found));
        self.names.visit(name, port, &mut |found| visit(Part::All, found));
    }

    /// Shows all that covers an address or the name that it came from, the least specific first.
    pub(crate) fn visit_address(
        &self,
        address: IpAddr,
        port: u16,
        name: Option<&HostName>,
        visit: &mut impl FnMut(Part, &V),
    ) {
        let address = Judged::new(address);
        let port = Some(port);
        self.visit_reach(address.reach(), port, visit);
        if let Some(embedded) = address.embedded {
            self.visit_blocks(embedded, port, &mut |found| visit(Part::Denies, found));
        }
        self.visit_blocks(address.literal, port, &mut |found| visit(Part::All, found));
        if let Some(name) = name {
            let is_public = address.reach() == Reach::Class(AddressClass::Public);
            let part = if is_public { Part::All } else { Part::Denies };
            self.names.visit(name, port, &mut |found| visit(part, found));
        }
    }

    fn visit_reach(&self, reach: Reach, port: Option<u16>, visit: &mut impl FnMut(Part, &V)) {
        match reach {
            Reach::Class(class) => self.class(class, port).into_iter().for_each(|found| visit(Part::All, found)),
            Reach::Fenced(classes) => {
                let classes = classes.iter().filter_map(|class| self.class(*class, port));
                classes.for_each(|found| visit(Part::Denies, found));
            }
        }
    }

    fn class(&self, class: AddressClass, port: Option<u16>) -> Option<&V> {
        self.classes[class as usize].find(port)
    }

    fn visit_blocks(&self, address: IpAddr, port: Option<u16>, visit: &mut impl FnMut(&V)) {
        let lengths = if address.is_ipv4() { &self.ipv4 } else { &self.ipv6 };
        let covering = lengths.iter().filter_map(|(prefix, blocks)| blocks.get(&mask(address, *prefix)?));
        covering.filter_map(|block| block.find(port)).for_each(visit);
    }

    fn block(&mut self, address: IpAddr, prefix: u8) -> &mut PortMap<V> {
        let lengths = if address.is_ipv4() { &mut self.ipv4 } else { &mut self.ipv6 };
        lengths.entry(prefix).or_default().entry(address).or_default()
    }
}
