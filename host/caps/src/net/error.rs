//! Why something of the network was not done.

use crate::refusal::Denied;
use rustix::io::Errno;
use std::io;

/// Why something of the network was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The gate refused it, or the grant ended.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The name may be looked up, and none of its addresses may be reached.
    #[error(transparent)]
    AddressDenied(Denied),
    /// The system's answer.
    #[error(transparent)]
    Os(Errno),
    /// The socket is not in a state to do that.
    #[error("the socket is not in a state to do that")]
    InvalidState,
    /// An argument makes no sense; the text says which.
    #[error("{0}")]
    InvalidArgument(&'static str),
    /// What is to be finished was not begun.
    #[error("what is to be finished was not begun")]
    NotInProgress,
    /// Something else goes on that has to be finished first.
    #[error("something else goes on that has to be finished first")]
    ConcurrencyConflict,
    /// There is nothing now, or it is not done yet: wait, and try again.
    #[error("there is nothing now: try again")]
    WouldBlock,
    /// There are as many sockets as there may be: the guest's own limit, or the system's.
    #[error("there are as many sockets as there may be")]
    SocketLimit,
    /// The system does not have it.
    #[error("the system does not have it")]
    NotSupported,
    /// The datagram is larger than one can be.
    #[error("the datagram is larger than one can be")]
    DatagramTooLarge,
    /// No host has this name.
    #[error("no host has this name")]
    NameUnresolvable,
    /// No name server answers, or each has trouble of its own: later it may go.
    #[error("no name server answers")]
    TemporaryResolverFailure,
    /// The name servers do not answer such a question.
    #[error("the name servers refuse to answer")]
    PermanentResolverFailure,
    /// It took longer than it may.
    #[error("it took longer than it may")]
    TimedOut,
    /// The connection is at its end.
    #[error("the connection is closed")]
    Closed,
}

impl NetError {
    /// The refusal that it is, if it is one.
    pub fn denied(self) -> Option<Denied> {
        match self {
            Self::Denied(denied) | Self::AddressDenied(denied) => Some(denied),
            _ => None,
        }
    }
}

/// The result of what is done on the network.
pub type NetResult<T> = Result<T, NetError>;

impl From<Errno> for NetError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::AGAIN | Errno::INPROGRESS | Errno::ALREADY => Self::WouldBlock,
            Errno::MFILE | Errno::NFILE => Self::SocketLimit,
            Errno::AFNOSUPPORT | Errno::PFNOSUPPORT | Errno::PROTONOSUPPORT | Errno::OPNOTSUPP | Errno::NOPROTOOPT => {
                Self::NotSupported
            }
            Errno::MSGSIZE => Self::DatagramTooLarge,
            Errno::PIPE | Errno::SHUTDOWN => Self::Closed,
            errno => Self::Os(errno),
        }
    }
}

impl From<NetError> for io::Error {
    /// An error of a matching kind, with this one inside: `error.get_ref()` gives it back.
    fn from(error: NetError) -> Self {
        let kind = match error {
            NetError::Denied(_) | NetError::AddressDenied(_) => io::ErrorKind::PermissionDenied,
            NetError::Os(errno) => io::Error::from(errno).kind(),
            NetError::WouldBlock => io::ErrorKind::WouldBlock,
            NetError::InvalidArgument(_) | NetError::DatagramTooLarge => io::ErrorKind::InvalidInput,
            NetError::NotSupported => io::ErrorKind::Unsupported,
            NetError::TimedOut => io::ErrorKind::TimedOut,
            NetError::Closed => io::ErrorKind::BrokenPipe,
            NetError::NameUnresolvable => io::ErrorKind::NotFound,
            NetError::InvalidState
            | NetError::NotInProgress
            | NetError::ConcurrencyConflict
            | NetError::SocketLimit
            | NetError::TemporaryResolverFailure
            | NetError::PermanentResolverFailure => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
