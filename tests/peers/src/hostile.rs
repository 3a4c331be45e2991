//! An HTTP/1.1 server that does harm: what it sends is written byte by byte.
//!
//! `/keep` is the control. `/pour-…` sends something without end, `/slow-…` stops in the middle, the others answer with the
//! bytes of its table. A request for none of them is answered as `/keep`, and said to be unknown.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{self, AsyncReadExt, AsyncWriteExt};

use crate::listen::Connection;
use crate::log::Log;

/// The head of a request that is read at most.
const MAX_HEAD: usize = 256 * 1024;
/// Bytes after which even what has no end has one: a client that takes them all has no bound.
const MAX_POURED: usize = 256 << 20;
/// How long a connection stays open on which nothing more is sent.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// What is answered, by path: the bytes, and what then happens to the connection.
const ANSWERS: &[(&str, &str, Then)] = &[
    ("/keep", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nkept\n", Then::Keep),
    ("/no-answer", "", Then::Close),
    ("/reset", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", Then::Reset),
    ("/reset-at-once", "", Then::Reset),
    ("/short-body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", Then::Close),
    (
        "/long-body",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlong\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsmuggled\n",
        Then::Keep,
    ),
    ("/two-lengths", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 9\r\n\r\nambiguous", Then::Keep),
    ("/same-lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nsame\n", Then::Keep),
    ("/bad-length", "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nbad\n", Then::Close),
    (
        "/length-and-chunks",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nboth\n\r\n0\r\n\r\n",
        Then::Close,
    ),
    ("/bad-chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nbad\r\n0\r\n\r\n", Then::Close),
    ("/short-chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nshort", Then::Close),
    ("/huge-chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nbig", Then::Close),
    ("/switch", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", Then::Keep),
    ("/control-header", "HTTP/1.1 200 OK\r\nx-bad: a\x01b\r\ncontent-length: 0\r\n\r\n", Then::Close),
    ("/no-http", "hello, I am no HTTP server\r\n", Then::Close),
    ("/bad-status", "HTTP/1.1 99999 What\r\ncontent-length: 0\r\n\r\n", Then::Close),
    (
        "/hop-by-hop",
        "HTTP/1.1 200 OK\r\nconnection: x-mine\r\nx-mine: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: x\r\n\
         content-length: 5\r\n\r\nhops\n",
        Then::Keep,
    ),
    ("/slow-head", "HTTP/1.1 200 OK\r\ncontent-le", Then::Silence),
    ("/slow-body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nslow", Then::Silence),
    ("/never", "", Then::Silence),
];

/// What is sent again and again, by path: the beginning, and the piece.
const POURS: &[(&str, &str, &str)] = &[
    ("/pour-headers", "HTTP/1.1 200 OK\r\n", "x-more: 0123456789012345678901234567890123456789\r\n"),
    ("/pour-header", "HTTP/1.1 200 OK\r\nx-long: ", "0123456789012345678901234567890123456789"),
    ("/pour-hints", "", "HTTP/1.1 103 Early Hints\r\nx: 1\r\n\r\n"),
    (
        "/pour-trailers",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\n",
        "x-more: 0123456789012345678901234567890123456789\r\n",
    ),
    ("/pour-chunk-extension", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;", "extension=value;"),
    ("/pour-body", "HTTP/1.1 200 OK\r\n\r\n", "and on it goes, 0123456789012345678901234567890123456789\n"),
];

/// What happens after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Keep,
    Close,
    Reset,
    Silence,
}

/// What a hostile server knows.
#[derive(Clone)]
pub struct Hostile {
    name: Arc<str>,
    log: Log,
}

impl Hostile {
    /// The server called `name`.
    pub fn new(name: &str, log: &Log) -> Self {
        Self { name: name.into(), log: log.clone() }
    }

    /// Answers requests until one of them ends the connection.
    pub async fn handle(self, mut connection: Connection) {
        while let Ok(Some(head)) = read_head(&mut connection).await {
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            self.log.note(&self.name, head.lines().next().unwrap_or_default());
            match self.answer(&target, &mut connection).await {
                Ok(Then::Keep) => {}
                Ok(Then::Close) => return drop(connection.shutdown().await),
                Ok(Then::Reset) => return drop(connection.tcp().set_zero_linger()),
                Ok(Then::Silence) => return drop(tokio::time::timeout(MAX_SILENCE, end_of(&mut connection)).await),
                Err(_) => return self.log.note(&self.name, "broken off"),
            }
        }
    }

    async fn answer(&self, target: &str, connection: &mut Connection) -> io::Result<Then> {
        if let Some((_, beginning, piece)) = POURS.iter().find(|(path, ..)| *path == target) {
            return pour(connection, beginning, piece).await;
        }
        let known = ANSWERS.iter().find(|(path, ..)| *path == target);
        let Some((_, bytes, then)) = known.or(ANSWERS.first()) else { return Ok(Then::Close) };
        if known.is_none() {
            self.log.note(&self.name, "unknown path");
        }
        connection.write_all(bytes.as_bytes()).await?;
        connection.flush().await?;
        Ok(*then)
    }
}

/// Sends `piece` until nobody takes it any more.
async fn pour(connection: &mut Connection, beginning: &str, piece: &str) -> io::Result<Then> {
    connection.write_all(beginning.as_bytes()).await?;
    let pieces = piece.repeat((64 * 1024 / piece.len()).max(1));
    for _ in 0..MAX_POURED / pieces.len() {
        connection.write_all(pieces.as_bytes()).await?;
    }
    Ok(Then::Close)
}

/// Reads what the client still sends.
async fn end_of(connection: &mut Connection) -> io::Result<()> {
    let mut buffer = [0; 4_096];
    while connection.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// A request up to the empty line; nothing at the end of the connection. Bodies are not looked for.
async fn read_head(connection: &mut Connection) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if head.len() >= MAX_HEAD || connection.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        head.extend_from_slice(&byte);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}
