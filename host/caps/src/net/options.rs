//! What can be set about a socket. Sizes and times are hints: what the system does not take is clamped, as WASI has it.

use super::address::Family;
use super::error::{NetError, NetResult};
use super::socket::Socket;
use rustix::io::Errno;
use rustix::net::sockopt;
use std::time::Duration;

/// The longest silence and the longest time between two probes that Linux takes.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(32_767);

/// The most probes that Linux takes.
const MAX_KEEP_ALIVE_COUNT: u32 = 127;

/// The largest buffer that is asked for, in bytes. The system bounds it further (`net.core.rmem_max`).
const MAX_BUFFER_BYTES: u64 = 1 << 30;

/// What can be set about a socket.
#[derive(Clone, Copy)]
pub struct Options<'a>(&'a Socket);

impl<'a> Options<'a> {
    pub(super) fn new(socket: &'a Socket) -> Self {
        Self(socket)
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// Those of `getsockopt(2)`, as for all of these.
    pub fn no_delay(self) -> NetResult<bool> {
        Ok(sockopt::tcp_nodelay(self.0)?)
    }

    /// Sets [`Options::no_delay`].
    ///
    /// # Errors
    /// Those of `setsockopt(2)`, as for all of these.
    pub fn set_no_delay(self, enabled: bool) -> NetResult<()> {
        Ok(sockopt::set_tcp_nodelay(self.0, enabled)?)
    }

    /// Whether a silent peer is asked whether it is there (`SO_KEEPALIVE`).
    ///
    /// # Errors
    /// As [`Options::no_delay`].
    pub fn keep_alive(self) -> NetResult<bool> {
        Ok(sockopt::socket_keepalive(self.0)?)
    }

    /// Sets [`Options::keep_alive`].
    ///
    /// # Errors
    /// As [`Options::set_no_delay`].
    pub fn set_keep_alive(self, enabled: bool) -> NetResult<()> {
        Ok(sockopt::set_socket_keepalive(self.0, enabled)?)
    }

    /// After how much silence it is asked first (`TCP_KEEPIDLE`).
    ///
    /// # Errors
    /// As [`Options::no_delay`].
    pub fn keep_alive_idle(self) -> NetResult<Duration> {
        Ok(sockopt::tcp_keepidle(self.0)?)
    }

    /// Sets [`Options::keep_alive_idle`], in whole seconds, rounded up.
    ///
    /// # Errors
    /// [`NetError::InvalidArgument`] for no time at all.
    pub fn set_keep_alive_idle(self, idle: Duration) -> NetResult<()> {
        Ok(sockopt::set_tcp_keepidle(self.0, seconds(idle)?)?)
    }

    /// The time between two questions (`TCP_KEEPINTVL`).
    ///
    /// # Errors
    /// As [`Options::no_delay`].
    pub fn keep_alive_interval(self) -> NetResult<Duration> {
        Ok(sockopt::tcp_keepintvl(self.0)?)
    }

    /// Sets [`Options::keep_alive_interval`], in whole seconds, rounded up.
    ///
    /// # Errors
    /// [`NetError::InvalidArgument`] for no time at all.
    pub fn set_keep_alive_interval(self, interval: Duration) -> NetResult<()> {
        Ok(sockopt::set_tcp_keepintvl(self.0, seconds(interval)?)?)
    }

    /// After how many questions without an answer the peer is gone (`TCP_KEEPCNT`).
    ///
    /// # Errors
    /// As [`Options::no_delay`].
    pub fn keep_alive_count(self) -> NetResult<u32> {
        Ok(sockopt::tcp_keepcnt(self.0)?)
    }

    /// Sets [`Options::keep_alive_count`].
    ///
    /// # Errors
    /// [`NetError::InvalidArgument`] for none.
    pub fn set_keep_alive_count(self, count: u32) -> NetResult<()> {
        let count = Some(count).filter(|count| *count > 0).ok_or(ZERO)?;
        Ok(sockopt::set_tcp_keepcnt(self.0, count.min(MAX_KEEP_ALIVE_COUNT))?)
    }

    /// Through how many routers what is sent may pass (`IP_TTL`, `IPV6_UNICAST_HOPS`).
    ///
    /// # Errors
    /// As [`Options::no_delay`].
    pub fn hop_limit(self) -> NetResult<u8> {
        match self.0.family() {
            Family::Ipv4 => u8::try_from(sockopt::ip_ttl(self.0)?).map_err(|_| NetError::NotSupported),
            Family::Ipv6 => Ok(sockopt::ipv6_unicast_hops(self.0)?),
        }
    }

    /// Sets [`Options::hop_limit`].
    ///
    /// # Errors
    /// [`NetError::InvalidArgument`] for none.
    pub fn set_hop_limit(self, limit: u8) -> NetResult<()> {
        match (self.0.family(), limit) {
            (_, 0) => Err(ZERO),
            (Family::Ipv4, limit) => Ok(sockopt::set_ip_ttl(self.0, limit.into())?),
            (Family::Ipv6, limit) => Ok(sockopt::set_ipv6_unicast_hops(self.0, Some(limit))?),
        }
    }

    /// The bytes that the system keeps until they are read (`SO_RCVBUF`).
    ///
    /// # Errors
    /// As [`Options::no_delay`].
    pub fn receive_buffer_size(self) -> NetResult<u64> {
        Ok(as_asked(sockopt::socket_recv_buffer_size(self.0)?))
    }

    /// Sets [`Options::receive_buffer_size`].
    ///
    /// # Errors
    /// [`NetError::InvalidArgument`] for none.
    pub fn set_receive_buffer_size(self, size: u64) -> NetResult<()> {
        hint(sockopt::set_socket_recv_buffer_size(self.0, buffer(size)?))
    }

    /// The bytes that the system keeps until they are sent (`SO_SNDBUF`).
    ///
    /// # Errors
    /// As [`Options::no_delay`].
    pub fn send_buffer_size(self) -> NetResult<u64> {
        Ok(as_asked(sockopt::socket_send_buffer_size(self.0)?))
    }

    /// Sets [`Options::send_buffer_size`].
    ///
    /// # Errors
    /// [`NetError::InvalidArgument`] for none.
    pub fn set_send_buffer_size(self, size: u64) -> NetResult<()> {
        hint(sockopt::set_socket_send_buffer_size(self.0, buffer(size)?))
    }
}

const ZERO: NetError = NetError::InvalidArgument("it must be more than 0");

fn seconds(duration: Duration) -> NetResult<Duration> {
    if duration.is_zero() {
        return Err(ZERO);
    }
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    Ok(Duration::from_secs(seconds).min(MAX_KEEP_ALIVE))
}

fn buffer(size: u64) -> NetResult<usize> {
    let size = Some(size).filter(|size| *size > 0).ok_or(ZERO)?;
    Ok(usize::try_from(size.min(MAX_BUFFER_BYTES)).unwrap_or(usize::MAX))
}

/// Linux doubles what it is asked for, for its own bookkeeping.
fn as_asked(size: usize) -> u64 {
    size as u64 / 2
}

fn hint(outcome: Result<(), Errno>) -> NetResult<()> {
    match outcome {
        Ok(()) | Err(Errno::NOBUFS) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_and_no_time_is_refused() {
        assert_eq!(seconds(Duration::ZERO), Err(ZERO));
        assert_eq!(seconds(Duration::from_nanos(1)), Ok(Duration::from_secs(1)));
        assert_eq!(seconds(Duration::from_secs(5)), Ok(Duration::from_secs(5)));
        assert_eq!(seconds(Duration::MAX), Ok(MAX_KEEP_ALIVE));
    }
}
