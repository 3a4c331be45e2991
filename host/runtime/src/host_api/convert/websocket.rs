//! Conversions of `caphost:host/websocket`.

use crate::bindings::caphost::host::websocket::{CloseFrame, ConnectOptions, ListenOptions, Message};
use caphost_caps::guest::websocket;

pub(crate) fn connect_options(options: ConnectOptions) -> websocket::ConnectOptions {
    let ConnectOptions { protocols, headers, max_message_size, timeout } = options;
    websocket::ConnectOptions { protocols, headers, max_message_size, timeout }
}

pub(crate) fn listen_options(options: ListenOptions) -> websocket::ListenOptions {
    let ListenOptions { path, origins, protocols, max_message_size } = options;
    websocket::ListenOptions { path, origins, protocols, max_message_size }
}

pub(crate) fn message(message: Message) -> websocket::Message {
    match message {
        Message::Text(text) => websocket::Message::Text(text),
        Message::Binary(bytes) => websocket::Message::Binary(bytes),
        Message::Ping(bytes) => websocket::Message::Ping(bytes),
        Message::Pong(bytes) => websocket::Message::Pong(bytes),
    }
}

pub(crate) fn received(message: websocket::Message) -> Message {
    match message {
        websocket::Message::Text(text) => Message::Text(text),
        websocket::Message::Binary(bytes) => Message::Binary(bytes),
        websocket::Message::Ping(bytes) => Message::Ping(bytes),
        websocket::Message::Pong(bytes) => Message::Pong(bytes),
    }
}

pub(crate) fn close_frame(frame: websocket::CloseFrame) -> CloseFrame {
    let websocket::CloseFrame { code, reason } = frame;
    CloseFrame { code, reason }
}
