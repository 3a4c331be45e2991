//! Where the functions of `caphost:host` are told what to act on: the place of paths, names and addresses among the parameters of
//! their core functions, as the canonical ABI flattens them. A test holds the places to the WIT files.

use super::memory::Memory;
use super::scopes;
use super::values::Value;
use caphost_policy::Capability::{
    self, DbRead, DbWrite, EnvRead, EnvWrite, FsRead, FsWrite, NetConnect, NetListen, NetResolve, NetUdp,
    WebsocketConnect,
};
use caphost_policy::Scope;

/// One function, and what it is told.
pub(super) struct Shape {
    pub(super) interface: &'static str,
    pub(super) function: &'static str,
    pub(super) told: &'static [Told],
}

/// Something that a function is told, and the capabilities that it takes for that.
pub(super) struct Told {
    /// The place of its first core parameter.
    pub(super) at: u32,
    pub(super) kind: Kind,
    pub(super) capabilities: &'static [Capability],
}

/// What a function is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A path.
    Path,
    /// A path, and behind it how it is opened.
    OpenedPath,
    /// The path of a name that is made or taken away, for which its directory has to be granted.
    Entry,
    /// Two such paths, which have to be in one directory that is granted, or below.
    Entries,
    /// The name of a variable.
    Name,
    /// The name of a database.
    Database,
    /// A host, of which only the name is asked for.
    Host,
    /// A host, and behind it a port.
    HostAndPort,
    /// A URL.
    Url,
    /// An address with a port.
    Address,
}

const READ: &[Capability] = &[FsRead];
const WRITE: &[Capability] = &[FsWrite];
const BOTH: &[Capability] = &[FsRead, FsWrite];

const fn told(at: u32, kind: Kind, capabilities: &'static [Capability]) -> Told {
    Told { at, kind, capabilities }
}

const fn fs(function: &'static str, told: &'static [Told]) -> Shape {
    Shape { interface: "caphost:host/fs", function, told }
}

const fn shape(interface: &'static str, function: &'static str, told: &'static [Told]) -> Shape {
    Shape { interface, function, told }
}

const READ_PATH: &[Told] = &[told(0, Kind::Path, READ)];
const WRITE_PATH: &[Told] = &[told(0, Kind::Path, WRITE)];
const WRITE_ENTRY: &[Told] = &[told(0, Kind::Entry, WRITE)];
/// Behind the method.
const REQUEST: &[Told] = &[told(2, Kind::Url, &[NetConnect])];

/// The functions that are told.
pub(super) const SHAPES: &[Shape] = &[
    fs("append-file", WRITE_PATH),
    fs("copy", &[told(0, Kind::Path, READ), told(2, Kind::Path, WRITE)]),
    fs("create-directory", WRITE_ENTRY),
    fs("hard-link", &[told(0, Kind::Entries, BOTH)]),
    fs("list-directory", READ_PATH),
    fs("metadata", READ_PATH),
    fs("open", &[told(0, Kind::OpenedPath, BOTH)]),
    fs("read-file", READ_PATH),
    fs("read-link", READ_PATH),
    fs("remove-directory", WRITE_ENTRY),
    fs("remove-file", WRITE_PATH),
    fs("rename", &[told(0, Kind::Entries, BOTH)]),
    fs("set-times", WRITE_PATH),
    fs("symlink", &[told(2, Kind::Entry, WRITE)]),
    fs("symlink-metadata", READ_PATH),
    fs("write-file", WRITE_PATH),
    shape("caphost:host/env", "get", &[told(0, Kind::Name, &[EnvRead])]),
    shape("caphost:host/env", "remove", &[told(0, Kind::Name, &[EnvWrite])]),
    shape("caphost:host/env", "set", &[told(0, Kind::Name, &[EnvWrite])]),
    shape("caphost:host/db", "open", &[told(0, Kind::Database, &[DbRead, DbWrite])]),
    shape("caphost:host/http", "fetch", REQUEST),
    shape("caphost:host/http", "send", REQUEST),
    shape("caphost:host/http", "start", REQUEST),
    shape("caphost:host/net", "connect", &[told(0, Kind::HostAndPort, &[NetConnect])]),
    shape("caphost:host/net", "listen", &[told(0, Kind::Address, &[NetListen])]),
    shape("caphost:host/net", "bind-udp", &[told(0, Kind::Address, &[NetUdp])]),
    shape("caphost:host/net", "resolve", &[told(0, Kind::Host, &[NetResolve])]),
    // Behind the handle; behind the handle and the contents.
    shape("caphost:host/net", "[method]udp-socket.connect", &[told(1, Kind::HostAndPort, &[NetUdp])]),
    shape("caphost:host/net", "[method]udp-socket.send-to", &[told(3, Kind::HostAndPort, &[NetUdp])]),
    shape("caphost:host/websocket", "connect", &[told(0, Kind::Url, &[WebsocketConnect])]),
];

/// What a function is told, if that is known.
pub(super) fn shape_of(interface: &str, function: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.interface == interface && shape.function == function)
}

/// `open-flags`, by their bits.
const OPEN_TO_READ: i32 = 1;
const OPEN_TO_WRITE: i32 = 0b11_1110;

impl Told {
    /// The core parameters that have to be known.
    pub(super) fn parameters(&self) -> Vec<u32> {
        let count = match self.kind {
            Kind::Path | Kind::Entry | Kind::Name | Kind::Database | Kind::Host | Kind::Url => 2,
            Kind::OpenedPath | Kind::HostAndPort => 3,
            Kind::Entries => 4,
            // Which kind of address, eight pieces of it, and a port.
            Kind::Address => 10,
        };
        (self.at..self.at + count).collect()
    }

    /// What a call takes in which these parameters are `known`; `None` if that does not say.
    pub(super) fn read(&self, known: &[Value], memory: Option<&Memory<'_>>) -> Option<Vec<(Capability, Scope)>> {
        if self.kind == Kind::Address {
            return Some(self.with(scopes::address(known)?));
        }
        let [Value::Constant(address), Value::Constant(length), rest @ ..] = known else { return None };
        let text = memory?.text(address.cast_unsigned(), length.cast_unsigned())?;
        let scope = match self.kind {
            Kind::Path => scopes::path(text)?,
            Kind::Entry => scopes::directory(text, text)?,
            Kind::Entries => {
                let [Value::Constant(address), Value::Constant(length)] = rest else { return None };
                let other = memory?.text(address.cast_unsigned(), length.cast_unsigned())?;
                scopes::directory(text, other)?
            }
            Kind::OpenedPath => return Some(opened(&scopes::path(text)?, rest.first())),
            Kind::Name => scopes::name(text)?,
            Kind::Database => scopes::database(text)?,
            Kind::Host => scopes::host(text, None)?,
            Kind::HostAndPort => scopes::host(text, rest.first().copied())?,
            Kind::Url => scopes::origin(text)?,
            Kind::Address => return None,
        };
        let scope_fits = |capability| caphost_policy::Rule { capability, scope: scope.clone() }.is_well_formed();
        self.capabilities.iter().all(|capability| scope_fits(*capability)).then(|| self.with(scope.clone()))
    }

    fn with(&self, scope: Scope) -> Vec<(Capability, Scope)> {
        self.capabilities.iter().map(|capability| (*capability, scope.clone())).collect()
    }
}

fn opened(scope: &Scope, how: Option<&Value>) -> Vec<(Capability, Scope)> {
    let (is_read, is_written) = match how {
        Some(Value::Constant(flags)) => (flags & OPEN_TO_READ != 0, flags & OPEN_TO_WRITE != 0),
        _ => (true, true),
    };
    let takes = [(FsRead, is_read), (FsWrite, is_written)];
    takes.into_iter().filter(|(_, is_taken)| *is_taken).map(|(capability, _)| (capability, scope.clone())).collect()
}

#[cfg(test)]
mod tests;
