//! Listening on TCP, with TLS in front or without: what the kinds of servers have in common.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::log::Log;
use crate::settings::Peer;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 4_096;
/// How long to wait after the process has run out of descriptors.
const PAUSE: Duration = Duration::from_millis(10);

/// Binds the address of `peer`, and says which port it got.
///
/// # Errors
/// When it is taken, or none of this machine's.
pub async fn bind(peer: &Peer) -> anyhow::Result<(TcpListener, u16)> {
    let address = SocketAddr::new(peer.address, peer.port);
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// A connection that came in.
pub enum Connection {
    /// As TCP has it.
    Plain(TcpStream),
    /// Within TLS.
    Secure(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// The TCP connection below.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.get_ref().0,
        }
    }

    /// Whether TLS has agreed on HTTP/2.
    pub fn is_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Secure(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

/// Accepts for ever; each connection is written down, and handled by a task of its own.
pub async fn accept<F, T>(listener: TcpListener, tls: Option<Arc<ServerConfig>>, name: String, log: Log, handle: F)
where
    F: Fn(Connection) -> T + Clone + Send + Sync + 'static,
    T: Future<Output = ()> + Send,
{
    let acceptor = tls.map(TlsAcceptor::from);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        log.note(&name, "connection");
        let (acceptor, handle, name, log) = (acceptor.clone(), handle.clone(), name.clone(), log.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let connection = match acceptor {
                None => Connection::Plain(stream),
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => Connection::Secure(Box::new(stream)),
                    Err(_) => return log.note(&name, "no TLS"),
                },
            };
            handle(connection).await;
        });
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
