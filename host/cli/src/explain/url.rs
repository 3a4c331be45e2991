//! Questions about one HTTP request or WebSocket: `https://api.example.com/v1/x`, `POST https://api.example.com/v1/x`,
//! `wss://api.example.com`.

use crate::failure::Failure;
use caphost::caps::http::target::{Url, parse_method};
use caphost::policy::visible::escape;
use caphost::policy::{Capability, Host, HttpTerm, NetScope, Protocol, Request, Rule, Scheme, Scope, Target};

/// The method of a question that names none.
const DEFAULT_METHOD: &str = "GET";

/// One request, or one WebSocket to be opened.
pub(super) struct Question {
    method: String,
    /// Of a WebSocket, that of its handshake.
    url: Url,
    /// As it was asked for.
    scheme: Scheme,
}

impl Question {
    /// The request that `text` names; `None` where it is a question of another kind.
    ///
    /// # Errors
    /// A usage error for a URL or method that no request has.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, Failure> {
        let (method, url) = text.trim_matches(' ').rsplit_once(' ').unwrap_or((DEFAULT_METHOD, text));
        let Some((scheme, rest)) = url.split_once("://") else { return Ok(None) };
        let Some(scheme) = Scheme::named(scheme) else { return Ok(None) };
        let unreadable = |error| Failure::usage(format!("explain: `{}`: {error}", escape(text)));
        parse_method(method).map_err(unreadable)?;
        let url = Url::parse(&format!("{}://{rest}", of_http(scheme))).map_err(unreadable)?;
        Ok(Some(Self { method: method.to_owned(), url, scheme }))
    }

    /// The question as a policy is asked it.
    pub(super) fn request(&self) -> Request<'_> {
        let Self { method, url: Url { host, port, path_and_query, .. }, scheme } = self;
        let protocol = match scheme {
            Scheme::Http | Scheme::Https => Protocol::Http { scheme: *scheme, method, path: path_and_query },
            Scheme::Ws | Scheme::Wss => Protocol::WebSocket { scheme: *scheme },
        };
        let target = match host {
            Host::Name(name) => Target::Host { name, port: Some(*port), protocol },
            Host::Address(address) => Target::Address { address: *address, port: *port, name: None, protocol },
        };
        Request { capability: self.capability(), target }
    }

    fn capability(&self) -> Capability {
        match self.scheme {
            Scheme::Http | Scheme::Https => Capability::NetConnect,
            Scheme::Ws | Scheme::Wss => Capability::WebsocketConnect,
        }
    }

    /// The grant that would cover it, and every other request of the same origin.
    pub(super) fn grant(&self) -> Option<Rule> {
        let Url { host, port, .. } = &self.url;
        let host = match host {
            Host::Name(name) => name.as_str().to_owned(),
            Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
            Host::Address(address) => address.to_string(),
        };
        let scope = NetScope::parse(&format!("{}://{host}:{port}", self.scheme)).ok()?;
        Some(Rule { capability: self.capability(), scope: Scope::Net(scope) })
    }

    /// The request in one line, fit to be shown.
    pub(super) fn text(&self) -> String {
        let origin = self.grant().map_or(String::new(), |rule| match rule.scope {
            Scope::Net(scope) => scope.to_string(),
            _ => String::new(),
        });
        let url = format!("{origin}{}", self.url.path_and_query);
        let is_http = self.capability() == Capability::NetConnect;
        escape(&if is_http { format!("{} {url}", self.method) } else { url }).to_string()
    }

    /// Whether it has a name, whose addresses are checked later.
    pub(super) fn has_name(&self) -> bool {
        matches!(self.url.host, Host::Name(_))
    }
}

/// What a term refuses, in words.
pub(super) fn refused(term: HttpTerm) -> &'static str {
    match term {
        HttpTerm::Method => "it covers the host, and not this method",
        HttpTerm::Path => "it covers the host, and not this path",
    }
}

/// The scheme of the request that a connection begins with.
fn of_http(scheme: Scheme) -> Scheme {
    if scheme.is_secure() { Scheme::Https } else { Scheme::Http }
}
