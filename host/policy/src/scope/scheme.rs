//! `https://` in front of a host: the protocol that a caller must speak.

use std::fmt;

use crate::Capability;

/// A protocol that a URL names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Scheme {
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS.
    Https,
    /// WebSocket over TCP.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: &'static [Self] = &[Self::Http, Self::Https, Self::Ws, Self::Wss];

    /// The name, as written before `://`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The scheme of this exact name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| scheme.name() == name)
    }

    /// The port of a URL that names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        if self.is_secure() { 443 } else { 80 }
    }

    /// The capability whose requests speak it.
    #[must_use]
    pub const fn capability(self) -> Capability {
        match self {
            Self::Http | Self::Https => Capability::NetConnect,
            Self::Ws | Self::Wss => Capability::WebsocketConnect,
        }
    }

    /// Whether it is spoken over TLS.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Https | Self::Wss)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
