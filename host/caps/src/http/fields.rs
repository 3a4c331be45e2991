//! Headers and trailers: which names are the host's, and how much of them there may be.

use super::HttpError;
use ::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The most that the headers or the trailers of one message may hold, names, values and separators together, in bytes. Stops a
/// guest and a peer from filling the host's memory with them; ours, and generous: servers give up at 8 to 32 KiB.
pub const MAX_SECTION_BYTES: usize = 64 << 10;

/// The most fields of one message. Stops hash tables from being filled with empty ones.
pub const MAX_FIELDS: usize = 256;

/// What a field takes beside its name and value: `: ` and the end of the line.
const SEPARATORS: usize = 4;

/// Fields that say how a connection is used, not what is asked (RFC 9110, section 7.6.1), in lower case.
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Fields that change how a message is read or who may read it, and so may not come behind it (RFC 9110, section 6.5.1).
const NOT_BEHIND: &[HeaderName] = &[
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::MAX_FORWARDS,
    header::RANGE,
    header::SET_COOKIE,
    header::TRAILER,
];

/// Whether a field is the host's own, in requests and answers alike: a guest neither sets nor sees it. `Content-Length` is not
/// among them: a guest may give it, and it then has to be true. `TE` is, but for [`is_allowed`].
pub fn is_forbidden(name: &HeaderName) -> bool {
    *name == header::HOST || is_of_connection(name)
}

/// Whether a guest may set a field of a request to this value: any that is not [`is_forbidden`], and `TE: trailers`.
pub fn is_allowed(name: &HeaderName, value: &HeaderValue) -> bool {
    !is_forbidden(name) || (*name == header::TE && value.as_bytes().eq_ignore_ascii_case(b"trailers"))
}

/// Whether a field may stand behind a body.
pub fn is_allowed_behind(name: &HeaderName) -> bool {
    !is_forbidden(name) && !NOT_BEHIND.contains(name)
}

fn is_of_connection(name: &HeaderName) -> bool {
    OF_THE_CONNECTION.contains(&name.as_str())
}

/// How many bytes fields take, as they would stand in an HTTP/1.1 message.
pub fn section_bytes(fields: &HeaderMap) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len() + SEPARATORS).sum()
}

/// Whether fields are within [`MAX_SECTION_BYTES`] and [`MAX_FIELDS`].
pub fn is_within_bounds(fields: &HeaderMap) -> bool {
    fields.len() <= MAX_FIELDS && section_bytes(fields) <= MAX_SECTION_BYTES
}

/// Checks the headers that a guest gave for a request.
///
/// # Errors
/// [`HttpError::RequestField`] for one that is the host's; [`HttpError::RequestHeaderSectionSize`] for too many.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), HttpError> {
    if !is_within_bounds(headers) {
        return Err(HttpError::RequestHeaderSectionSize(section_bytes(headers)));
    }
    check(headers, is_allowed)
}

/// Checks the trailers of a request.
///
/// # Errors
/// [`HttpError::RequestField`] for one that may not stand behind a body; [`HttpError::RequestTrailerSectionSize`] for too many.
pub(super) fn check_trailers(trailers: &HeaderMap) -> Result<(), HttpError> {
    if !is_within_bounds(trailers) {
        return Err(HttpError::RequestTrailerSectionSize(section_bytes(trailers)));
    }
    check(trailers, |name, _| is_allowed_behind(name))
}

fn check(fields: &HeaderMap, is_allowed: impl Fn(&HeaderName, &HeaderValue) -> bool) -> Result<(), HttpError> {
    match fields.iter().find(|(name, value)| !is_allowed(name, value)) {
        Some((name, _)) => Err(HttpError::RequestField(name.clone())),
        None => Ok(()),
    }
}

/// The length that headers give, if they give one.
///
/// # Errors
/// Headers that give several, also where they agree, and what is no number: two readers may understand them in two ways.
pub(super) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, InvalidLength> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    match (digits.and_then(|digits| digits.parse().ok()), values.next()) {
        (Some(length), None) => Ok(Some(length)),
        _ => Err(InvalidLength),
    }
}

/// A `Content-Length` that can be read in two ways, or in none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidLength;

/// Takes the connection's fields out of an answer, also those that its `Connection` names.
pub(super) fn strip(fields: &mut HeaderMap) {
    let named: Vec<HeaderName> = fields
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let fixed = OF_THE_CONNECTION.iter().map(|name| HeaderName::from_static(name));
    // What says how long the body is, is the message's and not the connection's.
    for name in named.into_iter().filter(|name| *name != header::CONTENT_LENGTH).chain(fixed) {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        map
    }

    #[test]
    fn fields_of_the_connection_are_the_hosts() {
        for name in ["Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "TE"] {
            let refused = Err(HttpError::RequestField(name.parse().unwrap()));
            assert_eq!(check_headers(&map(&[(name, "x")])), refused, "{name}");
        }
        assert_eq!(check_headers(&map(&[("te", "trailers"), ("accept", "x"), ("trailer", "y")])), Ok(()), "control");
    }

    #[test]
    fn the_last_field_and_byte_are_taken_and_the_next_refused() {
        let fields = |count: usize| {
            (0..count).fold(HeaderMap::new(), |mut map, index| {
                map.insert(format!("f{index}").parse::<HeaderName>().unwrap(), HeaderValue::from_static(""));
                map
            })
        };
        assert_eq!(check_headers(&fields(MAX_FIELDS)), Ok(()));
        assert!(check_headers(&fields(MAX_FIELDS + 1)).is_err());
        let value = |length: usize| map(&[("a", &"x".repeat(length - SEPARATORS - 1))]);
        assert_eq!(check_headers(&value(MAX_SECTION_BYTES)), Ok(()));
        let over = MAX_SECTION_BYTES + 1;
        assert_eq!(check_headers(&value(over)), Err(HttpError::RequestHeaderSectionSize(over)));
    }

    #[test]
    fn a_length_has_one_reading() {
        let length = |values: &[&str]| {
            content_length(&map(&values.iter().map(|value| ("content-length", *value)).collect::<Vec<_>>()))
        };
        assert_eq!((length(&[]), length(&["0"]), length(&["17"])), (Ok(None), Ok(Some(0)), Ok(Some(17))));
        let refused: [&[&str]; 8] =
            [&["1", "1"], &["1", "2"], &["1, 1"], &["+1"], &["-1"], &["0x1"], &[""], &["99999999999999999999"]];
        for refused in refused {
            assert_eq!(length(refused), Err(InvalidLength), "{refused:?}");
        }
    }

    #[test]
    fn an_answer_loses_what_its_connection_names_and_keeps_its_length() {
        let mut fields = map(&[
            ("connection", "x-hop, Content-Length"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("content-length", "3"),
            ("x-end", "2"),
        ]);
        strip(&mut fields);
        assert_eq!(fields, map(&[("content-length", "3"), ("x-end", "2")]));
    }

    #[test]
    fn trailers_do_not_change_how_a_message_is_read() {
        for name in ["content-length", "transfer-encoding", "host", "authorization", "trailer", "set-cookie"] {
            assert!(check_trailers(&map(&[(name, "x")])).is_err(), "{name}");
        }
        assert_eq!(check_trailers(&map(&[("x-checksum", "x")])), Ok(()), "control");
    }
}
