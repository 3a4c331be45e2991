//! A WebSocket server that sends back what it gets, and speaks `chat`; and a client that calls again and again.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{accept_hdr_async, client_async};

/// Starts it.
pub(crate) async fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    Ok(())
}

async fn echo(stream: TcpStream) {
    let Ok(mut socket) = accept_hdr_async(stream, agree).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        let is_answered = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await.is_ok(),
            _ => true,
        };
        if !is_answered {
            return;
        }
    }
}

#[expect(clippy::result_large_err, reason = "the form that the handshake takes")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    if offered.flat_map(|names| names.split(',')).any(|name| name.trim() == "chat") {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat"));
    }
    Ok(response)
}

/// How long the client waits between two calls.
const PAUSE: Duration = Duration::from_millis(5);

/// Calls whoever listens at `address`: at a path that is none and, once turned away there, at `/chat`, where it says hello and hears
/// what is said. So each listener meets the same calls.
pub(crate) async fn call_for_ever(address: String) {
    loop {
        if let Err(Error::Http(_)) = call(&address, "/other").await {
            let _ = call(&address, "/chat?from=outside").await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn call(address: &str, path: &str) -> Result<(), Error> {
    let stream = TcpStream::connect(address).await?;
    let mut request = format!("ws://{address}{path}").into_client_request()?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat"));
    let (mut socket, _) = client_async(request, stream).await?;
    socket.send(Message::text("hello")).await?;
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}
