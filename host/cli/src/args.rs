//! The command line as it is written. What it means is for [`crate::settings`] to say.

mod databases;

pub(crate) use self::databases::{DatabaseArguments, DatabaseLimitArguments, DbCommand, DbGrantsArguments};

use crate::docs::Topic;
use crate::exit;
use crate::report::Format;
use crate::units::{parse_duration, parse_name_server, parse_size};
use caphost::OnDeny;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
  caphost check --allow fs.read:./data app.wasm are its imports covered? nothing runs
  caphost explain CAP0102                       what a code means";

const RUN_EXAMPLES: &str = "\
Everything behind APP.wasm is for the guest, options too. Examples:
  caphost run --allow fs.read:./data app.wasm data/report.csv
  caphost run --allow fs:. --deny fs:./secrets --timeout 30s app.wasm --verbose
  caphost run --allow fs.read:/srv/in::/in,env.read:APP_*,time app.wasm
  caphost run --allow net --deny net:private,net:loopback,net:link-local app.wasm
  caphost run --allow net.connect:https://api.example.com app.wasm
  caphost run --allow-http 'GET https://api.example.com/v1 x-key: {env:API_KEY}' app.wasm
  caphost run --db main=sqlite:app.db --allow db.read:main.notes app.wasm";

const EXEC_EXAMPLES: &str = "\
The program is handed its grants on a sealed descriptor, and keeps to them where it uses the
SDK. Of the environment it sees what it was granted or given. On Linux the kernel refuses it
every other file, and of the network other ports (Landlock) and other sockets (seccomp), as far
as it can, which is not which hosts are reached: a note says how far.
Without that, a native program is not confined. `--require-landlock` takes both.
`--error-format` is for caphost's own messages: what the program says of refusals is text.
Ends as the program ends; with 126 or 127 if it cannot be started.
Examples:
  caphost exec --allow fs.read:./data -- ./indexer data
  caphost exec --allow fs:./out --env MODE=fast --audit log.jsonl -- ./indexer out
  caphost exec --allow fs.read:./data --require-landlock -- ./indexer data";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a component
    Run(Box<RunArguments>),
    /// Start a native program that is handed its grants
    Exec(ExecArguments),
    /// Say whether every import is covered and every grant usable, without running anything
    Check(CheckArguments),
    /// Show what a component imports, exports, and could ever use
    Inspect(InspectArguments),
    /// Explain which rule decides, or what a code means
    Explain(ExplainArguments),
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

/// Who may do what.
#[derive(Debug, Default, Args)]
pub(crate) struct AuthorityArguments {
    /// Grant these capabilities, separated by commas: `fs.read:./data,env.read:APP_*,time`
    #[arg(long, value_name = "LIST")]
    pub(crate) allow: Vec<String>,
    /// Refuse these, whatever is granted
    #[arg(long, value_name = "LIST")]
    pub(crate) deny: Vec<String>,
    /// Grant these HTTP requests, and have the host add a header to them: `[METHODS] URL [NAME: VALUE]`
    #[arg(long, value_name = "RULE")]
    pub(crate) allow_http: Vec<String>,
    /// Give the guest a variable of this value, and the grant to read it
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) env: Vec<(String, String)>,
}

/// How the network is used where it is granted.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArguments {
    /// Look names up at this server and nowhere else [default: as the system does; port 53]
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = parse_name_server)]
    pub(crate) dns: Option<SocketAddr>,
    /// Trust servers whose certificate leads to one in this PEM file, too; can be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_root: Vec<PathBuf>,
}

/// What is written down.
#[derive(Debug, Default, Args)]
pub(crate) struct AuditArguments {
    /// Record every decision in this file, as chained JSON lines
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
}

/// How much may be used.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArguments {
    /// Linear memory of all instances together [default: 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory: Option<u64>,
    /// Time by the clock on the wall, that of blocked calls included: `30s`, `1m30s`, `500ms`
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Instructions, as the engine counts them; the same in each run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) fuel: Option<u64>,
    /// Open files, sockets, streams, listings and pollables together [default: 1024]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_handles: Option<u32>,
    /// Core instances [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_instances: Option<u32>,
    /// Standard output and standard error together
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) max_output: Option<u64>,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "caphost run [OPTIONS] APP.wasm [ARGS]...",
    after_help = RUN_EXAMPLES,
    after_long_help = format!("{RUN_EXAMPLES}\n\n{}", exit::help())
)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    /// What a refused call comes back as: the interface's own error, or the end of the guest
    #[arg(long, value_name = "WAY", value_enum, default_value_t)]
    pub(crate) on_deny: DenyChoice,
    /// Refuse a component with an import that reaches outside and has no grant, before anything runs
    #[arg(long)]
    pub(crate) strict: bool,
    /// Close the guest's standard input
    #[arg(long)]
    pub(crate) no_stdin: bool,
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    /// Compile anew, and keep no compiled code
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// The component; what follows is for the guest
    #[arg(required = true, trailing_var_arg = true, value_name = "APP.wasm", num_args = 1..)]
    pub(crate) component_and_arguments: Vec<OsString>,
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    #[command(flatten)]
    pub(crate) databases: DatabaseArguments,
    #[command(flatten)]
    pub(crate) database_limits: DatabaseLimitArguments,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
}

#[derive(Debug, Args)]
#[command(override_usage = "caphost exec [OPTIONS] [--] PROGRAM [ARGS]...", after_help = EXEC_EXAMPLES)]
pub(crate) struct ExecArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    /// Start only if the kernel enforces every grant and deny rule on files (Landlock) and on the network (seccomp)
    #[arg(long)]
    pub(crate) require_landlock: bool,
    /// The program, looked up in PATH; what follows is for it
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM", num_args = 1..)]
    pub(crate) program_and_arguments: Vec<OsString>,
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    #[command(flatten)]
    pub(crate) databases: DatabaseArguments,
    #[command(flatten)]
    pub(crate) database_limits: DatabaseLimitArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Ends with 0 if all is well, with 1 if something is not covered or not usable.
Example:
  caphost check --allow fs:./data,env.read,time,random app.wasm")]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    /// The component
    #[arg(value_name = "APP.wasm")]
    pub(crate) component: PathBuf,
    #[command(flatten)]
    pub(crate) databases: DatabaseArguments,
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
  caphost explain --allow net.connect:https://api.example.com 'POST https://api.example.com/v1'")]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    /// A capability and what it is asked for on, a request, or the code of a message
    #[arg(required = true, value_name = "CAPABILITY[:SCOPE] | [METHOD ]URL | CODE")]
    pub(crate) questions: Vec<String>,
}

/// `--on-deny`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DenyChoice {
    /// The interface's own error code; the guest is ended where a call has none
    #[default]
    Error,
    /// Every refusal ends the guest
    Trap,
}

impl From<DenyChoice> for OnDeny {
    fn from(choice: DenyChoice) -> Self {
        match choice {
            DenyChoice::Error => Self::Error,
            DenyChoice::Trap => Self::Trap,
        }
    }
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    match name {
        "" => Err("the name is empty"),
        _ if name.contains(['*', '\0']) => Err("a name has no `*` and no NUL"),
        _ => Ok((name.to_owned(), value.to_owned())),
    }
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
        let wrong: [&[&str]; 15] = [
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
