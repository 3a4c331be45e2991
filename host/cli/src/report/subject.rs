//! The component that a message is about.

use caphost::inspect::Component;
use serde::Serialize;

/// A component's name and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Subject {
    /// Raw.
    #[serde(rename = "component")]
    pub(crate) name: String,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

impl Subject {
    /// Names `component`.
    pub(crate) fn of(component: &Component) -> Self {
        let sha256 = component.digest().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name: component.name().to_owned(), sha256 }
    }
}
