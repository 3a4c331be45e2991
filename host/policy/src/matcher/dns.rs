//! Host names: a trie by label from the right.

use super::map::Map;
use super::ports::PortMap;
use crate::HostName;

#[derive(Debug, Default)]
pub(crate) struct DnsTrie<V> {
    children: Map<Box<str>, DnsTrie<V>>,
    /// Rules on this very name.
    here: PortMap<V>,
    /// Rules on every name below it.
    below: PortMap<V>,
}

impl<V: Clone + Default> DnsTrie<V> {
    /// What is said of this very name.
    pub(crate) fn of_name(&mut self, name: &HostName) -> &mut PortMap<V> {
        &mut self.node(name).here
    }

    /// What is said of every name below this one.
    pub(crate) fn of_suffix(&mut self, suffix: &HostName) -> &mut PortMap<V> {
        &mut self.node(suffix).below
    }

    /// Shows all that covers a name, the least specific first.
    pub(crate) fn visit(&self, name: &HostName, port: Option<u16>, visit: &mut impl FnMut(&V)) {
        let mut node = self;
        for label in name.as_str().rsplit('.') {
            node.below.find(port).into_iter().for_each(&mut *visit);
            match node.children.get(label) {
                Some(child) => node = child,
                None => return,
            }
        }
        node.here.find(port).into_iter().for_each(visit);
    }

    fn node(&mut self, name: &HostName) -> &mut Self {
        name.as_str().rsplit('.').fold(self, |node, label| node.children.entry(label.into()).or_default())
    }
}
