//! Letting connections in. Invariant: no peer keeps another from its turn: handshakes go on side by side, each has its time, and
//! there are never more of them than [`MAX_HANDSHAKES`].

use super::client::check_protocols;
use super::connection::{Connection, Opened};
use super::stream::{Io, set_no_delay};
use super::{DEFAULT_MESSAGE_BYTES, HANDSHAKE_TIME, MAX_HANDSHAKES, WebSocketError, WebSocketResult, config, within};
use crate::http::target;
use crate::net::{NetError, Network, TcpListener, TcpStream};
use crate::refusal::Denied;
use ::http::StatusCode;
use ::http::header::{self, HeaderMap, HeaderValue};
use caphost_policy::Capability;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Mutex as Turn;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// The most origins that a list holds.
const MAX_ORIGINS: usize = 64;

/// Who is let in.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// The path of requests, without their query; any, if there is none.
    pub path: Option<String>,
    /// The origins of browsers that are let in; any, if there is no list. Who names none is no browser, and is let in.
    pub origins: Option<Vec<String>>,
    /// Sub-protocols that are spoken, the best first.
    pub protocols: Vec<String>,
    /// The largest message that is received, in bytes.
    pub max_message_bytes: u64,
}

impl Default for ListenOptions {
    /// - any path, any origin
    /// - no sub-protocols
    /// - messages of at most [`DEFAULT_MESSAGE_BYTES`]
    fn default() -> Self {
        Self { path: None, origins: None, protocols: Vec::new(), max_message_bytes: DEFAULT_MESSAGE_BYTES }
    }
}

/// A port that connections come in on. Dropping it closes it, and every handshake that goes on; what was accepted stays open.
pub struct Listener {
    listener: TcpListener,
    options: Arc<ListenOptions>,
    handshakes: Turn<FuturesUnordered<Handshake>>,
}

/// A handshake that goes on; no connection where it fails, and the refusal where the grant has no more for any.
type Handshake = Pin<Box<dyn Future<Output = Result<Option<Connection>, Denied>> + Send>>;

impl Listener {
    /// Listens on an address. Takes `websocket.listen` of it; with the port 0, the system picks one, which no deny rule may cover.
    ///
    /// # Errors
    /// A refusal; [`WebSocketError::InvalidArgument`] for options that make no sense; what `bind(2)` fails with.
    pub fn bind(
        network: &Arc<Network>,
        call: &'static str,
        address: SocketAddr,
        options: ListenOptions,
    ) -> WebSocketResult<Self> {
        options.check()?;
        let listener = TcpListener::bind(network, call, Capability::WebsocketListen, address)?;
        Ok(Self { listener, options: Arc::new(options), handshakes: Turn::default() })
    }

    /// Waits for a connection that is let in. Takes `websocket.listen` once more for each that comes.
    ///
    /// Handshakes go on while somebody waits here.
    ///
    /// # Errors
    /// A refusal, when the grant has ended, and for a connection or a byte more than its quota has; the connection is closed.
    ///
    /// # Cancel safety
    /// Safe: handshakes that were begun go on with the next call.
    pub async fn accept(&self, call: &'static str) -> WebSocketResult<Connection> {
        let mut handshakes = self.handshakes.lock().await;
        loop {
            let may_come = match self.begin(call, &handshakes) {
                Ok(()) => false,
                Err(NetError::WouldBlock) => true,
                // Those that go on make room when they end.
                Err(NetError::SocketLimit) if !handshakes.is_empty() => false,
                Err(error) => return Err(error.into()),
            };
            tokio::select! {
                biased;
                Some(done) = handshakes.next() => {
                    if let Some(connection) = done.map_err(NetError::from)? {
                        return Ok(connection);
                    }
                }
                () = self.listener.acceptable(), if may_come => {}
            }
        }
    }

    /// The address that it listens on, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_address(&self) -> WebSocketResult<SocketAddr> {
        Ok(self.listener.local_address()?)
    }

    /// Begins a handshake with each that has come, as long as there is room for one.
    fn begin(&self, call: &'static str, handshakes: &FuturesUnordered<Handshake>) -> Result<(), NetError> {
        while handshakes.len() < MAX_HANDSHAKES {
            let stream = self.listener.try_accept(call)?;
            handshakes.push(Box::pin(shake_hands(stream, Arc::clone(&self.options))));
        }
        Ok(())
    }
}

impl ListenOptions {
    fn check(&self) -> WebSocketResult<()> {
        let is_path = |path: &String| target::check_path(path).is_ok() && !path.contains('?');
        if !self.path.as_ref().is_none_or(is_path) {
            return Err(WebSocketError::InvalidArgument("a path begins with `/` and has no query"));
        }
        let is_origin = |origin: &String| !origin.is_empty() && origin.bytes().all(|byte| byte.is_ascii_graphic());
        let are_origins = |list: &Vec<String>| list.len() <= MAX_ORIGINS && list.iter().all(is_origin);
        if !self.origins.as_ref().is_none_or(are_origins) {
            return Err(WebSocketError::InvalidArgument("origins are at most 64, each as `https://example.com`"));
        }
        check_protocols(&self.protocols)
    }

    /// Why a request is not let in, if it is not.
    fn refuses(&self, request: &Request) -> Option<StatusCode> {
        if self.path.as_ref().is_some_and(|path| path != request.uri().path()) {
            return Some(StatusCode::NOT_FOUND);
        }
        let is_let_in = self.origins.as_ref().is_none_or(|origins| is_from(request.headers(), origins));
        (!is_let_in).then_some(StatusCode::FORBIDDEN)
    }

    /// The best sub-protocol that a client offers.
    fn protocol(&self, headers: &HeaderMap) -> Option<&String> {
        let offered: Vec<&str> = headers
            .get_all(header::SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(',').map(str::trim))
            .collect();
        self.protocols.iter().find(|protocol| offered.contains(&protocol.as_str()))
    }
}

/// Whether a request comes from one of the origins, or from no browser. Who names two is neither.
fn is_from(headers: &HeaderMap, origins: &[String]) -> bool {
    let mut named = headers.get_all(header::ORIGIN).iter();
    match (named.next(), named.next()) {
        (None, _) => true,
        (Some(named), None) => origins.iter().any(|origin| origin.as_bytes().eq_ignore_ascii_case(named.as_bytes())),
        (Some(_), Some(_)) => false,
    }
}

async fn shake_hands(tcp: TcpStream, options: Arc<ListenOptions>) -> Result<Option<Connection>, Denied> {
    set_no_delay(&tcp);
    let io: Io = Box::new(tcp.clone().into_io());
    let (mut path, mut protocol) = (String::new(), None);
    #[expect(clippy::result_large_err, reason = "the library's own shape of an answer")]
    let answer = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        if let Some(status) = options.refuses(request) {
            return Err(refusal(status));
        }
        path = request.uri().path_and_query().map_or_else(String::new, |path| path.as_str().to_owned());
        protocol = options.protocol(request.headers()).cloned();
        let agreed = protocol.as_ref().and_then(|protocol| HeaderValue::from_str(protocol).ok());
        if let Some(agreed) = agreed {
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, agreed);
        }
        Ok(response)
    };
    let config = config(options.max_message_bytes);
    let handshake = async { Ok(accept_hdr_async_with_config(io, answer, Some(config)).await?) };
    match within(HANDSHAKE_TIME, handshake).await {
        Ok(stream) => Ok(Some(Connection::new(Opened { stream, tcp, protocol, path }))),
        // That is no peer's fault, and would be the same with the next one.
        Err(WebSocketError::Net(NetError::Denied(denied))) => Err(denied),
        Err(_) => Ok(None),
    }
}

fn refusal(status: StatusCode) -> ErrorResponse {
    let mut response = ErrorResponse::new(None);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::new(());
        *request.uri_mut() = path.parse().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        request
    }

    #[test]
    fn the_path_is_compared_whole_and_without_its_query() {
        let options = ListenOptions { path: Some("/chat".to_owned()), ..ListenOptions::default() };
        let refuses = |path: &str| options.refuses(&request(path, &[]));
        assert_eq!((refuses("/chat"), refuses("/chat?x")), (None, None));
        for other in ["/", "/chat/", "/chat/x", "/Chat", "/chatter", "/%63hat", "//chat"] {
            assert_eq!(refuses(other), Some(StatusCode::NOT_FOUND), "{other}");
        }
        assert_eq!(ListenOptions::default().refuses(&request("/any", &[])), None, "control");
    }

    #[test]
    fn a_browser_is_let_in_by_its_origin_and_who_is_none_without() {
        let origins = Some(vec!["https://example.com".to_owned()]);
        let options = ListenOptions { origins, ..ListenOptions::default() };
        let refuses = |headers: &[(&str, &str)]| options.refuses(&request("/", headers));
        assert_eq!((refuses(&[]), refuses(&[("origin", "https://Example.com")])), (None, None));
        let own = ("origin", "https://example.com");
        for other in ["null", "", "http://example.com", "https://example.com.evil.example", "https://example.com:8443"]
        {
            assert_eq!(refuses(&[("origin", other)]), Some(StatusCode::FORBIDDEN), "{other}");
            assert_eq!(refuses(&[own, ("origin", other)]), Some(StatusCode::FORBIDDEN), "{other}");
        }
        let none = ListenOptions { origins: Some(Vec::new()), ..ListenOptions::default() };
        assert_eq!(
            none.refuses(&request("/", &[own])),
            Some(StatusCode::FORBIDDEN),
            "an empty list lets no browser in"
        );
    }

    #[test]
    fn the_listeners_best_sub_protocol_is_agreed_on() {
        let protocols = ["b", "a"].map(str::to_owned).to_vec();
        let options = ListenOptions { protocols, ..ListenOptions::default() };
        let agreed = |headers: &[(&str, &str)]| options.protocol(request("/", headers).headers()).cloned();
        assert_eq!(agreed(&[("sec-websocket-protocol", "a, b")]).as_deref(), Some("b"));
        assert_eq!(agreed(&[("sec-websocket-protocol", "c"), ("sec-websocket-protocol", "a")]).as_deref(), Some("a"));
        assert_eq!((agreed(&[]), agreed(&[("sec-websocket-protocol", "A")])), (None, None));
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        assert!(ListenOptions::default().check().is_ok(), "control");
        for path in ["", "chat", "/chat?x", "/a b"] {
            assert!(
                ListenOptions { path: Some(path.to_owned()), ..ListenOptions::default() }.check().is_err(),
                "{path:?}"
            );
        }
        let origins = |count| Some(vec!["https://a.example".to_owned(); count]);
        assert!(ListenOptions { origins: origins(MAX_ORIGINS), ..ListenOptions::default() }.check().is_ok());
        assert!(ListenOptions { origins: origins(MAX_ORIGINS + 1), ..ListenOptions::default() }.check().is_err());
    }
}
