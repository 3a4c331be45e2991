//! Addresses: what class one belongs to, and which one hides inside another.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::AddressClass;
use crate::scope::mask;

/// An address as it is judged.
pub(crate) struct Judged {
    /// What is dialled; IPv4-mapped addresses are IPv4 here.
    pub(crate) literal: IpAddr,
    /// The IPv4 address that a gateway would pass it on to.
    pub(crate) embedded: Option<IpAddr>,
}

/// What an address is, for rules on classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// Rules on this class cover it.
    Class(AddressClass),
    /// No class grants it; a deny rule on any of these covers it.
    Fenced(&'static [AddressClass]),
}

/// It leads to this host, or where nobody can tell.
const ANYWHERE: Reach = Reach::Fenced(AddressClass::ALL);

/// One host's, given to nobody in public: some organisations and clouds use it inside.
const RESERVED: Reach = Reach::Fenced(&[AddressClass::Private]);

/// The address of many.
const MANY: Reach = Reach::Fenced(&[]);

impl Judged {
    pub(crate) fn new(address: IpAddr) -> Self {
        let literal = address.to_canonical();
        let embedded = match literal {
            IpAddr::V6(address) => embedded(address).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        Self { literal, embedded }
    }

    /// The class of the place that it really leads to. An address that hides another is of a class only where that one is public:
    /// else it leads to whoever routes it, and neither to this host nor to a network that a class means.
    pub(crate) fn reach(&self) -> Reach {
        const PUBLIC: Reach = Reach::Class(AddressClass::Public);
        match (self.literal, self.embedded) {
            (_, Some(IpAddr::V4(address))) if reach_v4(address) == PUBLIC && !self.is_local_gateway() => PUBLIC,
            (_, Some(_)) => ANYWHERE,
            (IpAddr::V4(address), None) => reach_v4(address),
            (IpAddr::V6(address), None) => reach_v6(address),
        }
    }

    /// Behind a gateway of this network (RFC 8215) no address is public: the gateway alone knows where in it the IPv4 address is.
    fn is_local_gateway(&self) -> bool {
        matches!(self.literal, IpAddr::V6(address) if matches!(address.segments(), [0x64, 0xff9b, 1, ..]))
    }
}

/// The IPv4 address inside an IPv6 one: compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052, 8215), 6to4 (RFC 3056),
/// Teredo (RFC 4380).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = Ipv4Addr::from_bits(address.to_bits() as u32);
    let is_plain = address.is_unspecified() || address.is_loopback();
    match address.segments() {
        [0, 0, 0, 0, 0, 0, _, _] => (!is_plain).then_some(low),
        [0, 0, 0, 0, 0xffff, 0, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] | [0x64, 0xff9b, 1, ..] => Some(low),
        [0x2002, high, low, ..] => Some(join(high, low)),
        [0x2001, 0, .., high, low] => Some(join(!high, !low)),
        _ => None,
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        // Every address of this host.
        [0, ..] => ANYWHERE,
        [127, ..] => Reach::Class(AddressClass::Loopback),
        // The second is where Azure has what others have in the first block: metadata, for the machine itself alone.
        [169, 254, ..] | [168, 63, 129, 16] => Reach::Class(AddressClass::LinkLocal),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Class(AddressClass::Private),
        [224..=239, ..] | [255, 255, 255, 255] => MANY,
        // Protocol assignments, documentation, 6to4 relays, benchmarking and reserved.
        [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => RESERVED,
        _ => Reach::Class(AddressClass::Public),
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if address.is_unspecified() {
        return ANYWHERE;
    }
    if address.is_loopback() {
        return Reach::Class(AddressClass::Loopback);
    }
    match address.segments() {
        [0xfe80..=0xfebf, ..] => Reach::Class(AddressClass::LinkLocal),
        // Unique local, and the site-local ones that came before.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Reach::Class(AddressClass::Private),
        [0xff00..=0xffff, ..] => MANY,
        // Protocol assignments and documentation, within global unicast.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => RESERVED,
        [0x2000..=0x3fff, ..] => Reach::Class(AddressClass::Public),
        _ => RESERVED,
    }
}

/// The class of every address of a block, where they have one. `None` too where nobody looked close enough.
pub(crate) fn class_of_block(address: IpAddr, prefix: u8) -> Option<AddressClass> {
    let class = match Judged::new(address).reach() {
        Reach::Class(class) => class,
        Reach::Fenced(_) => return None,
    };
    let is_one = prefix == if address.is_ipv4() { 32 } else { 128 };
    (is_one || is_even(address, prefix, class)).then_some(class)
}

/// Whether a block is wholly in one of the ranges that make its class, or, if it begins in public, meets no range that is not.
fn is_even(address: IpAddr, prefix: u8, class: AddressClass) -> bool {
    let ranges = if address.is_ipv4() { RANGES_V4 } else { RANGES_V6 };
    let holds = |range: &&Range| range.1 <= prefix && mask(address, range.1) == Some(range.0);
    let is_within = |range: &Range| prefix <= range.1 && mask(range.0, prefix) == Some(address);
    match class {
        AddressClass::Public => !ranges.iter().any(|range| holds(&range) || is_within(range)),
        _ => ranges.iter().any(|range| holds(&range)),
    }
}

type Range = (IpAddr, u8);

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Range {
    (IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Range {
    (IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)), prefix)
}

/// Every range of IPv4 that is not public; each is of one class or of none.
const RANGES_V4: &[Range] = &[
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 3),
];

/// The same of IPv6, with those that hide IPv4 addresses: of these no block is even.
const RANGES_V6: &[Range] = &[
    v6(0, 0, 3),
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
    v6(0x4000, 0, 2),
    v6(0x8000, 0, 2),
    v6(0xc000, 0, 3),
    v6(0xe000, 0, 4),
    v6(0xf000, 0, 5),
    v6(0xf800, 0, 6),
    v6(0xfc00, 0, 7),
    v6(0xfe00, 0, 9),
    v6(0xfe80, 0, 10),
    v6(0xfec0, 0, 10),
    v6(0xff00, 0, 8),
];

#[cfg(test)]
mod tests {
    use super::*;
    use AddressClass::{LinkLocal, Loopback, Private, Public};

    #[test]
    fn a_block_has_a_class_where_all_its_addresses_have_it() {
        let class = |text: &str| {
            let (address, prefix) = text.split_once('/').unwrap();
            class_of_block(address.parse().unwrap(), prefix.parse().unwrap())
        };
        for (block, expected) in [
            ("10.0.0.0/8", Private),
            ("10.9.0.0/16", Private),
            ("172.16.0.0/12", Private),
            ("127.0.0.0/8", Loopback),
            ("169.254.169.254/32", LinkLocal),
            ("168.63.129.16/32", LinkLocal),
            ("1.1.1.0/24", Public),
            ("8.0.0.0/7", Public),
            ("128.0.0.0/3", Public),
            ("::1/128", Loopback),
            ("fc00::/7", Private),
            ("fd00:1::/32", Private),
            ("fe80::/10", LinkLocal),
            ("2606:4700::/32", Public),
            ("2400::/6", Public),
            ("64:ff9b::1.1.1.1/128", Public),
        ] {
            assert_eq!(class(block), Some(expected), "{block}");
        }
        for block in [
            "0.0.0.0/0",
            "10.0.0.0/7",
            "172.16.0.0/11",
            "168.63.129.0/24",
            "192.0.2.0/24",
            "224.0.0.0/4",
            "::/0",
            "::/96",
            "2000::/3",
            "2001::/16",
            "2002::/16",
            "2002:101::/32",
            "64:ff9b::/96",
            "64:ff9b:1::1.1.1.1/128",
            "fc00::/6",
        ] {
            assert_eq!(class(block), None, "{block}");
        }
    }

    #[test]
    fn the_ranges_are_those_that_the_classes_are_told_by() {
        // Around each edge of each range.
        for (address, prefix) in RANGES_V4.iter().chain(RANGES_V6) {
            let length = if address.is_ipv4() { 32 } else { 128 };
            let bits = |address: IpAddr| match address {
                IpAddr::V4(address) => u128::from(address.to_bits()),
                IpAddr::V6(address) => address.to_bits(),
            };
            let from = |bits: u128| match address {
                IpAddr::V4(_) => u32::try_from(bits).ok().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
                IpAddr::V6(_) => Some(IpAddr::V6(Ipv6Addr::from_bits(bits))),
            };
            let first = bits(*address);
            let last = first | ((1 << (length - prefix)) - 1);
            for edge in [first.checked_sub(1), Some(first), Some(last), last.checked_add(1)] {
                let Some(edge) = edge.and_then(from) else { continue };
                let is_public = Judged::new(edge).reach() == Reach::Class(Public);
                let is_in_range = RANGES_V4
                    .iter()
                    .chain(RANGES_V6)
                    .any(|(range, prefix)| range.is_ipv4() == edge.is_ipv4() && mask(edge, *prefix) == Some(*range));
                let hides = Judged::new(edge).embedded.is_some();
                assert!(is_public != is_in_range || hides, "{edge}");
            }
        }
    }

    fn reach(address: &str) -> Reach {
        Judged::new(address.parse().unwrap()).reach()
    }

    #[test]
    fn classes() {
        for (address, class) in [
            ("1.1.1.1", Public),
            ("2606:4700::1111", Public),
            ("10.1.2.3", Private),
            ("172.31.0.1", Private),
            ("172.32.0.1", Public),
            ("192.168.0.1", Private),
            ("100.64.0.1", Private),
            ("fd00:ec2::254", Private),
            ("127.9.9.9", Loopback),
            ("::1", Loopback),
            ("169.254.169.254", LinkLocal),
            ("fe80::1", LinkLocal),
            ("9.255.255.255", Public),
            ("11.0.0.0", Public),
            ("100.63.255.255", Public),
            ("100.127.255.255", Private),
            ("100.128.0.0", Public),
            ("126.255.255.255", Public),
            ("128.0.0.0", Public),
            ("169.253.255.255", Public),
            ("169.255.0.0", Public),
            ("172.15.255.255", Public),
            ("172.16.0.0", Private),
            ("192.167.255.255", Public),
            ("192.169.0.0", Public),
            ("223.255.255.255", Public),
            ("fc00::", Private),
            ("fdff:ffff::", Private),
            ("fec0::1", Private),
            ("febf::1", LinkLocal),
            ("168.63.129.16", LinkLocal),
            ("168.63.129.17", Public),
        ] {
            assert_eq!(reach(address), Reach::Class(class), "{address}");
        }
        for address in ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"] {
            assert_eq!(reach(address), MANY, "{address}");
        }
        for address in [
            "192.0.2.1",
            "255.255.255.254",
            "2001:db8::1",
            "240.0.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.0.0.192",
            "100::1",
            "3fff::1",
            "2001:2::1",
            "5f00::1",
            "4000::1",
        ] {
            assert_eq!(reach(address), RESERVED, "{address}");
        }
        assert_eq!((reach("0.0.0.0"), reach("::"), reach("0.1.2.3")), (ANYWHERE, ANYWHERE, ANYWHERE));
    }

    #[test]
    fn embedded_addresses_are_unwrapped() {
        assert_eq!(reach("::ffff:127.0.0.1"), Reach::Class(Loopback), "another spelling of the same");
        assert_eq!(reach("::ffff:169.254.169.254"), Reach::Class(LinkLocal));
        for address in [
            "::127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::127.0.0.1",
            "64:ff9b:1::1.1.1.1",
            "2002:7f00:1::1",
            "2001:0:1:2:3:4:80ff:fffe",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "2002:a00:1::1",
            "64:ff9b::224.0.0.1",
            "64:ff9b::198.18.0.1",
            "::ffff:0.0.0.0",
            "::0.0.0.2",
            "64:ff9b::",
            "2002::1",
            "2001:0:1:2:3:4:ffff:ffff",
        ] {
            assert_eq!(reach(address), ANYWHERE, "{address}");
        }
        for address in ["64:ff9b::1.1.1.1", "2002:101:101::", "2001:0:1:2:3:4:fefe:fefe", "::ffff:1.1.1.1"] {
            assert_eq!(reach(address), Reach::Class(Public), "{address}");
        }
    }
}
