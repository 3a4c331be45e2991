//! The table of capabilities: every kind of authority that a policy can name.
//!
//! Parser, linker, help and docs read this one table.

use std::fmt;

/// A kind of authority, known by its dotted name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Capability {
    /// `fs.read`
    FsRead,
    /// `fs.write`
    FsWrite,
    /// `net.connect`
    NetConnect,
    /// `net.listen`
    NetListen,
    /// `net.udp`
    NetUdp,
    /// `net.resolve`
    NetResolve,
    /// `websocket.connect`
    WebsocketConnect,
    /// `websocket.listen`
    WebsocketListen,
    /// `env.read`
    EnvRead,
    /// `env.write`
    EnvWrite,
    /// `db.read`
    DbRead,
    /// `db.write`
    DbWrite,
    /// `time.wall`
    TimeWall,
    /// `random`
    Random,
}

/// The shape of the scopes that a capability takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScopeKind {
    /// A directory or file of the host: `HOST[::GUEST]`.
    Path,
    /// Peers on the network: a host, `*.suffix`, address, CIDR or class, each with ports.
    Net,
    /// Names: `NAME` or `PREFIX*`.
    Name,
    /// Tables of a database: `DATABASE[.TABLE]`.
    Table,
    /// No scope: the capability is granted as a whole or not at all.
    None,
}

struct Row {
    capability: Capability,
    name: &'static str,
    kind: ScopeKind,
    covers: &'static str,
}

const fn row(capability: Capability, name: &'static str, kind: ScopeKind, covers: &'static str) -> Row {
    Row { capability, name, kind, covers }
}

/// In the order of the enum's variants.
const TABLE: [Row; 14] = [
    row(Capability::FsRead, "fs.read", ScopeKind::Path, "list, stat, open and read files"),
    row(
        Capability::FsWrite,
        "fs.write",
        ScopeKind::Path,
        "create, write, truncate, rename, remove and link files, set their times",
    ),
    row(Capability::NetConnect, "net.connect", ScopeKind::Net, "open TCP connections, make HTTP requests"),
    row(Capability::NetListen, "net.listen", ScopeKind::Net, "listen for and accept TCP connections"),
    row(Capability::NetUdp, "net.udp", ScopeKind::Net, "send and receive UDP datagrams"),
    row(Capability::NetResolve, "net.resolve", ScopeKind::Net, "look up host names"),
    row(Capability::WebsocketConnect, "websocket.connect", ScopeKind::Net, "open WebSocket connections"),
    row(Capability::WebsocketListen, "websocket.listen", ScopeKind::Net, "accept WebSocket connections"),
    row(Capability::EnvRead, "env.read", ScopeKind::Name, "read environment variables"),
    row(
        Capability::EnvWrite,
        "env.write",
        ScopeKind::Name,
        "set environment variables of the guest; never of the host process",
    ),
    row(Capability::DbRead, "db.read", ScopeKind::Table, "query a database that the operator named"),
    row(Capability::DbWrite, "db.write", ScopeKind::Table, "change a database that the operator named"),
    row(
        Capability::TimeWall,
        "time.wall",
        ScopeKind::None,
        "wall clock and real monotonic clock; without it monotonic time is deterministic",
    ),
    row(Capability::Random, "random", ScopeKind::None, "nondeterministic random bytes"),
];

const ALL: [Capability; TABLE.len()] = {
    let mut all = [Capability::FsRead; TABLE.len()];
    let mut index = 0;
    while index < TABLE.len() {
        all[index] = TABLE[index].capability;
        assert!(all[index] as usize == index, "the table is in the order of the enum");
        index += 1;
    }
    all
};

impl Capability {
    /// Every capability, in the order of the documentation.
    pub const ALL: &'static [Self] = &ALL;

    /// How many capabilities there are: arrays indexed by [`Capability::index`] have this length.
    pub const COUNT: usize = ALL.len();

    /// The dotted name, `fs.read`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Its place in [`Capability::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The capability of this exact dotted name. Aliases and profiles are [`crate::parse_list`]'s affair.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.capability)
    }

    /// The shape of its scopes.
    #[must_use]
    pub fn scope_kind(self) -> ScopeKind {
        self.row().kind
    }

    /// What the capability lets a guest do, in a few words for help and docs.
    #[must_use]
    pub fn covers(self) -> &'static str {
        self.row().covers
    }

    /// The form of its scopes, for help and docs.
    #[must_use]
    pub fn scope_help(self) -> &'static str {
        self.scope_kind().help()
    }

    fn row(self) -> &'static Row {
        &TABLE[self.index()]
    }
}

impl ScopeKind {
    /// The form of such scopes, for help and docs.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Path => "`HOST[::GUEST]`, a directory or one file",
            Self::Net => {
                "a host, `*.suffix`, IP address or CIDR, or one of the classes `public`, `private`, `loopback`, `link-local`; \
                 each `[:port[-port]]`, and \
                 with `https://`, `http://`, `wss://` or `ws://` in front where only that is to be spoken"
            }
            Self::Name => "`NAME` or `PREFIX*`",
            Self::Table => "`DATABASE[.TABLE]`",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for capability in Capability::ALL {
            assert_eq!(Capability::from_name(capability.name()), Some(*capability));
        }
    }
}
