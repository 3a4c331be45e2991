//! The text form: a line that names it and its version, then one JSON object. Unknown keys are errors.

use super::Handover;
use super::databases::DatabasesText;
use super::network::NetworkText;
use super::terms::Terms;
use caphost_policy::{DatabaseLimits, Limits, Policy, Rule};
use rustix::fd::{AsRawFd, RawFd};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What every version begins with.
pub(super) const MAGIC: &str = "caphost handover ";
/// The version that this build writes and reads.
const VERSION: &str = "3";

/// Everything of a [`Handover`] that can be written down.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) subject: String,
    allow: Vec<Terms>,
    deny: Vec<Written>,
    #[serde(with = "LimitsText")]
    limits: Limits,
    pub(super) working_directory: PathBuf,
    pub(super) variables: Vec<(String, String)>,
    pub(super) protected: Vec<PathBuf>,
    pub(super) network: NetworkText,
    pub(super) databases: DatabasesText,
    /// The number of the descriptor that the audit log is written to.
    pub(super) audit: Option<RawFd>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Limits", deny_unknown_fields)]
struct LimitsText {
    memory_bytes: Option<u64>,
    wall_time: Option<Duration>,
    fuel: Option<u64>,
    open_handles: u32,
    instances: u32,
    host_allocation_bytes: u64,
    output_bytes: Option<u64>,
    #[serde(with = "DatabaseLimitsText")]
    databases: DatabaseLimits,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DatabaseLimits", deny_unknown_fields)]
struct DatabaseLimitsText {
    statement_time: Duration,
    rows: Option<u64>,
    row_bytes: u64,
    result_bytes: Option<u64>,
    connections: u32,
    transactions: u32,
}

/// A rule in its text form.
#[derive(Debug)]
pub(super) struct Written(pub(super) Rule);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
    }
}

impl Text {
    /// The text of `handover`.
    pub(super) fn of(handover: &Handover) -> io::Result<Self> {
        let policy = &handover.policy;
        if policy.is_attenuated() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a policy that was narrowed has no text form"));
        }
        Ok(Self {
            subject: handover.subject.clone(),
            allow: policy.grants().iter().map(Terms::of).collect(),
            deny: policy.denies().iter().cloned().map(Written).collect(),
            limits: policy.limits().clone(),
            working_directory: handover.working_directory.clone(),
            variables: handover.variables.clone(),
            protected: handover.protected.clone(),
            network: NetworkText::of(&handover.network, &handover.secrets),
            databases: DatabasesText::of(&handover.databases),
            audit: handover.audit.as_ref().map(AsRawFd::as_raw_fd),
        })
    }

    /// The bytes of the text. Paths that are not valid UTF-8 are an error.
    pub(super) fn write(&self) -> io::Result<Vec<u8>> {
        let mut bytes = format!("{MAGIC}{VERSION}\n").into_bytes();
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }

    /// Reads `bytes`, which begin with [`MAGIC`].
    pub(super) fn read(bytes: &[u8]) -> io::Result<Self> {
        let text = str::from_utf8(bytes).map_err(invalid)?;
        let rest = text.strip_prefix(MAGIC).ok_or_else(|| invalid("it does not begin as one"))?;
        let (version, object) = rest.split_once('\n').ok_or_else(|| invalid("it has one line only"))?;
        if version != VERSION {
            return Err(invalid("it is of another version of caphost"));
        }
        serde_json::from_str(object).map_err(invalid)
    }

    /// The policy.
    pub(super) fn policy(&self) -> Policy {
        let builder = Policy::builder().limits(self.limits.clone());
        let builder = self.allow.iter().fold(builder, |builder, terms| builder.allow(terms.grant()));
        self.deny.iter().fold(builder, |builder, rule| builder.deny(rule.0.clone())).build()
    }
}

/// The error of a text that cannot be read.
#[cold]
pub(super) fn invalid(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the handover on descriptor 3 cannot be read: {why}"))
}
