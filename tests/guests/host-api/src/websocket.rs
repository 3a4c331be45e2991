//! `caphost:host/websocket`.

use words::{Failure, Operation, Outcome, describe, done};

use crate::bindings::caphost::host::websocket::{self, ConnectOptions, ListenOptions, Message};
use crate::handles::{Handle, Handles};
use crate::http::{fields, time};
use crate::net::{address, describe_address};
use crate::operation::{Filled, timeout};

/// `websocket.connect NEW URL PART…`, `websocket.listen NEW ADDRESS PORT PART…`, `listener.accept LISTENER NEW`,
/// `connection.send CONNECTION text|binary|ping|pong TEXT`, `connection.close CONNECTION CODE REASON`, and each other method as
/// `connection.NAME CONNECTION` or `listener.NAME LISTENER`.
///
/// A part is `protocol=NAME`, `max=BYTES`; to connect, also `timeout=N` and a header (`NAME:VALUE`); to listen, also `path=PATH` and
/// `origin=ORIGIN`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "websocket.connect" => return Some(connect(operation, handles)),
        "websocket.listen" => return Some(listen(operation, handles)),
        "listener.accept" => return Some(accept(operation, handles)),
        "listener.local-address" => listener_address,
        "listener.set-timeout" => {
            |o: &Operation<'_>, h: &Handles| done(h.listener(o.word(0)?)?.set_timeout(timeout(o, 1)?)?)
        }
        "connection.send" => |o: &Operation<'_>, h: &Handles| done(h.connection(o.word(0)?)?.send(&message(o)?)?),
        "connection.receive" => |o: &Operation<'_>, h: &Handles| Ok(received(h.connection(o.word(0)?)?.receive()?)),
        "connection.close" => {
            |o: &Operation<'_>, h: &Handles| done(h.connection(o.word(0)?)?.close(o.number(1)?, &o.text(2)?)?)
        }
        "connection.closed" => closed,
        "connection.protocol" => {
            |o: &Operation<'_>, h: &Handles| Ok(format!("{:?}", h.connection(o.word(0)?)?.protocol()))
        }
        "connection.path" => |o: &Operation<'_>, h: &Handles| Ok(h.connection(o.word(0)?)?.path()),
        "connection.peer-address" => peer_address,
        "connection.set-timeout" => {
            |o: &Operation<'_>, h: &Handles| done(h.connection(o.word(0)?)?.set_timeout(timeout(o, 1)?)?)
        }
        _ => return None,
    };
    Some(call(operation, handles))
}

fn connect(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let parts = operation.rest(2);
    let options = ConnectOptions {
        protocols: values(parts, "protocol="),
        headers: fields(parts),
        max_message_size: time(parts, "max=")?,
        timeout: time(parts, "timeout=")?,
    };
    let connection = websocket::connect(&handles.with_ports(&operation.text(1)?)?, &options)?;
    handles.keep(operation.word(0)?, Handle::Connection(connection))
}

fn listen(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let parts = operation.rest(3);
    let origins = values(parts, "origin=");
    let options = ListenOptions {
        path: values(parts, "path=").pop(),
        origins: (!origins.is_empty()).then_some(origins),
        protocols: values(parts, "protocol="),
        max_message_size: time(parts, "max=")?,
    };
    let listener = websocket::listen(address(operation, handles)?, &options)?;
    handles.keep(operation.word(0)?, Handle::Listener(listener))
}

fn accept(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let connection = handles.listener(operation.word(0)?)?.accept()?;
    handles.keep(operation.word(1)?, Handle::Connection(connection))
}

fn listener_address(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    Ok(describe_address(handles.listener(operation.word(0)?)?.local_address()?, operation))
}

fn peer_address(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    Ok(describe_address(handles.connection(operation.word(0)?)?.peer_address()?, operation))
}

fn closed(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let closed = handles.connection(operation.word(0)?)?.closed();
    Ok(closed.map_or("open".to_owned(), |frame| format!("{} {:?}", frame.code, frame.reason)))
}

fn message(operation: &Operation<'_>) -> Result<Message, Failure> {
    let bytes = || operation.bytes(2).map(std::borrow::Cow::into_owned);
    match operation.word(1)? {
        "text" => Ok(Message::Text(operation.text(2)?)),
        "binary" => Ok(Message::Binary(bytes()?)),
        "ping" => Ok(Message::Ping(bytes()?)),
        "pong" => Ok(Message::Pong(bytes()?)),
        other => Err(Failure::Usage(format!("no message `{other}`"))),
    }
}

fn received(message: Option<Message>) -> String {
    match message {
        Some(Message::Text(text)) => format!("text {}", describe(text.as_bytes())),
        Some(Message::Binary(bytes)) => format!("binary {}", describe(&bytes)),
        Some(Message::Ping(bytes)) => format!("ping {}", describe(&bytes)),
        Some(Message::Pong(bytes)) => format!("pong {}", describe(&bytes)),
        None => "closed".to_owned(),
    }
}

/// What stands behind each `NAME=`.
fn values(parts: &[String], name: &str) -> Vec<String> {
    parts.iter().filter_map(|part| part.strip_prefix(name)).map(str::to_owned).collect()
}
