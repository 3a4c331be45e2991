//! Looking names up. Invariant: a name is asked for as it is, once; nothing of a lookup outlives it.

use super::error::{NetError, NetResult};
use crate::ambient::names::NameSources;
use caphost_policy::HostName;
use hickory_resolver::TokioResolver;
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::{DnsError, NetError as Failure};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RecordType};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long one server has for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a question is asked again when no answer came.
const RETRIES: usize = 1;

/// How long a lookup takes at most, whatever the servers do.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);

/// The most addresses of one name that are looked at. The owner of a name picks how many it has.
pub const MAX_ADDRESSES: usize = 64;

/// How many lookups of one guest go on at once; others wait.
const MAX_LOOKUPS: usize = 16;

/// What looks names up for one guest. Nothing is cached: what the servers say, they say again.
pub(crate) struct Resolver {
    server: Option<SocketAddr>,
    /// Read by the first lookup.
    sources: OnceLock<NameSources>,
    turns: Semaphore,
}

impl Resolver {
    /// Asks `server`, or those of the system.
    pub(crate) fn new(server: Option<SocketAddr>) -> Self {
        Self { server, sources: OnceLock::new(), turns: Semaphore::new(MAX_LOOKUPS) }
    }

    /// The addresses of `name`, at least one and [`MAX_ADDRESSES`] at most. IPv4 addresses that IPv6 ones hold stand for themselves.
    ///
    /// # Errors
    /// [`NetError::NameUnresolvable`] when there are none; the failures of a resolver.
    ///
    /// # Cancel safety
    /// Safe: the lookup ends with the future.
    pub(crate) async fn look_up(&self, name: &HostName) -> NetResult<Vec<IpAddr>> {
        if is_this_host(name) {
            return Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]);
        }
        let asked = async {
            let _turn = self.turns.acquire().await.map_err(|_| NetError::TemporaryResolverFailure)?;
            let sources = self.sources.get_or_init(|| match self.server {
                Some(server) => NameSources::of_server(server),
                None => NameSources::of_system(),
            });
            both(sources, name).await
        };
        timeout(LOOKUP_TIMEOUT, asked).await.unwrap_or(Err(NetError::TemporaryResolverFailure))
    }
}

/// Names that are this host's whatever a server says (RFC 6761, 6.3).
fn is_this_host(name: &HostName) -> bool {
    let name = name.as_str();
    name == "localhost" || name.ends_with(".localhost")
}

/// A resolver for one lookup: it has tasks of its own, that end with it.
fn resolver(sources: &NameSources) -> Result<TokioResolver, Failure> {
    sources.resolver(|options| {
        options.timeout = options.timeout.min(ANSWER_TIMEOUT);
        options.attempts = RETRIES;
        options.cache_size = 0;
    })
}

/// The addresses of both versions. One version that nothing is known about does not hide the other.
async fn both(sources: &NameSources, name: &HostName) -> NetResult<Vec<IpAddr>> {
    let whole = Name::from_ascii(format!("{name}.")).map_err(|_| NetError::NameUnresolvable)?;
    let resolver = resolver(sources).map_err(|failure| of_failure(&failure))?;
    let of_type = |record_type| ask(sources, &resolver, &whole, record_type);
    let (ipv4, ipv6) = tokio::join!(of_type(RecordType::A), of_type(RecordType::AAAA));
    let mut addresses = Vec::new();
    let mut failure = NetError::NameUnresolvable;
    for outcome in [ipv4, ipv6] {
        match outcome {
            Ok(lookup) => push_new(&mut addresses, lookup.answers().iter().filter_map(|record| record.data.ip_addr())),
            Err(error) => failure = worse(failure, of_failure(&error)),
        }
    }
    if addresses.is_empty() { Err(failure) } else { Ok(addresses) }
}

/// The answer to one question. What the servers say that it does not fit a datagram, the resolver asks for over TCP by itself. A
/// server that sends a longer one than it was told to says nothing of the kind: what is left of that can not be read.
async fn ask(
    sources: &NameSources,
    resolver: &TokioResolver,
    name: &Name,
    record_type: RecordType,
) -> Result<Lookup, Failure> {
    match resolver.lookup(name.clone(), record_type).await {
        Err(Failure::Proto(_)) => self::resolver(&sources.over_tcp())?.lookup(name.clone(), record_type).await,
        outcome => outcome,
    }
}

fn push_new(addresses: &mut Vec<IpAddr>, more: impl Iterator<Item = IpAddr>) {
    for address in more.map(|address| address.to_canonical()) {
        if addresses.len() < MAX_ADDRESSES && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
}

/// Of two failures the one that leaves more open.
fn worse(one: NetError, other: NetError) -> NetError {
    match (one, other) {
        (NetError::TemporaryResolverFailure, _) | (_, NetError::TemporaryResolverFailure) => {
            NetError::TemporaryResolverFailure
        }
        (NetError::NameUnresolvable, other) => other,
        (one, _) => one,
    }
}

fn of_failure(failure: &Failure) -> NetError {
    match failure {
        Failure::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain | ResponseCode::NoError => NetError::NameUnresolvable,
            code => of_code(code),
        },
        Failure::Dns(DnsError::ResponseCode(code)) => of_code(*code),
        // The servers answer, and not in a way that can be read.
        Failure::Proto(_) | Failure::QueryCaseMismatch => NetError::PermanentResolverFailure,
        // What else there is comes from the way to them, which a broken connection may tell in words only.
        _ => NetError::TemporaryResolverFailure,
    }
}

fn of_code(code: ResponseCode) -> NetError {
    match code {
        ResponseCode::NXDomain => NetError::NameUnresolvable,
        ResponseCode::ServFail => NetError::TemporaryResolverFailure,
        _ => NetError::PermanentResolverFailure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_capped_and_told_once() {
        let mut addresses = Vec::new();
        let many = (0..200_u32).map(|index| IpAddr::V4(Ipv4Addr::from_bits(index / 2)));
        push_new(&mut addresses, many);
        assert_eq!(addresses.len(), MAX_ADDRESSES);
        let mut addresses = Vec::new();
        push_new(&mut addresses, ["::ffff:127.0.0.1", "127.0.0.1"].iter().map(|text| text.parse().unwrap()));
        assert_eq!(addresses, [IpAddr::V4(Ipv4Addr::LOCALHOST)], "one address in two forms");
    }

    #[test]
    fn a_way_that_broke_off_is_a_failure_that_may_pass() {
        for failure in [Failure::Message("receiver was canceled"), Failure::NoConnections, Failure::Timeout] {
            assert_eq!(of_failure(&failure), NetError::TemporaryResolverFailure);
        }
        let unreadable = Failure::Proto("an answer that is none".into());
        assert_eq!(of_failure(&unreadable), NetError::PermanentResolverFailure);
    }

    #[test]
    fn this_host_is_known_without_a_server() {
        let is_this_host = |text| is_this_host(&HostName::parse(text).unwrap());
        assert!(is_this_host("localhost") && is_this_host("LOCALHOST.") && is_this_host("a.localhost"));
        assert!(!is_this_host("notlocalhost") && !is_this_host("localhost.example"));
    }
}
