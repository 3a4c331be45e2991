//! Every conversion between the capability layer's HTTP types and those of `wasi:http` 0.2.

use crate::bindings::wasi::http::types::{
    DnsErrorPayload, ErrorCode, HeaderError, Method, Scheme, TlsAlertReceivedPayload,
};
use crate::state::OnDeny;
use crate::wasi::convert::RefusalTrap;
use caphost_caps::http::HttpError;
use caphost_caps::http::target::{parse_method, parse_scheme};
use caphost_policy as policy;
use std::borrow::Cow;
use wasmtime::component::ResourceTableError;

/// The error of a function that sends or receives: one of the guest's, or a trap.
#[derive(Debug)]
pub(crate) enum HttpFailure {
    Http(HttpError),
    Trap(wasmtime::Error),
}

impl From<HttpError> for HttpFailure {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<ResourceTableError> for HttpFailure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

/// The code that a guest gets, or the trap.
pub(crate) fn error_code(failure: HttpFailure, on_deny: OnDeny) -> wasmtime::Result<ErrorCode> {
    match failure {
        HttpFailure::Trap(error) => Err(error),
        HttpFailure::Http(error) => match error.denied() {
            Some(denied) if on_deny == OnDeny::Trap => Err(RefusalTrap(denied).into()),
            _ => Ok(code_of(&error)),
        },
    }
}

/// The code of an error, by the list of proxy error types (RFC 9209) that the interface follows.
pub(crate) fn code_of(error: &HttpError) -> ErrorCode {
    let dns_error =
        |rcode: &str| ErrorCode::DnsError(DnsErrorPayload { rcode: Some(rcode.to_owned()), info_code: None });
    let bytes = |bytes: usize| Some(u32::try_from(bytes).unwrap_or(u32::MAX));
    match error {
        HttpError::Denied(_) => ErrorCode::HttpRequestDenied,
        HttpError::AddressDenied(_) => ErrorCode::DestinationIpProhibited,
        HttpError::NameUnresolvable => dns_error("NXDOMAIN"),
        HttpError::ResolverTimeout => ErrorCode::DnsTimeout,
        HttpError::ResolverFailure => dns_error("SERVFAIL"),
        HttpError::ConnectionRefused => ErrorCode::ConnectionRefused,
        HttpError::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        HttpError::ConnectionTimeout => ErrorCode::ConnectionTimeout,
        HttpError::ReadTimeout => ErrorCode::ConnectionReadTimeout,
        HttpError::WriteTimeout => ErrorCode::ConnectionWriteTimeout,
        HttpError::ConnectionLimit => ErrorCode::ConnectionLimitReached,
        HttpError::Unreachable => ErrorCode::DestinationIpUnroutable,
        HttpError::Unavailable(_) => ErrorCode::DestinationUnavailable,
        HttpError::TlsProtocol(_) => ErrorCode::TlsProtocolError,
        HttpError::TlsCertificate(_) => ErrorCode::TlsCertificateError,
        HttpError::TlsAlert { id, message } => ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
            alert_id: Some(*id),
            alert_message: Some((*message).to_owned()),
        }),
        HttpError::MethodInvalid => ErrorCode::HttpRequestMethodInvalid,
        HttpError::TargetInvalid(_) => ErrorCode::HttpRequestUriInvalid,
        HttpError::TargetTooLong => ErrorCode::HttpRequestUriTooLong,
        HttpError::RequestLength => ErrorCode::HttpRequestBodySize(None),
        HttpError::RequestHeaderSectionSize(size) => ErrorCode::HttpRequestHeaderSectionSize(bytes(*size)),
        HttpError::RequestTrailerSectionSize(size) => ErrorCode::HttpRequestTrailerSectionSize(bytes(*size)),
        HttpError::RequestBodySize(size) => ErrorCode::HttpRequestBodySize(Some(*size)),
        HttpError::ResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        HttpError::ResponseHeaderSectionSize => ErrorCode::HttpResponseHeaderSectionSize(None),
        HttpError::ResponseTrailerSectionSize => ErrorCode::HttpResponseTrailerSectionSize(None),
        HttpError::ResponseBodySize => ErrorCode::HttpResponseBodySize(None),
        HttpError::ResponseTimeout => ErrorCode::HttpResponseTimeout,
        HttpError::UpgradeFailed => ErrorCode::HttpUpgradeFailed,
        HttpError::RequestAborted | HttpError::Protocol(_) => ErrorCode::HttpProtocolError,
        HttpError::Misconfigured(_) => ErrorCode::ConfigurationError,
        HttpError::RequestField(_) | HttpError::Over => ErrorCode::InternalError(Some(error.to_string())),
    }
}

/// The error of a function on fields: one of the guest's, or a trap.
#[derive(Debug)]
pub(crate) enum HeaderFailure {
    Header(HeaderError),
    /// More than the host keeps. The interface has no error for it.
    TooLarge,
    Trap(wasmtime::Error),
}

impl From<HeaderError> for HeaderFailure {
    fn from(error: HeaderError) -> Self {
        Self::Header(error)
    }
}

impl From<ResourceTableError> for HeaderFailure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

/// The error that a guest gets, or the trap.
pub(crate) fn header_error(failure: HeaderFailure) -> wasmtime::Result<HeaderError> {
    match failure {
        HeaderFailure::Header(error) => Ok(error),
        HeaderFailure::TooLarge => Err(wasmtime::Error::msg("fields hold more than the host keeps of them")),
        HeaderFailure::Trap(error) => Err(error),
    }
}

pub(crate) fn method(method: &Method) -> Result<http::Method, HttpError> {
    Ok(match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
        Method::Connect => http::Method::CONNECT,
        Method::Options => http::Method::OPTIONS,
        Method::Trace => http::Method::TRACE,
        Method::Patch => http::Method::PATCH,
        Method::Other(other) => parse_method(other)?,
    })
}

/// Without a scheme it is HTTPS.
pub(crate) fn scheme(scheme: Option<&Scheme>) -> Result<policy::Scheme, HttpError> {
    match scheme {
        None | Some(Scheme::Https) => Ok(policy::Scheme::Https),
        Some(Scheme::Http) => Ok(policy::Scheme::Http),
        Some(Scheme::Other(other)) => parse_scheme(other),
    }
}

/// The path and query of a URL: an empty path is `/`, as RFC 9110 has it.
pub(crate) fn path_and_query(text: Option<&str>) -> Cow<'_, str> {
    match text {
        None | Some("") => Cow::Borrowed("/"),
        Some(text) if text.starts_with('?') => Cow::Owned(format!("/{text}")),
        Some(text) => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_caps::Session;
    use caphost_caps::ambient::HostAuthority;
    use caphost_caps::guest::env;
    use caphost_policy::Policy;

    #[test]
    fn refusals_have_their_two_codes_and_are_traps_where_all_are() {
        let session = Session::builder(Policy::builder().build()).build(HostAuthority::claim()).unwrap();
        let denied = env::get(&session, "A").unwrap_err().denied().unwrap();
        let code = |error, on_deny| error_code(HttpFailure::Http(error), on_deny);
        for (error, expected) in [
            (HttpError::Denied(denied), ErrorCode::HttpRequestDenied),
            (HttpError::AddressDenied(denied), ErrorCode::DestinationIpProhibited),
        ] {
            let seen = code(error.clone(), OnDeny::Error).unwrap();
            assert_eq!(format!("{seen:?}"), format!("{expected:?}"));
            assert!(code(error, OnDeny::Trap).unwrap_err().downcast_ref::<RefusalTrap>().is_some());
        }
        assert!(code(HttpError::ConnectionRefused, OnDeny::Trap).is_ok(), "control");
    }

    #[test]
    fn an_empty_path_is_the_root() {
        assert_eq!(path_and_query(None), "/");
        assert_eq!(path_and_query(Some("")), "/");
        assert_eq!(path_and_query(Some("?a=b")), "/?a=b");
        assert_eq!(path_and_query(Some("/a?b")), "/a?b");
    }
}
