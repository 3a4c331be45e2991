//! Messages and close frames in the terms of the protocol's library.

use super::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::Message as Framed;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame as FramedClose;

impl From<Message> for Framed {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
            Message::Ping(bytes) => Self::Ping(bytes.into()),
            Message::Pong(bytes) => Self::Pong(bytes.into()),
        }
    }
}

impl TryFrom<Framed> for Message {
    type Error = CloseFrame;

    /// The message; how the connection is closed where it is that.
    fn try_from(message: Framed) -> Result<Self, CloseFrame> {
        match message {
            Framed::Text(text) => Ok(Self::Text(text.as_str().to_owned())),
            Framed::Binary(bytes) => Ok(Self::Binary(bytes.into())),
            Framed::Ping(bytes) => Ok(Self::Ping(bytes.into())),
            Framed::Pong(bytes) => Ok(Self::Pong(bytes.into())),
            Framed::Close(Some(FramedClose { code, reason })) => {
                Err(CloseFrame { code: code.into(), reason: reason.as_str().to_owned() })
            }
            // Single frames are only written.
            Framed::Close(None) | Framed::Frame(_) => Err(CloseFrame::without_code()),
        }
    }
}

impl From<CloseFrame> for FramedClose {
    fn from(CloseFrame { code, reason }: CloseFrame) -> Self {
        Self { code: code.into(), reason: reason.into() }
    }
}
