//! An HTTP server by hyper that does as it is told.
//!
//! | path | answer |
//! | --- | --- |
//! | `/hello` | a line that names the `Host` |
//! | `/echo` | the body of the request, as it comes in, and its trailers |
//! | `/take` | how many bytes the body had |
//! | `/big?N` | N bytes, with their length in front |
//! | `/stream?N` | N bytes, without it |
//! | `/headers` | the headers of the request, a line each, sorted |
//! | `/trailers` | a body with the trailer `x-sum` |
//! | `/redirect?URL` | status 302 to there; without one, to `/hello` |
//! | `/status?CODE` | an empty body |
//! | `/wait?MILLISECONDS` | a line, after that time |
//! | `/drip?MILLISECONDS` | five letters, with that time before each |
//! | `/count` | how many connections there have been |

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::listen::Connection;
use crate::log::Log;
use crate::settings::Peer;

/// Bytes of a large body that are sent at once.
const PIECE: u64 = 64 * 1024;
/// Pieces of a dripping body.
const DROPS: u64 = 5;

type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// What a server knows.
#[derive(Clone)]
pub struct Server {
    name: Arc<str>,
    shows: Arc<[String]>,
    connections: Arc<AtomicU64>,
    log: Log,
}

impl Server {
    /// `peer`, called `name`.
    pub fn new(name: &str, peer: &Peer, log: &Log) -> Self {
        let shows = peer.shows.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { name: name.into(), shows, connections: Arc::default(), log: log.clone() }
    }

    /// Serves one connection to its end.
    pub async fn handle(self, connection: Connection) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        let is_http2 = connection.is_http2();
        let service = service_fn(|request| {
            let server = self.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        let io = TokioIo::new(connection);
        let served = if is_http2 {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .auto_date_header(false)
                .serve_connection(io, service)
                .await
        } else {
            hyper::server::conn::http1::Builder::new()
                .half_close(true)
                .auto_date_header(false)
                .serve_connection(io, service)
                .await
        };
        if served.is_err() {
            self.log.note(&self.name, "broken off");
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        self.write_down(&request);
        let query = request.uri().query().unwrap_or_default().to_owned();
        let number = query.parse::<u64>().unwrap_or_default();
        match request.uri().path() {
            "/hello" => text(format!("hello from {}\n", host(&request))),
            "/echo" => Response::new(request.into_body().boxed_unsync()),
            "/take" => take(request.into_body()).await,
            "/big" => big(number),
            "/stream" => Response::new(pieces(number)),
            "/headers" => text(shown(request.headers())),
            "/trailers" => trailers(),
            "/redirect" => redirect(if query.is_empty() { "/hello" } else { &query }),
            "/status" => status(u16::try_from(number).unwrap_or_default()),
            "/wait" => {
                tokio::time::sleep(Duration::from_millis(number)).await;
                text("here at last\n".to_owned())
            }
            "/drip" => drip(Duration::from_millis(number)),
            "/count" => text(format!("{} connections\n", self.connections.load(Ordering::Relaxed))),
            _ => status(404),
        }
    }

    fn write_down(&self, request: &Request<Incoming>) {
        let (method, version) = (request.method(), request.version());
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        self.log.note(&self.name, &format!("{method} {target} {version:?}"));
        for (name, value) in
            request.headers().iter().filter(|(name, _)| self.shows.iter().any(|shown| shown.as_str() == name.as_str()))
        {
            self.log.note(&self.name, &format!("{name}: {}", value.as_bytes().escape_ascii()));
        }
    }
}

/// HTTP/2 says in the target what HTTP/1.1 says in a header.
fn host(request: &Request<Incoming>) -> String {
    let header = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    request.uri().authority().map(|authority| authority.as_str()).or(header).unwrap_or("nobody").to_owned()
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

fn text(text: String) -> Response<Body> {
    Response::new(full(text))
}

fn status(code: u16) -> Response<Body> {
    let mut response = Response::new(full(""));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
    response
}

fn redirect(to: &str) -> Response<Body> {
    let mut response = status(302);
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/hello")));
    response
}

async fn take(mut body: Incoming) -> Response<Body> {
    let mut total = 0;
    while let Some(Ok(frame)) = body.frame().await {
        total += frame.data_ref().map_or(0, Bytes::len);
    }
    text(format!("{total} bytes\n"))
}

/// The headers, those with several values in their order.
fn shown(headers: &HeaderMap) -> String {
    let line = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}\n", value.as_bytes().escape_ascii());
    let mut lines: Vec<_> = headers.iter().map(line).collect();
    lines.sort();
    lines.concat()
}

fn big(length: u64) -> Response<Body> {
    let mut response = Response::new(pieces(length));
    response.headers_mut().insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn pieces(length: u64) -> Body {
    let piece = Bytes::from(vec![b'b'; usize::try_from(PIECE).unwrap_or_default()]);
    let count = length.div_ceil(PIECE);
    let frames = (0..count).map(move |number| {
        let rest = usize::try_from(PIECE.min(length - number * PIECE)).unwrap_or_default();
        Ok(Frame::data(piece.slice(..rest)))
    });
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

fn trailers() -> Response<Body> {
    let mut sum = HeaderMap::new();
    sum.insert("x-sum", HeaderValue::from_static("17"));
    let frames = [Ok(Frame::data(Bytes::from_static(b"a body\n"))), Ok(Frame::trailers(sum))];
    let mut response = Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
    response.headers_mut().insert(hyper::header::TRAILER, HeaderValue::from_static("x-sum"));
    response
}

fn drip(pause: Duration) -> Response<Body> {
    let drops = stream::unfold(0, move |number| async move {
        if number == DROPS {
            return None;
        }
        tokio::time::sleep(pause).await;
        Some((Ok(Frame::data(Bytes::from_static(b"d"))), number + 1))
    });
    Response::new(StreamBody::new(drops).boxed_unsync())
}
