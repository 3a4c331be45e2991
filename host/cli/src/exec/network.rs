//! No network but what is granted: a seccomp filter beside Landlock, whose rules know connecting and binding of plain TCP only.
//! Invariant: after [`restrict`] neither this process nor what it becomes makes a socket that is not a Unix one or of a granted
//! kind, and none of these gets past Landlock's rules on ports.

use super::sockets::Sockets;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp as Is, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};
use std::collections::BTreeMap;
use std::env::consts::ARCH;

/// For each system call, when it is refused; without rules, always.
type Refused = Vec<(libc::c_long, Vec<SeccompRule>)>;

/// Rings make sockets, too, and the kernel asks no filter then.
const RINGS: libc::c_long = libc::SYS_io_uring_setup;

/// Has the kernel start a program of root's, outside of every filter and rule, which can be asked to look names up (keys of the type
/// `dns_resolver`).
const UPCALL: libc::c_long = libc::SYS_request_key;

/// What sends with flags, and the place of them among its arguments.
const SENDS: [(libc::c_long, u8); 3] = [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)];

/// The part of a socket's type that is no flag (`SOCK_TYPE_MASK`), and how many types fit into it.
const TYPE_MASK: u64 = 0xf;

/// The arguments of `socket`.
const FAMILY: u8 = 0;
const TYPE: u8 = 1;
const PROTOCOL: u8 = 2;

/// The arguments of `setsockopt` that name the option.
const LEVEL: u8 = 1;
const OPTION: u8 = 2;

/// What the numbers of the x32 calls have on top. They count as calls of the native architecture, so the filter has to know
/// them.
#[cfg(target_arch = "x86_64")]
const X32: Option<libc::c_long> = Some(0x4000_0000);
#[cfg(not(target_arch = "x86_64"))]
const X32: Option<libc::c_long> = None;

/// Calls whose number among the x32 calls is another one (`arch/x86/entry/syscalls/syscall_64.tbl`).
const X32_NUMBERS: [(libc::c_long, libc::c_long); 3] =
    [(libc::SYS_sendmsg, 518), (libc::SYS_sendmmsg, 538), (libc::SYS_setsockopt, 541)];

/// Whether the program is kept from the network that it was not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// No sockets but Unix ones and those that are granted.
    Filtered,
    /// The kernel takes no filter, or none is known for this architecture. What is left is Landlock.
    NotFiltered,
}

/// Has the kernel refuse this process, and the program that it becomes, what `sockets` does not allow of the network; for good.
/// Calls of another architecture than our own, which have other numbers, end the process. Sets `no_new_privs`.
pub(super) fn restrict(sockets: &Sockets) -> Network {
    // Rings first: sockets refused and rings allowed would be a filter with a way past it.
    let filtered = filter(vec![(RINGS, Vec::new())], libc::EPERM).and_then(|filter| apply_filter(&filter));
    let filtered = filtered.and_then(|()| filter(refused(sockets)?, libc::EACCES));
    match filtered.and_then(|filter| apply_filter(&filter)) {
        Ok(()) => Network::Filtered,
        Err(_) => Network::NotFiltered,
    }
}

/// What is refused.
fn refused(sockets: &Sockets) -> Result<Refused, Error> {
    let mut refused = vec![
        (libc::SYS_socket, kinds(sockets)?),
        (libc::SYS_socketpair, vec![rule(&[(FAMILY, Is::Ne, libc::AF_UNIX)])?]),
        (UPCALL, Vec::new()),
    ];
    if sockets.has_streams {
        refused.extend(ways_past_landlock()?);
    }
    if sockets.has_streams && !sockets.may_listen {
        // It chooses a port where none was bound, and Landlock is not asked.
        refused.push((libc::SYS_listen, Vec::new()));
    }
    Ok(refused)
}

/// Sockets of every kind but Unix ones and those that are granted.
fn kinds(sockets: &Sockets) -> Result<Vec<SeccompRule>, Error> {
    let families =
        if sockets.is_any() { &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6][..] } else { &[libc::AF_UNIX] };
    let other_families: Vec<_> = families.iter().map(|family| (FAMILY, Is::Ne, *family)).collect();
    let mut rules = vec![rule(&other_families)?];
    for number in (0..=0xf).filter(|_| sockets.is_any()) {
        let of_the_network = [(FAMILY, Is::Ne, libc::AF_UNIX), (TYPE, Is::MaskedEq(TYPE_MASK), number)];
        let protocol = match number {
            libc::SOCK_STREAM if sockets.has_streams => Some(libc::IPPROTO_TCP),
            libc::SOCK_DGRAM if sockets.has_datagrams => Some(libc::IPPROTO_UDP),
            _ => None,
        };
        // Multipath TCP, SCTP and others are streams, too, and Landlock knows none of them.
        let other_protocols = protocol.map(|protocol| [(PROTOCOL, Is::Ne, 0), (PROTOCOL, Is::Ne, protocol)]);
        rules.push(rule(&[&of_the_network[..], other_protocols.as_ref().map_or(&[], |other| other)].concat())?);
    }
    Ok(rules)
}

/// Connecting without `connect` (TCP Fast Open), and turning a TCP socket into one that is none for Landlock (`TCP_ULP`).
fn ways_past_landlock() -> Result<Refused, Error> {
    let flag = u64::from(libc::MSG_FASTOPEN.unsigned_abs());
    let mut refused = Vec::new();
    for (call, flags) in SENDS {
        refused.push((call, vec![rule(&[(flags, Is::MaskedEq(flag), libc::MSG_FASTOPEN)])?]));
    }
    refused
        .push((libc::SYS_setsockopt, vec![rule(&[(LEVEL, Is::Eq, libc::SOL_TCP), (OPTION, Is::Eq, libc::TCP_ULP)])?]));
    Ok(refused)
}

/// A rule that fits where all of these hold: of an argument, how it compares with a number.
fn rule(conditions: &[(u8, Is, libc::c_int)]) -> Result<SeccompRule, Error> {
    // Each is an `int`: the kernel ignores what the program puts into the other half.
    let condition = |(argument, operator, number): &(u8, Is, libc::c_int)| {
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, operator.clone(), u64::from(number.unsigned_abs()))
    };
    Ok(SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)?)
}

fn filter(refused: Refused, error: libc::c_int) -> Result<BpfProgram, Error> {
    let mut rules = BTreeMap::new();
    for (call, when) in refused {
        rules.extend(numbers(call).map(|number| (number, when.clone())));
    }
    let refusal = SeccompAction::Errno(error.unsigned_abs());
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, refusal, ARCH.try_into()?)?.try_into()?)
}

/// The numbers of a call.
fn numbers(call: libc::c_long) -> impl Iterator<Item = libc::c_long> {
    let others = X32_NUMBERS.into_iter().filter(move |(native, _)| *native == call).map(|(_, other)| other);
    let of_x32 = X32.into_iter().flat_map(move |bit| others.clone().chain([call]).map(move |number| bit | number));
    of_x32.chain([call])
}

#[cfg(test)]
mod tests;
