//! What the kernel is asked to allow of the network: kinds of sockets, and ports. Invariant: as in `plan`, nothing that a policy
//! refuses is left out in silence; what the kernel cannot refuse is a gap.

use super::databases::Servers;
use super::plan::Gap;
use crate::grants::narrowest;
use caphost::policy::visible::escape;
use caphost::policy::{AddressClass, Capability, Deny, HostPattern, Policy, Ports, Rule, Scope};
use std::collections::BTreeSet;

/// The most ports that the kernel is given a rule each for; with more, all are allowed.
pub(super) const MAX_PORTS: usize = 64;

/// What is allowed beside Unix sockets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sockets {
    /// Whether connections can be made or accepted.
    pub(super) has_streams: bool,
    /// Whether connections can be accepted.
    pub(super) may_listen: bool,
    /// Whether datagrams can be sent and received.
    pub(super) has_datagrams: bool,
    /// The ports to connect to.
    pub(super) connect: PortSet,
    /// The ports to listen on.
    pub(super) bind: PortSet,
    /// The ports to send datagrams to.
    pub(super) send: PortSet,
    /// The ports to send datagrams from.
    pub(super) send_from: PortSet,
}

/// Ports that are allowed for one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PortSet {
    /// All of them.
    All,
    /// At most [`MAX_PORTS`].
    These(BTreeSet<u16>),
}

/// What connections are opened by.
const CONNECT: [Capability; 2] = [Capability::NetConnect, Capability::WebsocketConnect];
/// What connections are accepted by.
const LISTEN: [Capability; 2] = [Capability::NetListen, Capability::WebsocketListen];
/// What datagrams are sent and received by.
const DATAGRAMS: [Capability; 1] = [Capability::NetUdp];
/// What names are looked up for.
const LOOKUPS: [Capability; 4] =
    [Capability::NetResolve, Capability::NetConnect, Capability::NetUdp, Capability::WebsocketConnect];
/// Where any port may be chosen.
const ANY_PORT: u16 = 0;

impl Sockets {
    /// What `policy` and the servers of databases take, where names are looked up at port `name_server`; and what of it the kernel
    /// cannot hold.
    pub(super) fn of(policy: &Policy, name_server: u16, servers: &Servers) -> (Self, Vec<Gap>) {
        let (connect, listen, datagrams) =
            (granted(policy, &CONNECT), granted(policy, &LISTEN), granted(policy, &DATAGRAMS));
        let lookups = granted(policy, &LOOKUPS).into_iter().any(looks_names_up) || servers.are_looked_up;
        let asked = if lookups { vec![name_server] } else { Vec::new() };
        let reached: Vec<_> = servers.ports.iter().chain(&asked).copied().collect();
        let from = if lookups { PortSet::All } else { PortSet::of(&datagrams, &[ANY_PORT]) };
        let has_datagrams = lookups || !datagrams.is_empty();
        let none = || PortSet::These(BTreeSet::new());
        let sockets = Self {
            has_streams: lookups || servers.is_any() || !connect.is_empty() || !listen.is_empty(),
            may_listen: !listen.is_empty(),
            has_datagrams,
            connect: PortSet::of(&connect, &reached),
            bind: PortSet::of(&listen, &[]),
            send: if has_datagrams { PortSet::of(&datagrams, &asked) } else { none() },
            // The resolver takes any port of its own, so that nobody can guess it.
            send_from: if has_datagrams { from } else { none() },
        };
        let gaps = sockets.gaps(policy, lookups.then_some(name_server));
        (sockets, gaps)
    }

    /// Whether anything of the network is allowed.
    pub(super) fn is_any(&self) -> bool {
        self.has_streams || self.has_datagrams
    }

    fn gaps(&self, policy: &Policy, lookups: Option<u16>) -> Vec<Gap> {
        let network: Vec<_> = CONNECT.iter().chain(&LISTEN).chain(&DATAGRAMS).copied().collect();
        let hosts = scopes(granted(policy, &network).into_iter());
        let refused = |rule: &&Rule| policy.has_any_grant(rule.capability) && network.contains(&rule.capability);
        let denies = || policy.denies().iter().filter(|deny| refused(&&deny.rule));
        let mut denied = scopes(denies().map(|deny| &deny.rule));
        let all_but: BTreeSet<_> = denies().filter_map(all_but).collect();
        denied.extend(all_but);
        let is_whole = |capability| granted(policy, &[capability]).contains(&&whole(capability));
        let are_whole = is_whole(Capability::NetConnect) && is_whole(Capability::NetUdp);
        let is_alone = |socket, plain| policy.has_any_grant(socket) && !policy.has_any_grant(plain);
        let is_plain_tcp = is_alone(Capability::WebsocketConnect, Capability::NetConnect)
            || is_alone(Capability::WebsocketListen, Capability::NetListen);
        let gaps = [
            (!hosts.is_empty()).then_some(Gap::Hosts(hosts)),
            (!denied.is_empty()).then_some(Gap::DeniedHosts(denied)),
            self.has_all_for(policy).then_some(Gap::Ports),
            lookups.filter(|_| !are_whole).map(Gap::Lookups),
            is_plain_tcp.then_some(Gap::PlainTcp),
        ];
        gaps.into_iter().flatten().collect()
    }

    /// Whether a use has all ports for no other reason than that it was granted too many.
    fn has_all_for(&self, policy: &Policy) -> bool {
        let uses = [(&self.connect, &CONNECT[..]), (&self.bind, &LISTEN), (&self.send, &DATAGRAMS)];
        uses.iter().any(|(ports, capabilities)| {
            let has_all = granted(policy, capabilities).iter().any(|rule| ports_of(rule) == Ports::ALL);
            **ports == PortSet::All && !has_all
        })
    }
}

impl Default for PortSet {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl PortSet {
    /// The ports of `rules`, and `others`.
    fn of(rules: &[&Rule], others: &[u16]) -> Self {
        let mut ports: BTreeSet<u16> = others.iter().copied().collect();
        for range in rules.iter().map(|rule| ports_of(rule)) {
            if usize::from(range.last() - range.first()) >= MAX_PORTS {
                return Self::All;
            }
            ports.extend(range.first()..=range.last());
        }
        if ports.len() > MAX_PORTS { Self::All } else { Self::These(ports) }
    }

    /// Them, unless all are allowed.
    pub(super) fn listed(&self) -> Option<&BTreeSet<u16>> {
        match self {
            Self::All => None,
            Self::These(ports) => Some(ports),
        }
    }
}

/// The grants of `capabilities`, but for those that are denied as a whole.
fn granted<'a>(policy: &'a Policy, capabilities: &[Capability]) -> Vec<&'a Rule> {
    let is_one = |rule: &&Rule| capabilities.contains(&rule.capability) && policy.has_any_grant(rule.capability);
    narrowest(policy).iter().map(|grant| &grant.rule).filter(is_one).collect()
}

fn whole(capability: Capability) -> Rule {
    Rule { capability, scope: Scope::Any }
}

fn ports_of(rule: &Rule) -> Ports {
    match &rule.scope {
        Scope::Net(net) => net.ports(),
        _ => Ports::ALL,
    }
}

/// Whether a grant covers any name.
fn looks_names_up(rule: &Rule) -> bool {
    match &rule.scope {
        Scope::Net(net) => match net.host() {
            HostPattern::Name(_) | HostPattern::Suffix(_) | HostPattern::Class(AddressClass::Public) => true,
            HostPattern::Address(_) | HostPattern::Block { .. } | HostPattern::Class(_) => false,
        },
        _ => true,
    }
}

/// What a rule on all hosts is about, as far as it leaves anything out.
fn all_but(deny: &Deny) -> Option<String> {
    let mut except = deny.exceptions().map(ToString::to_string).peekable();
    (deny.rule.scope == Scope::Any && except.peek().is_some())
        .then(|| escape(&format!("all but {}", except.collect::<Vec<_>>().join(", "))).to_string())
}

/// What the rules are about, each once, where that is not everything.
fn scopes<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<String> {
    let mut scopes = Vec::new();
    for rule in rules {
        if let Scope::Net(net) = &rule.scope {
            let scope = escape(&net.to_string()).to_string();
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::policy::{PolicyBuilder, parse_list};

    fn sockets(allow: &str, deny: &str) -> (Sockets, Vec<Gap>) {
        let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow);
        let policy = parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build();
        Sockets::of(&policy, 53, &Servers::default())
    }

    fn these(ports: &[u16]) -> PortSet {
        PortSet::These(ports.iter().copied().collect())
    }

    fn hosts(scopes: &[&str]) -> Gap {
        Gap::Hosts(scopes.iter().map(|scope| (*scope).to_owned()).collect())
    }

    #[test]
    fn without_a_grant_of_the_network_nothing_of_it_is_allowed() {
        for (allow, deny) in [("fs:/a,time,env", "net"), ("", ""), ("net", "net"), ("net.udp:10.0.0.1:1", "net.udp")] {
            let (sockets, gaps) = sockets(allow, deny);
            assert_eq!((sockets.is_any(), gaps), (false, vec![]), "{allow}");
            assert_eq!(sockets, Sockets::default(), "{allow}");
        }
    }

    #[test]
    fn all_of_the_network_is_what_the_kernel_can_hold() {
        let (sockets, gaps) = sockets("net", "");
        assert_eq!(gaps, []);
        let all = PortSet::All;
        assert!(
            [&sockets.connect, &sockets.bind, &sockets.send, &sockets.send_from].iter().all(|ports| **ports == all)
        );
        assert!(sockets.has_streams && sockets.may_listen && sockets.has_datagrams);
    }

    #[test]
    fn a_connection_to_an_address_takes_no_more_than_its_port() {
        let (sockets, gaps) = sockets("net.connect:10.0.0.1:443,net.connect:10.0.0.2:80-81", "");
        let expected = Sockets { has_streams: true, connect: these(&[80, 81, 443]), ..Sockets::default() };
        assert_eq!(sockets, expected);
        assert_eq!(gaps, [hosts(&["10.0.0.1:443", "10.0.0.2:80-81"])]);
    }

    #[test]
    fn a_name_takes_a_resolver() {
        for name in ["api.example.com:443", "*.example.com:443", "public:443", "https://api.example.com"] {
            let (sockets, gaps) = sockets(&format!("net.connect:{name}"), "");
            assert!(sockets.has_streams && sockets.has_datagrams && !sockets.may_listen, "{name}");
            assert_eq!((&sockets.connect, &sockets.send), (&these(&[53, 443]), &these(&[53])), "{name}");
            assert_eq!((&sockets.bind, &sockets.send_from), (&these(&[]), &PortSet::All), "{name}");
            assert_eq!(gaps, [hosts(&[name]), Gap::Lookups(53)], "{name}");
        }
        for address in ["10.0.0.1:443", "10.0.0.0/8:443", "private:443", "[::1]:443"] {
            assert!(!sockets(&format!("net.connect:{address}"), "").0.has_datagrams, "{address}");
        }
    }

    #[test]
    fn lookups_alone_reach_a_name_server_and_nothing_else() {
        let (sockets, gaps) = sockets("net.resolve:example.com", "");
        assert_eq!((&sockets.connect, &sockets.send), (&these(&[53]), &these(&[53])));
        assert_eq!(gaps, [Gap::Lookups(53)]);
    }

    #[test]
    fn what_lookups_take_is_a_gap_where_datagrams_or_connections_are_denied_as_a_whole() {
        for deny in ["net.udp", "net.connect,websocket.connect"] {
            let (sockets, gaps) = sockets("net", deny);
            assert!(
                sockets.has_streams && sockets.has_datagrams && gaps.contains(&Gap::Lookups(53)),
                "{deny}: {gaps:?}"
            );
        }
        assert_eq!(sockets("net", "net.connect,net.udp,websocket.connect,net.resolve").1, [], "control: no lookups");
        assert_eq!(sockets("net", "net.listen,websocket.listen").1, [], "control: nothing that lookups take");
    }

    #[test]
    fn the_server_of_a_database_takes_its_port_and_no_grant_of_the_network() {
        let at = |are_looked_up| Servers { ports: [5432].into(), are_looked_up };
        let (sockets, gaps) = Sockets::of(&Policy::empty(), 53, &at(false));
        let expected = Sockets { has_streams: true, connect: these(&[5432]), ..Sockets::default() };
        assert_eq!((sockets, gaps), (expected, vec![]));
        let (sockets, gaps) = Sockets::of(&Policy::empty(), 53, &at(true));
        assert!(sockets.has_datagrams && sockets.connect == these(&[53, 5432]), "{sockets:?}");
        assert_eq!(gaps, [Gap::Lookups(53)]);
    }

    #[test]
    fn listening_is_allowed_where_it_is_granted() {
        let (sockets, gaps) = sockets("net.listen:127.0.0.1:8080,websocket.listen:127.0.0.1:0", "");
        let expected = Sockets { has_streams: true, may_listen: true, bind: these(&[0, 8080]), ..Sockets::default() };
        assert_eq!(sockets, expected);
        assert_eq!(gaps, [hosts(&["127.0.0.1:8080", "127.0.0.1:0"])]);
    }

    #[test]
    fn datagrams_take_the_port_that_the_kernel_chooses_beside_those_that_are_granted() {
        let (sockets, _) = sockets("net.udp:10.0.0.1:514", "");
        let expected =
            Sockets { has_datagrams: true, send: these(&[514]), send_from: these(&[0, 514]), ..Sockets::default() };
        assert_eq!(sockets, expected);
    }

    #[test]
    fn a_port_too_many_allows_all_and_is_a_gap() {
        let most = sockets("net.connect:10.0.0.1:1-64", "").0;
        assert_eq!(most.connect.listed().map(BTreeSet::len), Some(MAX_PORTS));
        for grants in ["net.connect:10.0.0.1:1-65", "net.connect:10.0.0.1:1-64,websocket.connect:10.0.0.1:65"] {
            let (sockets, gaps) = sockets(grants, "");
            assert!(sockets.connect == PortSet::All && gaps.contains(&Gap::Ports), "{gaps:?}");
        }
        // It was granted all of them.
        assert_eq!(sockets("net.connect:10.0.0.1", "").1, [hosts(&["10.0.0.1"])]);
    }

    #[test]
    fn a_deny_rule_on_hosts_is_a_gap_where_the_capability_is_granted() {
        let denied = |allow: &str| {
            let gaps = sockets(allow, "net:private,net:loopback").1;
            gaps.into_iter().find_map(|gap| if let Gap::DeniedHosts(scopes) = gap { Some(scopes) } else { None })
        };
        assert_eq!(denied("net"), Some(vec!["private".to_owned(), "loopback".to_owned()]));
        assert_eq!(denied("fs:/a,time"), None);
    }

    #[test]
    fn what_a_deny_rule_leaves_out_is_allowed_and_the_rest_is_a_gap() {
        let rule = |text: &str| text.parse::<Rule>().unwrap();
        let except = vec![rule("net.connect:a.example:443").scope];
        let deny = Deny { rule: rule("net.connect"), except };
        let policy = Policy::builder().allow(rule("net.connect")).deny(deny).build();
        let (sockets, gaps) = Sockets::of(&policy, 53, &Servers::default());
        assert!(sockets.has_streams && gaps.contains(&Gap::DeniedHosts(vec!["all but a.example:443".to_owned()])));
    }

    #[test]
    fn websockets_without_plain_tcp_are_a_gap() {
        let is_one = |allow: &str, deny: &str| sockets(allow, deny).1.contains(&Gap::PlainTcp);
        assert!(is_one("websocket.connect", "") && is_one("websocket.listen", "") && is_one("net", "net.connect"));
        assert!(!is_one("net", "") && !is_one("net", "websocket.connect") && !is_one("net.connect", ""));
    }
}
