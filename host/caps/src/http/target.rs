//! What a request is sent to: URLs, authorities, paths. Read strictly, so that what is checked is what is sent.

use super::HttpError;
use ::http::Method;
use ::http::uri::PathAndQuery;
use caphost_policy::{Host, Scheme};
use std::borrow::Cow;

/// The longest path and query, in bytes: what the largest servers read, and enough for any honest guest.
pub const MAX_TARGET_BYTES: usize = 16 << 10;

/// The longest method, in bytes; `VERSION-CONTROL`, the longest that is registered, has 15.
pub const MAX_METHOD_BYTES: usize = 64;

/// A URL in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port: the scheme's where the URL names none.
    pub port: u16,
    /// Path and query; `/` where the URL has neither.
    pub path_and_query: String,
}

impl Url {
    /// Reads `http://…` or `https://…`, without user, password and fragment.
    ///
    /// # Errors
    /// [`HttpError::TargetInvalid`], [`HttpError::TargetTooLong`].
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let (scheme, rest) =
            text.split_once("://").ok_or(HttpError::TargetInvalid("a URL begins with `http://` or `https://`"))?;
        let scheme = parse_scheme(scheme)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = parse_authority(authority)?;
        let path_and_query = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        check_path(&path_and_query)?;
        Ok(Self { scheme, host, port: port.unwrap_or(scheme.default_port()), path_and_query })
    }
}

/// Reads `http` or `https`, in any case.
///
/// # Errors
/// [`HttpError::TargetInvalid`] for anything else.
pub fn parse_scheme(text: &str) -> Result<Scheme, HttpError> {
    [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|scheme| scheme.name().eq_ignore_ascii_case(text))
        .ok_or(HttpError::TargetInvalid("the scheme is neither `http` nor `https`"))
}

/// Reads `HOST[:PORT]`; an IPv6 address stands in brackets.
///
/// # Errors
/// [`HttpError::TargetInvalid`]: users and passwords, empty ports, and whatever is no host by [`Host::parse`].
pub fn parse_authority(text: &str) -> Result<(Host, Option<u16>), HttpError> {
    let end_of_address = text.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match text.get(end_of_address..).and_then(|behind| behind.find(':')) {
        Some(colon) => {
            let (host, port) = text.split_at(end_of_address + colon);
            (host, Some(parse_port(port.get(1..).unwrap_or_default())?))
        }
        None => (text, None),
    };
    let host = Host::parse(host).map_err(|_| HttpError::TargetInvalid("the host is neither a name nor an address"))?;
    Ok((host, port))
}

fn parse_port(text: &str) -> Result<u16, HttpError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| is_number && *port != 0);
    port.ok_or(HttpError::TargetInvalid("the port is no number from 1 to 65535"))
}

/// Checks a path with its query: `/` and visible ASCII without `#`. An absolute URL is none.
///
/// # Errors
/// [`HttpError::TargetInvalid`], [`HttpError::TargetTooLong`].
pub fn check_path(text: &str) -> Result<(), HttpError> {
    if text.len() > MAX_TARGET_BYTES {
        return Err(HttpError::TargetTooLong);
    }
    if !text.starts_with('/') {
        return Err(HttpError::TargetInvalid("a path begins with `/`"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(HttpError::TargetInvalid("a path holds visible ASCII, and no `#`: write the rest as `%XX`"));
    }
    Ok(())
}

/// Reads a method: a token of RFC 9110.
///
/// # Errors
/// [`HttpError::MethodInvalid`].
pub fn parse_method(text: &str) -> Result<Method, HttpError> {
    Some(text)
        .filter(|text| text.len() <= MAX_METHOD_BYTES)
        .and_then(|text| Method::from_bytes(text.as_bytes()).ok())
        .ok_or(HttpError::MethodInvalid)
}

/// Whether a method has this name, in any case: a server may not tell case apart.
pub(super) fn is_called(method: &Method, name: &str) -> bool {
    method.as_str().eq_ignore_ascii_case(name)
}

/// The path and query that are sent; `*`, the server itself, only with `OPTIONS`.
pub(super) fn path_and_query(method: &Method, text: &str) -> Result<PathAndQuery, HttpError> {
    if *method == Method::OPTIONS && text == "*" {
        return Ok(PathAndQuery::from_static("*"));
    }
    check_path(text)?;
    let parsed = PathAndQuery::try_from(text).ok().filter(|parsed| parsed.as_str() == text);
    parsed.ok_or(HttpError::TargetInvalid("the path holds characters that stand only as `%XX`"))
}

/// The host and port of a request as a server reads them: without the scheme's own port.
pub(crate) fn authority(scheme: Scheme, host: &Host, port: u16) -> String {
    let host = match host {
        Host::Name(name) => name.as_str().to_owned(),
        Host::Address(std::net::IpAddr::V6(address)) => format!("[{address}]"),
        Host::Address(address) => address.to_string(),
    };
    if port == scheme.default_port() { host } else { format!("{host}:{port}") }
}

/// A URL, or the path of one, for records and messages: a query may hold a key, which is nobody's to keep.
pub(crate) fn without_query(url: &str) -> Cow<'_, str> {
    match url.split_once('?') {
        Some((before, _)) => format!("{before}?…").into(),
        None => url.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<(String, u16, String), HttpError> {
        Url::parse(text).map(|url| (authority(url.scheme, &url.host, url.port), url.port, url.path_and_query))
    }

    #[test]
    fn urls_have_a_host_a_port_and_a_path() {
        let parts = |host: &str, port, path: &str| Ok((host.to_owned(), port, path.to_owned()));
        assert_eq!(url("https://API.example.com."), parts("api.example.com", 443, "/"));
        assert_eq!(url("HTTP://example.com:8080?x=1"), parts("example.com:8080", 8080, "/?x=1"));
        assert_eq!(url("http://[::1]:80/a//b?c=/d"), parts("[::1]", 80, "/a//b?c=/d"));
        assert_eq!(url("https://127.0.0.1:80/%00"), parts("127.0.0.1:80", 80, "/%00"));
    }

    #[test]
    fn what_two_programs_read_in_two_ways_is_refused() {
        for refused in [
            "example.com",
            "ftp://example.com/",
            "//example.com/",
            "http://",
            "http:///path",
            "http://user@example.com/",
            "http://user:pass@example.com/",
            "http://example.com:/",
            "http://example.com:0/",
            "http://example.com:65536/",
            "http://example.com:+80/",
            "http://example.com:80:80/",
            "http://example.com\\@evil.example/",
            "http://exam ple.com/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://::1/",
            "http://[::1/",
            "http://[::1]x/",
            "http://[fe80::1%25eth0]/",
            "http://b\u{fc}cher.example/",
            "http://example.com/a b",
            "http://example.com/a\r\nHost: x",
            "http://example.com/#top",
            "http://example.com#top",
            "http://example.com/\u{fc}",
        ] {
            assert!(matches!(url(refused), Err(HttpError::TargetInvalid(_))), "{refused:?}: {:?}", url(refused));
        }
    }

    #[test]
    fn a_target_is_never_in_absolute_form_and_has_a_bound() {
        let path = |text: &str| path_and_query(&Method::GET, text).map(|path| path.as_str().to_owned());
        assert_eq!(path("/a?b"), Ok("/a?b".to_owned()), "control");
        for refused in ["", "*", "a", "http://example.com/", "?x", "/a\tb", "/a\0"] {
            assert!(path(refused).is_err(), "{refused:?}");
        }
        assert!(path_and_query(&Method::OPTIONS, "*").is_ok());
        let long = |length: usize| path(&format!("/{}", "x".repeat(length - 1)));
        assert!(long(MAX_TARGET_BYTES).is_ok());
        assert_eq!(long(MAX_TARGET_BYTES + 1), Err(HttpError::TargetTooLong));
    }

    #[test]
    fn a_method_is_a_token() {
        assert_eq!(parse_method("PROPFIND").map(|method| method.to_string()), Ok("PROPFIND".to_owned()));
        assert_eq!(parse_method("get").map(|method| method.to_string()), Ok("get".to_owned()), "the case is kept");
        for refused in ["", "GET /", "G\r\nT", "G\u{e9}T"] {
            assert_eq!(parse_method(refused), Err(HttpError::MethodInvalid), "{refused:?}");
        }
        assert!(parse_method(&"X".repeat(MAX_METHOD_BYTES)).is_ok());
        assert!(parse_method(&"X".repeat(MAX_METHOD_BYTES + 1)).is_err());
    }

    #[test]
    fn what_is_recorded_of_a_url_is_not_its_query() {
        assert_eq!(without_query("https://a.test/x?key=1?2"), "https://a.test/x?…");
        assert_eq!(without_query("/x"), "/x");
    }
}
