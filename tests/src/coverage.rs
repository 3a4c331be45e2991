//! Every function of the packages in `wit` and `wit/deps` stands in some spec case, granted and refused, in both deny modes.

mod seen;
mod wit;

use anyhow::{Context, ensure};

pub use seen::Seen;
pub use wit::Function;

use crate::programs::root;
use crate::spec::Spec;

/// The packages and interfaces whose functions must be covered.
const COVERED: &[&str] = &[
    "caphost:host/",
    "wasi:filesystem/",
    "wasi:cli/environment",
    "wasi:clocks/",
    "wasi:http/types",
    "wasi:http/outgoing-handler",
    "wasi:random/",
    "wasi:sockets/",
];

/// Why a function is never refused. It must then answer with and without a grant, in both deny modes.
const NEEDS_NO_GRANT: &[(&str, &str)] = &[
    ("get-directories", "the guest's own preopens"),
    ("descriptor.get-flags", "what the guest itself asked for when it opened the descriptor"),
    ("descriptor.get-type", "known since the descriptor was opened"),
    ("descriptor.is-same-object", "compares two descriptors that the guest holds"),
    ("get-environment", "without a grant the list is empty: a variable that is not granted is not there"),
    ("get-arguments", "the arguments are the guest's own"),
    ("initial-cwd", "tells nothing of the host"),
    ("monotonic-clock.now", "counts readings without `time.wall`"),
    ("monotonic-clock.resolution", "a constant"),
    ("wall-clock.resolution", "a constant"),
    ("subscribe-instant", "waiting is no reading of a clock"),
    ("subscribe-duration", "waiting is no reading of a clock"),
    ("get-insecure-random-bytes", "a fixed sequence without `random`"),
    ("get-insecure-random-u64", "a fixed sequence without `random`"),
    ("insecure-seed", "a fixed sequence without `random`"),
    ("capabilities.has", "asking is no use"),
    ("capabilities.list", "the guest's own grants"),
    ("capabilities.drop", "giving up takes nothing"),
    ("env.list", "without a grant the list is empty: a variable that is not granted is not there"),
    ("time.monotonic", "counts readings without `time.wall`"),
    ("time.resolution", "a constant"),
    ("time.sleep", "waiting is no reading of a clock"),
    ("random.seeded", "the numbers follow from the seed"),
    ("seeded.number", "the numbers follow from the seed"),
    ("seeded.bytes", "the numbers follow from the seed"),
    ("instance-network.instance-network", "a name for the network, whose every use is asked for by itself"),
    ("tcp-create-socket.create-tcp-socket", REACHES_NOBODY),
    ("tcp-socket.address-family", REACHES_NOBODY),
    ("tcp-socket.is-listening", REACHES_NOBODY),
    ("tcp-socket.set-listen-backlog-size", "is remembered until the socket listens"),
    ("tcp-socket.subscribe", "nothing of a socket that is not connected takes time"),
    ("udp-create-socket.create-udp-socket", REACHES_NOBODY),
    ("udp-socket.address-family", REACHES_NOBODY),
    ("udp-socket.subscribe", "nothing of the socket itself takes time"),
    ("types.fields", MAKES_A_REQUEST),
    ("fields.from-list", MAKES_A_REQUEST),
    ("fields.get", MAKES_A_REQUEST),
    ("fields.has", MAKES_A_REQUEST),
    ("fields.set", MAKES_A_REQUEST),
    ("fields.delete", MAKES_A_REQUEST),
    ("fields.append", MAKES_A_REQUEST),
    ("fields.entries", MAKES_A_REQUEST),
    ("fields.clone", MAKES_A_REQUEST),
    ("types.outgoing-request", MAKES_A_REQUEST),
    ("outgoing-request.body", MAKES_A_REQUEST),
    ("outgoing-request.method", MAKES_A_REQUEST),
    ("outgoing-request.set-method", MAKES_A_REQUEST),
    ("outgoing-request.path-with-query", MAKES_A_REQUEST),
    ("outgoing-request.set-path-with-query", MAKES_A_REQUEST),
    ("outgoing-request.scheme", MAKES_A_REQUEST),
    ("outgoing-request.set-scheme", MAKES_A_REQUEST),
    ("outgoing-request.authority", MAKES_A_REQUEST),
    ("outgoing-request.set-authority", MAKES_A_REQUEST),
    ("outgoing-request.headers", MAKES_A_REQUEST),
    ("types.request-options", MAKES_A_REQUEST),
    ("request-options.connect-timeout", MAKES_A_REQUEST),
    ("request-options.set-connect-timeout", MAKES_A_REQUEST),
    ("request-options.first-byte-timeout", MAKES_A_REQUEST),
    ("request-options.set-first-byte-timeout", MAKES_A_REQUEST),
    ("request-options.between-bytes-timeout", MAKES_A_REQUEST),
    ("request-options.set-between-bytes-timeout", MAKES_A_REQUEST),
    ("outgoing-body.write", MAKES_A_REQUEST),
    ("outgoing-body.finish", MAKES_A_REQUEST),
    ("types.outgoing-response", "a response that no server sends"),
    ("outgoing-response.status-code", "a response that no server sends"),
    ("outgoing-response.set-status-code", "a response that no server sends"),
    ("outgoing-response.headers", "a response that no server sends"),
    ("outgoing-response.body", "a response that no server sends"),
];

const REACHES_NOBODY: &str = "a socket that is neither bound nor connected reaches nobody";
const MAKES_A_REQUEST: &str = "makes a request; sending it is asked for";

/// Functions that ask nothing themselves: the right is asked for when the file is opened, and without it the descriptor is
/// none that they work on.
const DECIDED_BY_OPENING: &[&str] = &[
    "descriptor.read",
    "descriptor.read-via-stream",
    "descriptor.write",
    "descriptor.write-via-stream",
    "descriptor.append-via-stream",
    "descriptor.set-size",
    "file.read",
    "file.read-at",
    "file.seek",
    "file.set-size",
    "file.write",
    "file.write-at",
];

/// Functions on what only a granted call hands out: there is no way to ask them without one.
const NEEDS_A_GRANTED_HANDLE: &[(&str, &str)] = &[
    ("directory-entry-stream.read-directory-entry", "a listing comes from `read-directory`, which is refused"),
    ("descriptor.advise", "a hint about an open file, which opening was asked for"),
    ("filesystem-error-code", "an error comes from a file stream, which is refused"),
    ("file.sync", "an open file, which opening was asked for"),
    ("file.sync-data", "an open file, which opening was asked for"),
    ("resolve-address-stream.resolve-next-address", "comes of a lookup, which was asked for"),
    ("resolve-address-stream.subscribe", "comes of a lookup, which was asked for"),
    ("tcp-socket.finish-bind", OF_AN_ALLOWED_SOCKET),
    ("tcp-socket.finish-connect", OF_AN_ALLOWED_SOCKET),
    ("tcp-socket.start-listen", OF_AN_ALLOWED_SOCKET),
    ("tcp-socket.finish-listen", OF_AN_ALLOWED_SOCKET),
    ("tcp-socket.accept", OF_AN_ALLOWED_SOCKET),
    ("tcp-socket.local-address", OF_AN_ALLOWED_SOCKET),
    ("tcp-socket.remote-address", OF_AN_ALLOWED_SOCKET),
    ("tcp-socket.shutdown", OF_AN_ALLOWED_SOCKET),
    ("udp-socket.finish-bind", OF_AN_ALLOWED_SOCKET),
    ("udp-socket.local-address", OF_AN_ALLOWED_SOCKET),
    ("udp-socket.remote-address", OF_AN_ALLOWED_SOCKET),
    ("incoming-datagram-stream.receive", OF_AN_ALLOWED_SOCKET),
    ("incoming-datagram-stream.subscribe", OF_AN_ALLOWED_SOCKET),
    ("outgoing-datagram-stream.check-send", OF_AN_ALLOWED_SOCKET),
    ("outgoing-datagram-stream.subscribe", OF_AN_ALLOWED_SOCKET),
    ("future-incoming-response.subscribe", OF_A_SENT_REQUEST),
    ("future-incoming-response.get", OF_A_SENT_REQUEST),
    ("incoming-response.status", OF_A_SENT_REQUEST),
    ("incoming-response.headers", OF_A_SENT_REQUEST),
    ("incoming-response.consume", OF_A_SENT_REQUEST),
    ("incoming-body.stream", OF_A_SENT_REQUEST),
    ("incoming-body.finish", OF_A_SENT_REQUEST),
    ("future-trailers.subscribe", OF_A_SENT_REQUEST),
    ("future-trailers.get", OF_A_SENT_REQUEST),
    ("types.http-error-code", OF_A_SENT_REQUEST),
];

const OF_AN_ALLOWED_SOCKET: &str = "comes of binding or connecting, which was asked for";
const OF_A_SENT_REQUEST: &str = "comes of a request, which sending was asked for";

/// Functions on what no guest here is given: there is no way to call them.
const NEEDS_A_SERVER: &[&str] = &[
    "incoming-request.method",
    "incoming-request.path-with-query",
    "incoming-request.scheme",
    "incoming-request.authority",
    "incoming-request.headers",
    "incoming-request.consume",
    "response-outparam.set",
];

/// Resources of `caphost:host` that only a granted call hands out.
const GRANTED_RESOURCES: &[&str] = &[
    "tcp-stream",
    "tcp-listener",
    "udp-socket",
    "outgoing-body",
    "incoming-body",
    "connection",
    "listener",
    "statement",
    "cursor",
    "transaction",
];

/// Methods of those that ask for something themselves.
const ASKS_AGAIN: &[&str] = &[
    "udp-socket.connect",
    "udp-socket.send-to",
    "connection.query",
    "connection.execute",
    "connection.prepare",
    "statement.query",
    "statement.execute",
];

/// What is missing in the cases: one line a function.
///
/// # Errors
/// When the WIT or a case cannot be read.
pub fn missing() -> anyhow::Result<Vec<String>> {
    let functions: Vec<_> = wit::functions(&root().join("wit"))?.into_iter().filter(Function::is_covered).collect();
    for package in COVERED {
        let is_there = functions.iter().any(|function| function.interface.starts_with(package));
        ensure!(is_there, "`wit` names no function of `{package}`");
    }
    let mut seen = Seen::default();
    for spec in Spec::all()? {
        seen.read(&spec.expected().with_context(|| spec.name.clone())?);
    }
    Ok(functions.iter().filter_map(|function| gap(function, &seen)).collect())
}

/// What no case shows of `function`, if there is something.
fn gap(function: &Function, seen: &Seen) -> Option<String> {
    let operation = function.operation();
    let in_table = |table: &[(&str, &str)]| table.iter().any(|(name, _)| function.is_named(name));
    let asks_again = ASKS_AGAIN.iter().any(|name| function.is_named(name));
    let is_on_granted = function.is_of_own(GRANTED_RESOURCES) && !asks_again;
    let wanted: &[&str] = if NEEDS_A_SERVER.iter().any(|name| function.is_named(name)) {
        &[]
    } else if in_table(NEEDS_NO_GRANT) {
        &["answered with a grant", "answered without a grant, error", "answered without a grant, trap"]
    } else if in_table(NEEDS_A_GRANTED_HANDLE) || is_on_granted {
        &["answered with a grant"]
    } else if DECIDED_BY_OPENING.iter().any(|name| function.is_named(name)) {
        &["answered with a grant", "not opened for it, error", "not opened for it, trap"]
    } else {
        &["answered with a grant", "refused, error", "refused, trap"]
    };
    let absent: Vec<_> = wanted.iter().filter(|way| !seen.has(&operation, way)).copied().collect();
    (!absent.is_empty())
        .then(|| format!("{function} (`{operation}` of the guest) is never {}", absent.join("; never ")))
}

/// Rows of the tables that name no function of the WIT.
///
/// # Errors
/// When the WIT cannot be read.
pub fn stale_rows() -> anyhow::Result<Vec<&'static str>> {
    let functions = wit::functions(&root().join("wit"))?;
    let with_reason = NEEDS_NO_GRANT.iter().chain(NEEDS_A_GRANTED_HANDLE).map(|(name, _)| *name);
    let bare = DECIDED_BY_OPENING.iter().chain(NEEDS_A_SERVER).chain(ASKS_AGAIN).copied();
    let is_stale = |name: &&str| !functions.iter().any(|function| function.is_named(name));
    let is_no_resource = |name: &&str| !functions.iter().any(|function| function.is_of_own(&[name]));
    let resources = GRANTED_RESOURCES.iter().copied().filter(is_no_resource);
    Ok(with_reason.chain(bare).filter(is_stale).chain(resources).collect())
}
