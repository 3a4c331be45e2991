//! Threads that filter themselves, and what is left to them.

use super::*;
use std::io;
use std::mem::size_of_val;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;

/// Family, type and protocol of sockets that are refused whatever is granted.
const ALWAYS_REFUSED: [(i32, i32, i32); 8] = [
    (libc::AF_NETLINK, libc::SOCK_RAW, 0),
    (libc::AF_PACKET, libc::SOCK_RAW, 0),
    (libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
    (libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP),
    (libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_MPTCP),
    (libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_SCTP),
    (libc::AF_INET, libc::SOCK_SEQPACKET, 0),
    (libc::AF_VSOCK, libc::SOCK_STREAM, 0),
];
const TCP: [(i32, i32, i32); 3] = [
    (libc::AF_INET, libc::SOCK_STREAM, 0),
    (libc::AF_INET6, libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0),
    (libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_TCP),
];
const UDP: [(i32, i32, i32); 2] =
    [(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0), (libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDP)];

fn streams() -> Sockets {
    Sockets { has_streams: true, ..Sockets::default() }
}

/// Does something in a thread of its own, which is filtered.
fn filtered(sockets: Sockets, act: impl FnOnce() + Send + 'static) {
    let thread = thread::spawn(move || {
        assert_eq!(restrict(&sockets), Network::Filtered);
        act();
    });
    thread.join().unwrap();
}

fn socket((family, kind, protocol): (i32, i32, i32)) -> Result<OwnedFd, Option<i32>> {
    // SAFETY: takes numbers only; what it gives is a descriptor that nobody else has.
    unsafe {
        match libc::socket(family, kind, protocol) {
            -1 => Err(io::Error::last_os_error().raw_os_error()),
            descriptor => Ok(OwnedFd::from_raw_fd(descriptor)),
        }
    }
}

fn listen(socket: &OwnedFd) -> Option<i32> {
    // SAFETY: takes numbers only.
    error(unsafe { libc::listen(socket.as_raw_fd(), 1) } == -1)
}

/// Connects with the first data to a port where nobody listens.
fn send_fast_open(socket: &OwnedFd, flags: i32) -> Option<i32> {
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET.try_into().unwrap(),
        sin_port: 1_u16.to_be(),
        sin_addr: libc::in_addr { s_addr: 0x7f00_0001_u32.to_be() },
        sin_zero: [0; 8],
    };
    let length: libc::socklen_t = size_of_val(&address).try_into().unwrap();
    // SAFETY: the pointers lead to what lives on this stack, and the lengths are those of it.
    let sent = unsafe {
        let (byte, address) = ((&raw const length).cast(), (&raw const address).cast());
        libc::sendto(socket.as_raw_fd(), byte, 1, flags, address, length)
    };
    error(sent == -1)
}

fn set_protocol_on_top(socket: &OwnedFd) -> Option<i32> {
    let name = b"tls\0";
    // SAFETY: the pointer leads to four bytes.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_TCP, libc::TCP_ULP, name.as_ptr().cast(), 4) };
    error(result == -1)
}

/// The number of the last error, if the call failed.
fn error(has_failed: bool) -> Option<i32> {
    has_failed.then(|| io::Error::last_os_error().raw_os_error()).flatten()
}

fn refuses(kinds: &[(i32, i32, i32)]) {
    for kind in kinds {
        assert_eq!(socket(*kind).unwrap_err(), Some(libc::EACCES), "{kind:?}");
    }
}

fn makes(kinds: &[(i32, i32, i32)]) {
    for kind in kinds {
        assert!(socket(*kind).is_ok(), "{kind:?}");
    }
}

#[test]
fn where_nothing_is_granted_only_unix_sockets_are_left() {
    makes(&TCP);
    makes(&UDP);
    filtered(Sockets::default(), || {
        refuses(&TCP);
        refuses(&UDP);
        refuses(&ALWAYS_REFUSED);
        assert!(UnixStream::pair().is_ok());
    });
    makes(&TCP);
}

#[test]
fn streams_are_tcp_and_nothing_else() {
    filtered(streams(), || {
        makes(&TCP);
        refuses(&UDP);
        refuses(&ALWAYS_REFUSED);
        assert!(UnixStream::pair().is_ok());
    });
}

#[test]
fn datagrams_are_udp_and_nothing_else() {
    filtered(Sockets { has_datagrams: true, ..Sockets::default() }, || {
        makes(&UDP);
        refuses(&TCP);
        refuses(&ALWAYS_REFUSED);
    });
}

#[test]
fn a_type_that_the_kernel_does_not_know_is_refused() {
    let numbers = (0..=0xf).filter(|number| ![libc::SOCK_STREAM, libc::SOCK_DGRAM].contains(number));
    let kinds: Vec<_> = numbers.map(|number| (libc::AF_INET, number, 0)).collect();
    filtered(Sockets { has_streams: true, has_datagrams: true, ..Sockets::default() }, move || refuses(&kinds));
}

#[test]
fn listening_takes_a_grant_of_it() {
    filtered(streams(), || assert_eq!(listen(&socket(TCP[0]).unwrap()), Some(libc::EACCES)));
    filtered(Sockets { may_listen: true, ..streams() }, || assert_eq!(listen(&socket(TCP[0]).unwrap()), None));
}

#[test]
fn nothing_is_connected_to_past_landlock() {
    let refusals = || {
        let socket = socket(TCP[0]).unwrap();
        (send_fast_open(&socket, libc::MSG_FASTOPEN), set_protocol_on_top(&socket))
    };
    let (fast_open, on_top) = refusals();
    assert!(fast_open != Some(libc::EACCES) && on_top != Some(libc::EACCES));
    filtered(streams(), move || {
        assert_eq!(refusals(), (Some(libc::EACCES), Some(libc::EACCES)));
        // Plain sending is asked for as ever.
        assert_ne!(send_fast_open(&socket(TCP[0]).unwrap(), libc::MSG_NOSIGNAL), Some(libc::EACCES));
    });
}

#[test]
fn nobody_outside_is_asked_to_look_names_up() {
    let ask = || {
        let (kind, name, callout) = (c"dns_resolver", c"name.invalid", c"");
        // SAFETY: the pointers lead to texts that live as long as the program.
        let key = unsafe { libc::syscall(UPCALL, kind.as_ptr(), name.as_ptr(), callout.as_ptr(), 0) };
        error(key == -1)
    };
    assert_ne!(ask(), Some(libc::EACCES), "control");
    filtered(Sockets::default(), move || assert_eq!(ask(), Some(libc::EACCES)));
    filtered(Sockets { has_datagrams: true, ..streams() }, move || assert_eq!(ask(), Some(libc::EACCES)));
}

/// A kernel without these calls says that it has none, but the filter is asked first.
#[test]
#[cfg(target_arch = "x86_64")]
fn the_calls_of_x32_lead_around_nothing() {
    const BIT: libc::c_long = 0x4000_0000;
    let (socket_call, sendmsg, sendmmsg, setsockopt) = (BIT | 41, BIT | 518, BIT | 538, BIT | 541);
    let errors = move || {
        // SAFETY: takes numbers only; no call gets as far as to look behind the null pointers.
        unsafe {
            [
                error(libc::syscall(socket_call, libc::AF_NETLINK, libc::SOCK_RAW, 0) == -1),
                error(libc::syscall(sendmsg, -1, 0, libc::MSG_FASTOPEN) == -1),
                error(libc::syscall(sendmmsg, -1, 0, 0, libc::MSG_FASTOPEN) == -1),
                error(libc::syscall(setsockopt, -1, libc::SOL_TCP, libc::TCP_ULP, 0, 0) == -1),
            ]
        }
    };
    assert!(!errors().contains(&Some(libc::EACCES)));
    filtered(streams(), move || assert_eq!(errors(), [Some(libc::EACCES); 4]));
}
