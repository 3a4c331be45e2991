//! Arguments about audit logs, and about learning from what a guest does.

use crate::authority::declared;
use crate::units::{parse_duration, parse_size};
use caphost::audit_log::LearnScope;
use caphost::caps::ambient::audit::MAX_KEPT;
use caphost::manifest::{AuditChoice, AuditErrorChoice, Declared};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// What is written down.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Audit")]
pub(crate) struct AuditArguments {
    /// Record every decision in this file, as chained JSON lines
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
    /// What becomes of the guest when the log cannot be written: it may do nothing more, or goes on unrecorded [default: stop]
    #[arg(long, value_name = "WAY", value_enum)]
    pub(crate) audit_on_error: Option<AuditErrorArgument>,
    /// Go on in a new file at this size, and give the full ones the names `FILE.1`, `FILE.2` and so on, the youngest first
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) audit_rotate: Option<u64>,
    /// Keep so many full files [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_KEPT)))]
    pub(crate) audit_keep: Option<u32>,
}

/// `--audit-on-error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditErrorArgument {
    /// Nothing more is allowed.
    Stop,
    /// The guest goes on, unrecorded.
    Continue,
}

/// Granting everything, to see what is used.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Learning")]
pub(crate) struct LearnArguments {
    /// Grant all that is not denied, and write the least manifest for what the guest used
    #[arg(long, value_name = "OUT.toml")]
    pub(crate) learn: Option<PathBuf>,
    /// How far the grants are made wider than what was used
    #[arg(long, value_name = "SCOPE", value_enum, default_value_t, requires = "learn")]
    pub(crate) learn_scope: ScopeArgument,
}

/// `--learn-scope` and `--scope`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArgument {
    /// Not at all: each file, table and request by itself.
    #[default]
    Exact,
    /// To the directory of each file, and of each request's path.
    Dir,
    /// Besides, to all of each host and of each database.
    Host,
}

/// `caphost audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that a log is what was written: no line changed, missing, moved or added
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(AuditVerifyArguments),
    /// Show what is in a log
    #[command(after_help = SHOW_EXAMPLES)]
    Show(AuditShowArguments),
    /// Write the least manifest that allows what a log says was used
    #[command(after_help = MANIFEST_EXAMPLES)]
    Manifest(AuditManifestArguments),
}

const VERIFY_EXAMPLES: &str = "\
Older files of a log (`log.jsonl.1` and so on) are found by themselves. Ends with 0 if the log is
whole and ended, with 1 if not. The hashes hold no secret: who can write the whole log can write
another one, so keep the last hash elsewhere.
Examples:
  caphost audit verify log.jsonl
  caphost audit verify --hash 9f86d0… log.jsonl";

const SHOW_EXAMPLES: &str = "\
Examples:
  caphost audit show log.jsonl
  caphost audit show --decision deny --capability fs log.jsonl
  caphost audit show --summary log.jsonl
  caphost audit show --plot --since 10s log.jsonl";

const MANIFEST_EXAMPLES: &str = "\
Examples:
  caphost audit manifest log.jsonl
  caphost audit manifest --scope dir -o caphost.toml log.jsonl";

#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArguments {
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The hash that the last line must have
    #[arg(long, value_name = "SHA-256")]
    pub(crate) hash: Option<String>,
    /// The log; or all files of it, in any order
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditShowArguments {
    /// Only this capability, or those of this profile
    #[arg(long, value_name = "NAME")]
    pub(crate) capability: Vec<String>,
    /// Only what was decided so
    #[arg(long, value_name = "DECISION", value_enum)]
    pub(crate) decision: Option<DecisionArgument>,
    /// Only resources that hold this text, as asked or as resolved
    #[arg(long, value_name = "TEXT")]
    pub(crate) resource: Option<String>,
    /// Only from so long after the start
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) since: Option<Duration>,
    /// Only until so long after the start
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) until: Option<Duration>,
    /// One JSON object a line
    #[arg(long, conflicts_with = "plot")]
    pub(crate) json: bool,
    /// Count by capability and resource
    #[arg(long, conflicts_with = "plot")]
    pub(crate) summary: bool,
    /// Draw how much was decided over time
    #[arg(long)]
    pub(crate) plot: bool,
    /// Columns of the plot [default: those of the terminal]
    #[arg(long, value_name = "N", requires = "plot", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub(crate) width: Option<u16>,
    /// The log; or all files of it, in any order
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditManifestArguments {
    /// The manifest [default: it is printed]
    #[arg(short, long, value_name = "OUT.toml")]
    pub(crate) output: Option<PathBuf>,
    /// How far the grants are made wider than what was used
    #[arg(long, value_name = "SCOPE", value_enum, default_value_t)]
    pub(crate) scope: ScopeArgument,
    /// The log; or all files of it, in any order
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// `--decision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecisionArgument {
    /// Allowed.
    Allow,
    /// Refused.
    Deny,
}

impl AuditArguments {
    /// What they declare.
    pub(crate) fn declared(self) -> Option<Declared<AuditChoice>> {
        let on_error = self.audit_on_error.map(|on_error| match on_error {
            AuditErrorArgument::Stop => AuditErrorChoice::Stop,
            AuditErrorArgument::Continue => AuditErrorChoice::Continue,
        });
        let choice = AuditChoice {
            file: self.audit.map(|path| path.to_string_lossy().into_owned()),
            on_error,
            rotate_bytes: self.audit_rotate,
            keep: self.audit_keep,
        };
        (choice != AuditChoice::default()).then(|| declared("--audit", choice))
    }
}

impl From<ScopeArgument> for LearnScope {
    fn from(scope: ScopeArgument) -> Self {
        match scope {
            ScopeArgument::Exact => Self::Exact,
            ScopeArgument::Dir => Self::Directory,
            ScopeArgument::Host => Self::Host,
        }
    }
}
