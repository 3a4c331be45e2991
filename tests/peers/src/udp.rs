//! A peer on UDP: it sends back what it gets.

use std::net::SocketAddr;

use tokio::net::UdpSocket;

use crate::log::Log;
use crate::settings::Peer;

/// The largest datagram.
const MAX_DATAGRAM: usize = 65_535;

/// Starts the peer, and says on which port.
///
/// # Errors
/// When the port is taken.
pub async fn serve(name: &str, peer: &Peer, log: &Log) -> anyhow::Result<u16> {
    let socket = UdpSocket::bind(SocketAddr::new(peer.address, peer.port)).await?;
    let port = socket.local_addr()?.port();
    let (name, log) = (name.to_owned(), log.clone());
    tokio::spawn(async move {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            let Ok((count, sender)) = socket.recv_from(&mut buffer).await else { continue };
            log.note(&name, &format!("{count} bytes"));
            let _ = socket.send_to(buffer.get(..count).unwrap_or_default(), sender).await;
        }
    });
    Ok(port)
}
