//! What is done to a socket of `caphost:host/net`.

use words::{Failure, Operation, Outcome, describe, done};

use crate::bindings::caphost::host::net::Shutdown;
use crate::handles::{Handle, Handles};
use crate::net::describe_address;
use crate::operation::{Filled, timeout};

/// `tcp-stream.NAME STREAM ARGUMENT…`, `tcp-listener.NAME LISTENER ARGUMENT…`, `udp-socket.NAME SOCKET ARGUMENT…`, in the order of the
/// parameters; `tcp-listener.accept LISTENER NEW`. A time is a number of nanoseconds or `-`, a port a number or `@HANDLE`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    if operation.name == "tcp-listener.accept" {
        return Some(accept(operation, handles));
    }
    let call = stream(operation).or_else(|| listener(operation)).or_else(|| datagrams(operation))?;
    Some(call(operation, handles))
}

type Call = fn(&Operation<'_>, &Handles) -> Outcome;

fn stream(operation: &Operation<'_>) -> Option<Call> {
    Some(match operation.name {
        "tcp-stream.read" => |o, h| Ok(describe(&h.tcp_stream(o.word(0)?)?.read(o.number(1)?)?)),
        "tcp-stream.write" => |o, h| Ok(format!("{} bytes", h.tcp_stream(o.word(0)?)?.write(&o.bytes(1)?)?)),
        "tcp-stream.shutdown" => |o, h| done(h.tcp_stream(o.word(0)?)?.shutdown(direction(o.word(1)?)?)?),
        "tcp-stream.local-address" => |o, h| Ok(describe_address(h.tcp_stream(o.word(0)?)?.local_address()?, o)),
        "tcp-stream.peer-address" => |o, h| Ok(describe_address(h.tcp_stream(o.word(0)?)?.peer_address()?, o)),
        "tcp-stream.set-no-delay" => |o, h| done(h.tcp_stream(o.word(0)?)?.set_no_delay(o.word(1)? == "true")?),
        "tcp-stream.set-keep-alive" => |o, h| done(h.tcp_stream(o.word(0)?)?.set_keep_alive(timeout(o, 1)?)?),
        "tcp-stream.set-read-timeout" => |o, h| done(h.tcp_stream(o.word(0)?)?.set_read_timeout(timeout(o, 1)?)?),
        "tcp-stream.set-write-timeout" => |o, h| done(h.tcp_stream(o.word(0)?)?.set_write_timeout(timeout(o, 1)?)?),
        _ => return None,
    })
}

fn listener(operation: &Operation<'_>) -> Option<Call> {
    Some(match operation.name {
        "tcp-listener.local-address" => |o, h| Ok(describe_address(h.tcp_listener(o.word(0)?)?.local_address()?, o)),
        "tcp-listener.set-timeout" => |o, h| done(h.tcp_listener(o.word(0)?)?.set_timeout(timeout(o, 1)?)?),
        _ => return None,
    })
}

fn datagrams(operation: &Operation<'_>) -> Option<Call> {
    Some(match operation.name {
        "udp-socket.connect" => |o, h| done(h.udp_socket(o.word(0)?)?.connect(&o.text(1)?, h.port_at(o, 2)?)?),
        "udp-socket.send" => |o, h| done(h.udp_socket(o.word(0)?)?.send(&o.bytes(1)?)?),
        "udp-socket.send-to" => |o, h| {
            let socket = h.udp_socket(o.word(0)?)?;
            done(socket.send_to(&o.bytes(1)?, &o.text(2)?, h.port_at(o, 3)?)?)
        },
        "udp-socket.receive" => |o, h| {
            let datagram = h.udp_socket(o.word(0)?)?.receive()?;
            Ok(format!("{} from {}", describe(&datagram.contents), describe_address(datagram.sender, o)))
        },
        "udp-socket.local-address" => |o, h| Ok(describe_address(h.udp_socket(o.word(0)?)?.local_address()?, o)),
        "udp-socket.set-timeout" => |o, h| done(h.udp_socket(o.word(0)?)?.set_timeout(timeout(o, 1)?)?),
        _ => return None,
    })
}

fn accept(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let stream = handles.tcp_listener(operation.word(0)?)?.accept()?;
    handles.keep(operation.word(1)?, Handle::TcpStream(stream))
}

fn direction(word: &str) -> Result<Shutdown, Failure> {
    match word {
        "read" => Ok(Shutdown::Read),
        "write" => Ok(Shutdown::Write),
        "both" => Ok(Shutdown::Both),
        other => Err(Failure::Usage(format!("no direction `{other}`"))),
    }
}
