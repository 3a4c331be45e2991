//! The `--allow` that would lift a refusal of a path.

use super::namespace::Mount;
use crate::refusal::Remedy;
use caphost_policy::{Capability, Rule};

/// Names that stand at the root of Unix systems. A C library has stripped the `/` from a path before it reaches the host, so
/// this is how an absolute path is told from a relative one: for a hint only.
const ROOT_NAMES: [&str; 19] = [
    "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv",
    "sys", "tmp", "usr", "var",
];

/// The grant for a path that no mount holds: `asked` in the guest's words, `guest` where it lies in the namespace.
pub(super) fn for_unmounted(capability: Capability, asked: &str, guest: &str) -> Remedy {
    let asked = tidy(asked);
    let first = asked.split('/').next().unwrap_or_default();
    let host = match first {
        ".." | "." => asked,
        _ if ROOT_NAMES.contains(&first) => format!("/{asked}"),
        _ => format!("./{asked}"),
    };
    // What is to be created does not exist yet: its directory is what can be granted.
    let (host, guest) = match capability {
        Capability::FsRead => (host.as_str(), guest),
        _ => (parent(&host), parent(guest)),
    };
    Remedy::Allow(rule(capability, host, guest))
}

/// The grant of one special file by its own name.
pub(super) fn for_special(capability: Capability, mount: &Mount, inside: &str) -> Remedy {
    let host = if mount.written == "/" { format!("/{inside}") } else { format!("{}/{inside}", mount.written) };
    Remedy::Allow(rule(capability, &host, &format!("{}/{inside}", mount.guest)))
}

/// A path that leads out of its directory has no name that could be granted.
pub(super) fn for_escape(mount: &Mount) -> Remedy {
    Remedy::NoGrantCan(format!(
        "no grant of `{}` can allow it; grant the place that it leads to, by its own path",
        mount.scope
    ))
}

/// A relative path without `.`, empty components and any `..` that follows a name.
fn tidy(path: &str) -> String {
    let mut components: Vec<&str> = Vec::new();
    for component in path.split('/').filter(|component| !component.is_empty() && *component != ".") {
        match components.last() {
            Some(&last) if component == ".." && last != ".." => drop(components.pop()),
            _ => components.push(component),
        }
    }
    if components.is_empty() { ".".to_owned() } else { components.join("/") }
}

fn parent(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() && !path.is_empty() {
        return "/";
    }
    match trimmed.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None => ".",
    }
}

/// The text of a rule; the guest path is left out where it follows from the host path.
fn rule(capability: Capability, host: &str, guest: &str) -> String {
    let guest = if guest.is_empty() { "/" } else { guest };
    let is_default = !host.starts_with("..") && default_guest(host) == guest;
    Rule::for_path(capability, host, (!is_default).then_some(guest)).to_string()
}

/// Where a host path is mounted when its grant does not say: at its own letters, below the root.
pub(super) fn default_guest(host: &str) -> String {
    caphost_policy::paths::normalise("/", host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(capability: Capability, asked: &str, guest: &str) -> String {
        for_unmounted(capability, asked, guest).to_string()
    }

    #[test]
    fn the_hint_names_host_and_guest_path() {
        let read = |asked, guest| allow(Capability::FsRead, asked, guest);
        assert_eq!(
            read("../secrets/key.pem", "/secrets/key.pem"),
            "--allow fs.read:../secrets/key.pem::/secrets/key.pem"
        );
        assert_eq!(read("data/a.txt", "/data/a.txt"), "--allow fs.read:./data/a.txt");
        assert_eq!(read("etc/passwd", "/etc/passwd"), "--allow fs.read:/etc/passwd");
    }

    #[test]
    fn the_hint_is_as_short_as_it_can_be() {
        assert_eq!(allow(Capability::FsRead, "data//./a/../b", "/data/b"), "--allow fs.read:./data/b");
        assert_eq!(allow(Capability::FsWrite, ".", "/"), "--allow fs.write:.");
    }

    #[test]
    fn to_create_a_file_its_directory_is_granted() {
        assert_eq!(allow(Capability::FsWrite, "out/report.txt", "/out/report.txt"), "--allow fs.write:./out");
        assert_eq!(allow(Capability::FsWrite, "report.txt", "/report.txt"), "--allow fs.write:.");
    }
}
