//! Ports: ranges cut into pieces that do not overlap, found by bisection.

use std::collections::BTreeMap;

use super::slot::{Entry, Slot};
use crate::Ports;

/// What the rules of one host say, by port. Of several ranges the first that was added is kept: add the narrowest first.
#[derive(Default, Debug)]
pub(crate) struct PortMap {
    /// By first port; a piece ends where the next begins.
    pieces: BTreeMap<u16, Slot>,
    /// For lookups, which have no port.
    without_port: Slot,
}

impl PortMap {
    pub(crate) fn add(&mut self, ports: Ports, entry: Entry) {
        let covers_lookups = matches!(entry, Entry::Grant(_)) || ports == Ports::ALL;
        if covers_lookups {
            self.without_port.add(entry);
        }
        self.cut(ports.first());
        if let Some(behind) = ports.last().checked_add(1) {
            self.cut(behind);
        }
        for (_, piece) in self.pieces.range_mut(ports.first()..=ports.last()) {
            piece.add(entry);
        }
    }

    pub(crate) fn find(&self, port: Option<u16>) -> Slot {
        match port {
            Some(port) => self.piece(port),
            None => self.without_port,
        }
    }

    fn cut(&mut self, port: u16) {
        let piece = self.piece(port);
        self.pieces.entry(port).or_insert(piece);
    }

    fn piece(&self, port: u16) -> Slot {
        self.pieces.range(..=port).next_back().map(|(_, slot)| *slot).unwrap_or_default()
    }
}
