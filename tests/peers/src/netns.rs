//! A network of its own: nothing but a loopback interface, with the addresses that are asked for.
//!
//! The first process, the peers, makes the namespace and the addresses; others are started into it.

use std::ffi::OsStr;
use std::process::Command;
use std::sync::OnceLock;

/// How a namespace is made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As root.
    Root,
    /// As root of a user namespace.
    User,
}

/// Makes the addresses, and becomes the program.
const SCRIPT: &str = "ip link set lo up || exit 70
while [ \"$1\" != -- ]; do ip address add \"$1\" dev lo nodad 2>/dev/null || ip address add \"$1\" dev lo || exit 71; shift; done
shift
exec \"$@\"";

/// How, or nothing where it cannot be done: it takes `unshare`, `nsenter`, `ip`, and a kernel that lets us.
pub fn way() -> Option<Way> {
    static WAY: OnceLock<Option<Way>> = OnceLock::new();
    *WAY.get_or_init(|| [Way::Root, Way::User].into_iter().find(|way| works(*way)))
}

fn works(way: Way) -> bool {
    let mut command = Command::new("unshare");
    command.args(unshare(way)).args(["ip", "link", "set", "lo", "up"]);
    let is_made = command.output().is_ok_and(|output| output.status.success());
    is_made && Command::new("nsenter").arg("--version").output().is_ok_and(|output| output.status.success())
}

fn unshare(way: Way) -> &'static [&'static str] {
    match way {
        Way::Root => &["--net", "--"],
        Way::User => &["--user", "--map-root-user", "--net", "--"],
    }
}

/// The command that makes a namespace with `addresses`, and becomes `program` in it, with the name of the way as its last word.
pub fn maker(way: Way, addresses: &[&str], program: &[&OsStr]) -> Command {
    let mut command = Command::new("unshare");
    command.args(unshare(way)).args(["sh", "-c", SCRIPT, "sh"]);
    command.args(addresses.iter().map(|address| with_length(address))).arg("--").args(program).arg(way.name());
    command
}

/// The words in front of a command that is to run in the namespace of this process.
pub fn entry(way: Way) -> Vec<String> {
    let number = std::process::id().to_string();
    let mut words = vec!["nsenter", "--target", &number, "--net"];
    if way == Way::User {
        words.extend(["--user", "--preserve-credentials"]);
    }
    words.push("--");
    words.into_iter().map(String::from).collect()
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User => "user",
        }
    }

    /// The way of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Root, Self::User].into_iter().find(|way| way.name() == name)
    }
}

/// An address alone, unless the case says how much of it names the network.
fn with_length(address: &str) -> String {
    match (address.contains('/'), address.contains(':')) {
        (true, _) => address.to_owned(),
        (false, true) => format!("{address}/128"),
        (false, false) => format!("{address}/32"),
    }
}
