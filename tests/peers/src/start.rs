//! Starting peers.

use std::fs;

use anyhow::Context;

use crate::authority::Authority;
use crate::hostile::Hostile;
use crate::http::Server;
use crate::log::Log;
use crate::settings::{Kind, Peer, Ready, Settings};
use crate::tcp::Plain;
use crate::{dns, listen, udp, websocket};

/// Starts every peer of `settings` on the runtime that calls, and says where they are. They serve until it ends.
///
/// # Errors
/// Names the peer that cannot be started.
pub async fn start(settings: &Settings, log: &Log) -> anyhow::Result<Ready> {
    let authority = Authority::new()?;
    let path = settings.folder.join("authority.pem");
    fs::write(&path, authority.pem()).with_context(|| format!("failed to write `{}`", path.display()))?;
    let mut ready = Ready { authority: path, ..Ready::default() };
    for (name, peer) in &settings.peers {
        let port = one(name, peer, settings, &authority, log).await.with_context(|| format!("peer `{name}`"))?;
        ready.ports.insert(name.clone(), port);
    }
    Ok(ready)
}

async fn one(name: &str, peer: &Peer, settings: &Settings, authority: &Authority, log: &Log) -> anyhow::Result<u16> {
    let kind = peer.kind.or_else(|| Kind::named(name)).context("its name is no kind of peer, and it has no `kind`")?;
    match kind {
        Kind::Dns => return dns::serve(name, peer, log).await,
        Kind::UdpEcho => return udp::serve(name, peer, log).await,
        Kind::Websocket => return websocket::serve(name, peer, &settings.python, None, log).await,
        Kind::WebsocketTls => {
            let pair = authority.pair(peer)?;
            return websocket::serve(name, peer, &settings.python, Some((&pair, &settings.folder)), log).await;
        }
        _ => {}
    }
    let tls = if kind.has_tls() { Some(authority.server(peer, kind)?) } else { None };
    let (listener, port) = listen::bind(peer).await?;
    let (owner, copy) = (name.to_owned(), log.clone());
    match kind {
        Kind::Http | Kind::Https => {
            let server = Server::new(name, peer, log);
            let handle = move |connection| server.clone().handle(connection);
            tokio::spawn(listen::accept(listener, tls, owner, copy, handle));
        }
        Kind::Hostile | Kind::HostileTls => {
            let server = Hostile::new(name, log);
            let handle = move |connection| server.clone().handle(connection);
            tokio::spawn(listen::accept(listener, tls, owner, copy, handle));
        }
        _ => {
            let plain = Plain::new(name, kind, peer, log);
            let handle = move |connection| plain.clone().handle(connection);
            tokio::spawn(listen::accept(listener, tls, owner, copy, handle));
        }
    }
    Ok(port)
}
