//! TLS for what the guest speaks over it. Invariant: no byte of the guest goes to a server that has not shown, by a certificate
//! that a root of the platform or of the operator stands for, that it is the host that was asked for.
//!
//! Nothing is read before the first use. Session tickets are kept for this guest only, and keys are never logged.

use crate::ambient;
use crate::net::NetError;
use caphost_policy::Host;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How many servers a guest keeps session tickets of.
const KEPT_SESSIONS: usize = 64;

/// What is offered to be spoken over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// HTTP/2, or else HTTP/1.1.
    Http,
    /// HTTP/1.1 alone: what a WebSocket handshake is.
    Http1,
    /// The protocol of PostgreSQL.
    Postgres,
}

impl Spoken {
    fn names(self) -> Vec<Vec<u8>> {
        match self {
            Self::Http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Self::Http1 => vec![b"http/1.1".to_vec()],
            Self::Postgres => vec![b"postgresql".to_vec()],
        }
    }
}

/// Why TLS was not made. No text of it comes from the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate does not show that the peer is who it should be.
    #[error("{0}")]
    Certificate(&'static str),
    /// The peer does not speak TLS, or not as it should.
    #[error("{0}")]
    Protocol(&'static str),
    /// The peer refused.
    #[error("the server refused: {message}")]
    Alert {
        /// The alert's number in RFC 8446.
        id: u8,
        /// Its name there.
        message: &'static str,
    },
    /// A root of the operator's cannot be used.
    #[error("the operator's roots of TLS cannot be used")]
    Roots,
    /// The connection below failed, or its grant ended.
    #[error(transparent)]
    Net(NetError),
    /// The peer closed the connection instead.
    #[error("the server closed the connection")]
    Closed,
}

/// What one guest's TLS is made by. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct Tls(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The operator's own roots, in PEM.
    own_roots: Vec<Vec<u8>>,
    configuration: OnceLock<Result<Arc<ClientConfig>, TlsError>>,
}

impl Tls {
    /// Trusts the platform's roots, and these.
    pub(crate) fn new(own_roots: Vec<Vec<u8>>) -> Self {
        Self(Arc::new(Inner { own_roots, configuration: OnceLock::new() }))
    }

    /// Makes TLS with `host` on a connection.
    ///
    /// # Errors
    /// [`TlsError`].
    ///
    /// # Cancel safety
    /// The connection is lost with the future.
    pub(crate) async fn connect<T>(&self, host: &Host, spoken: Spoken, stream: T) -> Result<TlsStream<T>, TlsError>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let name = server_name(host)?;
        let configuration = self.0.configuration.get_or_init(|| configuration(&self.0.own_roots)).clone()?;
        let connector = TlsConnector::from(configuration);
        connector.with_alpn(spoken.names()).connect(name, stream).await.map_err(TlsError::from)
    }
}

/// How many certificates `pem` holds, each fit to be a root.
///
/// # Errors
/// Text for the operator: there is none, or one cannot be used.
pub fn count_roots(pem: &[u8]) -> Result<usize, &'static str> {
    let mut roots = RootCertStore::empty();
    add_roots(&mut roots, pem)?;
    Ok(roots.len())
}

fn add_roots(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), &'static str> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "it is not in the format PEM")?;
        roots.add(certificate).map_err(|_| "a certificate in it cannot be a root")?;
    }
    if roots.len() == before { Err("it holds no certificate in the format PEM") } else { Ok(()) }
}

fn configuration(own_roots: &[Vec<u8>]) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    // One that this library cannot read is one root fewer, as with any other program.
    roots.add_parsable_certificates(ambient::platform_roots());
    for pem in own_roots {
        add_roots(&mut roots, pem).map_err(|_| TlsError::Roots)?;
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| TlsError::Protocol("no version of TLS is left to speak"))?;
    let mut configuration = builder.with_root_certificates(roots).with_no_client_auth();
    configuration.resumption = Resumption::in_memory_sessions(KEPT_SESSIONS);
    Ok(Arc::new(configuration))
}

fn server_name(host: &Host) -> Result<ServerName<'static>, TlsError> {
    match host {
        Host::Address(address) => Ok(ServerName::from(*address)),
        Host::Name(name) => ServerName::try_from(name.as_str().to_owned())
            .map_err(|_| TlsError::Certificate("no certificate can be for such a name")),
    }
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        let inside = error.get_ref();
        if let Some(net) = inside.and_then(|inside| inside.downcast_ref::<NetError>()) {
            return Self::Net(*net);
        }
        match inside.and_then(|inside| inside.downcast_ref::<rustls::Error>()) {
            Some(tls) => tls.into(),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            None => rustix::io::Errno::from_io_error(&error).map_or(Self::Closed, |errno| Self::Net(errno.into())),
        }
    }
}

impl From<&rustls::Error> for TlsError {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(why) => Self::Certificate(of_certificate(why)),
            rustls::Error::NoCertificatesPresented => Self::Certificate("the server showed no certificate"),
            rustls::Error::AlertReceived(alert) => Self::Alert { id: u8::from(*alert), message: of_alert(*alert) },
            rustls::Error::InvalidMessage(_) => Self::Protocol("the server does not speak TLS"),
            rustls::Error::PeerIncompatible(_) => Self::Protocol("the server speaks no version of TLS that is safe"),
            rustls::Error::NoApplicationProtocol => Self::Protocol("the server speaks no protocol that was offered"),
            _ => Self::Protocol("the server broke the rules of TLS"),
        }
    }
}

fn of_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for another name"
        }
        CertificateError::UnknownIssuer => "nobody whom the host trusts has signed the certificate",
        CertificateError::Revoked => "the certificate was revoked",
        CertificateError::BadSignature => "a signature of the certificate is wrong",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not for servers"
        }
        _ => "the certificate is not valid",
    }
}

fn of_alert(alert: AlertDescription) -> &'static str {
    alert.as_str().unwrap_or("an alert that is not known")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_root_is_said_before_it_is_used() {
        assert!(count_roots(b"").is_err());
        assert!(count_roots(b"not a certificate").is_err());
        assert!(count_roots(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
        assert!(count_roots(b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").is_err());
    }
}
