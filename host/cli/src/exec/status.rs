//! What the kernel enforces, in words.

use super::network::Network;
use super::plan::Gap;
use super::sockets::{MAX_PORTS, Sockets};
use landlock::ABI;
use std::fmt;

/// What can be enforced, with the version of the interface that brought it.
const PARTS: [(ABI, &str); 8] = [
    (ABI::V1, "files"),
    (ABI::V3, "truncating"),
    (ABI::V4, TCP),
    (ABI::V5, "device ioctls"),
    (ABI::V6, "signals"),
    (ABI::V6, "abstract Unix sockets"),
    (ABI::V9, "Unix sockets with a path"),
    (ABI::V10, UDP),
];

/// Parts that matter no more once no socket can be made that they are about.
const OF_NETWORK: [&str; 2] = [TCP, UDP];
const TCP: &str = "TCP";
const UDP: &str = "UDP";

/// What `--require-landlock` cannot do without: files and TCP, and the filter that refuses what is not granted of the network.
const REQUIRED: ABI = ABI::V4;

/// How far the kernel holds the program. Displayed it is one line, fit to be shown.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) abi: ABI,
    pub(super) network: Network,
    pub(super) sockets: Sockets,
    pub(super) gaps: Vec<Gap>,
}

impl Status {
    /// What is not enforced and has to be, in words; empty if nothing is missing.
    pub(super) fn missing(&self) -> String {
        let parts = self.parts(ABI::gt).filter(|(since, _)| *since <= REQUIRED).map(|(_, part)| part.to_owned());
        let network = (self.network == Network::NotFiltered).then(|| "the network (no seccomp)".to_owned());
        listed(parts.chain(network).chain(self.gaps.iter().map(ToString::to_string)))
    }

    /// What Landlock enforces, or what a newer kernel would.
    fn parts(&self, is_meant: fn(&ABI, &ABI) -> bool) -> impl Iterator<Item = (ABI, &'static str)> {
        PARTS.into_iter().filter(move |(since, part)| is_meant(since, &self.abi) && self.restricts(part))
    }

    /// Whether there is anything to refuse of a part: of the network, not where all ports are granted.
    fn restricts(&self, part: &str) -> bool {
        let Sockets { connect, bind, send, send_from, .. } = &self.sockets;
        match part {
            TCP => connect.listed().or(bind.listed()).is_some(),
            UDP => send.listed().or(send_from.listed()).is_some(),
            _ => true,
        }
    }

    /// Whether a part that a newer kernel would enforce is refused by the filter.
    fn is_filtered(&self, part: &str) -> bool {
        let can_be_made = match part {
            TCP => self.sockets.has_streams,
            _ => self.sockets.has_datagrams,
        };
        self.network == Network::Filtered && OF_NETWORK.contains(&part) && !can_be_made
    }

    /// The clause about the network.
    fn network(&self) -> &'static str {
        let Sockets { has_streams, may_listen, has_datagrams, .. } = self.sockets;
        match (self.network, has_streams, may_listen, has_datagrams) {
            (Network::Filtered, false, _, false) => "network: none, by seccomp",
            (Network::Filtered, false, _, true) => "network: UDP only, by seccomp",
            (Network::Filtered, true, false, false) => "network: TCP without listening only, by seccomp",
            (Network::Filtered, true, true, false) => "network: TCP only, by seccomp",
            (Network::Filtered, true, false, true) => "network: TCP without listening and UDP only, by seccomp",
            (Network::Filtered, true, true, true) => "network: TCP and UDP only, by seccomp",
            (Network::NotFiltered, ..) if self.abi < ABI::V4 || !self.restricts(TCP) => {
                "network: not refused, for seccomp cannot be had"
            }
            (Network::NotFiltered, ..) => {
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
        let texts = |parts: Vec<(ABI, &str)>| listed(parts.into_iter().map(|(_, part)| part.to_owned()));
        write!(f, "landlock: enforced for {}", texts(self.parts(ABI::le).collect()))?;
        let newer = texts(self.parts(ABI::gt).filter(|(_, part)| !self.is_filtered(part)).collect());
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
            Self::Hosts(scopes) => write!(f, "the hosts of {}, for the kernel knows ports at most", quoted(scopes)),
            Self::DeniedHosts(scopes) => {
                write!(f, "the deny rules on {}, for the kernel knows ports at most", quoted(scopes))
            }
            Self::Ports => write!(f, "the ports of the network grants, which are more than {MAX_PORTS}"),
            Self::Lookups(port) => {
                write!(f, "port {port} of any host and every UDP port of this one, which looking names up takes")
            }
            Self::PlainTcp => write!(f, "TCP that is no WebSocket, for the kernel cannot tell them apart"),
            Self::BesideDatabase(rule) => {
                write!(f, "the deny rule `{rule}`, which lies in the directory of a database")
            }
            Self::Directories(names) => write!(
                f,
                "the other files in and below the directories of {}, which can all be read and written, for SQLite makes files \
                 beside a database",
                quoted(names)
            ),
            Self::Servers(names) => write!(
                f,
                "the hosts and sockets of {}, for the kernel knows ports and directories at most",
                quoted(names)
            ),
            Self::Tables(names) => write!(
                f,
                "what is not granted of {}, for the program can go to their files and servers by itself",
                quoted(names)
            ),
        }
    }
}

/// Scopes, which are fit to be shown.
fn quoted(scopes: &[String]) -> String {
    listed(scopes.iter().map(|scope| format!("`{scope}`")))
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
    use super::super::databases::Servers;
    use super::*;
    use caphost::policy::{Policy, PolicyBuilder, parse_list};

    fn status(abi: ABI, network: Network, gaps: &[Gap]) -> Status {
        Status { abi, network, sockets: Sockets::default(), gaps: gaps.to_vec() }
    }

    fn granted(allow: &str, abi: ABI) -> Status {
        let policy = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
        let (sockets, gaps) = Sockets::of(&policy, 53, &Servers::default());
        Status { abi, network: Network::Filtered, sockets, gaps }
    }

    #[test]
    fn each_kernel_has_its_line() {
        let line = |abi| status(abi, Network::Filtered, &[]).to_string();
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
        let all = Status { network: Network::NotFiltered, ..granted("net", ABI::V10) };
        assert!(all.to_string().ends_with("; network: not refused, for seccomp cannot be had"), "{all}");
    }

    #[test]
    fn of_a_granted_network_the_line_says_what_is_left_to_the_sdk() {
        assert_eq!(
            granted("net.connect:api.example.com:443", ABI::V10).to_string(),
            "landlock: enforced for files, truncating, TCP, device ioctls, signals, abstract Unix sockets, Unix sockets \
             with a path and UDP; not for the hosts of `api.example.com:443`, for the kernel knows ports at most and port \
             53 of any host and every UDP port of this one, which looking names up takes; network: TCP without listening and UDP only, by seccomp"
        );
        let older = granted("net.udp:10.0.0.1:514", ABI::V4).to_string();
        assert!(
            older.contains(" and UDP, which takes a newer kernel; ")
                && older.ends_with("network: UDP only, by seccomp")
        );
        let all = granted("net", ABI::V10).to_string();
        assert!(all.ends_with("with a path; network: TCP and UDP only, by seccomp") && !all.contains("TCP,"), "{all}");
    }

    #[test]
    fn a_grant_that_is_narrower_than_the_kernel_can_hold_is_missing() {
        let missing = |allow: &str, abi| granted(allow, abi).missing();
        assert_eq!(missing("net", ABI::V3), "");
        assert_eq!(missing("net.connect,net.udp", ABI::V4), "");
        assert_eq!(missing("net.connect,net.udp", ABI::V3), "TCP");
        assert_eq!(missing("net.listen", ABI::V4), "");
        assert_eq!(
            missing("net.connect", ABI::V10),
            "port 53 of any host and every UDP port of this one, which looking names up takes"
        );
        assert_eq!(
            missing("net.connect:10.0.0.1:1", ABI::V10),
            "the hosts of `10.0.0.1:1`, for the kernel knows ports at most"
        );
        assert!(missing("net.connect:10.0.0.1:1-99", ABI::V10).contains("which are more than 64"));
        assert!(missing("websocket.listen", ABI::V10).contains("TCP that is no WebSocket"));
    }

    #[test]
    fn gaps_are_in_the_line() {
        let gap = Gap::BelowGrant("fs.read:./a".to_owned());
        let line = status(ABI::V10, Network::Filtered, &[gap]).to_string();
        assert!(line.contains("; not for the deny rule `fs.read:./a`, which lies in a granted directory; "), "{line}");
    }

    #[test]
    fn what_databases_take_is_in_the_line() {
        let names = || vec!["main".to_owned(), "shop".to_owned()];
        let gaps = [Gap::Directories(names()), Gap::Servers(names()), Gap::Tables(names())];
        let line = status(ABI::V10, Network::Filtered, &gaps).to_string();
        for part in [
            "the other files in and below the directories of `main` and `shop`, which can all be read and written",
            "the hosts and sockets of `main` and `shop`",
            "what is not granted of `main` and `shop`",
        ] {
            assert!(line.contains(part), "{line}");
        }
    }

    #[test]
    fn files_and_no_network_are_required_and_every_rule() {
        let missing = |abi, gaps: &[Gap]| status(abi, Network::Filtered, gaps).missing();
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
