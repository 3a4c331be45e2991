//! The model that the compiled matchers are compared with: one rule, one request, no matcher.

use caphost_policy::{
    AddressClass, Capability, Deny, Grant, HostName, HostPattern, HttpTerms, NetScope, Protocol, Request, Rule, Scheme,
    Scope, Target,
};
use std::net::IpAddr;

/// A request that owns its parts.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Path(String),
    Name(String),
    Host(HostName, Option<u16>, Spoken),
    Address(IpAddr, u16, Option<HostName>, Spoken),
    Table(String, Option<String>),
    Random,
}

/// A [`Protocol`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spoken {
    Bytes,
    Http(Scheme, &'static str, &'static str),
    WebSocket,
}

/// The side that a rule stands on: some scopes cover more as a deny rule, some less.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Allow,
    Deny,
}

impl Spoken {
    fn protocol(self) -> Protocol<'static> {
        match self {
            Self::Bytes => Protocol::Raw,
            Self::Http(scheme, method, path) => Protocol::Http { scheme, method, path },
            Self::WebSocket => Protocol::WebSocket { scheme: Scheme::Wss },
        }
    }
}

impl Question {
    pub(crate) fn request(&self) -> Request<'_> {
        let (capability, target) = match self {
            Self::Path(path) => (Capability::FsRead, Target::Path(path)),
            Self::Name(name) => (Capability::EnvRead, Target::Name(name)),
            Self::Host(name, port, spoken) => {
                (Capability::NetConnect, Target::Host { name, port: *port, protocol: spoken.protocol() })
            }
            Self::Address(address, port, name, spoken) => {
                let (name, protocol) = (name.as_ref(), spoken.protocol());
                (Capability::NetConnect, Target::Address { address: *address, port: *port, name, protocol })
            }
            Self::Table(database, table) => (Capability::DbRead, Target::Table { database, table: table.as_deref() }),
            Self::Random => (Capability::Random, Target::None),
        };
        Request { capability, target }
    }

    fn spoken(&self) -> Spoken {
        match self {
            Self::Host(_, _, spoken) | Self::Address(_, _, _, spoken) => *spoken,
            _ => Spoken::Bytes,
        }
    }
}

pub(crate) fn grants(grant: &Grant, question: &Question) -> bool {
    let fits = match (&grant.http, question.spoken()) {
        (None, _) => true,
        (Some(terms), Spoken::Http(_, method, path)) => fits(terms, method, path),
        (Some(_), _) => false,
    };
    grant.is_well_formed() && fits && covers(&grant.rule, question, Side::Allow)
}

/// Whether a deny rule refuses: it covers what is asked, and none of its exceptions does, as a grant of the same scope would.
pub(crate) fn refuses(deny: &Deny, question: &Question) -> bool {
    would_refuse(deny, question) && !deny.exceptions().any(|scope| leaves_out(deny, scope, question))
}

/// The same without its exceptions.
pub(crate) fn would_refuse(deny: &Deny, question: &Question) -> bool {
    covers(&deny.rule, question, Side::Deny)
}

pub(crate) fn leaves_out(deny: &Deny, scope: &Scope, question: &Question) -> bool {
    covers(&Rule { capability: deny.rule.capability, scope: scope.clone() }, question, Side::Allow)
}

fn fits(terms: &HttpTerms, method: &str, target: &str) -> bool {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let is_plain = !path.contains("..") && !path.contains("//") && !path.contains('%');
    let is_below = |prefix: &String| {
        let whole = prefix.strip_suffix('/').unwrap_or(prefix);
        (path == prefix) || path.starts_with(&format!("{whole}/"))
    };
    (terms.methods.is_empty() || terms.methods.iter().any(|allowed| allowed == method))
        && (terms.paths.is_empty() || is_plain && terms.paths.iter().any(is_below))
}

fn covers(rule: &Rule, question: &Question, side: Side) -> bool {
    if rule.capability != question.request().capability {
        return false;
    }
    match (&rule.scope, question) {
        (Scope::Any, _) => true,
        (Scope::Path(scope), Question::Path(path)) => {
            let below = format!("{}/", scope.host().trim_end_matches('/'));
            path == scope.host() || path.starts_with(&below)
        }
        (Scope::Name(scope), Question::Name(name)) => match scope.prefix() {
            Some(prefix) => name.starts_with(prefix),
            None => name == scope.as_str(),
        },
        (Scope::Net(scope), Question::Host(name, port, spoken)) => {
            let is_public = side == Side::Allow && *scope.host() == HostPattern::Class(AddressClass::Public);
            speaks(scope, *spoken, side)
                && has_port_or_none(scope, *port, side)
                && (is_public || covers_name(scope, name))
        }
        (Scope::Net(scope), Question::Address(address, port, name, spoken)) => {
            let by_name = name.as_ref().is_some_and(|name| covers_name(scope, name));
            let is_public = class(*address) == AddressClass::Public;
            let covers = by_name && (is_public || side == Side::Deny) || covers_address(scope, *address);
            speaks(scope, *spoken, side) && has_port(scope, *port) && covers
        }
        (Scope::Table(scope), Question::Table(database, table)) => {
            let same = |left: &str, right: &str| match side {
                Side::Allow => left == right,
                Side::Deny => left.eq_ignore_ascii_case(right),
            };
            same(scope.database(), database)
                && match (scope.table(), table) {
                    (None, _) => true,
                    (Some(_), None) => side == Side::Deny,
                    (Some(scope), Some(table)) => same(scope, table),
                }
        }
        _ => false,
    }
}

fn speaks(scope: &NetScope, spoken: Spoken, side: Side) -> bool {
    match (scope.scheme(), spoken.protocol().scheme()) {
        (None, _) => true,
        (Some(_), None) => side == Side::Deny,
        (Some(scope), Some(spoken)) => scope == spoken,
    }
}

fn covers_name(scope: &NetScope, name: &HostName) -> bool {
    match scope.host() {
        HostPattern::Name(pattern) => pattern == name,
        HostPattern::Suffix(suffix) => name.as_str().ends_with(&format!(".{suffix}")),
        _ => false,
    }
}

fn covers_address(scope: &NetScope, address: IpAddr) -> bool {
    match scope.host() {
        HostPattern::Address(pattern) => *pattern == address,
        HostPattern::Block { address: block, prefix } => in_block(address, *block, *prefix),
        HostPattern::Class(pattern) => *pattern == class(address),
        HostPattern::Name(_) | HostPattern::Suffix(_) => false,
    }
}

fn has_port_or_none(scope: &NetScope, port: Option<u16>, side: Side) -> bool {
    match port {
        Some(port) => has_port(scope, port),
        None => side == Side::Allow || has_port(scope, 0) && has_port(scope, u16::MAX),
    }
}

fn has_port(scope: &NetScope, port: u16) -> bool {
    (scope.ports().first()..=scope.ports().last()).contains(&port)
}

fn in_block(address: IpAddr, block: IpAddr, prefix: u8) -> bool {
    let bits = |address| match address {
        IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
    };
    let prefix = usize::from(prefix);
    address.is_ipv4() == block.is_ipv4() && bits(address).get(..prefix) == bits(block).get(..prefix)
}

fn class(address: IpAddr) -> AddressClass {
    match address.to_string().as_str() {
        "10.0.0.1" | "fd00::1" => AddressClass::Private,
        "127.0.0.1" => AddressClass::Loopback,
        _ => AddressClass::Public,
    }
}
