//! `wasi:sockets/tcp` and `tcp-create-socket`.

use wasip2::sockets::network::{ErrorCode, IpAddressFamily};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use words::{Failure, Operation, Outcome};

use crate::handles::{Handle, Handles};
use crate::operation::{as_it_is, family, show_address, value};

/// `tcp-create-socket.create-tcp-socket NEW FAMILY`, `tcp-socket.FUNCTION SOCKET …`. `connect SOCKET ADDRESS`, `listen SOCKET ADDRESS`
/// and `accept SOCKET NEW` wait until they are done. `tcp-socket.accept SOCKET NEW` and `tcp-socket.finish-connect` do not.
/// `sockets COUNT` makes so many and keeps them, `connections ADDRESS COUNT` connects so many and keeps them.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "tcp-create-socket.create-tcp-socket" => create(operation, handles),
        "connect" => connect(operation, handles),
        "listen" => listen(operation, handles),
        "accept" => accept_in_time(operation, handles),
        "sockets" => sockets(operation, handles),
        "connections" => connections(operation, handles),
        name if name.starts_with("tcp-socket.") => call(operation, handles),
        _ => return None,
    })
}

fn create(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let socket = create_tcp_socket(family(operation, 1)?)?;
    handles.keep(operation.word(0)?, Handle::Tcp(socket))
}

fn sockets(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    for number in 0..value(operation, 0)? {
        handles.keep(&format!("many-{number}"), Handle::Tcp(create_tcp_socket(IpAddressFamily::Ipv4)?))?;
    }
    Ok(String::new())
}

fn connections(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    for number in 0..value(operation, 1)? {
        let name = format!("many-{number}");
        handles.keep(&name, Handle::Tcp(create_tcp_socket(IpAddressFamily::Ipv4)?))?;
        connect(&Operation::parse(&format!("connect {name} {}", operation.word(0)?), as_it_is)?, handles)?;
    }
    Ok(String::new())
}

fn connect(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    handles.network();
    let address = handles.address(operation.word(1)?)?;
    handles.tcp(name)?.start_connect(handles.known_network()?, address)?;
    handles.tcp(name)?.subscribe().block();
    finish_connect(name, handles)
}

fn finish_connect(name: &str, handles: &mut Handles) -> Outcome {
    let (input, output) = handles.tcp(name)?.finish_connect()?;
    handles.keep_streams(name, (Handle::Input(input), Handle::Output(output)))
}

fn listen(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    handles.network();
    let address = handles.address(operation.word(1)?)?;
    let socket = handles.tcp(name)?;
    socket.start_bind(handles.known_network()?, address)?;
    socket.finish_bind()?;
    socket.start_listen()?;
    socket.finish_listen()?;
    Ok(String::new())
}

fn accept_in_time(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    handles.tcp(operation.word(0)?)?.subscribe().block();
    accept(operation, handles)
}

fn accept(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let (socket, input, output) = handles.tcp(operation.word(0)?)?.accept()?;
    let name = operation.word(1)?;
    handles.keep(name, Handle::Tcp(socket))?;
    handles.keep_streams(name, (Handle::Input(input), Handle::Output(output)))
}

fn call(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    let function = operation.name.trim_start_matches("tcp-socket.");
    match function {
        "start-bind" | "start-connect" => {
            handles.network();
            let (address, socket) = (handles.address(operation.word(1)?)?, handles.tcp(name)?);
            let network = handles.known_network()?;
            let start = if function == "start-bind" { TcpSocket::start_bind } else { TcpSocket::start_connect };
            nothing(start(socket, network, address))
        }
        "finish-connect" => finish_connect(name, handles),
        "accept" => accept(operation, handles),
        "subscribe" => {
            let pollable = handles.tcp(name)?.subscribe();
            handles.keep(operation.word(1)?, Handle::Pollable(pollable))
        }
        _ => plain(function, handles.tcp(name)?, operation),
    }
}

/// The functions that take and give no handle.
fn plain(function: &str, socket: &TcpSocket, operation: &Operation<'_>) -> Outcome {
    match function {
        "finish-bind" => nothing(socket.finish_bind()),
        "start-listen" => nothing(socket.start_listen()),
        "finish-listen" => nothing(socket.finish_listen()),
        "local-address" => Ok(show_address(socket.local_address()?)),
        "remote-address" => Ok(show_address(socket.remote_address()?)),
        "is-listening" => Ok(socket.is_listening().to_string()),
        "address-family" => Ok(show_family(socket.address_family())),
        "shutdown" => nothing(socket.shutdown(direction(operation.word(1)?)?)),
        _ => option(function, socket, operation),
    }
}

fn option(function: &str, socket: &TcpSocket, operation: &Operation<'_>) -> Outcome {
    match function {
        "set-listen-backlog-size" => nothing(socket.set_listen_backlog_size(value(operation, 1)?)),
        "keep-alive-enabled" => Ok(socket.keep_alive_enabled()?.to_string()),
        "set-keep-alive-enabled" => nothing(socket.set_keep_alive_enabled(value(operation, 1)?)),
        "keep-alive-idle-time" => Ok(socket.keep_alive_idle_time()?.to_string()),
        "set-keep-alive-idle-time" => nothing(socket.set_keep_alive_idle_time(value(operation, 1)?)),
        "keep-alive-interval" => Ok(socket.keep_alive_interval()?.to_string()),
        "set-keep-alive-interval" => nothing(socket.set_keep_alive_interval(value(operation, 1)?)),
        "keep-alive-count" => Ok(socket.keep_alive_count()?.to_string()),
        "set-keep-alive-count" => nothing(socket.set_keep_alive_count(value(operation, 1)?)),
        "hop-limit" => Ok(socket.hop_limit()?.to_string()),
        "set-hop-limit" => nothing(socket.set_hop_limit(value(operation, 1)?)),
        "receive-buffer-size" => Ok(some_size(socket.receive_buffer_size()?)),
        "set-receive-buffer-size" => nothing(socket.set_receive_buffer_size(value(operation, 1)?)),
        "send-buffer-size" => Ok(some_size(socket.send_buffer_size()?)),
        "set-send-buffer-size" => nothing(socket.set_send_buffer_size(value(operation, 1)?)),
        _ => Err(operation.unknown()),
    }
}

/// What a function without a value answered.
pub(crate) fn nothing(answer: Result<(), ErrorCode>) -> Outcome {
    Ok(answer.map(|()| String::new())?)
}

/// The system picks the sizes, within bounds of its own.
pub(crate) fn some_size(size: u64) -> String {
    if size > 0 { "a size".to_owned() } else { "none".to_owned() }
}

/// A family by its WIT name.
pub(crate) fn show_family(family: IpAddressFamily) -> String {
    match family {
        IpAddressFamily::Ipv4 => "ipv4".to_owned(),
        IpAddressFamily::Ipv6 => "ipv6".to_owned(),
    }
}

fn direction(word: &str) -> Result<ShutdownType, Failure> {
    match word {
        "receive" => Ok(ShutdownType::Receive),
        "send" => Ok(ShutdownType::Send),
        "both" => Ok(ShutdownType::Both),
        _ => Err(Failure::Usage(format!("`{word}` is no direction"))),
    }
}
