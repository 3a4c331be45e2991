//! A session, and short ways to ask it for something.

use crate::support::{Log, policy};
use caphost_caps::ambient::HostAuthority;
use caphost_caps::http::{
    self, HeaderMap, HeaderName, HttpError, Method, OutgoingBody, Request, Response, Timeouts, target::Url,
};
use caphost_caps::net::NetworkSettings;
use caphost_caps::{ClockHand, Refusal, Session, SessionClock};
use caphost_policy::Policy;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A bound on everything that should not hang.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) hand: ClockHand,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    log: Log,
}

impl World {
    pub(crate) fn new(allow: &str, deny: &str) -> Self {
        Self::with_policy(policy(allow, deny))
    }

    pub(crate) fn with_policy(policy: Policy) -> Self {
        Self::trusting(policy, Vec::new())
    }

    /// A session that trusts these authorities, in PEM.
    pub(crate) fn trusting(policy: Policy, tls_roots: Vec<Vec<u8>>) -> Self {
        let (clock, hand) = SessionClock::manual();
        let refusals = Arc::<Mutex<Vec<Refusal>>>::default();
        let (told, log) = (Arc::clone(&refusals), Log::default());
        let session = Session::builder(policy)
            .clock(clock)
            .audit(Box::new(log.clone()))
            .network(NetworkSettings { tls_roots, ..NetworkSettings::default() })
            .observer(Box::new(move |refusal| told.lock().expect("no panic").push(refusal.clone())))
            .build(HostAuthority::claim())
            .expect("a session");
        Self { session, hand, refusals, log }
    }

    pub(crate) async fn send(&self, request: Request, body: OutgoingBody) -> Result<Response, HttpError> {
        let sent = http::send(self.session.network(), "test", request, body);
        tokio::time::timeout(SOON, sent).await.expect("it does not hang")
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Response, HttpError> {
        self.send(get(url), OutgoingBody::empty()).await
    }

    /// The status and the whole body.
    pub(crate) async fn fetch(&self, url: &str) -> Result<(u16, String), HttpError> {
        whole(self.get(url).await?).await
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        self.refusals.lock().expect("no panic").clone()
    }

    /// The audit log so far, as text. Ends it.
    pub(crate) fn audit(&self) -> String {
        self.session.close_audit().expect("a whole log");
        String::from_utf8(self.log.0.lock().expect("no panic").clone()).expect("UTF-8")
    }
}

pub(crate) fn get(url: &str) -> Request {
    request(Method::GET, url)
}

pub(crate) fn request(method: Method, url: &str) -> Request {
    let Url { scheme, host, port, path_and_query } = Url::parse(url).expect("a URL");
    Request { method, scheme, host, port, path_and_query, headers: HeaderMap::new(), timeouts: Timeouts::default() }
}

pub(crate) fn with_header(mut request: Request, name: &'static str, value: &str) -> Request {
    request.headers.append(HeaderName::from_static(name), value.parse().expect("a value"));
    request
}

pub(crate) async fn whole(mut response: Response) -> Result<(u16, String), HttpError> {
    let read = tokio::time::timeout(SOON, response.body.read_to_end(64 << 20)).await.expect("it does not hang");
    Ok((response.status.as_u16(), String::from_utf8(read?.to_vec()).expect("UTF-8")))
}

/// What a request failed with; panics on an answer.
pub(crate) fn failure(outcome: Result<Response, HttpError>) -> HttpError {
    match outcome {
        Ok(response) => panic!("answered: {response:?}"),
        Err(error) => error,
    }
}
