//! Words that do not stand on a floor.

use super::tree::{File, Tree};
use super::{Rule, Violation, source};

/// The rules about words of code.
pub(super) const RULES: &[Rule] = &[
    Rule {
        invariant: "`caphost-policy` and `caphost-manifest` have no I/O, no clock and no async",
        check: values_are_pure,
    },
    Rule { invariant: "`caphost-caps` touches the outside world in `ambient` only", check: caps_is_not_ambient },
    Rule {
        invariant: "below the command line, nothing prints and nothing ends the process",
        check: libraries_are_silent,
    },
    Rule {
        invariant: "`std` is imported by whole paths on the lower floors, so that a text search finds it",
        check: imports_are_plain,
    },
    Rule { invariant: "lints are silenced by `#[expect(…, reason = \"…\")]`, never by `allow`", check: no_allow },
];

const POLICY: &str = "host/policy/src/";
const MANIFEST: &str = "host/manifest/src/";
const CAPS: &str = "host/caps/src/";
/// Floors that never talk to a user.
const LIBRARIES: [&str; 5] = [POLICY, MANIFEST, CAPS, "host/runtime/src/", "guest-sdk/src/"];

fn values_are_pure(tree: &Tree) -> Vec<Violation> {
    const WORDS: &[&str] = &[
        "std::fs",
        "std::env",
        "std::io",
        "std::process",
        "std::thread",
        "Instant",
        "SystemTime",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "tokio",
        "async",
        ".await",
    ];
    [POLICY, MANIFEST].iter().flat_map(|floor| found(tree.code_below(floor), WORDS)).collect()
}

fn caps_is_not_ambient(tree: &Tree) -> Vec<Violation> {
    const WORDS: &[&str] = &[
        "std::fs::",
        "std::env",
        "ambient_authority",
        "open_ambient_dir",
        "open_ambient",
        "SystemTime::now",
        "Instant::now",
        "clock_gettime",
        "getrandom",
        "tokio::net",
        "socket_with",
        "connect_unspec",
        "acceptfrom_with",
    ];
    let files = || tree.code_below(CAPS).filter(|file| !is_ambient(file));
    let mut violations = found(files(), WORDS);
    for file in files() {
        let opened = file.code_lines().filter(|(_, line)| imports_a_socket(line));
        violations.extend(opened.map(|(place, line)| Violation::at(place, format!("`{}`", line.trim()))));
    }
    violations
}

/// A socket of the standard library; those of the same names in `caphost_caps::net` hold a permit.
fn imports_a_socket(line: &str) -> bool {
    const SOCKETS: [&str; 4] = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"];
    source::has_word(line, "std::net") && SOCKETS.iter().any(|socket| source::has_word(line, socket))
}

fn is_ambient(file: &File) -> bool {
    file.path == "host/caps/src/ambient.rs" || file.path.starts_with("host/caps/src/ambient/")
}

fn libraries_are_silent(tree: &Tree) -> Vec<Violation> {
    const WORDS: &[&str] = &["println!", "print!", "eprintln!", "eprint!", "process::exit", "process::abort"];
    LIBRARIES.iter().flat_map(|floor| found(tree.code_below(floor), WORDS)).collect()
}

fn imports_are_plain(tree: &Tree) -> Vec<Violation> {
    [POLICY, MANIFEST, CAPS].iter().flat_map(|floor| found(tree.code_below(floor), &["std::{"])).collect()
}

fn no_allow(tree: &Tree) -> Vec<Violation> {
    found(tree.code_below(""), &["#[allow(", "#![allow("])
}

/// Every line of `files` that has one of `words`.
fn found<'a>(files: impl Iterator<Item = &'a File>, words: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files {
        for (place, line) in file.code_lines() {
            let hits = words.iter().filter(|word| source::has_word(line, word));
            violations.extend(hits.map(|word| Violation::at(&place, format!("`{word}`"))));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_must_not_read_files() {
        let tree = Tree::of(&[
            (
                "host/policy/src/a.rs",
                "/// Not `std::fs`.\nuse std::fs::File;\n#[cfg(test)]\nmod tests { use std::fs; }",
            ),
            ("host/runtime/src/a.rs", "use std::fs::File;"),
        ]);
        assert_eq!(values_are_pure(&tree), [Violation::at("host/policy/src/a.rs:2", "`std::fs`")]);
    }

    #[test]
    fn caps_is_ambient_in_ambient() {
        let text = "fn now() { std::time::SystemTime::now() }";
        let tree = Tree::of(&[("host/caps/src/clock.rs", text), ("host/caps/src/ambient/clock.rs", text)]);
        assert_eq!(caps_is_not_ambient(&tree), [Violation::at("host/caps/src/clock.rs:1", "`SystemTime::now`")]);
    }

    #[test]
    fn a_socket_of_the_standard_library_is_found_and_one_with_a_permit_is_not() {
        let tree = Tree::of(&[(
            "host/caps/src/a.rs",
            "use crate::net::TcpStream;\nuse std::net::{SocketAddr, TcpStream};\nuse tokio::net::UdpSocket;",
        )]);
        let places: Vec<_> = caps_is_not_ambient(&tree).into_iter().map(|violation| violation.place).collect();
        assert_eq!(places, ["host/caps/src/a.rs:3", "host/caps/src/a.rs:2"]);
    }

    #[test]
    fn libraries_must_not_print() {
        let tree = Tree::of(&[("host/runtime/src/a.rs", "eprintln!()"), ("host/cli/src/a.rs", "eprintln!()")]);
        assert_eq!(libraries_are_silent(&tree), [Violation::at("host/runtime/src/a.rs:1", "`eprintln!`")]);
    }

    #[test]
    fn grouped_imports_and_bare_allows_are_found() {
        let tree = Tree::of(&[("host/caps/src/a.rs", "use std::{fs, io};\n#[allow(dead_code)]")]);
        assert_eq!(imports_are_plain(&tree), [Violation::at("host/caps/src/a.rs:1", "`std::{`")]);
        assert_eq!(no_allow(&tree), [Violation::at("host/caps/src/a.rs:2", "`#[allow(`")]);
    }
}
