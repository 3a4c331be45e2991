//! Between the guest's types and the host's.

use super::{Fields, Request, Timeouts};
use crate::guest::{Error, Result};
use crate::http::{self, HeaderMap, HeaderName, HeaderValue, HttpError, MAX_FIELDS, target};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// The request in the host's types, and its URL.
pub(super) fn asked(request: Request) -> Result<(http::Request, Arc<str>)> {
    let Request { method, url, headers, timeouts } = request;
    let parts = target::Url::parse(&url).map_err(about(&url))?;
    let asked = http::Request {
        method: target::parse_method(&method).map_err(about(&url))?,
        scheme: parts.scheme,
        host: parts.host,
        port: parts.port,
        path_and_query: parts.path_and_query,
        headers: map_of(headers)?,
        timeouts: timeouts.try_into()?,
    };
    Ok((asked, url.into()))
}

impl TryFrom<Timeouts> for http::Timeouts {
    type Error = Error;

    fn try_from(timeouts: Timeouts) -> Result<Self> {
        let Timeouts { connect, first_byte, between_bytes } = timeouts;
        if [connect, first_byte, between_bytes].contains(&Some(0)) {
            return Err(Error::InvalidInput("a timeout of nothing leaves no time at all".to_owned()));
        }
        let duration = |nanoseconds: Option<u64>| nanoseconds.map(Duration::from_nanos);
        Ok(Self::at_most(duration(connect), duration(first_byte), duration(between_bytes)))
    }
}

pub(super) fn map_of(fields: Fields) -> Result<HeaderMap> {
    if fields.len() > MAX_FIELDS {
        return Err(Error::InvalidInput(format!("there are more than {MAX_FIELDS} headers or trailers")));
    }
    let mut map = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes());
        let name = name.map_err(|_| Error::InvalidInput("the name of a header or trailer is none".to_owned()))?;
        let value = HeaderValue::from_maybe_shared(Bytes::from(value))
            .map_err(|_| Error::InvalidInput(format!("the value of `{name}` holds what none can hold")))?;
        map.append(name, value);
    }
    Ok(map)
}

pub(super) fn fields_of(map: &HeaderMap) -> Fields {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned())).collect()
}

/// The guest's error, about a URL.
pub(super) fn about(url: &str) -> impl Fn(HttpError) -> Error {
    move |error| (error, url).into()
}

impl From<(HttpError, &str)> for Error {
    fn from((error, url): (HttpError, &str)) -> Self {
        match error {
            HttpError::Denied(denied) | HttpError::AddressDenied(denied) => (denied, url).into(),
            HttpError::NameUnresolvable => Self::NameUnresolvable,
            HttpError::ConnectionRefused => Self::ConnectionRefused,
            HttpError::ConnectionTerminated | HttpError::ResponseIncomplete => Self::ConnectionReset,
            HttpError::ConnectionTimeout
            | HttpError::ReadTimeout
            | HttpError::WriteTimeout
            | HttpError::ResponseTimeout
            | HttpError::ResolverTimeout => Self::TimedOut,
            HttpError::Unreachable => Self::Unreachable,
            HttpError::Unavailable(errno) => errno.into(),
            HttpError::ResponseBodySize => Self::TooLarge,
            HttpError::Over => Self::Closed,
            HttpError::MethodInvalid
            | HttpError::TargetInvalid(_)
            | HttpError::TargetTooLong
            | HttpError::RequestField(_)
            | HttpError::RequestLength
            | HttpError::RequestHeaderSectionSize(_)
            | HttpError::RequestTrailerSectionSize(_)
            | HttpError::RequestBodySize(_) => Self::InvalidInput(error.to_string()),
            HttpError::TlsProtocol(_) | HttpError::TlsCertificate(_) | HttpError::TlsAlert { .. } => {
                Self::Tls(error.to_string())
            }
            HttpError::RequestAborted
            | HttpError::ResponseHeaderSectionSize
            | HttpError::ResponseTrailerSectionSize
            | HttpError::UpgradeFailed
            | HttpError::Protocol(_) => Self::Protocol(error.to_string()),
            HttpError::ResolverFailure | HttpError::ConnectionLimit | HttpError::Misconfigured(_) => {
                Self::Io(error.to_string())
            }
        }
    }
}
