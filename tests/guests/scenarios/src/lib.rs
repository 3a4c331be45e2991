//! Scenarios: one operation or a few, each with the grants that it needs.
//!
//! A scenario writes down every answer that it gets. Run as a component and natively, under the same policy, it has to write down
//! the same. Those that `std` can express stand in one file that is compiled twice, for the SDK and for `std`.

mod database;
mod network;
mod own;
pub mod peers;
mod record;

pub use record::Record;

/// A scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// The grants that it needs to do all it does.
    pub needs: &'static [&'static str],
    /// Does it, and writes down what came of it.
    pub run: fn(&mut Record),
    /// Behind its middle it waits for what never comes: for policies under which something ends that.
    pub waits: bool,
    /// It is about the database `main`, on each engine that there is.
    pub uses_database: bool,
}

const fn scenario(name: &'static str, needs: &'static [&'static str], run: fn(&mut Record)) -> Scenario {
    Scenario { name, needs, run, waits: false, uses_database: false }
}

const fn waiting(name: &'static str, needs: &'static [&'static str], run: fn(&mut Record)) -> Scenario {
    Scenario { name, needs, run, waits: true, uses_database: false }
}

/// The scenarios that `std` can express, through the SDK.
mod sdk {
    use caphost_sdk::{Result, env, fs, net};

    /// Tells whoever watches that the middle of a scenario is reached: it asks for what no policy of the tests allows.
    fn checkpoint() {
        let _ = env::var("CHECKPOINT");
    }

    /// The addresses of a name.
    fn lookup(name: &str) -> Result<Vec<net::IpAddr>> {
        net::resolve(name)
    }

    /// A connection to a name.
    fn dial(name: &str, port: u16) -> Result<net::TcpStream> {
        net::TcpStream::connect((name, port))
    }

    include!("common.rs");
    include!("common_network.rs");

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
        SCENARIOS.iter().chain(NETWORK)
    }
}

/// The same, through `std`.
mod through_std {
    use std::io::{Error, Result};
    use std::net::ToSocketAddrs;
    use std::{env, fs, net};

    fn checkpoint() {
        let _ = net::TcpStream::connect(crate::peers::CHECKPOINT);
    }

    fn lookup(name: &str) -> Result<Vec<net::IpAddr>> {
        let found = (name, 0).to_socket_addrs().map_err(failed)?;
        Ok(found.map(|address| address.ip()).collect())
    }

    fn dial(name: &str, port: u16) -> Result<net::TcpStream> {
        let found: Vec<_> = (name, port).to_socket_addrs().map_err(failed)?.collect();
        net::TcpStream::connect(&found[..])
    }

    /// A C library says of a name only that it was not found.
    fn failed(_: Error) -> Error {
        Error::from_raw_os_error(crate::record::FAILED)
    }

    include!("common.rs");
    include!("common_network.rs");

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
        SCENARIOS.iter().chain(NETWORK)
    }
}

/// Every scenario, through the SDK: those of [`through_std`] come first, under the same names.
pub fn through_sdk() -> impl Iterator<Item = &'static Scenario> {
    sdk::all().chain(own::SCENARIOS).chain(network::SCENARIOS).chain(database::all())
}

/// The scenarios that `std` can express, through `std`.
pub fn through_std() -> impl Iterator<Item = &'static Scenario> {
    through_std::all()
}
