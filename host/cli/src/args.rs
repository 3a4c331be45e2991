//! The command line as it is written. What it means is for [`crate::settings`] to say.

mod audit;
mod authority;
mod databases;
mod guest;
mod infer;
mod manifest;
mod seal;

pub(crate) use self::audit::{
    AuditArguments, AuditCommand, AuditManifestArguments, AuditShowArguments, AuditVerifyArguments, DecisionArgument,
    LearnArguments,
};
pub(crate) use self::authority::{AuthorityArguments, DenyChoice, NetworkArguments};
pub(crate) use self::databases::{DatabaseArguments, DatabaseLimitArguments, DbCommand, DbGrantsArguments};
pub(crate) use self::guest::{ExecArguments, LimitArguments, RunArguments};
pub(crate) use self::infer::{DiffArguments, InferArguments, InitArguments};
pub(crate) use self::manifest::{ConvertArguments, ManifestCheckArguments, ManifestCommand, ShowArguments};
pub(crate) use self::seal::{KeygenArguments, SealArguments, SealCommandArguments, VerifyArguments};

use crate::docs::Topic;
use crate::report::Format;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// Run WebAssembly components with exactly the capabilities they were granted.
#[derive(Debug, Parser)]
#[command(name = "caphost", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The form of messages on standard error
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) error_format: Format,
}

const EXAMPLES: &str = "\
Nothing is granted by default; a refusal names the grant that lifts it. Examples:
  caphost run app.wasm                          what does it ask for?
  caphost run --allow fs.read:./data app.wasm   it may read ./data, and nothing else
  caphost run --manifest caphost.toml app.wasm  it may do what the file says
  caphost check --allow fs.read:./data app.wasm are its imports covered? nothing runs
  caphost explain CAP0102                       what a code means";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a component
    Run(Box<RunArguments>),
    /// Start a native program that is handed its grants
    Exec(Box<ExecArguments>),
    /// Say whether every import is covered and every grant usable, without running anything
    Check(CheckArguments),
    /// Show what a component imports, exports, and could ever use
    Inspect(InspectArguments),
    /// Make a manifest a part of a component, and sign it
    Seal(SealCommandArguments),
    /// Verify a component's seal, without running anything
    Verify(VerifyArguments),
    /// Make a pair of keys to sign seals with
    Keygen(KeygenArguments),
    /// Write a manifest to begin with, for what a component can reach
    Init(InitArguments),
    /// Say what a component can reach, as a manifest
    Infer(InferArguments),
    /// Say what an update of a component could newly do
    Diff(DiffArguments),
    /// Explain which rule decides, or what a code means
    Explain(ExplainArguments),
    /// What goes with manifests
    #[command(subcommand)]
    Manifest(ManifestCommand),
    /// What goes with audit logs
    #[command(subcommand)]
    Audit(AuditCommand),
    /// What goes with databases
    #[command(subcommand)]
    Db(DbCommand),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  caphost completions bash > ~/.local/share/bash-completion/completions/caphost")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print tables for the documentation
    #[command(hide = true)]
    Docs {
        /// Which table
        topic: Topic,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Ends with 0 if all is well, with 1 if something is not covered or not usable.
Examples:
  caphost check --allow fs:./data,env.read,time,random app.wasm
  caphost check --manifest caphost.toml app.wasm")]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    /// The component
    #[arg(value_name = "APP.wasm")]
    pub(crate) component: PathBuf,
    #[command(flatten)]
    pub(crate) databases: DatabaseArguments,
    #[command(flatten)]
    pub(crate) seal: SealArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  caphost inspect app.wasm")]
pub(crate) struct InspectArguments {
    /// As one JSON object, with the functions of each import
    #[arg(long)]
    pub(crate) json: bool,
    /// The component
    #[arg(value_name = "APP.wasm")]
    pub(crate) component: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Ends with 0 if everything asked for is allowed, with 1 if something is refused. Paths are taken
as they are written, from the working directory: a run also follows symbolic links.
Examples:
  caphost explain CAP0102
  caphost explain --allow fs.read:. --deny fs.read:./keys fs.read:./keys/a.pem
  caphost explain --allow net.connect:https://api.example.com 'POST https://api.example.com/v1'
  caphost explain --manifest caphost.toml fs.write:./out/report.txt")]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    /// A capability and what it is asked for on, a request, or the code of a message
    #[arg(required = true, value_name = "CAPABILITY[:SCOPE] | [METHOD ]URL | CODE")]
    pub(crate) questions: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn run(arguments: &[&str]) -> RunArguments {
        let all = ["caphost", "run"].iter().chain(arguments);
        match Arguments::try_parse_from(all).unwrap().command {
            Command::Run(arguments) => *arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_follows_the_component_is_the_guest_s() {
        let parsed = run(&["--allow", "time", "app.wasm", "--allow", "fs", "-h", "--", "--strict"]);
        assert_eq!(parsed.authority.allow, ["time"]);
        assert_eq!(parsed.component_and_arguments, ["app.wasm", "--allow", "fs", "-h", "--", "--strict"]);
        assert!(!parsed.strict);
    }

    #[test]
    fn the_form_of_messages_is_ours_before_the_component_and_the_guest_s_behind() {
        let of = |arguments: &[&str]| Arguments::try_parse_from(arguments).unwrap().error_format;
        assert_eq!(of(&["caphost", "run", "--error-format", "json", "app.wasm"]), Format::Json);
        assert_eq!(of(&["caphost", "run", "app.wasm", "--error-format", "json"]), Format::Human);
    }

    #[test]
    fn what_leaves_nothing_or_has_no_name_is_a_usage_error() {
        let wrong: [&[&str]; 16] = [
            &["--manifest", "a.toml", "--manifest", "b.toml"],
            &["--memory", "0"],
            &["--memory", "16 apples"],
            &["--timeout", "0s"],
            &["--timeout", "soon"],
            &["--fuel", "0"],
            &["--max-handles", "0"],
            &["--env", "NAME"],
            &["--env", "=x"],
            &["--env", "A*=x"],
            &["--dns", "dns.example.com"],
            &["--dns", "192.0.2.1", "--dns", "192.0.2.2"],
            &["--db-rows", "0"],
            &["--db-connections", "0"],
            &["--db-row-bytes", "0"],
            &["--db-statement-time", "0s"],
        ];
        for arguments in wrong {
            let all = ["caphost", "run"].iter().chain(arguments).chain(&["app.wasm"]);
            assert_eq!(Arguments::try_parse_from(all).unwrap_err().exit_code(), 2, "{arguments:?}");
        }
    }
}
