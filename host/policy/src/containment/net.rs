//! Peers. What makes them hard to compare is that a request may have a name and an address, and that a deny rule on either refuses it,
//! while a grant of a name reaches public addresses only.

use std::net::IpAddr;

use super::Side;
use crate::matcher::class_of_block;
use crate::scope::mask;
use crate::{AddressClass, HostName, HostPattern, NetScope, Ports};

pub(super) fn contains(outer: &NetScope, inner: &NetScope, side: Side) -> bool {
    let has_scheme = outer.scheme().is_none() || outer.scheme() == inner.scheme();
    has_scheme && has_ports(outer.ports(), inner.ports()) && host_contains(outer.host(), inner.host(), side)
}

fn has_ports(outer: Ports, inner: Ports) -> bool {
    outer.first() <= inner.first() && inner.last() <= outer.last()
}

fn host_contains(outer: &HostPattern, inner: &HostPattern, side: Side) -> bool {
    use HostPattern::{Class, Name, Suffix};
    match (outer, inner) {
        _ if outer == inner => true,
        (Suffix(outer), Name(inner) | Suffix(inner)) => is_below(inner, outer),
        // As a deny rule a class covers no name, but what that leads to.
        (Class(AddressClass::Public), Name(_) | Suffix(_)) => side == Side::Allow,
        (Class(class), inner) => class_of(inner) == Some(*class),
        (outer, inner) => match (block(outer), block(inner)) {
            (Some(outer), Some(inner)) => is_block_in(inner, outer),
            _ => false,
        },
    }
}

pub(super) fn may_meet(grant: &NetScope, deny: &NetScope) -> bool {
    let are_schemes_two = grant.scheme().zip(deny.scheme()).is_some_and(|(grant, deny)| grant != deny);
    let share_ports = grant.ports().first() <= deny.ports().last() && deny.ports().first() <= grant.ports().last();
    !are_schemes_two && share_ports && hosts_meet(grant.host(), deny.host())
}

fn hosts_meet(grant: &HostPattern, deny: &HostPattern) -> bool {
    use HostPattern::{Class, Name, Suffix};
    match (grant, deny) {
        (Name(_) | Suffix(_), Name(_) | Suffix(_)) => {
            host_contains(grant, deny, Side::Deny) || host_contains(deny, grant, Side::Deny)
        }
        // A grant of a name reaches public addresses only.
        (Name(_) | Suffix(_), deny) => class_of(deny).is_none_or(|class| class == AddressClass::Public),
        // What is asked for by its address may have come from any name.
        (_, Name(_) | Suffix(_)) => true,
        (Class(_), deny) => class_of(deny).is_none_or(|class| Some(class) == class_of(grant)),
        (grant, Class(class)) => class_of(grant).is_none_or(|other| other == *class),
        (grant, deny) => blocks_meet(block(grant), block(deny)),
    }
}

fn blocks_meet(grant: Option<(IpAddr, u8)>, deny: Option<(IpAddr, u8)>) -> bool {
    let (Some(grant), Some(deny)) = (grant, deny) else { return true };
    match (grant.0, deny.0) {
        // An IPv6 address may have an IPv4 one inside.
        (IpAddr::V6(_), IpAddr::V4(_)) => true,
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
        _ => is_block_in(grant, deny) || is_block_in(deny, grant),
    }
}

/// The one class of all addresses of a pattern.
pub(super) fn class_of(host: &HostPattern) -> Option<AddressClass> {
    match host {
        HostPattern::Class(class) => Some(*class),
        other => block(other).and_then(|(address, prefix)| class_of_block(address, prefix)),
    }
}

pub(super) fn block(host: &HostPattern) -> Option<(IpAddr, u8)> {
    match host {
        HostPattern::Address(address) => Some((*address, if address.is_ipv4() { 32 } else { 128 })),
        HostPattern::Block { address, prefix } => Some((*address, *prefix)),
        _ => None,
    }
}

fn is_block_in((address, prefix): (IpAddr, u8), (outer, shorter): (IpAddr, u8)) -> bool {
    shorter <= prefix && address.is_ipv4() == outer.is_ipv4() && mask(address, shorter) == Some(outer)
}

fn is_below(name: &HostName, suffix: &HostName) -> bool {
    name.as_str().strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'))
}
