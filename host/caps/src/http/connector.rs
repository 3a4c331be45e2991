//! The way of a request: checked, over a connection that was there or is made, and answered.

use super::exchange::{Failed, Message, Waiting};
use super::fields::{self, InvalidLength};
use super::http1::Http1;
use super::http2::Http2;
use super::loan::{Line, Loan};
use super::pool::{MAX_IDLE_TIME, Origin, Pool};
use super::stream::io;
use super::{HttpError, IncomingBody, OutgoingBody, Request, Response, Secrets, Timeouts, target};
use crate::net::{Dial, Network, TcpStream};
use crate::tls::Spoken;
use ::http::header::{self, HeaderMap, HeaderValue};
use ::http::uri::{PathAndQuery, Uri};
use ::http::{Method, StatusCode, Version};
use caphost_policy::{Capability, Protocol, Scheme};
use hyper::body::Incoming;
use std::sync::Arc;

/// What one guest's requests are sent by. Dropping it closes the connections that it keeps.
pub(crate) struct Connector {
    pool: Arc<Pool>,
    secrets: Secrets,
}

/// A request that has been checked.
struct Checked {
    origin: Arc<Origin>,
    authority: String,
    /// The URL, for records.
    asked: String,
    method: Method,
    path: PathAndQuery,
    headers: HeaderMap,
    timeouts: Timeouts,
}

impl Connector {
    /// Keeps no connection yet.
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self { pool: Pool::new(MAX_IDLE_TIME), secrets }
    }

    /// The values that headers are injected with.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Closes the connections that are kept for nothing that is on its way; whether there were any.
    pub(crate) fn close_idle(&self) -> bool {
        self.pool.close_idle()
    }

    /// A connection that was there, under a permit of this request's own; none where none stands on the same grants.
    fn again(&self, network: &Network, dial: &Dial<'_>, origin: &Arc<Origin>) -> Result<Option<Loan>, HttpError> {
        for (key, stream) in self.pool.candidates(origin) {
            // Taken before the gate is asked: a permit is for a request that is sent, and a connection may have ended.
            let Some(line) = self.pool.take(key) else { continue };
            let permit = network.permit_again(dial, &stream);
            let loan = |permit| Loan::again(line, stream, permit, Arc::clone(origin), &self.pool);
            match permit {
                Ok(Some(permit)) => return Ok(Some(loan(Some(permit)))),
                Ok(None) => loan(None).give_back(),
                Err(error) => {
                    loan(None).give_back();
                    return Err(error.into());
                }
            }
        }
        Ok(None)
    }

    /// A connection of its own, in the time that there is for it.
    async fn fresh(&self, network: &Network, dial: &Dial<'_>, origin: &Arc<Origin>) -> Result<Loan, HttpError> {
        let connect = async {
            let stream = network.dial(dial).await?;
            // What is written is whole messages: to wait for more would only make them late.
            stream.options()?.set_no_delay(true)?;
            let line = open(network, origin, stream.clone()).await.map_err(|error| explain(&stream, error))?;
            Ok(Loan::fresh(line, stream, Arc::clone(origin), &self.pool))
        };
        tokio::time::timeout(dial.timeout, connect).await.unwrap_or(Err(HttpError::ConnectionTimeout))
    }
}

/// Agrees with the server on how it is spoken.
async fn open(network: &Network, origin: &Origin, stream: TcpStream) -> Result<Line, HttpError> {
    if !origin.scheme.is_secure() {
        return Ok(Line::Http1(Http1::open(io(stream.into_io())).await?));
    }
    let stream = network.tls().connect(&origin.host, Spoken::Http, stream.into_io()).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    match is_http2 {
        true => Ok(Line::Http2(Arc::new(Http2::open(io(stream)).await?))),
        false => Ok(Line::Http1(Http1::open(io(stream)).await?)),
    }
}

/// What a connection broke for, before anything was sent: the end of the grant closes it too.
fn explain(stream: &TcpStream, error: HttpError) -> HttpError {
    stream.permit().check_standing().err().map_or(error, HttpError::from)
}

/// Sends a request, and waits for the head of its answer.
pub(super) async fn send(
    network: &Network,
    call: &'static str,
    request: Request,
    body: OutgoingBody,
) -> Result<Response, HttpError> {
    let checked = Checked::new(request, &body)?;
    let connector = network.http();
    let dial = Dial {
        call,
        capability: Capability::NetConnect,
        asked: &checked.asked,
        host: &checked.origin.host,
        port: checked.origin.port,
        protocol: Protocol::Http {
            scheme: checked.origin.scheme,
            method: checked.method.as_str(),
            path: checked.path.as_str(),
        },
        timeout: checked.timeouts.connect,
    };
    let kept = connector.again(network, &dial, &checked.origin)?;
    let is_kept = kept.is_some();
    let loan = match kept {
        Some(loan) => loan,
        None => connector.fresh(network, &dial, &checked.origin).await?,
    };
    let body = body.settled(&checked.method).await;
    match exchange(loan, &checked, body, &connector.secrets).await {
        // Closed by the server in the very moment: nothing of the request was sent.
        Err(Failed::NotSent(message)) if is_kept => {
            let loan = connector.fresh(network, &dial, &checked.origin).await?;
            exchange(loan, &checked, message.into_body(), &connector.secrets).await.map_err(HttpError::from)
        }
        outcome => outcome.map_err(HttpError::from),
    }
}

/// One attempt, over one connection.
async fn exchange(
    mut loan: Loan,
    checked: &Checked,
    body: OutgoingBody,
    secrets: &Secrets,
) -> Result<Response, Failed> {
    let mut message = message(&loan, checked, body, secrets)?;
    let waiting = Waiting::new(&mut message, checked.timeouts);
    match loan.exchange(message, waiting).await {
        Ok(answer) => Ok(response(answer, loan, checked.timeouts)?),
        Err(Failed::Broken(error)) => {
            if matches!(error, HttpError::ResponseTimeout | HttpError::WriteTimeout) {
                loan.give_up();
            }
            Err(Failed::Broken(loan.explain(error)))
        }
        // Where the grant has ended, it was closed for that, and not by the server.
        Err(not_sent) => loan.check().map_err(Failed::Broken).and(Err(not_sent)),
    }
}

/// The request as it is sent over this connection: with the host's own headers, and those that its grant has injected.
fn message(loan: &Loan, checked: &Checked, body: OutgoingBody, secrets: &Secrets) -> Result<Message, HttpError> {
    let mut headers = HeaderMap::with_capacity(checked.headers.len() + 2);
    let uri = if loan.is_http2() { checked.absolute_uri()? } else { Uri::from(checked.path.clone()) };
    if !loan.is_http2() {
        // Servers look for it first (RFC 9110, section 7.2).
        headers.insert(header::HOST, checked.host_header()?);
    }
    headers.extend(checked.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    frame(&mut headers, checked, &body, loan.is_http2());
    secrets.inject(loan, &checked.method, &mut headers)?;
    let mut message = Message::new(body);
    *message.method_mut() = checked.method.clone();
    *message.uri_mut() = uri;
    *message.headers_mut() = headers;
    Ok(message)
}

/// Says how long the body is, where the connection would not by itself.
fn frame(headers: &mut HeaderMap, checked: &Checked, body: &OutgoingBody, is_http2: bool) {
    let usually_none = matches!(checked.method, Method::GET | Method::HEAD);
    match body.length() {
        Some(0) if matches!(checked.method, Method::POST | Method::PUT | Method::PATCH) => {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Some(_) => {}
        None if usually_none && !is_http2 && body.has_begun() => {
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        None => {}
    }
}

fn response(answer: hyper::Response<Incoming>, mut loan: Loan, timeouts: Timeouts) -> Result<Response, HttpError> {
    let (head, body) = answer.into_parts();
    if head.version < Version::HTTP_11 {
        // The next request over it would go in this version too, which leaves out a body whose length nobody said.
        loan.end_with_answer();
    }
    let mut headers = head.headers;
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(HttpError::UpgradeFailed);
    }
    if !fields::is_within_bounds(&headers) {
        return Err(HttpError::ResponseHeaderSectionSize);
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        // Where both are there, this one counts (RFC 9112, section 6.3), and the other is not true.
        headers.remove(header::CONTENT_LENGTH);
    }
    let of_length =
        |InvalidLength| HttpError::Protocol("the answer has more than one length, or one that is no number");
    fields::content_length(&headers).map_err(of_length)?;
    fields::strip(&mut headers);
    Ok(Response { status: head.status, headers, body: IncomingBody::new(body, loan, timeouts.between_bytes) })
}

impl Checked {
    fn new(request: Request, body: &OutgoingBody) -> Result<Self, HttpError> {
        let Request { method, scheme, host, port, path_and_query, headers, timeouts } = request;
        let method = target::parse_method(method.as_str())?;
        if target::is_called(&method, "CONNECT") {
            return Err(HttpError::MethodInvalid);
        }
        if !matches!(scheme, Scheme::Http | Scheme::Https) || port == 0 {
            return Err(HttpError::TargetInvalid("the scheme is `http` or `https`, and the port is not 0"));
        }
        let path = target::path_and_query(&method, &path_and_query)?;
        fields::check_headers(&headers)?;
        let given = fields::content_length(&headers).map_err(|InvalidLength| HttpError::RequestLength)?;
        if given.is_some() && given != body.length() {
            return Err(HttpError::RequestLength);
        }
        let authority = target::authority(scheme, &host, port);
        let asked = format!("{scheme}://{authority}{}", target::without_query(path.as_str()));
        let origin = Arc::new(Origin { scheme, host, port });
        Ok(Self { origin, authority, asked, method, path, headers, timeouts: timeouts.clamped() })
    }

    fn host_header(&self) -> Result<HeaderValue, HttpError> {
        HeaderValue::try_from(&self.authority).map_err(|_| INVALID_HOST)
    }

    fn absolute_uri(&self) -> Result<Uri, HttpError> {
        let uri = Uri::builder().scheme(self.origin.scheme.name()).authority(self.authority.as_str());
        uri.path_and_query(self.path.clone()).build().map_err(|_| INVALID_HOST)
    }
}

const INVALID_HOST: HttpError = HttpError::TargetInvalid("the host is neither a name nor an address");

impl From<HttpError> for Failed {
    fn from(error: HttpError) -> Self {
        Self::Broken(error)
    }
}

impl From<Failed> for HttpError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NotSent(_) => Self::ConnectionTerminated,
            Failed::Broken(error) => error,
        }
    }
}
