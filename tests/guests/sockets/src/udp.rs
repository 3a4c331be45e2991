//! `wasi:sockets/udp` and `udp-create-socket`.

use wasip2::sockets::udp::{OutgoingDatagram, UdpSocket};
use wasip2::sockets::udp_create_socket::create_udp_socket;
use words::{Operation, Outcome};

use crate::handles::{Handle, Handles};
use crate::operation::{family, show_address, value};
use crate::tcp::{nothing, show_family, some_size};

/// `udp-create-socket.create-udp-socket NEW FAMILY`, `udp-socket.FUNCTION SOCKET …`, `bind SOCKET ADDRESS`,
/// `incoming-datagram-stream.receive STREAM MAXIMUM`, `outgoing-datagram-stream.check-send STREAM`,
/// `outgoing-datagram-stream.send STREAM ADDRESS|peer TEXT…` (one datagram for each text; of `zeroes:N`, N zeroes).
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "udp-create-socket.create-udp-socket" => create(operation, handles),
        "bind" => bind(operation, handles),
        "udp-socket.subscribe" => {
            handles.udp(operation.word(0).ok()?).map(UdpSocket::subscribe).and_then(|p| keep(operation, handles, p))
        }
        "incoming-datagram-stream.subscribe" => {
            handles.incoming(operation.word(0).ok()?).map(|s| s.subscribe()).and_then(|p| keep(operation, handles, p))
        }
        "outgoing-datagram-stream.subscribe" => {
            handles.outgoing(operation.word(0).ok()?).map(|s| s.subscribe()).and_then(|p| keep(operation, handles, p))
        }
        "incoming-datagram-stream.receive" => receive(operation, handles),
        "outgoing-datagram-stream.check-send" => check_send(operation, handles),
        "outgoing-datagram-stream.send" => send(operation, handles),
        name if name.starts_with("udp-socket.") => call(operation, handles),
        _ => return None,
    })
}

fn keep(operation: &Operation<'_>, handles: &mut Handles, pollable: wasip2::io::poll::Pollable) -> Outcome {
    handles.keep(operation.word(1)?, Handle::Pollable(pollable))
}

fn create(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let socket = create_udp_socket(family(operation, 1)?)?;
    handles.keep(operation.word(0)?, Handle::Udp(socket))
}

fn bind(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    handles.network();
    let (address, socket) = (handles.address(operation.word(1)?)?, handles.udp(operation.word(0)?)?);
    socket.start_bind(handles.known_network()?, address)?;
    nothing(socket.finish_bind())
}

fn call(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    let function = operation.name.trim_start_matches("udp-socket.");
    match function {
        "start-bind" => {
            handles.network();
            let (address, socket) = (handles.address(operation.word(1)?)?, handles.udp(name)?);
            nothing(socket.start_bind(handles.known_network()?, address))
        }
        "stream" => {
            let peer = operation.optional(1).map(|address| handles.address(address)).transpose()?;
            let (incoming, outgoing) = handles.udp(name)?.stream(peer)?;
            handles.keep_streams(name, (Handle::Incoming(incoming), Handle::Outgoing(outgoing)))
        }
        _ => plain(function, handles.udp(name)?, operation),
    }
}

/// The functions that take and give no handle.
fn plain(function: &str, socket: &UdpSocket, operation: &Operation<'_>) -> Outcome {
    match function {
        "finish-bind" => nothing(socket.finish_bind()),
        "local-address" => Ok(show_address(socket.local_address()?)),
        "remote-address" => Ok(show_address(socket.remote_address()?)),
        "address-family" => Ok(show_family(socket.address_family())),
        "unicast-hop-limit" => Ok(socket.unicast_hop_limit()?.to_string()),
        "set-unicast-hop-limit" => nothing(socket.set_unicast_hop_limit(value(operation, 1)?)),
        "receive-buffer-size" => Ok(some_size(socket.receive_buffer_size()?)),
        "set-receive-buffer-size" => nothing(socket.set_receive_buffer_size(value(operation, 1)?)),
        "send-buffer-size" => Ok(some_size(socket.send_buffer_size()?)),
        "set-send-buffer-size" => nothing(socket.set_send_buffer_size(value(operation, 1)?)),
        _ => Err(operation.unknown()),
    }
}

fn receive(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let datagrams = handles.incoming(operation.word(0)?)?.receive(value(operation, 1)?)?;
    let show = |data: &[u8]| match data.len() {
        ..100 => format!("{:?}", String::from_utf8_lossy(data)),
        length => format!("{length} bytes"),
    };
    let shown = datagrams.iter().map(|one| format!("{} from {}", show(&one.data), show_address(one.remote_address)));
    Ok(shown.collect::<Vec<_>>().join(", "))
}

fn check_send(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let permitted = handles.outgoing(operation.word(0)?)?.check_send()?;
    Ok(if permitted > 0 { "some".to_owned() } else { "none".to_owned() })
}

fn send(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let remote_address = match operation.word(1)? {
        "peer" => None,
        address => Some(handles.address(address)?),
    };
    let data = |text: &str| match text.strip_prefix("zeroes:").and_then(|length| length.parse().ok()) {
        Some(length) => vec![0; length],
        None => text.as_bytes().to_vec(),
    };
    let datagrams = operation.rest(2).iter().map(|text| OutgoingDatagram { data: data(text), remote_address });
    let sent = handles.outgoing(operation.word(0)?)?.send(&datagrams.collect::<Vec<_>>())?;
    Ok(format!("{sent} sent"))
}
