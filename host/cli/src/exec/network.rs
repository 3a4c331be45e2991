//! No network: a seccomp filter beside Landlock, whose rules know connecting and binding of plain TCP only. Invariant: after
//! [`refuse`] neither this process nor what it becomes makes a socket that is not a Unix one.

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use std::collections::BTreeMap;
use std::env::consts::ARCH;

/// What makes sockets of the family that its first argument names.
const SOCKETS: [libc::c_long; 2] = [libc::SYS_socket, libc::SYS_socketpair];

/// Rings make sockets, too, and the kernel asks no filter then.
const RINGS: [libc::c_long; 1] = [libc::SYS_io_uring_setup];

/// What the numbers of the x32 calls have on top. They count as calls of the native architecture, so the filter has to know
/// them.
#[cfg(target_arch = "x86_64")]
const X32: Option<libc::c_long> = Some(0x4000_0000);
#[cfg(not(target_arch = "x86_64"))]
const X32: Option<libc::c_long> = None;

/// Whether the program is kept from the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// No sockets but Unix ones.
    Refused,
    /// The kernel takes no filter, or none is known for this architecture. What is left is Landlock.
    NotFiltered,
}

/// Has the kernel refuse this process, and the program that it becomes, the network; for good. Calls of another architecture
/// than our own, which have other numbers, end the process. Sets `no_new_privs`.
pub(super) fn refuse() -> Network {
    // Rings first: sockets refused and rings allowed would be a filter with a way past it.
    let filtered = rings().and_then(|filter| apply_filter(&filter));
    let filtered = filtered.and_then(|()| sockets()).and_then(|filter| apply_filter(&filter));
    if filtered.is_ok() { Network::Refused } else { Network::NotFiltered }
}

fn sockets() -> Result<BpfProgram, Error> {
    let is_no_unix_socket = SeccompCondition::new(
        0,
        // An `int`: the kernel ignores what the program puts into the other half.
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Ne,
        u64::from(libc::AF_UNIX.unsigned_abs()),
    )?;
    filter(&SOCKETS, &[SeccompRule::new(vec![is_no_unix_socket])?], libc::EACCES)
}

fn rings() -> Result<BpfProgram, Error> {
    filter(&RINGS, &[], libc::EPERM)
}

/// Refuses the calls where a rule fits; without rules, always.
fn filter(calls: &[libc::c_long], rules: &[SeccompRule], error: libc::c_int) -> Result<BpfProgram, Error> {
    let with_x32 = |call: &libc::c_long| [Some(*call), X32.map(|bit| bit | call)];
    let numbers = calls.iter().flat_map(with_x32).flatten();
    let rules: BTreeMap<_, _> = numbers.map(|number| (number, rules.to_vec())).collect();
    let refused = SeccompAction::Errno(error.unsigned_abs());
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, refused, ARCH.try_into()?)?.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::thread;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "what is tested is that they are refused")]
    fn of_a_filtered_thread_only_unix_sockets_are_left() {
        assert!(UdpSocket::bind("127.0.0.1:0").is_ok());
        let filtered = thread::spawn(|| {
            assert_eq!(refuse(), Network::Refused);
            assert_eq!(UdpSocket::bind("127.0.0.1:0").unwrap_err().kind(), ErrorKind::PermissionDenied);
            assert_eq!(TcpListener::bind("[::1]:0").unwrap_err().kind(), ErrorKind::PermissionDenied);
            assert!(UnixStream::pair().is_ok());
        });
        filtered.join().unwrap();
        assert!(UdpSocket::bind("127.0.0.1:0").is_ok());
    }
}
