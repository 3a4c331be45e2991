//! Ways to database servers that the operator named: not the guest's network, which takes grants of its own.

use rustix::net::sockopt;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

/// How long a connection may be silent before the system asks whether the peer is there, how often it asks again, and how many times.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);

/// How long the peer may leave what was sent without an answer.
const USER_TIMEOUT_MS: u32 = 30_000;

/// The largest file of certificates that is read, in bytes.
const MAX_CERTIFICATES_BYTES: u64 = 1 << 20;

/// Connects to a server by its address. A peer that is gone is noticed in a minute.
pub(crate) async fn dial_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (idle, interval, count) = KEEPALIVE;
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, idle)?;
    sockopt::set_tcp_keepintvl(&stream, interval)?;
    sockopt::set_tcp_keepcnt(&stream, count)?;
    sockopt::set_tcp_user_timeout(&stream, USER_TIMEOUT_MS)?;
    Ok(stream)
}

/// Connects to a server by its socket on this host.
pub(crate) async fn dial_socket(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path).await
}

/// What a file of certificates holds.
pub(crate) fn certificates(path: &Path) -> io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(MAX_CERTIFICATES_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
