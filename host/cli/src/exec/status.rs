//! What the kernel enforces, in words.

use super::plan::Gap;
use landlock::ABI;
use std::fmt;

/// What can be enforced, with the version of the interface that brought it.
const PARTS: [(ABI, &str); 8] = [
    (ABI::V1, "files"),
    (ABI::V3, "truncating"),
    (ABI::V4, "TCP"),
    (ABI::V5, "device ioctls"),
    (ABI::V6, "signals"),
    (ABI::V6, "abstract Unix sockets"),
    (ABI::V9, "Unix sockets with a path"),
    (ABI::V10, "UDP"),
];

/// What `--require-landlock` cannot do without: files and TCP.
const REQUIRED: ABI = ABI::V4;

/// How far the kernel holds the program. Displayed it is one line, fit to be shown.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) abi: ABI,
    pub(super) gaps: Vec<Gap>,
}

impl Status {
    /// What is not enforced and has to be, in words; empty if nothing is missing.
    pub(super) fn missing(&self) -> String {
        let parts = PARTS.iter().filter(|(since, _)| *since <= REQUIRED && *since > self.abi);
        let parts = parts.map(|(_, part)| (*part).to_owned());
        listed(parts.chain(self.gaps.iter().map(ToString::to_string)))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.abi == ABI::Unsupported {
            return f.write_str(
                "landlock: nothing is enforced, for this kernel does not have it; the program is not confined",
            );
        }
        let parts = |is_meant: fn(&ABI, &ABI) -> bool| {
            listed(PARTS.iter().filter(|(since, _)| is_meant(since, &self.abi)).map(|(_, part)| (*part).to_owned()))
        };
        write!(f, "landlock: enforced for {}", parts(ABI::le))?;
        let newer = parts(ABI::gt);
        if !newer.is_empty() {
            write!(f, "; not for {newer}, which takes a newer kernel")?;
        }
        if !self.gaps.is_empty() {
            write!(f, "; not for {}", listed(self.gaps.iter().map(ToString::to_string)))?;
        }
        Ok(())
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BelowGrant(rule) => write!(f, "the deny rule `{rule}`, which lies in a granted directory"),
            Self::NotThere(rule) => {
                write!(f, "what lies beside the file of `{rule}`, which is still to be created")
            }
        }
    }
}

/// `a, b and c`.
fn listed(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<_> = items.collect();
    match (items.pop(), items.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => only,
        (Some(last), false) => format!("{} and {last}", items.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(abi: ABI, gaps: &[Gap]) -> Status {
        Status { abi, gaps: gaps.to_vec() }
    }

    #[test]
    fn each_kernel_has_its_line() {
        let line = |abi| status(abi, &[]).to_string();
        assert!(line(ABI::Unsupported).starts_with("landlock: nothing is enforced"));
        assert_eq!(
            line(ABI::V4),
            "landlock: enforced for files, truncating and TCP; not for device ioctls, signals, abstract Unix sockets, \
             Unix sockets with a path and UDP, which takes a newer kernel"
        );
        assert!(line(ABI::V10).ends_with("Unix sockets with a path and UDP"), "{}", line(ABI::V10));
    }

    #[test]
    fn gaps_are_in_the_line() {
        let gap = Gap::BelowGrant("fs.read:./a".to_owned());
        assert!(
            status(ABI::V10, &[gap])
                .to_string()
                .ends_with("; not for the deny rule `fs.read:./a`, which lies in a granted directory")
        );
    }

    #[test]
    fn files_and_tcp_are_required_and_every_rule() {
        assert_eq!(status(ABI::V4, &[]).missing(), "");
        assert_eq!(status(ABI::V3, &[]).missing(), "TCP");
        assert_eq!(status(ABI::Unsupported, &[]).missing(), "files, truncating and TCP");
        assert!(status(ABI::V10, &[Gap::NotThere("fs.write:x".to_owned())]).missing().contains("`fs.write:x`"));
    }
}
