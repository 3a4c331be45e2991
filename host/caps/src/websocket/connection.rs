//! A connection that is open. Invariant: one task at a time reads of the stream and one writes, each with a place of its own to be
//! woken by, so that who waits for a message never keeps another from sending one.

use super::error::is_broken_off;
use super::stream::Io;
use super::{CLOSE_TIME, CloseFrame, MAX_CONTROL_BYTES, Message, WebSocketError, WebSocketResult, within};
use crate::ambient::Stopwatch;
use crate::net::{How, NetError, TcpStream};
use futures_util::{SinkExt, StreamExt};
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::{Mutex as Turn, watch};
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message as Framed};

/// How much of what a peer still sends is thrown away after its connection has failed, in bytes. To stop reading at once would
/// reset the connection, and the peer might not hear why.
const MAX_IGNORED_BYTES: usize = 64 << 20;

/// How many pings of a peer are answered while it takes nothing. Each answer that waits is kept, so this bounds what a peer makes the
/// host keep which asks for ever and never reads; an honest one does not ask again before it was answered.
const MAX_UNANSWERED: u32 = 1_024;

/// A connection. Dropping it closes it without a word to the peer. It can be used until its grant ends, which closes it and wakes
/// who waits.
pub struct Connection {
    stream: Mutex<WebSocketStream<Io>>,
    tcp: TcpStream,
    sending: Turn<()>,
    receiving: Turn<()>,
    end: Mutex<End>,
    /// Since when this side has said goodbye.
    goodbye: watch::Sender<Option<Stopwatch>>,
    /// How many pings came since the peer took all that there was for it.
    unanswered: AtomicU32,
    protocol: Option<String>,
    path: String,
}

/// What a handshake has led to.
pub(super) struct Opened {
    pub(super) stream: WebSocketStream<Io>,
    /// The connection below.
    pub(super) tcp: TcpStream,
    pub(super) protocol: Option<String>,
    pub(super) path: String,
}

#[derive(Default)]
struct End {
    /// How it was closed: what was said first, by either side.
    frame: Option<CloseFrame>,
    /// Nothing more is received.
    is_over: bool,
    /// What it was refused with while it was open.
    refused: Option<NetError>,
}

impl Connection {
    pub(super) fn new(Opened { stream, tcp, protocol, path }: Opened) -> Self {
        Self {
            stream: Mutex::new(stream),
            tcp,
            sending: Turn::default(),
            receiving: Turn::default(),
            end: Mutex::default(),
            goodbye: watch::Sender::new(None),
            unanswered: AtomicU32::new(0),
            protocol,
            path,
        }
    }

    /// Sends a message; waits while the peer takes no more. Takes an operation from the quota.
    ///
    /// # Errors
    /// [`NetError::Closed`] when the connection is; [`WebSocketError::InvalidArgument`] for a ping or pong of more than 125 bytes; a
    /// refusal when its grant has ended.
    ///
    /// # Cancel safety
    /// The message is sent whole or not at all, and may still be sent afterwards.
    pub async fn send(&self, message: Message) -> WebSocketResult<()> {
        if matches!(message, Message::Ping(_) | Message::Pong(_)) && message.length() > MAX_CONTROL_BYTES {
            return Err(WebSocketError::InvalidArgument("a ping and a pong hold at most 125 bytes"));
        }
        let _turn = self.sending.lock().await;
        self.check()?;
        if self.closed().is_some() {
            return Err(WebSocketError::CLOSED);
        }
        self.tcp.permit().admit(0).map_err(NetError::from)?;
        self.put(message.into()).await.map_err(|error| self.broken(error))
    }

    /// Waits for a message; none when the connection was closed, or broke off.
    ///
    /// What the peer may not send (a message that is too large, text that is not UTF-8, what is no frame) closes the connection,
    /// with the code that says so.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not received.
    pub async fn receive(&self) -> WebSocketResult<Option<Message>> {
        let _turn = self.receiving.lock().await;
        self.check()?;
        if self.end().is_over {
            return Ok(None);
        }
        let next = tokio::select! {
            biased;
            next = poll_fn(|context| self.poll_next(context)) => next,
            () = self.goodbye_is_over() => None,
        };
        match next {
            Some(Ok(Framed::Ping(_))) if self.unanswered.load(Ordering::Relaxed) > MAX_UNANSWERED => {
                self.finish(CloseFrame::lost());
                self.break_off();
                Ok(None)
            }
            Some(Ok(message)) => match Message::try_from(message) {
                Ok(message) => Ok(Some(message)),
                Err(frame) => {
                    self.finish(frame);
                    self.hang_up(None).await;
                    Ok(None)
                }
            },
            Some(Err(error)) => self.fail(error).await,
            None => {
                self.finish(CloseFrame::lost());
                self.break_off();
                Ok(None)
            }
        }
    }

    /// Says goodbye. What the peer still sends can be received, for [`CLOSE_TIME`]. What was closed is closed.
    ///
    /// # Errors
    /// [`WebSocketError::InvalidArgument`] for a code that may not be sent and a reason that is too long; a refusal when its grant has
    /// ended; [`NetError::TimedOut`] when the peer takes nothing, which breaks the connection off.
    pub async fn close(&self, frame: CloseFrame) -> WebSocketResult<()> {
        frame.check()?;
        self.check()?;
        if !self.end().record(frame.clone()) {
            return Ok(());
        }
        let said = within(CLOSE_TIME, async {
            let _turn = self.sending.lock().await;
            self.put(Framed::Close(Some(frame.into()))).await.map_err(|error| self.broken(error))
        });
        let said = said.await;
        self.goodbye.send_replace(Some(Stopwatch::start()));
        if said.is_err() {
            self.break_off();
        }
        said
    }

    /// How it was closed; none while it is open.
    pub fn closed(&self) -> Option<CloseFrame> {
        self.end().frame.clone()
    }

    /// The sub-protocol that was agreed on.
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// The path and query that were asked for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its address on the other side.
    pub fn peer_address(&self) -> SocketAddr {
        self.tcp.peer_address()
    }

    /// Refuses when its grant has ended.
    fn check(&self) -> WebSocketResult<()> {
        self.tcp.permit().check_standing().map_err(NetError::from)?;
        self.end().refused.map_or(Ok(()), |refused| Err(refused.into()))
    }

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Result<Framed, Error>>> {
        let mut stream = self.stream();
        let next = stream.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(Framed::Ping(_)))) = &next {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
            // It is answered at once, if nobody sends: who does sends the answer, too.
            if let Ok(_turn) = self.sending.try_lock()
                && stream.poll_flush_unpin(context).is_ready()
            {
                self.unanswered.store(0, Ordering::Relaxed);
            }
        }
        next
    }

    async fn put(&self, message: Framed) -> Result<(), Error> {
        poll_fn(|context| self.stream().poll_ready_unpin(context)).await?;
        self.stream().start_send_unpin(message)?;
        poll_fn(|context| self.stream().poll_flush_unpin(context)).await?;
        self.unanswered.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Closes a connection on which nothing more can be read.
    async fn fail(&self, error: Error) -> WebSocketResult<Option<Message>> {
        if let Some(frame) = CloseFrame::answering(&error) {
            self.finish(frame.clone());
            self.hang_up(Some(frame)).await;
            return Ok(None);
        }
        let error = self.broken(error);
        self.finish(CloseFrame::lost());
        if is_broken_off(&error) { Ok(None) } else { Err(error) }
    }

    /// Sends what is still to be said, and closes the connection below. In [`CLOSE_TIME`], or else without.
    async fn hang_up(&self, frame: Option<CloseFrame>) {
        let done = within(CLOSE_TIME, async {
            let _turn = self.sending.lock().await;
            let is_failure = frame.is_some();
            match frame {
                Some(frame) => self.put(Framed::Close(Some(frame.into()))).await?,
                // The answer to the peer's own.
                None => poll_fn(|context| self.stream().poll_flush_unpin(context)).await?,
            }
            poll_fn(|context| Pin::new(self.stream().get_mut()).poll_shutdown(context)).await?;
            if is_failure { self.ignore_rest().await } else { Ok(()) }
        });
        if done.await.is_err() {
            self.break_off();
        }
    }

    /// Reads what the peer still sends, to its end.
    async fn ignore_rest(&self) -> WebSocketResult<()> {
        let mut room = [0; 4096];
        let mut left = MAX_IGNORED_BYTES;
        while left > 0 {
            let mut buffer = ReadBuf::new(&mut room);
            poll_fn(|context| Pin::new(self.stream().get_mut()).poll_read(context, &mut buffer)).await?;
            match buffer.filled().len() {
                0 => return Ok(()),
                read => left = left.saturating_sub(read),
            }
        }
        Err(WebSocketError::CLOSED)
    }

    /// Waits until the peer has had its time to answer a goodbye; for ever while none was said.
    async fn goodbye_is_over(&self) {
        let mut goodbye = self.goodbye.subscribe();
        let said = goodbye.wait_for(Option::is_some).await.ok().and_then(|said| *said);
        match (said, Handle::try_current()) {
            (Some(said), Ok(_)) => sleep(CLOSE_TIME.saturating_sub(said.elapsed())).await,
            _ => pending().await,
        }
    }

    /// Notes that nothing more is received.
    fn finish(&self, frame: CloseFrame) {
        let mut end = self.end();
        end.record(frame);
        end.is_over = true;
    }

    /// What a failure of the connection below comes down to; a refusal is kept, for all later calls.
    fn broken(&self, error: Error) -> WebSocketError {
        let error = WebSocketError::from(error);
        let mut end = self.end();
        end.record(CloseFrame::lost());
        if let WebSocketError::Net(refused @ NetError::Denied(_)) = error {
            end.refused.get_or_insert(refused);
        }
        error
    }

    /// Ends the connection below, without a word. Who waits for it wakes.
    fn break_off(&self) {
        // Where its grant has ended, it is shut already.
        let _ = self.tcp.shutdown(How::Both);
    }

    fn stream(&self) -> MutexGuard<'_, WebSocketStream<Io>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl End {
    /// Notes how it was closed, if it was not yet; answers whether it was open.
    fn record(&mut self, frame: CloseFrame) -> bool {
        let was_open = self.frame.is_none();
        self.frame.get_or_insert(frame);
        was_open
    }
}
