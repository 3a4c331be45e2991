//! Path prefixes of HTTP requests. Invariant: a prefix covers no path that a server could read as one outside of it.

/// Parts of a path that a server may resolve or decode into another path, in lower case.
const AMBIGUOUS: [&str; 7] = ["..", "//", "\\", "%2f", "%5c", "%2e", "%25"];

/// The path of a request without its query, if a prefix may cover it.
pub(crate) fn covered_part(target: &str) -> Option<&str> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let is_sane = path.starts_with('/') && !is_ambiguous(path) && holds_text(path);
    is_sane.then_some(path)
}

/// Whether `path` can stand as a prefix in a grant's terms.
pub(crate) fn is_prefix(path: &str) -> bool {
    covered_part(path) == Some(path) && path.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether the first `length` bytes of `path` end where a segment does.
pub(crate) fn is_boundary(path: &str, length: usize) -> bool {
    match path.split_at_checked(length) {
        Some((prefix, rest)) => prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Whether what is encoded in a path is UTF-8. What is not has no one reading: an overlong form of `/` is none to some, and one to
/// others; so is half an escape.
fn holds_text(path: &str) -> bool {
    let mut bytes = Vec::with_capacity(path.len());
    let mut pieces = path.split('%');
    bytes.extend(pieces.next().unwrap_or_default().bytes());
    for piece in pieces {
        let Some((escape, rest)) = piece.split_at_checked(2) else { return false };
        let is_plain = escape.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some(byte) = u8::from_str_radix(escape, 16).ok().filter(|_| is_plain) else { return false };
        bytes.push(byte);
        bytes.extend(rest.bytes());
    }
    std::str::from_utf8(&bytes).is_ok()
}

fn is_ambiguous(path: &str) -> bool {
    let bytes = path.as_bytes();
    let holds = |part: &str| bytes.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()));
    AMBIGUOUS.iter().any(|part| holds(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_may_read_otherwise_is_covered_by_no_prefix() {
        for target in ["/v1/x", "/v1?u=https://a/../b%2f", "/v1/.well-known", "/a%20b", "/", "/v1/./x", "/%C3%A9"] {
            assert!(covered_part(target).is_some(), "{target}");
        }
        for target in [
            "",
            "v1",
            "*",
            "?/v1",
            "/v1/../x",
            "/v1/..",
            "/..;/x",
            "//v1",
            "/v1//x",
            "/v1\\x",
            "/v1%2fx",
            "/v1%2F..",
            "/v1/%2e%2E/x",
            "/v1%5Cx",
            "/v1/%252e/x",
            "/v1/%c0%af",
            "/v1/%e9",
            "/v1/%+1",
            "/v1/%2",
            "/v1/%",
            "/v1/%é",
        ] {
            assert_eq!(covered_part(target), None, "{target}");
        }
        assert_eq!(covered_part("/v1/x?y#z"), Some("/v1/x"));
    }

    #[test]
    fn prefixes_end_at_segments() {
        for (path, length, expected) in
            [("/v1", 3, true), ("/v1/x", 3, true), ("/v1/x", 4, true), ("/v10", 3, false), ("/v1", 4, false)]
        {
            assert_eq!(is_boundary(path, length), expected, "{path} {length}");
        }
        assert!(is_prefix("/") && is_prefix("/v1/"));
        for refused in ["", "v1", "/v1?x", "/v1#x", "/a b", "/é", "/../x"] {
            assert!(!is_prefix(refused), "{refused:?}");
        }
    }
}
