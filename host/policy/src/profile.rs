//! Profiles: named lists of capabilities, written in place of a capability's name.

use crate::Capability::{self, *};

/// A named list of capabilities. `fs:./data` stands for each of its capabilities on that scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// The name, as written in a rule.
    pub name: &'static str,
    /// What it is for, in a few words for help and docs.
    pub summary: &'static str,
    /// What it stands for.
    pub capabilities: &'static [Capability],
}

const ALL: &[Profile] = &[
    Profile { name: "fs", summary: "files, read and written", capabilities: &[FsRead, FsWrite] },
    Profile {
        name: "net",
        summary: "the network, WebSockets included",
        capabilities: &[NetConnect, NetListen, NetUdp, NetResolve, WebsocketConnect, WebsocketListen],
    },
    Profile { name: "env", summary: "environment variables, read and written", capabilities: &[EnvRead, EnvWrite] },
    Profile { name: "db", summary: "databases, read and written", capabilities: &[DbRead, DbWrite] },
    Profile { name: "time", summary: "real clocks", capabilities: &[TimeWall] },
    Profile { name: "random", summary: "real random bytes", capabilities: &[Random] },
    Profile { name: "core", summary: "nothing: computing only", capabilities: &[] },
];

impl Profile {
    /// Every profile, in the order of the documentation.
    pub const ALL: &'static [Self] = ALL;

    /// The profile of this exact name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|profile| profile.name == name)
    }
}
