//! What is asked of the gate.

use caphost_policy::{self as policy, Capability, HostName, PathCursor, Protocol};
use std::fmt::{self, Display, Write};
use std::net::{IpAddr, SocketAddr};

/// One thing that a guest wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The capability that it takes.
    pub capability: Capability,
    /// The interface and function that the guest called, such as `wasi:filesystem open-at`.
    pub call: &'static str,
    /// The resource in the guest's own words; empty where the call names none.
    pub asked: Asked<'a>,
    /// What it came down to.
    pub target: Target<'a>,
}

/// What a guest named: a path, with the name of the directory that it is relative to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The directory; empty for the root and where there is none.
    pub base: &'a str,
    /// The path or name.
    pub name: &'a str,
}

impl<'a> Asked<'a> {
    /// A name that is relative to nothing.
    pub fn name(name: &'a str) -> Self {
        Self { base: "", name }
    }
}

impl Asked<'_> {
    /// Appends it to `text`.
    pub(crate) fn push_to(&self, text: &mut String) {
        push_path(text, &[self.base, if self.base.is_empty() || self.name != "." { self.name } else { "" }]);
    }
}

impl Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// Puts path parts together, empty components and `.` left out: for records and messages, where nothing is resolved.
fn push_path(text: &mut String, parts: &[&str]) {
    let start = text.len();
    if !parts.iter().all(|part| is_plain(part)) {
        return push_tidy(text, parts);
    }
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if text.len() > start && !text.ends_with('/') {
            text.push('/');
        }
        text.push_str(part);
    }
}

/// Whether no component behind the first is empty or `.`; the path may end in a slash. In one pass over the bytes: this runs for
/// each record of the audit log.
fn is_plain(part: &str) -> bool {
    let bytes = part.strip_suffix('/').unwrap_or(part).as_bytes();
    let mut previous = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        let is_dot = byte == b'.' && matches!(bytes.get(index + 1), None | Some(b'/'));
        if previous == b'/' && (byte == b'/' || is_dot) {
            return false;
        }
        previous = byte;
    }
    previous != b'/'
}

#[cold]
fn push_tidy(text: &mut String, parts: &[&str]) {
    let start = text.len();
    let lead = parts.iter().find(|part| !part.is_empty());
    // A URL is no path: it stands as it was written.
    if let Some(url) = lead.filter(|lead| lead.contains("://") && parts.ends_with(&[lead])) {
        return text.push_str(url);
    }
    if let Some(prefix) = lead.and_then(|lead| ["./", "/"].into_iter().find(|prefix| lead.starts_with(prefix))) {
        text.push_str(prefix);
    }
    let components = parts.iter().flat_map(|part| part.split('/'));
    for component in components.filter(|component| !component.is_empty() && *component != ".") {
        if text.len() > start && !text.ends_with('/') {
            text.push('/');
        }
        text.push_str(component);
    }
}

/// The resource of a request as the policy knows it.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// The capability has no scope.
    Whole,
    /// An environment variable.
    Name(&'a str),
    /// A place below a mount, reached by a walk of the policy's path matcher.
    Path {
        /// What the policy says of it.
        cursor: PathCursor,
        /// Where it is.
        place: Place<'a>,
    },
    /// A host by name, before its addresses are known.
    Host {
        /// The name.
        host: &'a HostName,
        /// The port; `None` for a lookup, which has none.
        port: Option<u16>,
        /// What will be spoken with it.
        protocol: Protocol<'a>,
    },
    /// An address that is about to be dialled, listened on, or sent to.
    Address {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The name that it was resolved from, if there was one.
        name: Option<&'a HostName>,
        /// What will be spoken with it.
        protocol: Protocol<'a>,
    },
    /// A table of a database, or all of it.
    Table {
        /// The name that the operator gave the database.
        database: &'a str,
        /// The table, by the name that it has in the database; `None`: all of them, and their definitions.
        table: Option<&'a str>,
    },
}

/// A host path in parts, so that a decision need not put it together.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The canonical host path of the mount.
    pub root: &'a str,
    /// The path below it.
    pub inside: Inside<'a>,
    /// The scope that the mount was granted as: what a hint repeats.
    pub scope: &'a str,
}

/// A path below a mount: a directory, and what was asked for below that. Both may be empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inside<'a> {
    /// The directory.
    pub directory: &'a str,
    /// The path below it.
    pub path: &'a str,
}

impl Inside<'_> {
    fn parts(&self) -> [&str; 2] {
        let path = self.path.trim_end_matches('/');
        [self.directory, if path == "." { "" } else { path }]
    }
}

impl Display for Inside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        push_path(&mut text, &self.parts());
        f.write_str(&text)
    }
}

impl Place<'_> {
    /// Appends it to `text`.
    pub(crate) fn push_to(&self, text: &mut String) {
        let [directory, path] = self.inside.parts();
        push_path(text, &[self.root, directory, path]);
    }
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// A target in the policy's words.
pub(crate) enum Lookup<'a> {
    /// To be matched.
    Target(policy::Target<'a>),
    /// Found on the way to the place.
    Cursor(PathCursor),
}

impl<'a> Target<'a> {
    /// What to look up in the policy.
    pub(crate) fn lookup(self) -> Lookup<'a> {
        match self {
            Target::Whole => Lookup::Target(policy::Target::None),
            Target::Name(name) => Lookup::Target(policy::Target::Name(name)),
            Target::Path { cursor, .. } => Lookup::Cursor(cursor),
            Target::Host { host, port, protocol } => {
                Lookup::Target(policy::Target::Host { name: host, port, protocol })
            }
            Target::Address { address, port, name, protocol } => {
                Lookup::Target(policy::Target::Address { address, port, name, protocol })
            }
            Target::Table { database, table } => Lookup::Target(policy::Target::Table { database, table }),
        }
    }

    /// Appends what it resolved to, if it resolved to anything; answers whether it did.
    pub(crate) fn push_to(&self, text: &mut String) -> bool {
        match self {
            Target::Whole => return false,
            Target::Name(name) => text.push_str(name),
            Target::Path { place, .. } => place.push_to(text),
            Target::Host { host, port: None, .. } => text.push_str(host.as_str()),
            // Writing to a String cannot fail.
            Target::Host { host, port: Some(port), .. } => drop(write!(text, "{host}:{port}")),
            // An answer of a lookup has no port.
            Target::Address { address, port: 0, name: Some(name), .. } => drop(write!(text, "{address} ({name})")),
            Target::Address { address, port, name: Some(name), .. } => {
                let _ = write!(text, "{} ({name})", SocketAddr::new(*address, *port));
            }
            Target::Address { address, port, name: None, .. } => {
                let _ = write!(text, "{}", SocketAddr::new(*address, *port));
            }
            Target::Table { database, table: None } => text.push_str(database),
            Target::Table { database, table: Some(table) } => drop(write!(text, "{database}.{table}")),
        }
        true
    }
}

/// Why a request cannot even be put to the policy, or is refused whatever the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No mount holds the path.
    NoMount,
    /// The path, or a symbolic link in it, leads out of its directory.
    Escapes,
    /// A device, pipe or socket, or a file of a proc, sys or dev file system.
    SpecialFile,
    /// The file has other names, one of which may lie below a denied directory.
    SharedFile,
    /// Moving or removing the directory would move a denied path from under its rule.
    HoldsDenied,
    /// A statement that no grant of a database could allow, by what it holds: a keyword, or a description that begins with an article.
    Statement(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[&str]) -> String {
        let mut text = String::new();
        push_path(&mut text, parts);
        text
    }

    #[test]
    fn a_url_stands_as_it_was_written() {
        assert_eq!(joined(&["", "https://api.example.com//a/./b"]), "https://api.example.com//a/./b");
        assert_eq!(joined(&["", "a//b"]), "a/b", "control");
    }

    #[test]
    fn names_in_messages_have_no_empty_components_and_no_dots_that_say_nothing() {
        assert_eq!(joined(&["./data", "a/.git"]), "./data/a/.git");
        assert_eq!(joined(&["./data", "a//b/./c/."]), "./data/a/b/c");
        assert_eq!(joined(&["/srv", "", "../x"]), "/srv/../x");
        assert_eq!(joined(&["/", "proc//self"]), "/proc/self");
        assert_eq!(joined(&["", "", ""]), "");
        assert_eq!(joined(&["./data", "to-out/"]), "./data/to-out/");
        assert_eq!(joined(&["data//", ".hidden/..x/..."]), "data/.hidden/..x/...");
    }
}
