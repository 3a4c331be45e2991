//! Which names gave which addresses: an address that a guest was given stays reachable under the grant of its name.

use caphost_policy::HostName;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How many pairs of name and address are remembered; of more, the oldest are forgotten. A guest picks the names.
const MAX_PAIRS: usize = 4_096;

/// How many names of one address are remembered; of more, the oldest are forgotten. Each connection to it asks the gate for each.
const MAX_NAMES: usize = 64;

/// Which names gave which addresses, to one guest.
#[derive(Default)]
pub(crate) struct Names(Mutex<Pairs>);

#[derive(Default)]
struct Pairs {
    by_address: HashMap<IpAddr, Vec<HostName>>,
    /// The oldest first.
    order: VecDeque<(IpAddr, HostName)>,
}

impl Names {
    /// Remembers that `name` gave `addresses`.
    pub(crate) fn note(&self, name: &HostName, addresses: &[IpAddr]) {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for address in addresses {
            pairs.insert(*address, name);
        }
    }

    /// The names that gave `address`.
    pub(crate) fn of(&self, address: IpAddr) -> Vec<HostName> {
        let pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.by_address.get(&address).cloned().unwrap_or_default()
    }
}

impl Pairs {
    fn insert(&mut self, address: IpAddr, name: &HostName) {
        let names = self.by_address.entry(address).or_default();
        if names.contains(name) {
            return;
        }
        names.push(name.clone());
        if names.len() > MAX_NAMES {
            let oldest = (address, names.remove(0));
            self.order.retain(|pair| *pair != oldest);
        }
        self.order.push_back((address, name.clone()));
        if self.order.len() > MAX_PAIRS
            && let Some((address, name)) = self.order.pop_front()
        {
            self.forget(address, &name);
        }
    }

    fn forget(&mut self, address: IpAddr, name: &HostName) {
        if let Some(names) = self.by_address.get_mut(&address) {
            names.retain(|other| other != name);
            if names.is_empty() {
                self.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn name(text: &str) -> HostName {
        HostName::parse(text).unwrap()
    }

    #[test]
    fn an_address_has_the_names_that_gave_it() {
        let (names, address) = (Names::default(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        for text in ["a.example", "b.example", "a.example"] {
            names.note(&name(text), &[address]);
        }
        assert_eq!(names.of(address), [name("a.example"), name("b.example")]);
        assert_eq!(names.of(Ipv4Addr::UNSPECIFIED.into()), []);
    }

    #[test]
    fn an_address_has_only_so_many_names() {
        let (names, address) = (Names::default(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let text = |index: usize| name(&format!("a{index}.example"));
        for index in 0..MAX_NAMES {
            names.note(&text(index), &[address]);
        }
        assert_eq!((names.of(address).len(), names.of(address).first()), (MAX_NAMES, Some(&text(0))), "control");
        names.note(&text(MAX_NAMES), &[address]);
        assert_eq!((names.of(address).len(), names.of(address).first()), (MAX_NAMES, Some(&text(1))));
        assert_eq!(names.0.lock().unwrap().order.len(), MAX_NAMES);
    }

    #[test]
    fn the_oldest_is_forgotten_for_one_too_many() {
        let names = Names::default();
        let address = |index: usize| IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(index).unwrap()));
        for index in 0..MAX_PAIRS {
            names.note(&name("a.example"), &[address(index)]);
        }
        assert_eq!(names.of(address(0)), [name("a.example")], "control: as many as there may be");
        names.note(&name("a.example"), &[address(MAX_PAIRS)]);
        assert_eq!(names.of(address(0)), []);
        assert_eq!(names.of(address(MAX_PAIRS)), [name("a.example")]);
        let pairs = names.0.lock().unwrap();
        assert_eq!((pairs.order.len(), pairs.by_address.len()), (MAX_PAIRS, MAX_PAIRS));
    }
}
