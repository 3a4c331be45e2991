//! `GET,HEAD https://api.example.com/v1/ authorization: Bearer {env:API_TOKEN}`: a grant with HTTP terms, as one text.

use std::fmt;
use std::ops::Range;

use super::header::HeaderError;
use super::{HttpTerms, InjectedHeader, is_method, is_prefix};
use crate::{Capability, Grant, HostPattern, NetScope, Problem, Rule, RuleError, Scheme, Scope};

/// The text form of a grant with HTTP terms. `Display` writes what [`HttpRule::parse`] reads.
#[derive(Clone, Copy, Debug)]
pub struct HttpRule<'a> {
    scope: &'a NetScope,
    terms: &'a HttpTerms,
}

impl<'a> HttpRule<'a> {
    /// Reads `[METHOD[,METHOD…]] URL [NAME: VALUE]`, separated by spaces.
    ///
    /// - Without methods: any. They are compared exactly, so write them in upper case.
    /// - The path of the URL is the prefix of [`HttpTerms::paths`]; without one: any path.
    /// - The header is added by the host to each request; its value is read by [`InjectedHeader::parse`].
    ///
    /// # Errors
    /// What is wrong and where, as for rule lists.
    pub fn parse(text: &str) -> Result<Grant, RuleError> {
        Parser { text }.grant()
    }

    /// The text form of a grant, if it has one: with an HTTP scheme and terms, on a host that a URL can name, on one path and with
    /// one header at most.
    #[must_use]
    pub fn of(grant: &'a Grant) -> Option<Self> {
        let (Scope::Net(scope), Some(terms)) = (&grant.rule.scope, &grant.http) else { return None };
        let is_block = matches!(scope.host(), HostPattern::Block { .. });
        let is_one = terms.paths.len() <= 1 && terms.headers.len() <= 1;
        let is_one =
            is_one && terms.paths.iter().all(|path| is_prefix(path)) && terms.methods.iter().all(|it| is_method(it));
        (grant.is_well_formed() && is_one && !is_block).then_some(Self { scope, terms })
    }
}

impl fmt::Display for HttpRule<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HttpTerms { methods, paths, headers } = self.terms;
        if !methods.is_empty() {
            write!(formatter, "{} ", methods.join(","))?;
        }
        write!(formatter, "{}{}", self.scope, paths.concat())?;
        match headers.first() {
            Some(header) => write!(formatter, " {}: {}", header.name, header.value_text()),
            None => Ok(()),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
}

impl Parser<'_> {
    fn grant(&self) -> Result<Grant, RuleError> {
        let first = self.word(0);
        let is_url = |word: &Range<usize>| self.slice(word).contains("://");
        let (methods, url) =
            if is_url(&first) { (first.start..first.start, first) } else { (first.clone(), self.word(first.end)) };
        if !is_url(&url) {
            return Err(self.error(url, "a URL is expected (`https://api.example.com/v1/`)"));
        }
        let listed = methods.clone();
        let methods = self.methods(methods)?;
        let header = self.word(url.end).start..self.text.trim_end_matches(' ').len();
        let headers = if header.is_empty() { Vec::new() } else { vec![self.header(header)?] };
        let mut terms = HttpTerms { methods, paths: Vec::new(), headers };
        terms.check_secrets().map_err(|problem| self.error(listed, problem))?;
        let (scope, paths) = self.url(url)?;
        terms.paths = paths;
        let rule = Rule { capability: Capability::NetConnect, scope: Scope::Net(scope) };
        Ok(Grant { http: Some(terms), ..Grant::from(rule) })
    }

    fn methods(&self, range: Range<usize>) -> Result<Vec<String>, RuleError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let mut start = range.start;
        let mut methods: Vec<String> = Vec::new();
        for method in self.slice(&range).split(',') {
            let place = start..start + method.len();
            start = place.end + 1;
            HttpTerms::check_method(method).map_err(|problem| self.error(place, problem))?;
            if !methods.iter().any(|other| other == method) {
                methods.push(method.to_owned());
            }
        }
        Ok(methods)
    }

    fn url(&self, range: Range<usize>) -> Result<(NetScope, Vec<String>), RuleError> {
        let url = self.slice(&range);
        let authority = url.find("://").map_or(0, |at| at + 3);
        let end =
            url.get(authority..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| authority + at);
        let (origin, path) = url.split_at_checked(end).unwrap_or((url, ""));
        let place = range.start..range.start + end;
        let capability = Capability::NetConnect;
        let scope = NetScope::parse(origin)
            .map_err(|error| self.problem(place.clone(), Problem::Scope { capability, error }))?;
        match scope.scheme() {
            Some(Scheme::Http | Scheme::Https) => {}
            _ => return Err(self.error(place, "only `http` and `https` URLs have methods, paths and headers")),
        }
        match path {
            "" => Ok((scope, Vec::new())),
            _ => match HttpTerms::check_path(path) {
                Ok(()) => Ok((scope, vec![path.to_owned()])),
                Err(problem) => Err(self.error(range.start + end..range.end, problem)),
            },
        }
    }

    fn header(&self, range: Range<usize>) -> Result<InjectedHeader, RuleError> {
        let text = self.slice(&range);
        let Some((name, value)) = text.split_once(':') else {
            return Err(self.error(range, "a header is written `name: value`"));
        };
        let place = |error: HeaderError, start: usize| {
            let HeaderError { problem, span } = error.behind(start);
            self.error(span, problem)
        };
        InjectedHeader::parse(name, "x").map_err(|error| place(error, range.start))?;
        InjectedHeader::parse(name, value).map_err(|error| place(error, range.start + name.len() + 1))
    }

    /// The next run of characters other than spaces.
    fn word(&self, from: usize) -> Range<usize> {
        let rest = self.text.get(from..).unwrap_or_default();
        let word = rest.trim_start_matches(' ');
        let start = self.text.len() - word.len();
        start..start + word.find(' ').unwrap_or(word.len())
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn error(&self, span: Range<usize>, problem: &'static str) -> RuleError {
        self.problem(span, Problem::Http(problem))
    }

    fn problem(&self, span: Range<usize>, problem: Problem) -> RuleError {
        RuleError { text: self.text.to_owned(), span, problem, nearest: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Grant {
        HttpRule::parse(text).unwrap_or_else(|error| panic!("{}", error.render("rule")))
    }

    #[test]
    fn methods_path_and_header_become_terms() {
        let grant = parse("GET,HEAD https://api.example.com/v1/ Authorization: Bearer {env:API_TOKEN}");
        assert_eq!(grant.rule.to_string(), "net.connect:https://api.example.com");
        let terms = grant.http.clone().unwrap();
        assert_eq!((terms.methods, terms.paths), (vec!["GET".to_owned(), "HEAD".to_owned()], vec!["/v1/".to_owned()]));
        assert_eq!(terms.headers[0].value_text(), "Bearer {env:API_TOKEN}");
        assert_eq!(parse("http://h.example").http, Some(HttpTerms::default()));
        assert!(grant.is_well_formed());
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for text in [
            "GET,HEAD https://api.example.com/v1/ authorization: Bearer {env:API_TOKEN}",
            "https://api.example.com",
            "http://*.example.com:8080/ x-key: {file:./token}",
            "POST https://[::1]:8443/a",
            "DELETE https://public/x y: z",
            "https://h.example:0-65535",
        ] {
            assert_eq!(HttpRule::of(&parse(text)).map(|rule| rule.to_string()).as_deref(), Some(text));
        }
        assert!(HttpRule::of(&Grant::from("net.connect".parse::<Rule>().unwrap())).is_none());
    }

    #[test]
    fn errors_mark_the_place() {
        for (text, item) in [
            ("", ""),
            ("GET", ""),
            ("GET api.example.com", "api.example.com"),
            ("get https://h.example", "get"),
            ("GET,CONNECT https://h.example", "CONNECT"),
            ("GET,TRACE https://h.example x: {env:T}", "GET,TRACE"),
            ("GET,,PUT https://h.example", ""),
            ("GET wss://h.example", "wss://h.example"),
            ("GET ftp://h.example/x", "ftp://h.example"),
            ("https://u@h.example/x", "https://u@h.example"),
            ("https://h.example/x?y", "/x?y"),
            ("https://h.example?y", "?y"),
            ("https://h.example/a/../b", "/a/../b"),
            ("https://h.example/ authorization", "authorization"),
            ("https://h.example/ host: x", "host"),
            ("https://h.example/ x-a: {b}", "{b}"),
            ("https://2130706433/", "https://2130706433"),
        ] {
            let error = HttpRule::parse(text).unwrap_err();
            assert_eq!(error.item(), item, "{text}: {error}");
        }
    }
}
