//! A name server on hickory-server: it answers what [`crate::records`] say, with a time to live of zero.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::net::xfer::Protocol;
use hickory_server::proto::op::{Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::Record;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use crate::listen;
use crate::log::Log;
use crate::records::{Answer, Records};
use crate::settings::Peer;

/// How long a TCP connection may say nothing.
const IDLE: Duration = Duration::from_secs(10);
/// Responses that wait for one TCP connection.
const RESPONSES: usize = 16;
/// How often a port that is free for both UDP and TCP is looked for.
const MAX_TRIES: usize = 20;

/// Starts the server, and says on which port.
///
/// # Errors
/// When a record is none, or the port is taken.
pub async fn serve(name: &str, peer: &Peer, log: &Log) -> anyhow::Result<u16> {
    let handler = Handler { name: name.to_owned(), records: Records::parse(&peer.records)?, log: log.clone() };
    let (socket, listener, port) = bind(peer).await?;
    let mut server = Server::new(handler);
    server.register_socket(socket);
    server.register_listener(listener, IDLE, RESPONSES);
    tokio::spawn(async move { server.block_until_done().await });
    Ok(port)
}

/// The same port for both.
async fn bind(peer: &Peer) -> anyhow::Result<(UdpSocket, TcpListener, u16)> {
    for _ in 0..MAX_TRIES {
        let (listener, port) = listen::bind(peer).await?;
        if let Ok(socket) = UdpSocket::bind(SocketAddr::new(peer.address, port)).await {
            return Ok((socket, listener, port));
        }
    }
    anyhow::bail!("no port is free for UDP and TCP")
}

struct Handler {
    name: String,
    records: Records,
    log: Log,
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut reply: R) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        let Ok(info) = request.request_info() else {
            metadata.response_code = ResponseCode::FormErr;
            return ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() });
        };
        let (kind, asked) = (info.query.query_type(), info.query.name().to_string().to_ascii_lowercase());
        let is_stream = request.protocol() == Protocol::Tcp;
        let way = if is_stream { " (TCP)" } else { "" };
        let asked = asked.trim_end_matches('.');
        self.log.note(&self.name, &format!("{kind} {asked}{way}"));
        let mut data = Vec::new();
        match self.records.look_up(asked, kind) {
            Answer::Silence => {
                return ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() });
            }
            Answer::NoSuchName => metadata.response_code = ResponseCode::NXDomain,
            Answer::Failure => metadata.response_code = ResponseCode::ServFail,
            Answer::Data { is_truncated: true, .. } if !is_stream => metadata.truncation = true,
            Answer::Data { data: found, .. } => data = found,
        }
        (metadata.authoritative, metadata.recursion_available) = (true, true);
        let owner = info.query.original().name();
        let records: Vec<Record> = data.into_iter().map(|data| Record::from_rdata(owner.clone(), 0, data)).collect();
        let response = MessageResponseBuilder::from_message_request(request).build(metadata, &records, [], [], []);
        let sent = reply.send_response(response).await;
        sent.unwrap_or_else(|_| ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() }))
    }
}
