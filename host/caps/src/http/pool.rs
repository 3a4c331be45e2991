//! Connections that are kept to be used again, by one guest. Invariant: a request goes over one only under a permit of its own that
//! stands on the same grants as the connection, to the same scheme, host and port.

use super::http1::Http1;
use super::http2::Http2;
use super::loan::Line;
use crate::ambient::Stopwatch;
use crate::net::TcpStream;
use caphost_policy::{Host, Scheme};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// How many connections are kept while nothing is on its way over them. Stops a guest from holding the servers of others open.
pub(super) const MAX_IDLE: usize = 32;

/// How long a connection is kept while nothing is on its way over it: less than servers do.
pub(super) const MAX_IDLE_TIME: Duration = Duration::from_secs(30);

/// What a connection is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) scheme: Scheme,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// The connections that are kept.
pub(super) struct Pool {
    inner: Mutex<Inner>,
    idle_time: Duration,
}

#[derive(Default)]
struct Inner {
    /// The one that was used last stands last.
    kept: VecDeque<Kept>,
    next_key: u64,
    sweeper: Option<Sweeper>,
}

struct Kept {
    key: u64,
    origin: Arc<Origin>,
    stream: TcpStream,
    line: KeptLine,
    since: Stopwatch,
}

/// How a kept connection is spoken on.
pub(super) enum KeptLine {
    /// Nothing is on its way over it.
    Http1(Http1),
    /// Others may be using it.
    Http2(Arc<Http2>),
}

/// A task that closes what was kept long enough; it ends with the pool.
struct Sweeper(JoinHandle<()>);

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Pool {
    pub(super) fn new(idle_time: Duration) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), idle_time })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connections to an origin, the one that was used last first: for who asks the gate which of them may be used.
    pub(super) fn candidates(&self, origin: &Origin) -> Vec<(u64, TcpStream)> {
        let mut inner = self.inner();
        inner.drop_stale(self.idle_time);
        let of_origin = inner.kept.iter().rev().filter(|kept| *kept.origin == *origin);
        of_origin.map(|kept| (kept.key, kept.stream.clone())).collect()
    }

    /// The line of a connection, if it still can be used; one that cannot is closed.
    pub(super) fn take(&self, key: u64) -> Option<Line> {
        let mut inner = self.inner();
        let place = inner.kept.iter().position(|kept| kept.key == key)?;
        let kept = inner.kept.remove(place)?;
        match kept.line {
            KeptLine::Http1(mut line) => line.is_ready().then_some(Line::Http1(line)),
            KeptLine::Http2(line) if line.is_closed() => None,
            KeptLine::Http2(line) => {
                // Asked before it is shared with the caller: its keeper is one of those that share it.
                let has_room = line.has_room();
                inner.keep(Kept { line: KeptLine::Http2(Arc::clone(&line)), since: Stopwatch::start(), ..kept });
                has_room.then_some(Line::Http2(line))
            }
        }
    }

    /// Closes whatever nothing is on its way over; whether there was any.
    pub(super) fn close_idle(&self) -> bool {
        let is_idle = |kept: &Kept| match &kept.line {
            KeptLine::Http1(_) => true,
            KeptLine::Http2(line) => line.is_idle(),
        };
        let mut inner = self.inner();
        let (idle, used): (Vec<_>, Vec<_>) = inner.kept.drain(..).partition(is_idle);
        inner.kept.extend(used);
        drop(inner);
        !idle.is_empty()
    }

    /// Keeps a connection no longer; what is on its way over it goes on.
    pub(super) fn forget(&self, line: &Arc<Http2>) {
        let is_other = |kept: &Kept| !matches!(&kept.line, KeptLine::Http2(kept) if Arc::ptr_eq(kept, line));
        self.inner().kept.retain(is_other);
    }

    /// Keeps a connection, unless it is at its end.
    pub(super) fn keep(self: &Arc<Self>, origin: Arc<Origin>, stream: TcpStream, line: KeptLine) {
        let mut inner = self.inner();
        let key = inner.next_key;
        inner.next_key += 1;
        inner.keep(Kept { key, origin, stream, line, since: Stopwatch::start() });
        // Without a runtime, what is stale is found by the next request.
        if let (None, Ok(runtime)) = (&inner.sweeper, Handle::try_current()) {
            inner.sweeper = Some(Sweeper(runtime.spawn(sweep(Arc::downgrade(self), self.idle_time))));
        }
    }
}

impl Inner {
    fn keep(&mut self, kept: Kept) {
        if kept.line.is_closed() {
            return;
        }
        self.kept.retain(|other| !other.line.is_same(&kept.line));
        self.kept.push_back(kept);
        while self.kept.len() > MAX_IDLE {
            self.kept.pop_front();
        }
    }

    fn drop_stale(&mut self, idle_time: Duration) {
        self.kept.retain(|kept| kept.since.elapsed() < idle_time && !kept.line.is_closed());
    }
}

impl KeptLine {
    fn is_closed(&self) -> bool {
        match self {
            Self::Http1(line) => line.is_closed(),
            Self::Http2(line) => line.is_closed(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Http2(line), Self::Http2(other)) => Arc::ptr_eq(line, other),
            _ => false,
        }
    }
}

/// Looks now and then until nothing is kept any more.
async fn sweep(pool: Weak<Pool>, idle_time: Duration) {
    loop {
        tokio::time::sleep(idle_time / 2).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut inner = pool.inner();
        inner.drop_stale(idle_time);
        if inner.kept.is_empty() {
            // The next that is kept begins another.
            drop(inner.sweeper.take());
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::HostAuthority;
    use crate::http::stream::io;
    use crate::net::Dial;
    use crate::session::Session;
    use caphost_policy::{Capability, Policy, Protocol, Rule};
    use std::io::Read;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::time::{sleep, timeout};

    const SOON: Duration = Duration::from_secs(10);

    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    fn listener() -> std::net::TcpListener {
        std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
    }

    fn origin(port: u16) -> Arc<Origin> {
        Arc::new(Origin { scheme: Scheme::Http, host: Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)), port })
    }

    /// A connection, as it is kept, and its other end.
    async fn connection(
        session: &Session,
        listener: &std::net::TcpListener,
    ) -> (TcpStream, KeptLine, std::net::TcpStream) {
        let origin = origin(listener.local_addr().unwrap().port());
        let protocol = Protocol::Raw;
        let (capability, host, port) = (Capability::NetConnect, &origin.host, origin.port);
        let dial = Dial { call: "test", capability, asked: "", host, port, protocol, timeout: SOON };
        let stream = session.network().dial(&dial).await.unwrap();
        let line = Http1::open(io(stream.clone().into_io())).await.unwrap();
        (stream, KeptLine::Http1(line), listener.accept().unwrap().0)
    }

    fn session() -> Session {
        let rule: Rule = "net.connect:127.0.0.1".parse().unwrap();
        Session::builder(Policy::builder().allow(rule).build()).build(HostAuthority::claim()).unwrap()
    }

    #[tokio::test]
    async fn what_is_not_used_again_is_closed_in_time_and_then_nothing_looks_any_more() {
        let (session, listener) = (session(), listener());
        let pool = Pool::new(Duration::from_millis(100));
        let (stream, line, mut other_end) = connection(&session, &listener).await;
        let origin = origin(listener.local_addr().unwrap().port());
        pool.keep(Arc::clone(&origin), stream, line);
        assert_eq!(pool.candidates(&origin).len(), 1, "control");
        let closed = async {
            while !pool.inner().kept.is_empty() || pool.inner().sweeper.is_some() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(SOON, closed).await.unwrap();
        other_end.set_read_timeout(Some(SOON)).unwrap();
        assert_eq!(other_end.read(&mut [0; 1]).unwrap(), 0, "the server sees its end");
    }

    #[tokio::test]
    async fn the_oldest_goes_where_there_are_too_many() {
        let (session, listener) = (session(), listener());
        let pool = Pool::new(SOON);
        let port = listener.local_addr().unwrap().port();
        let mut ends = Vec::new();
        for number in 0..=MAX_IDLE {
            let (stream, line, other_end) = connection(&session, &listener).await;
            pool.keep(origin(if number == 0 { 1 } else { port }), stream, line);
            ends.push(other_end);
        }
        assert_eq!((pool.candidates(&origin(1)).len(), pool.candidates(&origin(port)).len()), (0, MAX_IDLE));
        drop(pool);
    }
}
