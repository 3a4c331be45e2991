//! Peers on plain TCP: they send back, swallow, pour out, or do nothing.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{self, AsyncReadExt, AsyncWriteExt};

use crate::listen::Connection;
use crate::log::Log;
use crate::settings::{Kind, Peer};

/// Bytes that are moved at once.
const PIECE: usize = 64 * 1024;

/// What a plain peer knows.
#[derive(Clone)]
pub struct Plain {
    name: Arc<str>,
    kind: Kind,
    bytes: u64,
    log: Log,
}

impl Plain {
    /// `peer`, called `name`.
    pub fn new(name: &str, kind: Kind, peer: &Peer, log: &Log) -> Self {
        Self { name: name.into(), kind, bytes: peer.bytes, log: log.clone() }
    }

    /// Does to one connection what the kind says.
    pub async fn handle(self, mut connection: Connection) {
        let done = match self.kind {
            Kind::Source => self.pour(&mut connection).await,
            Kind::Sink => self.swallow(&mut connection).await,
            Kind::Silent => self.wait(&connection).await,
            Kind::Reset => reset(&connection).await,
            Kind::Close => Ok(()),
            _ => echo(&mut connection).await,
        };
        if done.is_err() {
            self.log.note(&self.name, "broken off");
        }
    }

    async fn pour(&self, connection: &mut Connection) -> io::Result<()> {
        let piece = Bytes::from(vec![b'p'; PIECE]);
        let mut left = if self.bytes == 0 { u64::MAX } else { self.bytes };
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            connection.write_all(piece.get(..length).unwrap_or_default()).await?;
            left -= length as u64;
        }
        connection.shutdown().await
    }

    async fn swallow(&self, connection: &mut Connection) -> io::Result<()> {
        let (mut buffer, mut total) = (vec![0; PIECE], 0_u64);
        loop {
            match connection.read(&mut buffer).await? {
                0 => break,
                count => total += count as u64,
            }
        }
        self.log.note(&self.name, &format!("{total} bytes"));
        connection.write_all(format!("{total}\n").as_bytes()).await?;
        connection.shutdown().await
    }

    /// Until the other side closes or resets: without reading, so that it can fill its buffers and ours.
    async fn wait(&self, connection: &Connection) -> io::Result<()> {
        loop {
            let ready = connection.tcp().ready(io::Interest::READABLE).await?;
            if ready.is_read_closed() {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// Waits for the first byte: a reset before it could meet the client in the middle of connecting.
async fn reset(connection: &Connection) -> io::Result<()> {
    // `readable` alone answers at once on a new connection: tokio takes it for ready until it was tried.
    connection.tcp().peek(&mut [0]).await?;
    connection.tcp().set_zero_linger()
}

async fn echo(connection: &mut Connection) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        let count = connection.read(&mut buffer).await?;
        if count == 0 {
            return connection.shutdown().await;
        }
        connection.write_all(buffer.get(..count).unwrap_or_default()).await?;
        connection.flush().await?;
    }
}
