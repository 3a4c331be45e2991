//! Ports: ranges cut into pieces that do not overlap, found by bisection.

use std::collections::BTreeMap;

use crate::Ports;

/// What the rules of one host say, by port. Of several ranges the first that was added is kept: add the narrowest first.
#[derive(Default, Debug)]
pub(crate) struct PortMap<V> {
    /// By first port; a piece ends where the next begins.
    pieces: BTreeMap<u16, V>,
    /// For lookups, which have no port.
    without_port: Option<V>,
}

/// Where a rule holds: on a range of ports, and on lookups or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) ports: Ports,
    pub(crate) lookups: bool,
}

impl<V: Clone + Default> PortMap<V> {
    /// Changes what is said of the ports.
    pub(crate) fn change(&mut self, reached: Reached, change: impl Fn(&mut V)) {
        let ports = reached.ports;
        if reached.lookups {
            change(self.without_port.get_or_insert_default());
        }
        self.cut(ports.first());
        if let Some(behind) = ports.last().checked_add(1) {
            self.cut(behind);
        }
        for (_, piece) in self.pieces.range_mut(ports.first()..=ports.last()) {
            change(piece);
        }
    }

    pub(crate) fn find(&self, port: Option<u16>) -> Option<&V> {
        match port {
            Some(port) => self.piece(port),
            None => self.without_port.as_ref(),
        }
    }

    fn cut(&mut self, port: u16) {
        let piece = self.piece(port).cloned().unwrap_or_default();
        self.pieces.entry(port).or_insert(piece);
    }

    fn piece(&self, port: u16) -> Option<&V> {
        self.pieces.range(..=port).next_back().map(|(_, piece)| piece)
    }
}
