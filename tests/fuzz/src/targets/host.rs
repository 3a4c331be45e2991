//! Hosts and scopes of the network: one text is one thing to every program, and no spelling of an address escapes a class.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use caphost::policy::{
    Capability, Host, HostName, HostPattern, NetScope, Policy, Protocol, Request, Rule, Scope, Target, parse_list,
};

use crate::checks::bounded;

/// Everything is granted, and what is not public is denied.
static GUARDED: LazyLock<Policy> =
    LazyLock::new(|| policy("net.connect", "net.connect:private,net.connect:loopback,net.connect:link-local"));
/// Everything is granted, and one class is denied.
static NOT_PRIVATE: LazyLock<Policy> = LazyLock::new(|| policy("net.connect", "net.connect:private"));
static PUBLIC: LazyLock<Policy> = LazyLock::new(|| policy("net.connect:public,net.connect:a.example", ""));

fn policy(allow: &str, deny: &str) -> Policy {
    let rules = |list| parse_list(list).unwrap_or_else(|error| panic!("{error}"));
    let builder = rules(allow).into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    rules(deny).into_iter().fold(builder, |builder, rule| builder.deny(rule)).build()
}

pub(super) fn check(data: &[u8]) -> bool {
    let mut is_read = false;
    if let Ok(text) = str::from_utf8(data) {
        match bounded(text.len(), 16, || Host::parse(text)) {
            Ok(Host::Name(name)) => check_name(text, &name),
            Ok(Host::Address(address)) => check_address(text, address),
            Err(error) => assert!(error.to_string().len() <= text.len() + 1024),
        }
        if let Ok(scope) = bounded(text.len(), 16, || NetScope::parse(text)) {
            check_scope(text, &scope);
            is_read = true;
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            check_class(address);
        }
    }
    if let Some(octets) = data.first_chunk::<16>() {
        check_class(Ipv6Addr::from(*octets).into());
    }
    if let Some(octets) = data.first_chunk::<4>() {
        check_class(Ipv4Addr::from(*octets).into());
    }
    is_read
}

fn check_name(text: &str, name: &HostName) {
    assert_eq!(Host::parse(name.as_str()), Ok(Host::Name(name.clone())), "the normal form is normal");
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    assert!(name.as_str().bytes().all(is_plain) && name.as_str().len() <= 253, "{name}");
    assert!(
        !name.as_str().starts_with('.') && !name.as_str().ends_with('.') && !name.as_str().contains(".."),
        "{name}"
    );
    // Neither the standard library nor a C library takes it for an address.
    assert!(text.parse::<IpAddr>().is_err() && !is_address_in_c(name.as_str()), "{text}");
    for other in
        [text.to_ascii_uppercase(), text.to_ascii_lowercase(), format!("{}.", text.strip_suffix('.').unwrap_or(text))]
    {
        assert_eq!(Host::parse(&other), Ok(Host::Name(name.clone())), "{other}");
    }
}

/// Whether `inet_aton` reads it: one number to four, each decimal, octal or hexadecimal.
fn is_address_in_c(text: &str) -> bool {
    let number = |part: &str| match part.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()),
    };
    text.split('.').count() <= 4 && text.split('.').all(number)
}

fn check_address(text: &str, address: IpAddr) {
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    assert_eq!(plain.parse(), Ok(address), "the standard library reads {text} so");
    assert_eq!(Host::parse(&address.to_string()), Ok(Host::Address(address)));
    check_class(address);
}

fn check_scope(text: &str, scope: &NetScope) {
    let printed = scope.to_string();
    assert_eq!(NetScope::parse(&printed).as_ref(), Ok(scope), "{text}");
    assert!(scope.ports().first() <= scope.ports().last());
    if let HostPattern::Block { address: IpAddr::V4(first), prefix } = *scope.host() {
        check_block(scope, first, prefix);
    }
    let HostPattern::Address(address) = *scope.host() else { return };
    assert!(!matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some()), "{printed}");
    let Some(rule) = rule(scope) else { return };
    let denied = Policy::builder().allow(everything()).deny(rule).build();
    for spelling in spellings(address).take(2) {
        let port = scope.ports().first();
        let target = Target::Address { address: spelling, port, name: None, protocol: Protocol::Raw };
        assert!(!is_allowed(&denied, target), "{spelling} is {text}");
    }
}

fn check_block(scope: &NetScope, first: Ipv4Addr, prefix: u8) {
    let Some(rule) = rule(scope) else { return };
    let granted = Policy::builder().allow(rule).build();
    let size = 1_u64 << (32 - prefix);
    let (start, port) = (u64::from(first.to_bits()), scope.ports().first());
    for bits in [start.wrapping_sub(1), start, start + size / 2, start + size - 1, start + size] {
        let Ok(probe) = u32::try_from(bits) else { continue };
        let address = IpAddr::V4(Ipv4Addr::from_bits(probe));
        let target = Target::Address { address, port, name: None, protocol: Protocol::Raw };
        let is_within = (start..start + size).contains(&bits);
        assert_eq!(is_allowed(&granted, target), is_within, "{address} and {scope}");
    }
}

/// The rule on a scope, which speaks anything.
fn rule(scope: &NetScope) -> Option<Rule> {
    scope.scheme().is_none().then(|| Rule { capability: Capability::NetConnect, scope: Scope::Net(scope.clone()) })
}

fn everything() -> Rule {
    Rule { capability: Capability::NetConnect, scope: Scope::Any }
}

fn is_allowed(policy: &Policy, target: Target<'_>) -> bool {
    policy.decide(&Request { capability: Capability::NetConnect, target }).is_allowed()
}

/// What the standard library says of an address holds of every spelling that leads there.
fn check_class(address: IpAddr) {
    let address = address.to_canonical();
    let (is_private, is_near) = match address {
        IpAddr::V4(address) => {
            (address.is_private(), address.is_loopback() || address.is_link_local() || address.is_unspecified())
        }
        IpAddr::V6(address) => (
            address.is_unique_local(),
            address.is_loopback() || address.is_unicast_link_local() || address.is_unspecified(),
        ),
    };
    let is_nobody = match address {
        IpAddr::V4(address) => address.is_documentation() || address.is_broadcast() || address.is_multicast(),
        IpAddr::V6(address) => address.is_multicast(),
    };
    let name = HostName::parse("a.example").ok();
    for spelling in spellings(address) {
        let asked = |name| Target::Address { address: spelling, port: 443, name, protocol: Protocol::Raw };
        if is_private || is_near {
            assert!(!is_allowed(&GUARDED, asked(None)), "{spelling} is {address}");
        }
        if is_private {
            assert!(!is_allowed(&NOT_PRIVATE, asked(None)), "{spelling} is {address}");
        }
        if is_private || is_near || is_nobody {
            assert!(!is_allowed(&PUBLIC, asked(None)), "{spelling} is {address}");
            assert!(!is_allowed(&PUBLIC, asked(name.as_ref())), "a name that leads to {spelling}");
        }
    }
}

/// The address; for IPv4 also the ways to write it in IPv6, the first of which is the same address to a socket.
fn spellings(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let hidden = match address {
        IpAddr::V4(address) => {
            let bits = u128::from(address.to_bits());
            vec![
                address.to_ipv6_mapped().to_bits(),
                // Compatible, translated, behind a gateway, 6to4, Teredo.
                bits,
                0xffff << 48 | bits,
                0x0064_ff9b << 96 | bits,
                0x0064_ff9b_0001 << 80 | bits,
                0x2002 << 112 | bits << 80,
                0x2001 << 112 | (bits ^ 0xffff_ffff),
            ]
        }
        IpAddr::V6(_) => Vec::new(),
    };
    std::iter::once(address).chain(hidden.into_iter().map(|bits| Ipv6Addr::from_bits(bits).into()))
}
