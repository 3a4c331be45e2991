//! The text form: a line that names it and its version, then one JSON object. Unknown keys are errors.

use super::Handover;
use super::databases::DatabasesText;
use super::network::NetworkText;
use super::terms::Terms;
use crate::audit::OnAuditError;
use caphost_policy::{DatabaseLimits, Deny, Limits, Policy, PolicyLayer, Rule};
use rustix::fd::{AsRawFd, RawFd};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What every version begins with.
pub(super) const MAGIC: &str = "caphost handover ";
/// The version that this build writes and reads.
const VERSION: &str = "4";

/// Everything of a [`Handover`] that can be written down.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) subject: String,
    /// The rules of each policy that was narrowed into one, the first one first.
    layers: Vec<LayerText>,
    #[serde(with = "LimitsText")]
    limits: Limits,
    pub(super) working_directory: PathBuf,
    pub(super) variables: Vec<(String, String)>,
    pub(super) protected: Vec<PathBuf>,
    pub(super) network: NetworkText,
    pub(super) databases: DatabasesText,
    /// The number of the descriptor that the audit log is written to.
    pub(super) audit: Option<RawFd>,
    /// The program goes on without records when that cannot be written.
    goes_on_unaudited: bool,
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

/// The rules of one policy.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerText {
    allow: Vec<Terms>,
    deny: Vec<DenyText>,
}

/// A deny rule. Each exception is a rule of the same capability.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DenyText {
    rule: Written,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    except: Vec<Written>,
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
        Ok(Self {
            subject: handover.subject.clone(),
            layers: policy.layers().map(|layer| LayerText::of(&layer)).collect(),
            limits: policy.limits().clone(),
            working_directory: handover.working_directory.clone(),
            variables: handover.variables.clone(),
            protected: handover.protected.clone(),
            network: NetworkText::of(&handover.network, &handover.secrets),
            databases: DatabasesText::of(&handover.databases),
            audit: handover.audit.as_ref().map(AsRawFd::as_raw_fd),
            goes_on_unaudited: handover.on_audit_error == OnAuditError::Continue,
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

    /// What becomes of the program when its log cannot be written.
    pub(super) fn on_audit_error(&self) -> OnAuditError {
        if self.goes_on_unaudited { OnAuditError::Continue } else { OnAuditError::Stop }
    }

    /// The policy.
    pub(super) fn policy(&self) -> Policy {
        let layers = self.layers.iter().map(|layer| layer.policy(self.limits.clone()));
        layers.reduce(|policy, narrower| policy.attenuate(&narrower)).unwrap_or_default()
    }
}

impl LayerText {
    fn of(layer: &PolicyLayer<'_>) -> Self {
        let deny = layer.denies.iter().map(|deny| DenyText::of(deny));
        Self { allow: layer.grants.iter().map(Terms::of).collect(), deny: deny.collect() }
    }

    fn policy(&self, limits: Limits) -> Policy {
        let builder = Policy::builder().limits(limits);
        let builder = self.allow.iter().fold(builder, |builder, terms| builder.allow(terms.grant()));
        self.deny.iter().fold(builder, |builder, deny| builder.deny(deny.deny())).build()
    }
}

impl DenyText {
    fn of(deny: &Deny) -> Self {
        let capability = deny.rule.capability;
        let except = deny.except.iter().map(|scope| Written(Rule { capability, scope: scope.clone() }));
        Self { rule: Written(deny.rule.clone()), except: except.collect() }
    }

    /// An exception that is of another capability is one that does not fit, and leaves nothing out.
    fn deny(&self) -> Deny {
        let fits = |except: &&Written| except.0.capability == self.rule.0.capability;
        let except = self.except.iter().filter(fits).map(|except| except.0.scope.clone());
        Deny { rule: self.rule.0.clone(), except: except.collect() }
    }
}

/// The error of a text that cannot be read.
#[cold]
pub(super) fn invalid(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the handover on descriptor 3 cannot be read: {why}"))
}
