//! A connection while one request uses it.

use super::HttpError;
use super::exchange::{Failed, Message, Waiting};
use super::http1::Http1;
use super::http2::Http2;
use super::pool::{KeptLine, Origin, Pool};
use crate::gate::Permit;
use crate::net::TcpStream;
use caphost_policy::Scheme;
use hyper::body::Incoming;
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::task::Context;

/// A connection while one request uses it. Dropping it ends the request; of HTTP/1.1, the connection too.
pub(super) struct Loan {
    line: Line,
    stream: TcpStream,
    /// The request's own, where the connection was made for another.
    permit: Option<Permit>,
    origin: Arc<Origin>,
    pool: Weak<Pool>,
}

/// How it is spoken on.
pub(super) enum Line {
    Http1(Http1),
    Http2(Arc<Http2>),
}

impl Loan {
    /// A connection that was made for this request.
    pub(super) fn fresh(line: Line, stream: TcpStream, origin: Arc<Origin>, pool: &Arc<Pool>) -> Self {
        if let Line::Http2(line) = &line
            && !stream.permit().is_one_of_few()
        {
            pool.keep(Arc::clone(&origin), stream.clone(), KeptLine::Http2(Arc::clone(line)));
        }
        Self { line, stream, permit: None, origin, pool: Arc::downgrade(pool) }
    }

    /// A connection that was there, under the request's own permit.
    pub(super) fn again(
        line: Line,
        stream: TcpStream,
        permit: Option<Permit>,
        origin: Arc<Origin>,
        pool: &Arc<Pool>,
    ) -> Self {
        Self { line, stream, permit, origin, pool: Arc::downgrade(pool) }
    }

    /// What the request stands on.
    pub(super) fn permit(&self) -> &Permit {
        self.permit.as_ref().unwrap_or(self.stream.permit())
    }

    /// Has it closed behind this answer.
    pub(super) fn end_with_answer(&mut self) {
        self.pool = Weak::new();
    }

    /// Whether what is sent leaves this host, and can be read on its way.
    pub(super) fn is_open_to_others(&self) -> bool {
        is_open_to_others(self.origin.scheme, self.stream.peer_address().ip())
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self.line, Line::Http2(_))
    }

    pub(super) async fn exchange(
        &mut self,
        message: Message,
        waiting: Waiting,
    ) -> Result<hyper::Response<Incoming>, Failed> {
        match &mut self.line {
            Line::Http1(line) => line.exchange(message, waiting).await,
            Line::Http2(line) => line.exchange(message, waiting).await,
        }
    }

    /// Moves what is on its way, where nothing else does.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        if let Line::Http1(line) = &mut self.line {
            line.drive(context);
        }
    }

    /// What a failure was: the end of the grant closes connections, and is told as such.
    pub(super) fn explain(&self, error: HttpError) -> HttpError {
        match (&error, self.permit().check_standing()) {
            (HttpError::Denied(_), _) | (_, Ok(())) => error,
            (_, Err(denied)) => denied.into(),
        }
    }

    /// The peer let the time run out. It may be gone without a word: no further request goes over this connection.
    pub(super) fn give_up(&self) {
        if let (Line::Http2(line), Some(pool)) = (&self.line, self.pool.upgrade()) {
            pool.forget(line);
        }
    }

    /// Refuses when the grant has ended.
    pub(super) fn check(&self) -> Result<(), HttpError> {
        Ok(self.permit().check_standing()?)
    }

    /// The answer was read to its end: the connection is for the next. Where there may be only so many, it would keep another from
    /// being made, and is closed.
    pub(super) fn give_back(self) {
        let Some(pool) = self.pool.upgrade().filter(|_| !self.stream.permit().is_one_of_few()) else { return };
        let line = match self.line {
            Line::Http1(line) => KeptLine::Http1(line),
            Line::Http2(line) => KeptLine::Http2(line),
        };
        pool.keep(self.origin, self.stream, line);
    }
}

fn is_open_to_others(scheme: Scheme, peer: IpAddr) -> bool {
    !scheme.is_secure() && !peer.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_and_this_host_itself_are_closed_to_others() {
        let is_open = |scheme, peer: &str| is_open_to_others(scheme, peer.parse().unwrap());
        for peer in ["192.0.2.1", "10.0.0.1", "169.254.1.1", "2001:db8::1", "0.0.0.0"] {
            assert!(is_open(Scheme::Http, peer), "{peer}");
            assert!(!is_open(Scheme::Https, peer), "{peer}");
        }
        for peer in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            assert!(!is_open(Scheme::Http, peer), "{peer}");
        }
    }
}
