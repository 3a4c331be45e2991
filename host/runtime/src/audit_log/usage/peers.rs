//! From the peers that were reached to the grants that reach them.

use super::super::line::Record;
use super::LearnScope;
use caphost_policy::{
    Capability, Grant, Host, HostName, HttpRule, HttpTerms, InjectedHeader, NetScope, Policy, Protocol, Request, Rule,
    Scheme, Scope, Target,
};
use std::net::{IpAddr, SocketAddr};

/// A peer, and what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PeerUse {
    pub(super) capability: Capability,
    /// The host as a scope has it.
    host: String,
    /// `None` for a lookup.
    port: Option<u16>,
    spoken: Spoken,
}

/// What was spoken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spoken {
    /// Bytes.
    Raw,
    /// A WebSocket.
    WebSocket { scheme: &'static str },
    /// A request, and the text of the rule that it was allowed by where that adds headers to it.
    Http { scheme: &'static str, method: String, path: String, rule: Option<String> },
    /// Nothing: the guest asked whether all that a scope covers is granted.
    Asked { scope: String },
}

/// What a record resolved to.
enum Resolved {
    Name { name: HostName, port: Option<u16> },
    Address { address: IpAddr, port: u16, name: Option<HostName> },
}

impl PeerUse {
    /// What `record` shows; nothing where it cannot be understood. An address that no grant of its name reaches is a use by itself.
    pub(super) fn of(capability: Capability, record: &Record<'_>) -> Vec<Self> {
        let Some(resolved) = record.resolved.as_deref() else {
            let scope = record.asked.clone().into_owned();
            let asked = Self { capability, host: String::new(), port: None, spoken: Spoken::Asked { scope } };
            return Vec::from_iter(asked.grant(LearnScope::Exact).is_some().then_some(asked));
        };
        let (Some(resolved), Some(spoken)) = (Resolved::parse(resolved), Spoken::of(record)) else { return Vec::new() };
        let used = |host, port| Self { capability, host, port, spoken: spoken.clone() };
        match resolved {
            Resolved::Name { name, port } => vec![used(name.to_string(), port)],
            Resolved::Address { address, port, name: None } => vec![used(address.to_string(), Some(port))],
            Resolved::Address { address, port, name: Some(name) } => {
                let by_name = used(name.to_string(), (port > 0).then_some(port));
                let by_address = used(address.to_string(), Some(port));
                if port == 0 || by_name.reaches(address, port, &name) {
                    vec![by_name]
                } else {
                    vec![by_name, by_address]
                }
            }
        }
    }

    /// Whether a grant of the name alone reaches an address of it.
    fn reaches(&self, address: IpAddr, port: u16, name: &HostName) -> bool {
        let Some(grant) = self.grant(LearnScope::Exact) else { return false };
        let target = Target::Address { address, port, name: Some(name), protocol: self.spoken.protocol() };
        let request = Request { capability: self.capability, target };
        Policy::builder().allow(grant).build().decide(&request).is_allowed()
    }

    /// Whether a grant of this use also allows to look the name of `lookup` up.
    pub(super) fn answers(&self, lookup: &Self) -> bool {
        self.port.is_some() && self.spoken == Spoken::Raw && self.host == lookup.host
    }

    /// Whether nothing but an address was asked for.
    pub(super) fn is_lookup(&self) -> bool {
        self.port.is_none() && self.spoken == Spoken::Raw
    }

    /// The least grant that allows it; `None` for what no grant can be written for.
    pub(super) fn grant(&self, scope: LearnScope) -> Option<Grant> {
        let port = self.port.filter(|_| scope != LearnScope::Host || self.spoken != Spoken::Raw);
        match &self.spoken {
            Spoken::Asked { scope } => plain(self.capability, scope),
            Spoken::Raw if self.is_lookup() => plain(Capability::NetResolve, &self.host),
            Spoken::Raw => plain(self.capability, &peer(&self.host, port)),
            Spoken::WebSocket { scheme } => plain(self.capability, &format!("{scheme}://{}", peer(&self.host, port))),
            Spoken::Http { scheme, method, path, rule } => {
                let origin = format!("{scheme}://{}", peer(&self.host, port));
                let headers = rule.as_deref().map(headers).unwrap_or_default();
                Some(with_headers(request(&origin, method, path, scope)?, headers))
            }
        }
    }
}

impl Spoken {
    fn of(record: &Record<'_>) -> Option<Self> {
        let Some(scheme) = record.scheme.as_deref() else { return Some(Self::Raw) };
        let scheme = Scheme::named(scheme)?.name();
        let Some(method) = record.method.as_deref() else { return Some(Self::WebSocket { scheme }) };
        let rule = record.rule.as_deref().filter(|rule| !headers(rule).is_empty());
        let path = path_of(&record.asked).to_owned();
        Some(Self::Http { scheme, method: method.to_owned(), path, rule: rule.map(str::to_owned) })
    }

    fn protocol(&self) -> Protocol<'_> {
        let named = |scheme: &str| Scheme::named(scheme).unwrap_or(Scheme::Https);
        match self {
            Self::Raw | Self::Asked { .. } => Protocol::Raw,
            Self::WebSocket { scheme } => Protocol::WebSocket { scheme: named(scheme) },
            Self::Http { scheme, method, path, .. } => Protocol::Http { scheme: named(scheme), method, path },
        }
    }
}

impl Resolved {
    /// Reads `HOST[:PORT]`, `ADDRESS:PORT`, and either address with ` (NAME)` behind it.
    fn parse(text: &str) -> Option<Self> {
        let (peer, name) = match text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
            Some((peer, name)) => (peer, Some(HostName::parse(name).ok()?)),
            None => (text, None),
        };
        if let Ok(address) = peer.parse::<SocketAddr>() {
            return Some(Self::Address { address: address.ip(), port: address.port(), name });
        }
        if let Ok(address) = peer.parse::<IpAddr>() {
            return Some(Self::Address { address, port: 0, name });
        }
        let (host, port) = match peer.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (peer, None),
        };
        match (Host::parse(host).ok()?, name) {
            (Host::Name(name), None) => Some(Self::Name { name, port }),
            _ => None,
        }
    }
}

/// Host and port as a scope has them.
fn peer(host: &str, port: Option<u16>) -> String {
    match port {
        Some(port) if host.contains(':') => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The path of a URL, without its query.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    path.split(['?', '#']).next().unwrap_or(path)
}

fn plain(capability: Capability, scope: &str) -> Option<Grant> {
    let rule = Rule { capability, scope: Scope::Net(NetScope::parse(scope).ok()?) };
    rule.is_well_formed().then(|| Grant::from(rule))
}

/// A grant of one request, as narrow as can be written.
fn request(origin: &str, method: &str, path: &str, scope: LearnScope) -> Option<Grant> {
    let directory = path.get(..=path.rfind('/').unwrap_or(0)).unwrap_or("/");
    let narrowest = match scope {
        LearnScope::Exact => format!("{method} {origin}{path}"),
        LearnScope::Directory => format!("{method} {origin}{directory}"),
        LearnScope::Host => origin.to_owned(),
    };
    // A path that no prefix covers, and a method that no list can have.
    let wider = [narrowest, format!("{method} {origin}"), origin.to_owned()];
    let grant = wider.iter().find_map(|text| HttpRule::parse(text).ok())?;
    let is_plain = grant.http.as_ref().is_none_or(|terms| *terms == HttpTerms::default());
    Some(if is_plain { Grant { http: None, ..grant } } else { grant })
}

fn headers(rule: &str) -> Vec<InjectedHeader> {
    HttpRule::parse(rule).ok().and_then(|grant| grant.http).map(|terms| terms.headers).unwrap_or_default()
}

/// Headers are added by a grant with terms.
fn with_headers(mut grant: Grant, headers: Vec<InjectedHeader>) -> Grant {
    if !headers.is_empty() {
        grant.http.get_or_insert_default().headers = headers;
    }
    grant
}

/// Whether one grant allows all that another does, with the same headers.
pub(super) fn covers(one: &Grant, other: &Grant) -> bool {
    if !one.rule.covers(&other.rule) {
        return false;
    }
    let (one, other) = match (&one.http, &other.http) {
        (None, None) => return true,
        (None, Some(terms)) => return terms.headers.is_empty(),
        (Some(_), None) => return false,
        (Some(one), Some(other)) => (one, other),
    };
    let methods = one.methods.is_empty()
        || (!other.methods.is_empty() && other.methods.iter().all(|it| one.methods.contains(it)));
    let under = |path: &String| one.paths.iter().any(|prefix| is_prefix(prefix, path));
    let paths = one.paths.is_empty() || (!other.paths.is_empty() && other.paths.iter().all(under));
    methods && paths && one.headers == other.headers
}

fn is_prefix(prefix: &str, path: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'))
}
