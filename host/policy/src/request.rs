//! What is asked of a policy, and what it answers.

use std::net::IpAddr;

use crate::{Capability, HostName, Scheme};

/// One question to a policy: may this be done?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// The kind of authority that is needed.
    pub capability: Capability,
    /// What it is needed on. A target that does not fit the capability is refused.
    pub target: Target<'a>,
}

/// What a request is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target<'a> {
    /// Nothing in particular: capabilities that take no scope.
    None,
    /// An absolute, normalised host path. A relative one, and one with `.` or `..` in it, is refused.
    Path(&'a str),
    /// An environment variable's name.
    Name(&'a str),
    /// A host by name, before its addresses are known.
    Host {
        /// The name.
        name: &'a HostName,
        /// The port; `None` for a lookup, which has none: a grant then covers it whatever its ports,
        /// a deny rule only where it covers all ports.
        port: Option<u16>,
        /// What will be spoken with it.
        protocol: Protocol<'a>,
    },
    /// An address that is about to be dialled or listened on.
    Address {
        /// The address. Addresses embedded in it (IPv4-mapped, NAT64, 6to4, Teredo …) are checked with it.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The name that it was resolved from, if there was one. A grant by name reaches public addresses only.
        name: Option<&'a HostName>,
        /// What will be spoken with it.
        protocol: Protocol<'a>,
    },
    /// A table of a database.
    Table {
        /// The name that the operator gave the database.
        database: &'a str,
        /// `None`: all its tables. Then a grant of the whole database is needed, and a deny rule on any of them refuses.
        table: Option<&'a str>,
    },
}

/// What will be spoken with a peer, as far as the host knows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Protocol<'a> {
    /// Bytes; nobody can tell what they carry.
    #[default]
    Raw,
    /// One HTTP request.
    Http {
        /// `http` or `https`.
        scheme: Scheme,
        /// The method, in the guest's case.
        method: &'a str,
        /// The path and query, as they will be sent.
        path: &'a str,
    },
    /// A WebSocket connection.
    WebSocket {
        /// `ws` or `wss`.
        scheme: Scheme,
    },
}

impl Protocol<'_> {
    /// The scheme, where one is known.
    #[must_use]
    pub const fn scheme(self) -> Option<Scheme> {
        match self {
            Self::Raw => None,
            Self::Http { scheme, .. } | Self::WebSocket { scheme } => Some(scheme),
        }
    }
}

/// A policy's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It may be done.
    Allowed {
        /// The grant that covers it: the deepest where several do. Indexes [`crate::Policy::grants`].
        grant: RuleId,
    },
    /// It may not be done.
    Denied {
        /// The deny rule that covers it, the shallowest where several do; indexes [`crate::Policy::denies`].
        /// `None`: no grant covers it.
        by: Option<RuleId>,
    },
}

impl Decision {
    /// No grant covers it.
    pub(crate) const UNCOVERED: Self = Self::Denied { by: None };

    /// Says whether it may be done.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

/// Names a grant or a deny rule within one policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RuleId(u32);

impl RuleId {
    /// Its place in [`crate::Policy::grants`] or [`crate::Policy::denies`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// `None` past the four thousand millionth rule.
    pub(crate) fn new(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self)
    }
}
