//! What the kernel enforces, in words.

use super::network::Network;
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

/// Parts that matter no more once there is no network.
const OF_NETWORK: [&str; 2] = ["TCP", "UDP"];

/// What `--require-landlock` cannot do without: files and TCP, and the filter that refuses the network.
const REQUIRED: ABI = ABI::V4;

/// How far the kernel holds the program. Displayed it is one line, fit to be shown.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) abi: ABI,
    pub(super) network: Network,
    pub(super) gaps: Vec<Gap>,
}

impl Status {
    /// What is not enforced and has to be, in words; empty if nothing is missing.
    pub(super) fn missing(&self) -> String {
        let parts = PARTS.iter().filter(|(since, _)| *since <= REQUIRED && *since > self.abi);
        let parts = parts.map(|(_, part)| (*part).to_owned());
        let network = (self.network == Network::NotFiltered).then(|| "the network (no seccomp)".to_owned());
        listed(parts.chain(network).chain(self.gaps.iter().map(ToString::to_string)))
    }

    /// What Landlock enforces, or what a newer kernel would.
    fn parts(&self, is_meant: fn(&ABI, &ABI) -> bool) -> impl Iterator<Item = String> {
        let parts = PARTS.iter().filter(move |(since, _)| is_meant(since, &self.abi));
        parts.map(|(_, part)| (*part).to_owned())
    }

    /// The clause about the network.
    fn network(&self) -> &'static str {
        match self.network {
            Network::Refused => "network: none, by seccomp",
            Network::NotFiltered if self.abi < ABI::V4 => "network: not refused, for seccomp cannot be had",
            Network::NotFiltered => {
                "network: of TCP only `connect` and `bind` of plain sockets are refused, for seccomp cannot be had"
            }
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.abi == ABI::Unsupported {
            let nothing =
                "landlock: nothing is enforced, for this kernel does not have it; the program is not confined";
            return write!(f, "{nothing}; {}", self.network());
        }
        write!(f, "landlock: enforced for {}", listed(self.parts(ABI::le)))?;
        let is_refused = self.network == Network::Refused;
        let newer = self.parts(ABI::gt).filter(|part| !is_refused || !OF_NETWORK.contains(&part.as_str()));
        let newer = listed(newer);
        if !newer.is_empty() {
            write!(f, "; not for {newer}, which takes a newer kernel")?;
        }
        if !self.gaps.is_empty() {
            write!(f, "; not for {}", listed(self.gaps.iter().map(ToString::to_string)))?;
        }
        write!(f, "; {}", self.network())
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BelowGrant(rule) => write!(f, "the deny rule `{rule}`, which lies in a granted directory"),
            Self::Loaded(rule) => write!(f, "the deny rule `{rule}`, which lies in what loading the program takes"),
            Self::OtherNames(rule) => write!(f, "the deny rule `{rule}`, whose file has other names, too"),
            Self::NotThere(rule) => write!(
                f,
                "the other files in and below the directory of `{rule}`, which can all be written, for that file is \
                 still to be created"
            ),
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

    fn status(abi: ABI, network: Network, gaps: &[Gap]) -> Status {
        Status { abi, network, gaps: gaps.to_vec() }
    }

    #[test]
    fn each_kernel_has_its_line() {
        let line = |abi| status(abi, Network::Refused, &[]).to_string();
        assert!(line(ABI::Unsupported).starts_with("landlock: nothing is enforced"));
        assert!(line(ABI::Unsupported).ends_with("; network: none, by seccomp"));
        assert_eq!(
            line(ABI::V4),
            "landlock: enforced for files, truncating and TCP; not for device ioctls, signals, abstract Unix sockets \
             and Unix sockets with a path, which takes a newer kernel; network: none, by seccomp"
        );
        assert!(line(ABI::V10).ends_with("Unix sockets with a path and UDP; network: none, by seccomp"));
    }

    #[test]
    fn without_a_filter_the_line_says_how_little_of_the_network_is_refused() {
        let line = |abi| status(abi, Network::NotFiltered, &[]).to_string();
        assert!(line(ABI::V4).contains(" and UDP, which takes a newer kernel; network: of TCP only "));
        for abi in [ABI::Unsupported, ABI::V3] {
            assert!(line(abi).ends_with("; network: not refused, for seccomp cannot be had"), "{abi:?}");
        }
    }

    #[test]
    fn gaps_are_in_the_line() {
        let gap = Gap::BelowGrant("fs.read:./a".to_owned());
        let line = status(ABI::V10, Network::Refused, &[gap]).to_string();
        assert!(line.contains("; not for the deny rule `fs.read:./a`, which lies in a granted directory; "), "{line}");
    }

    #[test]
    fn files_and_no_network_are_required_and_every_rule() {
        let missing = |abi, gaps: &[Gap]| status(abi, Network::Refused, gaps).missing();
        assert_eq!(missing(ABI::V4, &[]), "");
        assert_eq!(missing(ABI::V3, &[]), "TCP");
        assert_eq!(missing(ABI::Unsupported, &[]), "files, truncating and TCP");
        for gap in [Gap::NotThere, Gap::Loaded, Gap::OtherNames] {
            let gap = gap("fs.write:x".to_owned());
            assert!(missing(ABI::V10, &[gap]).contains("`fs.write:x`"));
        }
        assert_eq!(status(ABI::V10, Network::NotFiltered, &[]).missing(), "the network (no seccomp)");
    }
}
