//! Ports: ranges cut into pieces that do not overlap, found by bisection.

use std::collections::BTreeMap;

use crate::Ports;

/// What the rules of one host say, by port. Of several ranges on one [`Side`] the first that was added is kept: add the narrowest first.
#[derive(Default, Debug)]
pub(crate) struct PortMap<V> {
    /// By first port; a piece ends where the next begins.
    pieces: BTreeMap<u16, V>,
    /// For lookups, which have no port.
    without_port: Option<V>,
    /// Which ports have a rule of each side, as ranges by their first port: they are not gone through again, so that adding takes time by
    /// the number of ranges, however they lie.
    taken: [BTreeMap<u16, u16>; 2],
}

/// Where a rule holds: on a range of ports, and on lookups or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) ports: Ports,
    pub(crate) lookups: bool,
    pub(crate) side: Side,
}

/// The kind of a rule, as far as one hides another of the same kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Allow,
    Deny,
}

impl<V: Clone + Default> PortMap<V> {
    /// Changes what is said of the ports that have no rule of this side yet.
    pub(crate) fn change(&mut self, reached: Reached, change: impl Fn(&mut V)) {
        if reached.lookups {
            change(self.without_port.get_or_insert_default());
        }
        for (first, last) in self.take(reached) {
            self.cut(first);
            if let Some(behind) = last.checked_add(1) {
                self.cut(behind);
            }
            for (_, piece) in self.pieces.range_mut(first..=last) {
                change(piece);
            }
        }
    }

    /// Changes what is said of everything, however often.
    pub(crate) fn change_all(&mut self, change: impl Fn(&mut V)) {
        change(self.without_port.get_or_insert_default());
        change(self.pieces.entry(0).or_default());
    }

    pub(crate) fn find(&self, port: Option<u16>) -> Option<&V> {
        match port {
            Some(port) => self.piece(port),
            None => self.without_port.as_ref(),
        }
    }

    /// Takes the ports, and answers those that were not taken yet.
    fn take(&mut self, Reached { ports, side, .. }: Reached) -> Vec<(u16, u16)> {
        let taken = &mut self.taken[side as usize];
        let (mut first, mut last) = (ports.first(), ports.last());
        let before = taken.range(..first).next_back().filter(|(_, end)| **end >= first);
        let met: Vec<_> =
            before.into_iter().chain(taken.range(first..=last)).map(|(start, end)| (*start, *end)).collect();
        let mut free = Vec::new();
        // The first port that may be free; `None` behind the last there is.
        let mut next = Some(first);
        for (start, end) in met {
            let gap = next.zip(start.checked_sub(1)).filter(|(next, last)| next <= last);
            free.extend(gap);
            next = next.and_then(|next| Some(next.max(end.checked_add(1)?)));
            taken.remove(&start);
            (first, last) = (first.min(start), last.max(end));
        }
        free.extend(next.filter(|next| *next <= ports.last()).map(|next| (next, ports.last())));
        taken.insert(first, last);
        free
    }

    fn cut(&mut self, port: u16) {
        let piece = self.piece(port).cloned().unwrap_or_default();
        self.pieces.entry(port).or_insert(piece);
    }

    fn piece(&self, port: u16) -> Option<&V> {
        self.pieces.range(..=port).next_back().map(|(_, piece)| piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_ranges_the_first_is_kept() {
        let mut map = PortMap::<Vec<u32>>::default();
        let add = |map: &mut PortMap<Vec<u32>>, side, ports: &str, value| {
            let reached = Reached { ports: Ports::parse(ports).unwrap(), lookups: false, side };
            map.change(reached, |values| values.push(value));
        };
        let ranges = ["5", "10-20", "3-12", "65535", "65000-65535", "0-65535", "7-9", "0"];
        for (value, ports) in (0..).zip(ranges) {
            add(&mut map, Side::Allow, ports, value);
        }
        add(&mut map, Side::Deny, "4-11", 100);
        for (port, expected) in [
            (0, &[5][..]),
            (3, &[2]),
            (4, &[2, 100]),
            (5, &[0, 100]),
            (9, &[2, 100]),
            (10, &[1, 100]),
            (11, &[1, 100]),
            (12, &[1]),
            (20, &[1]),
            (21, &[5]),
            (64_999, &[5]),
            (65_000, &[4]),
            (65_534, &[4]),
            (65_535, &[3]),
        ] {
            assert_eq!(map.find(Some(port)).map(Vec::as_slice), Some(expected), "{port}");
        }
        assert_eq!(map.find(None), None);
    }
}
