//! Host names: a trie by label from the right.

use super::map::Map;
use super::ports::PortMap;
use super::slot::{Entry, Slot};
use crate::{HostName, Ports};

#[derive(Debug, Default)]
pub(crate) struct DnsTrie {
    children: Map<Box<str>, DnsTrie>,
    /// Rules on this very name.
    here: PortMap,
    /// Rules on every name below it.
    below: PortMap,
}

impl DnsTrie {
    pub(crate) fn add_name(&mut self, name: &HostName, ports: Ports, entry: Entry) {
        self.node(name).here.add(ports, entry);
    }

    pub(crate) fn add_suffix(&mut self, suffix: &HostName, ports: Ports, entry: Entry) {
        self.node(suffix).below.add(ports, entry);
    }

    pub(crate) fn find(&self, name: &HostName, port: Option<u16>) -> Slot {
        let mut node = self;
        let mut slot = Slot::default();
        for label in name.as_str().rsplit('.') {
            slot = slot.then(node.below.find(port));
            match node.children.get(label) {
                Some(child) => node = child,
                None => return slot,
            }
        }
        slot.then(node.here.find(port))
    }

    fn node(&mut self, name: &HostName) -> &mut Self {
        name.as_str().rsplit('.').fold(self, |node, label| node.children.entry(label.into()).or_default())
    }
}
