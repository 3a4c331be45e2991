//! What a grant says of HTTP requests beside their host: methods, paths, and headers that the host adds.

mod header;
mod path;
mod rule;

pub use header::{HeaderError, InjectedHeader, Piece, SecretSource};
pub(crate) use path::{covered_part, is_boundary, is_prefix};
pub use rule::HttpRule;

/// Terms of a grant for HTTP requests. A grant that has them covers HTTP requests and nothing else: no plain connection to the
/// same host, and no lookup of its name by the guest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct HttpTerms {
    /// The methods, each in its exact case. Empty: any.
    pub methods: Vec<String>,
    /// Prefixes of the path, each with its leading `/`. Empty: any.
    ///
    /// `/v1` covers `/v1`, `/v1/x` and `/v1?x`, not `/v10`; `/v1/` covers `/v1/` and `/v1/x`, not `/v1`. What is no prefix (no
    /// leading `/`, or one of the forms below) covers nothing.
    ///
    /// # Security
    /// A server may read `/v1/../admin` as `/admin`. So no prefix covers a path that holds `..`, `//`, a backslash, or an encoded
    /// `/`, `\`, `.` or `%` (`%2f`, `%5c`, `%2e`, `%25`), or whose encoded bytes are no UTF-8; the query behind `?` is not looked at.
    pub paths: Vec<String>,
    /// Headers that the host adds to each request, in place of the guest's of the same name.
    pub headers: Vec<InjectedHeader>,
}

/// Which term of a grant refuses a request whose host it covers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HttpTerm {
    /// The method.
    Method,
    /// The path.
    Path,
}

/// Methods whose answer holds the request.
const TELLING_BACK: [&str; 2] = ["TRACE", "TRACK"];

impl HttpTerms {
    /// Says whether `method` can stand in [`HttpTerms::methods`].
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn check_method(method: &str) -> Result<(), &'static str> {
        match method {
            _ if !is_method(method) => Err("methods are written in upper case, such as `GET`"),
            "CONNECT" => Err("the host makes no `CONNECT` requests"),
            _ => Ok(()),
        }
    }

    /// Says whether `path` can stand in [`HttpTerms::paths`].
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn check_path(path: &str) -> Result<(), &'static str> {
        if is_prefix(path) {
            return Ok(());
        }
        Err(
            "a path prefix has no query and no fragment, and holds no `..`, `//`, backslash, encoded `/`, `\\`, `.` or `%`, or encoded bytes that are no UTF-8",
        )
    }

    /// Says whether no secret is sent with a method whose answer holds it.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn check_secrets(&self) -> Result<(), &'static str> {
        let tells_back = self.methods.iter().any(|method| TELLING_BACK.contains(&method.as_str()));
        if tells_back && self.headers.iter().any(|header| header.secrets().next().is_some()) {
            return Err("a server answers `TRACE` with what it got: none is sent with a secret");
        }
        Ok(())
    }
}

/// Methods are told apart by case, and no server knows one in lower case.
fn is_method(text: &str) -> bool {
    header::is_token(text) && !text.contains(char::is_lowercase)
}
