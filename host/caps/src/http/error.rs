//! Why there is no answer to a request, or no more of it.

use super::{MAX_FIELDS, MAX_SECTION_BYTES};
use crate::net::NetError;
use crate::refusal::Denied;
use crate::tls::TlsError;
use ::http::HeaderName;
use rustix::io::Errno;

/// Why there is no answer to a request, or no more of it. What it says is a guest's to know: no text of it holds a secret, a path
/// of the host, or anything that a peer wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The gate refused it, or the grant ended while it went on.
    #[error(transparent)]
    Denied(Denied),
    /// The name was granted, and none of the addresses that it led to.
    #[error("{0}: none of the addresses of the name")]
    AddressDenied(Denied),
    /// No host has this name.
    #[error("no host has this name")]
    NameUnresolvable,
    /// No name server answered in time.
    #[error("no name server answered in time")]
    ResolverTimeout,
    /// The name servers could not answer.
    #[error("the name servers could not answer")]
    ResolverFailure,
    /// Nothing listens there, or it does not let anybody in.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// The peer broke the connection off.
    #[error("the connection was broken off")]
    ConnectionTerminated,
    /// Connecting, TLS included, took longer than it may.
    #[error("connecting took longer than it may")]
    ConnectionTimeout,
    /// The peer sent no more of a body for longer than it may.
    #[error("the server sent nothing for longer than it may")]
    ReadTimeout,
    /// The peer took no more of a body for longer than it may.
    #[error("the server took nothing for longer than it may")]
    WriteTimeout,
    /// There are as many connections as there may be.
    #[error("there are as many connections as there may be")]
    ConnectionLimit,
    /// No way leads there.
    #[error("no way leads there")]
    Unreachable,
    /// The connection could not be made for another reason.
    #[error("the server cannot be reached: {0}")]
    Unavailable(Errno),
    /// TLS failed.
    #[error("TLS: {0}")]
    TlsProtocol(&'static str),
    /// The peer could not show that it is who it should be.
    #[error("TLS: {0}")]
    TlsCertificate(&'static str),
    /// The peer refused TLS with this alert of RFC 8446.
    #[error("TLS: the server refused: {message}")]
    TlsAlert {
        /// Its number.
        id: u8,
        /// Its name.
        message: &'static str,
    },
    /// The method is no token, too long, or `CONNECT`.
    #[error("the method is none that can be sent")]
    MethodInvalid,
    /// The URL or a part of it makes no sense; the text says why.
    #[error("{0}")]
    TargetInvalid(&'static str),
    /// The path and query are longer than they may be.
    #[error("the path and query are longer than they may be")]
    TargetTooLong,
    /// A header or trailer of the request is the host's, or may not stand there.
    #[error("the field `{0}` is the host's, or may not stand there")]
    RequestField(HeaderName),
    /// The length that the headers give is not the body's, is given twice, or is no number.
    #[error("`content-length` is not the length of the body")]
    RequestLength,
    /// The headers of the request are more than the host sends; how many bytes they have.
    #[error("the headers of the request are more than {MAX_FIELDS}, or larger than {MAX_SECTION_BYTES} bytes")]
    RequestHeaderSectionSize(usize),
    /// The trailers of the request are more than the host sends; how many bytes they have.
    #[error("the trailers of the request are more than {MAX_FIELDS}, or larger than {MAX_SECTION_BYTES} bytes")]
    RequestTrailerSectionSize(usize),
    /// The body is longer or shorter than was said; how many bytes it would have had.
    #[error("the body of the request has {0} bytes, and another number was said")]
    RequestBodySize(u64),
    /// The body was given up before its end, so the request was broken off.
    #[error("the body of the request was given up before its end")]
    RequestAborted,
    /// The answer ended before it was whole.
    #[error("the answer ended before it was whole")]
    ResponseIncomplete,
    /// The headers of the answer are more than the host reads.
    #[error("the headers of the answer are more than {MAX_FIELDS}, or larger than {MAX_SECTION_BYTES} bytes")]
    ResponseHeaderSectionSize,
    /// The trailers of the answer are more than the host reads.
    #[error("the trailers of the answer are more than {MAX_FIELDS}, or larger than {MAX_SECTION_BYTES} bytes")]
    ResponseTrailerSectionSize,
    /// The body of the answer is larger than the caller takes at once.
    #[error("the answer is larger than the host gives at once")]
    ResponseBodySize,
    /// The head of the answer took longer than it may.
    #[error("the server took longer to answer than it may")]
    ResponseTimeout,
    /// The peer changed to another protocol, which nobody had asked for.
    #[error("the server changed to another protocol")]
    UpgradeFailed,
    /// The peer broke the rules of HTTP; the text says how.
    #[error("the server broke the rules of HTTP: {0}")]
    Protocol(&'static str),
    /// What the operator set cannot be used for this request; the text says what.
    #[error("{0}")]
    Misconfigured(&'static str),
    /// It is over already: its error was told before.
    #[error("it is over")]
    Over,
}

impl HttpError {
    /// The refusal that it is, if it is one.
    pub fn denied(&self) -> Option<Denied> {
        match self {
            Self::Denied(denied) | Self::AddressDenied(denied) => Some(*denied),
            _ => None,
        }
    }
}

impl From<NetError> for HttpError {
    fn from(error: NetError) -> Self {
        match error {
            NetError::Denied(denied) => Self::Denied(denied),
            NetError::AddressDenied(denied) => Self::AddressDenied(denied),
            NetError::Os(errno) => errno.into(),
            NetError::SocketLimit => Self::ConnectionLimit,
            NetError::NameUnresolvable => Self::NameUnresolvable,
            NetError::TemporaryResolverFailure => Self::ResolverTimeout,
            NetError::PermanentResolverFailure => Self::ResolverFailure,
            NetError::TimedOut => Self::ConnectionTimeout,
            NetError::Closed => Self::ConnectionTerminated,
            NetError::NotSupported => Self::Unreachable,
            NetError::InvalidArgument(why) => Self::TargetInvalid(why),
            NetError::InvalidState
            | NetError::NotInProgress
            | NetError::ConcurrencyConflict
            | NetError::WouldBlock
            | NetError::DatagramTooLarge => Self::Unavailable(Errno::INVAL),
        }
    }
}

impl From<Errno> for HttpError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::CONNREFUSED => Self::ConnectionRefused,
            Errno::CONNRESET | Errno::CONNABORTED | Errno::PIPE | Errno::NOTCONN => Self::ConnectionTerminated,
            Errno::TIMEDOUT => Self::ConnectionTimeout,
            Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::NETDOWN | Errno::ADDRNOTAVAIL => Self::Unreachable,
            Errno::MFILE | Errno::NFILE => Self::ConnectionLimit,
            errno => Self::Unavailable(errno),
        }
    }
}

impl From<TlsError> for HttpError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Certificate(why) => Self::TlsCertificate(why),
            TlsError::Protocol(why) => Self::TlsProtocol(why),
            TlsError::Alert { id, message } => Self::TlsAlert { id, message },
            TlsError::Roots => Self::Misconfigured("the operator's roots of TLS cannot be used"),
            TlsError::Net(error) => error.into(),
            TlsError::Closed => Self::ConnectionTerminated,
        }
    }
}

impl From<Denied> for HttpError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}
