//! Headers that the host adds to requests, from secrets that the guest never sees. Invariant: a value leaves this module only as a
//! header of a request that its grant covers, over TLS or to this host itself; never in an error, a record or a `Debug` text.

use super::loan::Loan;
use super::{HttpError, fields, target};
use crate::ambient::{self, HostAuthority};
use ::http::Method;
use ::http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use caphost_policy::{
    AddressClass, Grant, HostPattern, HttpRule, InjectedHeader, Piece, Policy, Scheme, Scope, SecretSource,
};
use std::collections::HashMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest secret, in bytes. Nothing longer fits into a header that servers take.
const MAX_SECRET_BYTES: usize = 8 << 10;

/// Methods by which a server tells a request back, its headers too: the standard one, and one that some servers have beside it.
const TELLING_BACK: [&str; 2] = ["TRACE", "TRACK"];

/// The values of secrets. A clone is the same values.
#[derive(Clone, Default)]
pub struct Secrets(Arc<HashMap<SecretSource, String>>);

/// A grant whose headers cannot be injected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the headers of rule `{rule}` cannot be made: {reason}")]
pub struct SecretError {
    /// The grant's rule, as the operator wrote it.
    pub rule: String,
    /// Why not. It names the secret, and says nothing of its value.
    pub reason: String,
}

/// Every grant whose headers cannot be injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretErrors(pub Vec<SecretError>);

impl Display for SecretErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, error)| match index {
            0 => write!(f, "{error}"),
            _ => write!(f, "\n{error}"),
        })
    }
}

impl std::error::Error for SecretErrors {}

impl Secrets {
    /// The values, with the places that they are from.
    pub fn iter(&self) -> impl Iterator<Item = (&SecretSource, &str)> {
        self.0.iter().map(|(source, value)| (source, value.as_str()))
    }

    /// Finds the values that the grants of `policy` name, as far as they are not known, and looks whether the headers can be made.
    /// Relative files are below `directory`. What of these nothing names is dropped.
    ///
    /// # Errors
    /// Every grant whose headers cannot be made.
    ///
    /// # Ambient Authority
    /// Reads the variables and files that grants name.
    pub(crate) fn find(
        known: &Self,
        policy: &Policy,
        directory: &Path,
        authority: HostAuthority,
    ) -> Result<Self, SecretErrors> {
        let (mut found, mut errors) = (HashMap::new(), Vec::new());
        for (grant, header) in headers(policy) {
            let outcome = header.template.iter().filter_map(source).try_for_each(|source| {
                let value = match known.0.get(source) {
                    Some(value) => value.clone(),
                    None => read(source, directory, authority).map_err(|why| format!("{}: {why}", Named(source)))?,
                };
                found.insert(source.clone(), value);
                Ok(())
            });
            let made = outcome.and_then(|()| check(grant, header, &found).map_err(str::to_owned));
            errors.extend(made.err().map(|reason| SecretError { rule: rule_of(grant), reason }));
        }
        if errors.is_empty() { Ok(Self(Arc::new(found))) } else { Err(SecretErrors(errors)) }
    }

    /// Puts the headers of a request's grant in place of the guest's of these names.
    ///
    /// # Errors
    /// [`HttpError::Misconfigured`] where anybody could read them on their way; [`HttpError::MethodInvalid`] for a method by which a
    /// server tells them back.
    pub(super) fn inject(&self, loan: &Loan, method: &Method, headers: &mut HeaderMap) -> Result<(), HttpError> {
        let terms = loan.permit().governing_grant().and_then(|grant| grant.http.as_ref());
        let Some(terms) = terms.filter(|terms| !terms.headers.is_empty()) else { return Ok(()) };
        let is_secret = terms.headers.iter().any(holds_secret);
        if is_secret && loan.is_open_to_others() {
            return Err(HttpError::Misconfigured(OPEN_TO_OTHERS));
        }
        if is_secret && TELLING_BACK.iter().any(|name| target::is_called(method, name)) {
            return Err(HttpError::MethodInvalid);
        }
        for header in &terms.headers {
            let (name, value) = compose(header, &self.0).map_err(HttpError::Misconfigured)?;
            headers.insert(name, value);
        }
        Ok(())
    }
}

impl FromIterator<(SecretSource, String)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (SecretSource, String)>>(values: I) -> Self {
        Self(Arc::new(values.into_iter().collect()))
    }
}

impl fmt::Debug for Secrets {
    /// Where they are from; never the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Where a secret is from, in messages.
struct Named<'a>(&'a SecretSource);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SecretSource::Env(name) => write!(f, "the variable `{name}`"),
            SecretSource::File(path) => write!(f, "the file `{}`", path.display()),
        }
    }
}

/// The files that secrets of a policy are read from: no guest may read them.
pub(crate) fn files<'a>(policy: &'a Policy, directory: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
    sources(policy).filter_map(move |source| match source {
        SecretSource::File(path) => Some(directory.join(path)),
        SecretSource::Env(_) => None,
    })
}

/// The variables that secrets of a policy are read from: no guest is given the host's values of them.
pub(crate) fn variables(policy: &Policy) -> impl Iterator<Item = &str> {
    sources(policy).filter_map(|source| match source {
        SecretSource::Env(name) => Some(name.as_str()),
        SecretSource::File(_) => None,
    })
}

fn sources(policy: &Policy) -> impl Iterator<Item = &SecretSource> {
    headers(policy).flat_map(|(_, header)| header.template.iter().filter_map(source))
}

/// Every header that a grant injects, with the grant.
fn headers(policy: &Policy) -> impl Iterator<Item = (&Grant, &InjectedHeader)> {
    let with_terms = policy.grants().iter().filter_map(|grant| Some((grant, grant.http.as_ref()?)));
    with_terms.flat_map(|(grant, terms)| terms.headers.iter().map(move |header| (grant, header)))
}

/// A grant as the operator wrote it.
fn rule_of(grant: &Grant) -> String {
    HttpRule::of(grant).map_or_else(|| grant.rule.to_string(), |rule| rule.to_string())
}

fn holds_secret(header: &InjectedHeader) -> bool {
    header.template.iter().any(|piece| source(piece).is_some())
}

fn source(piece: &Piece) -> Option<&SecretSource> {
    match piece {
        Piece::Text(_) => None,
        Piece::Secret(source) => Some(source),
    }
}

fn read(source: &SecretSource, directory: &Path, authority: HostAuthority) -> Result<String, &'static str> {
    let value = match source {
        SecretSource::Env(name) => ambient::secrets::variable(name, authority).ok_or("it is not set")?,
        SecretSource::File(path) => ambient::secrets::file(&directory.join(path), MAX_SECRET_BYTES, authority)
            .map_err(|_| "it cannot be read: it is to be a file of text, of 8 KiB at most")?,
    };
    // What an editor or `echo` puts behind it.
    let value = value.strip_suffix('\n').map_or(value.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    match value {
        "" => Err("it is empty"),
        value if value.len() > MAX_SECRET_BYTES => Err("it is longer than 8 KiB"),
        value => Ok(value.to_owned()),
    }
}

const OPEN_TO_OTHERS: &str = "a header with a secret is sent over `https`, or to this host itself";

/// Whether a header can be made, and can ever be sent.
fn check(grant: &Grant, header: &InjectedHeader, secrets: &HashMap<SecretSource, String>) -> Result<(), &'static str> {
    compose(header, secrets)?;
    if holds_secret(header) && !is_ever_closed_to_others(&grant.rule.scope) { Err(OPEN_TO_OTHERS) } else { Ok(()) }
}

/// Whether any peer of a scope is one that only it and this host can listen to.
fn is_ever_closed_to_others(scope: &Scope) -> bool {
    let Scope::Net(scope) = scope else { return true };
    if scope.scheme().is_none_or(Scheme::is_secure) {
        return true;
    }
    match scope.host() {
        HostPattern::Name(name) | HostPattern::Suffix(name) => {
            name.as_str() == "localhost" || name.as_str().ends_with(".localhost")
        }
        HostPattern::Address(address) => address.is_loopback(),
        // 127.0.0.0/8 and what is in it.
        HostPattern::Block { address, .. } => address.is_loopback(),
        HostPattern::Class(class) => *class == AddressClass::Loopback,
    }
}

/// A header with its secrets put in.
fn compose(
    header: &InjectedHeader,
    secrets: &HashMap<SecretSource, String>,
) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name: HeaderName = header.name.parse().map_err(|_| "the name of the header is none")?;
    if fields::is_forbidden(&name) || name == CONTENT_LENGTH {
        return Err("the header is one that the host sets itself");
    }
    let mut text = String::new();
    for piece in &header.template {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Secret(source) => text.push_str(secrets.get(source).ok_or("a secret of it is not known")?),
        }
    }
    let is_text = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let value = HeaderValue::try_from(text).ok().filter(|_| is_text);
    let mut value = value.ok_or("its value is not visible ASCII on one line")?;
    // Neither shown by `Debug`, nor kept in the tables of HTTP/2.
    value.set_sensitive(true);
    Ok((name, value))
}
