//! A plain client: for guests that listen.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep, timeout};

/// How long a guest may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is tried.
const PERIOD: Duration = Duration::from_millis(20);
/// Bytes of an answer at most.
const MAX_ANSWER: u64 = 1 << 20;

/// Connects as soon as somebody listens, sends `text`, and gives what comes back until the end.
///
/// # Errors
/// When nobody listens in time, or the connection breaks.
pub async fn tcp(address: SocketAddr, text: &str) -> anyhow::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = loop {
        match TcpStream::connect(address).await {
            Ok(stream) => break stream,
            Err(error) if Instant::now() > deadline => return Err(error).context("nobody listens"),
            Err(_) => sleep(PERIOD).await,
        }
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    let answered = timeout(PATIENCE, stream.take(MAX_ANSWER).read_to_end(&mut answer)).await;
    answered.context("no answer in time")??;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Sends `text` as a datagram until an answer comes.
///
/// # Errors
/// When none comes in time.
pub async fn udp(address: SocketAddr, text: &str) -> anyhow::Result<String> {
    let any: SocketAddr = if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    let deadline = Instant::now() + PATIENCE;
    let mut answer = vec![0; 65_535];
    while Instant::now() < deadline {
        socket.send_to(text.as_bytes(), address).await?;
        if let Ok(Ok(count)) = timeout(PERIOD * 5, socket.recv(&mut answer)).await {
            return Ok(String::from_utf8_lossy(answer.get(..count).unwrap_or_default()).into_owned());
        }
    }
    anyhow::bail!("no answer in time")
}
