//! The text form of what the network is used with, and of secrets. Invariant: no `Debug` text holds a secret's value.

use super::terms::SourceText;
use crate::http::Secrets;
use crate::net::NetworkSettings;
use caphost_policy::SecretSource;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;

/// What the network is used with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkText {
    name_server: Option<SocketAddr>,
    tls_roots: Vec<String>,
    secrets: Vec<SecretText>,
}

/// A secret, and where the host found it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretText {
    source: SourceText,
    value: String,
}

impl fmt::Debug for SecretText {
    /// Where it is from; never the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretText").field("source", &self.source).finish_non_exhaustive()
    }
}

impl NetworkText {
    pub(super) fn of(settings: &NetworkSettings, secrets: &Secrets) -> Self {
        let NetworkSettings { name_server, tls_roots } = settings;
        // PEM is ASCII, but for what nobody reads.
        let tls_roots = tls_roots.iter().map(|pem| String::from_utf8_lossy(pem).into_owned()).collect();
        let secret = |(source, value): (&SecretSource, &str)| SecretText {
            source: source.clone().into(),
            value: value.to_owned(),
        };
        Self { name_server: *name_server, tls_roots, secrets: secrets.iter().map(secret).collect() }
    }

    pub(super) fn settings(&self) -> NetworkSettings {
        let tls_roots = self.tls_roots.iter().map(|pem| pem.clone().into_bytes()).collect();
        NetworkSettings { name_server: self.name_server, tls_roots }
    }

    pub(super) fn secrets(&self) -> Secrets {
        let secret = |SecretText { source, value }: &SecretText| (source.clone().into(), value.clone());
        self.secrets.iter().map(secret).collect()
    }
}
