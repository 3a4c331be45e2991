//! Servers on loopback: one that speaks HTTP as it should, and one that says what it is told to.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A server. Dropping it closes everything of it.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Seen = Arc<Mutex<Vec<String>>>;

impl Peer {
    /// A server that has `serve` speak on each connection.
    pub(crate) async fn new<F, W>(serve: F) -> Self
    where
        F: Fn(TcpStream, Seen) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let listener = listen().await;
        let address = listener.local_addr().expect("an address");
        let (connections, seen) = (Arc::<AtomicUsize>::default(), Seen::default());
        let (counter, notes) = (Arc::clone(&connections), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            let mut tasks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                tasks.spawn(serve(stream, Arc::clone(&notes)));
            }
        });
        Self { address, connections, seen, task }
    }

    /// A server of HTTP/1.1.
    pub(crate) async fn http() -> Self {
        Self::new(|stream, seen| serve_http(stream, seen, Version::Http1)).await
    }

    /// A server of HTTP/2 or HTTP/1.1 over TLS, with a certificate for `name`; it offers `protocols`.
    pub(crate) async fn tls(authority: &Authority, name: &str, protocols: &[&str]) -> Self {
        let acceptor = authority.acceptor(name, protocols);
        Self::new(move |stream, seen| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                serve_http(stream, seen, if is_http2 { Version::Http2 } else { Version::Http1 }).await;
            }
        })
        .await
    }

    /// A peer that waits for a request, writes `answer`, and closes.
    pub(crate) async fn saying(answer: &'static [u8]) -> Self {
        Self::new(move |mut stream, seen| async move {
            read_head(&mut stream, &seen).await;
            let _ = stream.write_all(answer).await;
        })
        .await
    }

    /// As [`Peer::saying`], and stays.
    pub(crate) async fn saying_and_staying(answer: &'static [u8]) -> Self {
        Self::new(move |mut stream, seen| async move {
            read_head(&mut stream, &seen).await;
            let _ = stream.write_all(answer).await;
            while stream.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
        })
        .await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The URL over TLS, by name.
    pub(crate) fn secure_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// What reached it: heads of raw peers, `METHOD path` of others.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").clone()
    }
}

/// A URL where nobody listens.
pub(crate) async fn nobody() -> String {
    format!("http://{}/", listen().await.local_addr().expect("an address"))
}

#[expect(clippy::disallowed_methods, reason = "a test's own server")]
pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

/// Reads to the end of a head, and notes what came.
pub(crate) async fn read_head(stream: &mut TcpStream, seen: &Seen) -> String {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(length) => head.extend_from_slice(&buffer[..length]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    seen.lock().expect("no panic").push(head.clone());
    head
}

enum Version {
    Http1,
    Http2,
}

async fn serve_http(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, seen: Seen, version: Version) {
    let service = service_fn(move |request| answer(request, Arc::clone(&seen)));
    let io = TokioIo::new(stream);
    match version {
        Version::Http1 => drop(hyper::server::conn::http1::Builder::new().serve_connection(io, service).await),
        Version::Http2 => {
            drop(hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await);
        }
    }
}

type Body = BoxBody<bytes::Bytes, Infallible>;

async fn answer(request: Request<Incoming>, seen: Seen) -> Result<Response<Body>, hyper::Error> {
    let line = format!("{} {}", request.method(), request.uri().path_and_query().map_or("*", |path| path.as_str()));
    seen.lock().expect("no panic").push(line);
    let path = request.uri().path().to_owned();
    let text = match path.as_str() {
        "/headers" => headers(&request),
        "/echo" => {
            let whole = request.into_body().collect().await?;
            let trailers = whole.trailers().map(|trailers| format!(" {trailers:?}")).unwrap_or_default();
            format!("{}{trailers}", String::from_utf8_lossy(&whole.to_bytes()))
        }
        "/big" => return Ok(Response::new(full("x".repeat(3 << 20)))),
        "/trailers" => return Ok(with_trailers()),
        "/redirect" => {
            let redirect = Response::builder().status(302).header("location", "/elsewhere").body(full(String::new()));
            return Ok(redirect.expect("an answer"));
        }
        _ => "hello".to_owned(),
    };
    Ok(Response::new(full(text)))
}

fn headers(request: &Request<Incoming>) -> String {
    let mut lines: Vec<_> = request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    lines.sort();
    format!("{:?}\n{}", request.version(), lines.join("\n"))
}

fn full(text: String) -> Body {
    Full::new(bytes::Bytes::from(text)).boxed()
}

fn with_trailers() -> Response<Body> {
    let mut trailers = hyper::HeaderMap::new();
    trailers.insert("x-checksum", "5".parse().expect("a value"));
    let frames = [Frame::data(bytes::Bytes::from_static(b"hello")), Frame::trailers(trailers)];
    let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, Infallible>)));
    let response = Response::builder().header("trailer", "x-checksum").body(BodyExt::boxed(body));
    response.expect("an answer")
}

/// Somebody who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        // Each has a name of its own, as real ones do.
        params.distinguished_name.push(DnType::CommonName, format!("{:?}", key.public_key_raw()));
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    pub(crate) fn acceptor(&self, name: &str, protocols: &[&str]) -> TlsAcceptor {
        self.acceptor_with(CertificateParams::new([name.to_owned()]).expect("a name"), protocols)
    }

    /// One with a certificate for these.
    pub(crate) fn acceptor_with(&self, params: CertificateParams, protocols: &[&str]) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_no_client_auth();
        let mut configuration = builder.with_single_cert(vec![certificate.der().clone()], key).expect("a pair");
        configuration.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(configuration))
    }
}
