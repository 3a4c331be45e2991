//! What is asked of the gate.

use caphost_policy::{Capability, PathCursor};
use std::fmt::{self, Display};

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

impl Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.base.is_empty() || self.name.is_empty() { "" } else { "/" };
        write!(f, "{}{separator}{}", self.base, self.name)
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
}

/// A host path in two parts, so that a decision need not put it together.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The canonical host path of the mount.
    pub root: &'a str,
    /// The path below it; empty for the mount itself.
    pub inside: &'a str,
    /// The scope that the mount was granted as: what a hint repeats.
    pub scope: &'a str,
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root)?;
        if !self.inside.is_empty() && !self.root.ends_with('/') {
            f.write_str("/")?;
        }
        f.write_str(self.inside)
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
    /// No build of the interface can be granted.
    NotProvided,
}
