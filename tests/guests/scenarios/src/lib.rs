//! Scenarios: one operation or a few, each with the grants that it needs.
//!
//! A scenario writes down every answer that it gets. Run as a component and natively, under the same policy, it has to write down
//! the same. Those that `std` can express stand in one file that is compiled twice, for the SDK and for `std`.

mod own;
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
}

const fn scenario(name: &'static str, needs: &'static [&'static str], run: fn(&mut Record)) -> Scenario {
    Scenario { name, needs, run }
}

/// The scenarios that `std` can express, through the SDK.
mod sdk {
    use caphost_sdk::{env, fs};

    /// Tells whoever watches that the middle of a scenario is reached: it asks for what no policy of the tests allows.
    fn checkpoint() {
        let _ = env::var("CHECKPOINT");
    }

    include!("common.rs");
}

/// The same, through `std`.
mod through_std {
    use std::{env, fs};

    fn checkpoint() {
        let _ = std::net::TcpStream::connect("127.0.0.1:9");
    }

    include!("common.rs");
}

/// Every scenario, through the SDK: those of [`through_std`] come first, under the same names.
pub fn through_sdk() -> impl Iterator<Item = &'static Scenario> {
    sdk::SCENARIOS.iter().chain(own::SCENARIOS)
}

/// The scenarios that `std` can express, through `std`.
pub fn through_std() -> impl Iterator<Item = &'static Scenario> {
    through_std::SCENARIOS.iter()
}
