//! Opening a connection: the URL, the dial, and the handshake.

use super::connection::{Connection, Opened};
use super::stream::{Io, set_no_delay};
use super::{DEFAULT_MESSAGE_BYTES, WebSocketError, WebSocketResult, config, within};
use crate::ambient::Stopwatch;
use crate::http::{HttpError, fields, target};
use crate::net::{Dial, Network, TcpStream};
use crate::tls::Spoken;
use ::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use caphost_policy::{Capability, Host, Protocol, Scheme};
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::handshake::client::{Request, generate_key};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The most sub-protocols that are offered or spoken.
pub(super) const MAX_PROTOCOLS: usize = 32;

const PROTOCOLS: HeaderName = header::SEC_WEBSOCKET_PROTOCOL;

/// How a connection is opened.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Sub-protocols to offer, the best first.
    pub protocols: Vec<String>,
    /// Further headers of the request. Those of the connection and of the handshake are the host's.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The largest message that is received, in bytes.
    pub max_message_bytes: u64,
    /// How long it may take until the connection is open.
    pub timeout: Duration,
}

impl Default for ConnectOptions {
    /// - no sub-protocols, no headers
    /// - messages of at most [`DEFAULT_MESSAGE_BYTES`]
    /// - 30 seconds
    fn default() -> Self {
        Self {
            protocols: Vec::new(),
            headers: Vec::new(),
            max_message_bytes: DEFAULT_MESSAGE_BYTES,
            timeout: Duration::from_secs(30),
        }
    }
}

/// A URL in parts.
#[derive(Debug, PartialEq, Eq)]
struct Url {
    scheme: Scheme,
    host: Host,
    port: u16,
    path: String,
}

/// Opens a connection to a URL with the scheme `ws` or `wss`. Takes `websocket.connect` of its host and port; the gate is asked in
/// the first poll.
///
/// # Errors
/// A refusal; the failures of a lookup, of TLS and of the handshake; [`WebSocketError::InvalidArgument`] for what is no such URL, and
/// for headers that are the host's.
///
/// # Cancel safety
/// Safe: what was begun is closed with the future.
pub async fn connect(
    network: &Arc<Network>,
    call: &'static str,
    url: &str,
    options: &ConnectOptions,
) -> WebSocketResult<Connection> {
    let started = Stopwatch::start();
    let Url { scheme, host, port, path } = parse(url)?;
    let request = request(scheme, &host, port, &path, options)?;
    let asked = target::without_query(url);
    let dial = Dial {
        call,
        capability: Capability::WebsocketConnect,
        asked: &asked,
        host: &host,
        port,
        protocol: Protocol::WebSocket { scheme },
        timeout: options.timeout,
    };
    let tcp = network.dial(&dial).await?;
    let left = options.timeout.saturating_sub(started.elapsed());
    let (stream, protocol) = within(left, async {
        let io = secure(network, scheme, &host, tcp.clone()).await?;
        shake_hands(request, io, options.max_message_bytes).await
    })
    .await?;
    Ok(Connection::new(Opened { stream, tcp, protocol, path }))
}

async fn secure(network: &Network, scheme: Scheme, host: &Host, tcp: TcpStream) -> WebSocketResult<Io> {
    set_no_delay(&tcp);
    match scheme.is_secure() {
        true => Ok(Box::new(network.tls().connect(host, Spoken::Http1, tcp.into_io()).await?)),
        false => Ok(Box::new(tcp.into_io())),
    }
}

async fn shake_hands(
    request: Request,
    io: Io,
    max_message_bytes: u64,
) -> WebSocketResult<(WebSocketStream<Io>, Option<String>)> {
    let (stream, response) = client_async_with_config(request, io, Some(config(max_message_bytes))).await?;
    // None was offered, and the library does not look (RFC 6455, section 4.1).
    if response.headers().contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        return Err(WebSocketError::Protocol("the server speaks an extension that nobody offered"));
    }
    // It is one of those that were offered.
    let protocol = response.headers().get(PROTOCOLS).and_then(|value| value.to_str().ok());
    Ok((stream, protocol.map(str::to_owned)))
}

fn parse(url: &str) -> WebSocketResult<Url> {
    let invalid = WebSocketError::InvalidArgument;
    let of_target = |error| match error {
        HttpError::TargetInvalid(why) => invalid(why),
        _ => invalid("the URL is too long"),
    };
    let (scheme, rest) = url.split_once("://").ok_or(invalid("a URL begins with `ws://` or `wss://`"))?;
    let scheme = [Scheme::Ws, Scheme::Wss].into_iter().find(|known| known.name().eq_ignore_ascii_case(scheme));
    let scheme = scheme.ok_or(invalid("the scheme is neither `ws` nor `wss`"))?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (host, port) = target::parse_authority(authority).map_err(of_target)?;
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    target::check_path(&path).map_err(of_target)?;
    Ok(Url { scheme, host, port: port.unwrap_or(scheme.default_port()), path })
}

/// The request of the handshake: the guest's headers, and the host's.
fn request(scheme: Scheme, host: &Host, port: u16, path: &str, options: &ConnectOptions) -> WebSocketResult<Request> {
    let authority = target::authority(scheme, host, port);
    let mut request = Request::new(());
    *request.uri_mut() = format!("{scheme}://{authority}{path}")
        .parse()
        .map_err(|_| WebSocketError::InvalidArgument("the path holds characters that stand only as `%XX`"))?;
    let headers = request.headers_mut();
    *headers = own_headers(&options.headers)?;
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| WebSocketError::InvalidArgument("no such host"));
    headers.insert(header::HOST, value(&authority)?);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(header::SEC_WEBSOCKET_KEY, value(&generate_key())?);
    check_protocols(&options.protocols)?;
    if !options.protocols.is_empty() {
        headers.insert(PROTOCOLS, value(&options.protocols.join(", "))?);
    }
    Ok(request)
}

fn own_headers(given: &[(String, Vec<u8>)]) -> WebSocketResult<HeaderMap> {
    let invalid = WebSocketError::InvalidArgument;
    if given.len() > fields::MAX_FIELDS {
        return Err(invalid("these are more headers than a request may have"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name: HeaderName = name.parse().map_err(|_| invalid("this is no name of a header"))?;
        let is_hosts = fields::is_forbidden(&name)
            || name.as_str().starts_with("sec-websocket-")
            || [header::CONTENT_LENGTH, header::EXPECT, header::TRAILER].contains(&name);
        if is_hosts {
            return Err(invalid("a header of the connection or of the handshake is the host's"));
        }
        headers.append(name, HeaderValue::from_bytes(value).map_err(|_| invalid("this is no value of a header"))?);
    }
    match fields::is_within_bounds(&headers) {
        true => Ok(headers),
        false => Err(invalid("these are more headers than a request may have")),
    }
}

/// Sub-protocols are tokens, each told from the others.
pub(super) fn check_protocols(protocols: &[String]) -> WebSocketResult<()> {
    let is_token = |text: &String| {
        let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !text.is_empty() && text.len() <= super::MAX_CONTROL_BYTES && text.bytes().all(is_of_token)
    };
    match protocols.len() <= MAX_PROTOCOLS && protocols.iter().all(is_token) {
        true => Ok(()),
        false => Err(WebSocketError::InvalidArgument("sub-protocols are at most 32 tokens of at most 125 bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_the_scheme_of_a_websocket() {
        let url = parse("wss://API.example.com./chat?x=1").unwrap();
        assert_eq!((url.scheme, url.port, url.path.as_str()), (Scheme::Wss, 443, "/chat?x=1"));
        assert_eq!(parse("ws://[::1]:8080").map(|url| (url.port, url.path)), Ok((8080, "/".to_owned())));
        for refused in [
            "",
            "example.com",
            "http://example.com/",
            "wss://u@example.com/",
            "wss://example.com/#x",
            "wss://example.com:0/",
            "ws://127.1/",
            "ws:///x",
            "ws://a b/",
            "wss://example.com/a\r\nx: y",
        ] {
            assert!(matches!(parse(refused), Err(WebSocketError::InvalidArgument(_))), "{refused:?}");
        }
    }

    #[test]
    fn headers_of_the_handshake_are_the_hosts() {
        let given = |name: &str, value: &[u8]| own_headers(&[(name.to_owned(), value.to_vec())]);
        assert!(given("Origin", b"https://example.com").is_ok() && given("authorization", b"x").is_ok(), "control");
        for name in [
            "Host",
            "Upgrade",
            "Connection",
            "Sec-WebSocket-Key",
            "sec-websocket-extensions",
            "Content-Length",
            "a b",
            "",
        ] {
            assert!(given(name, b"x").is_err(), "{name:?}");
        }
        assert!(given("x", b"a\r\nb: c").is_err());
        let many = vec![("x".to_owned(), Vec::new()); fields::MAX_FIELDS + 1];
        assert!(own_headers(&many[1..]).is_ok() && own_headers(&many).is_err());
    }

    #[test]
    fn sub_protocols_are_tokens() {
        let check = |text: &str| check_protocols(&[text.to_owned()]).is_ok();
        assert!(check("chat.v2") && !check("") && !check("a,b") && !check("a b") && !check("a\r\nb"));
        assert!(check_protocols(&vec!["a".to_owned(); MAX_PROTOCOLS]).is_ok());
        assert!(check_protocols(&vec!["a".to_owned(); MAX_PROTOCOLS + 1]).is_err());
    }
}
