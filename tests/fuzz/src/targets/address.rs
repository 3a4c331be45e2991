//! URLs of requests and of databases.

use caphost::caps::db::PostgresSource;
use caphost::caps::http::target::{Url, parse_authority};
use caphost::policy::Host;
use http::Uri;

use crate::checks::{assert_fit, bounded};

pub(super) fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let url = bounded(text.len(), 64, || Url::parse(text));
    match &url {
        Ok(url) => check_url(text, url),
        Err(error) => assert_fit(&error.to_string(), 1024),
    }
    if let Ok((host, port)) = parse_authority(text) {
        assert!(port != Some(0) && !text.contains('@'), "{text}");
        let again = match (&host, port) {
            (Host::Address(address), Some(port)) if address.is_ipv6() => format!("[{address}]:{port}"),
            (Host::Address(address), _) if address.is_ipv6() => format!("[{address}]"),
            (Host::Address(address), Some(port)) => format!("{address}:{port}"),
            (Host::Address(address), None) => address.to_string(),
            (Host::Name(name), Some(port)) => format!("{name}:{port}"),
            (Host::Name(name), None) => name.to_string(),
        };
        assert!(matches!(parse_authority(&again), Ok(other) if other == (host, port)), "{text}");
    }
    check_database(text) || url.is_ok()
}

/// Another reader of URLs finds the same parts.
fn check_url(text: &str, url: &Url) {
    let path = &url.path_and_query;
    assert!(path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{text}");
    let Ok(other) = text.parse::<Uri>() else { return };
    assert_eq!(other.scheme_str().map(str::to_ascii_lowercase).as_deref(), Some(url.scheme.name()));
    assert_eq!(other.port_u16().unwrap_or(url.scheme.default_port()), url.port, "{text}");
    assert!(other.host().is_some_and(|host| Host::parse(host).as_ref() == Ok(&url.host)), "{text}");
    assert!(other.path_and_query().is_none_or(|other| format!("{other}") == *path), "{text}");
    assert!(!other.authority().is_some_and(|authority| authority.as_str().contains('@')), "{text}");
}

/// A password that stands in the corpus.
const PASSWORD: &str = "s3cret-9f";

/// A URL of a database is read to one meaning, and no message holds a password of it.
fn check_database(text: &str) -> bool {
    let source = bounded(text.len(), 128, || PostgresSource::parse(text));
    let shown = match &source {
        Ok(source) => {
            assert_eq!(source.expose_url(), text);
            assert!(!source.schema().starts_with("pg_") && !source.user().is_empty() && !source.database().is_empty());
            let again = PostgresSource::parse(source.expose_url());
            assert!(again.is_ok_and(|again| again == *source), "{text}");
            if !source.has_password() {
                return true;
            }
            format!("{source:?}")
        }
        Err(error) => {
            assert_fit(error, 4096);
            error.clone()
        }
    };
    // Of a password that stands where one does.
    let parts = text.split_once("://").map(|(_, rest)| rest.split(['@', '/', '?']).next().unwrap_or_default());
    if parts.is_some_and(|parts| parts.ends_with(&format!(":{PASSWORD}"))) && text.matches(PASSWORD).count() == 1 {
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
    source.is_ok()
}
