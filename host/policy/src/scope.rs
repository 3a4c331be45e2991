//! Scopes: what a rule covers. One type a shape, each with its text form.

mod host;
mod name;
mod net;
mod path;
mod ports;
mod scheme;
mod table;

pub use host::{Host, HostName};
pub use name::NameScope;
pub(crate) use net::mask;
pub use net::{AddressClass, HostPattern, NetScope};
pub use path::PathScope;
pub use ports::Ports;
pub use scheme::Scheme;
pub use table::TableScope;

/// Why a text is no scope of the expected shape.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScopeError {
    /// Nothing stands where a part of the scope belongs.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A character that no such scope can hold.
    #[error("{what} can not contain {character:?}")]
    Character {
        /// The part of the scope.
        what: &'static str,
        /// The character.
        character: char,
    },
    /// A `*` elsewhere than the form allows.
    #[error("{0}")]
    Wildcard(&'static str),
    /// No strict host name.
    #[error("`{0}` is no host name: letters, digits and hyphens in labels of 1 to 63, 253 in all")]
    HostName(String),
    /// Digits that some programs read as an address, and others as another one.
    #[error("`{0}` is no address: write IPv4 addresses as four decimal numbers without leading zeros")]
    LooksLikeAddress(String),
    /// No port and no range of ports.
    #[error("`{0}` is no port and no range of ports (`443`, `8000-8999`)")]
    Ports(String),
    /// No CIDR block.
    #[error("`{0}` is no CIDR block (`10.0.0.0/8`, `fd00::/8`)")]
    Cidr(String),
    /// A block with bits set outside of its prefix.
    #[error("`{block}` has bits set behind its prefix: write `{meant}`")]
    CidrBits {
        /// As written.
        block: String,
        /// The block that holds it.
        meant: String,
    },
    /// No scheme that a scope can have.
    #[error("`{0}` is no scheme: a scope has `http`, `https`, `ws`, `wss`, or none")]
    Scheme(String),
    /// More of a URL than a scope can hold.
    #[error(
        "a scope is a scheme, a host and ports (`https://api.example.com:8443`), without a path, a user or a query"
    )]
    Url,
}
