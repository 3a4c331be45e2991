//! Whether the terms of one grant are within those of another.

use crate::http::{is_boundary, is_prefix};
use crate::{Grant, HttpTerms, Quota, Rate};

/// Whether a grant ends no later, gives no more, and covers no more HTTP requests than `ceiling`, whose scope covers its own.
pub(super) fn fit(ceiling: &Grant, grant: &Grant) -> bool {
    is_within(grant.expires_after, ceiling.expires_after)
        && ceiling.quota.is_none_or(|ceiling| quota_fits(ceiling, grant.quota.unwrap_or_default()))
        && match (&ceiling.http, &grant.http) {
            (None, None) => true,
            // What the host adds to a request is more than the request.
            (None, Some(terms)) => terms.headers.is_empty(),
            (Some(ceiling), Some(terms)) => http_fits(ceiling, terms),
            (Some(_), None) => false,
        }
}

fn quota_fits(ceiling: Quota, quota: Quota) -> bool {
    is_within(quota.operations, ceiling.operations)
        && is_within(quota.bytes, ceiling.bytes)
        && is_within(quota.received_bytes, ceiling.received_bytes)
        && is_within(quota.sent_bytes, ceiling.sent_bytes)
        && is_within(quota.connections, ceiling.connections)
        && is_within(quota.concurrent, ceiling.concurrent)
        && ceiling.rate.is_none_or(|ceiling| quota.rate.is_some_and(|rate| rate_fits(ceiling, rate)))
}

/// No more at once, and no more in the long run.
fn rate_fits(ceiling: Rate, rate: Rate) -> bool {
    let over = |rate: Rate, per: Rate| per.per.as_nanos().saturating_mul(rate.operations.into());
    rate.operations <= ceiling.operations && over(rate, ceiling) <= over(ceiling, rate)
}

fn http_fits(ceiling: &HttpTerms, terms: &HttpTerms) -> bool {
    let is_below = |path: &String| {
        let holds = |prefix: &&String| path.starts_with(prefix.as_str()) && is_boundary(path, prefix.len());
        ceiling.paths.iter().filter(|prefix| is_prefix(prefix)).any(|prefix| holds(&prefix))
    };
    is_subset(&terms.methods, &ceiling.methods)
        && (ceiling.paths.is_empty() || !terms.paths.is_empty() && terms.paths.iter().all(is_below))
        && terms.headers.iter().all(|header| ceiling.headers.contains(header))
}

/// Of lists that stand for everything where they are empty.
fn is_subset(part: &[String], whole: &[String]) -> bool {
    whole.is_empty() || !part.is_empty() && part.iter().all(|item| whole.contains(item))
}

/// Of bounds that are none where they are not there.
fn is_within<T: Ord>(bound: Option<T>, ceiling: Option<T>) -> bool {
    ceiling.is_none_or(|ceiling| bound.is_some_and(|bound| bound <= ceiling))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HttpRule;
    use std::time::Duration;

    fn grant(change: impl FnOnce(&mut Grant)) -> Grant {
        let mut grant = Grant::from("net.connect:https://a.example".parse::<crate::Rule>().unwrap());
        change(&mut grant);
        grant
    }

    #[test]
    fn a_bound_is_within_none_and_none_is_within_no_bound() {
        let seconds = |seconds| grant(|grant| grant.expires_after = Some(Duration::from_secs(seconds)));
        let rate = |operations, seconds| {
            let rate = Some(Rate { operations, per: Duration::from_secs(seconds) });
            grant(|grant| grant.quota = Some(Quota { rate, ..Quota::default() }))
        };
        let bytes = |bytes| grant(|grant| grant.quota = Some(Quota { bytes: Some(bytes), ..Quota::default() }));
        let plain = grant(|_| ());
        for (ceiling, within, beyond) in [
            (seconds(5), seconds(5), seconds(6)),
            (seconds(5), seconds(4), plain.clone()),
            (bytes(5), bytes(5), bytes(6)),
            (bytes(5), bytes(0), plain.clone()),
            (rate(10, 1), rate(5, 1), rate(11, 2)),
            (rate(10, 1), rate(10, 1), rate(6, 0)),
            (rate(10, 2), rate(4, 1), rate(6, 1)),
        ] {
            assert!(fit(&ceiling, &within) && fit(&plain, &within), "{within:?}");
            assert!(!fit(&ceiling, &beyond), "{beyond:?}");
        }
    }

    #[test]
    fn requests_are_within_by_method_path_and_header() {
        let http = |text: &str| HttpRule::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let plain = grant(|_| ());
        for (ceiling, within, beyond) in [
            ("GET https://a.example", "GET https://a.example/v1", "GET,POST https://a.example"),
            ("GET https://a.example", "GET https://a.example", "https://a.example/v1"),
            ("https://a.example/v1", "https://a.example/v1/x", "https://a.example/v10"),
            ("https://a.example/v1", "https://a.example/v1/", "https://a.example"),
            ("https://a.example/v1/", "https://a.example/v1/x", "https://a.example/v1"),
            ("https://a.example/ k: {env:A}", "https://a.example/ k: {env:A}", "https://a.example/ k: {env:B}"),
        ] {
            assert!(fit(&http(ceiling), &http(within)), "{within}");
            assert!(!fit(&http(ceiling), &http(beyond)), "{beyond}");
            assert!(!fit(&http(ceiling), &plain));
        }
        assert!(fit(&plain, &http("GET https://a.example/v1")) && !fit(&plain, &http("https://a.example/ k: {env:A}")));
    }
}
