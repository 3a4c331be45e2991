//! What an operator sets about the network beside the policy.

use std::net::SocketAddr;

/// What an operator sets about the network beside the policy. By default, everything is the system's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkSettings {
    /// The name server to ask, over UDP, and over TCP where an answer is too long. With one, neither `/etc/resolv.conf` nor
    /// `/etc/hosts` is read.
    pub name_server: Option<SocketAddr>,
    /// Certificates of authorities that TLS servers may be signed by, in PEM, beside those of the platform.
    pub tls_roots: Vec<Vec<u8>>,
}
