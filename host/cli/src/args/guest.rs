//! Arguments of the commands that start a guest.

use super::{
    AuditArguments, AuthorityArguments, DatabaseArguments, DatabaseLimitArguments, DenyChoice, LearnArguments,
    NetworkArguments, SealArguments,
};
use crate::exit;
use crate::units::{parse_duration, parse_size};
use clap::Args;
use std::ffi::OsString;
use std::time::Duration;

const RUN_EXAMPLES: &str = "\
Everything behind APP.wasm is for the guest, options too. Examples:
  caphost run --allow fs.read:./data app.wasm data/report.csv
  caphost run --allow fs:. --deny fs:./secrets --timeout 30s app.wasm --verbose
  caphost run --allow fs.read:/srv/in::/in,env.read:APP_*,time app.wasm
  caphost run --allow net --deny net:private,net:loopback,net:link-local app.wasm
  caphost run --allow net.connect:https://api.example.com app.wasm
  caphost run --allow-http 'GET https://api.example.com/v1 x-key: {env:API_KEY}' app.wasm
  caphost run --db main=sqlite:app.db --allow db.read:main.notes app.wasm
  caphost run --manifest caphost.toml --profile dev app.wasm
  caphost run --manifest caphost.toml --dry-run app.wasm
  caphost run --learn caphost.toml app.wasm   what is the least that it needs?
  caphost run --grant-sealed --key release.pub.pem app.sealed.wasm
  caphost run ./app                       with the component that ./app/caphost.toml names";

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
  caphost exec --allow fs.read:./data --require-landlock -- ./indexer data
  caphost exec --manifest caphost.toml -- ./indexer data";

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
    override_usage = "caphost run [OPTIONS] APP.wasm|DIRECTORY [ARGS]...",
    after_help = RUN_EXAMPLES,
    after_long_help = format!("{RUN_EXAMPLES}\n\n{}", exit::help())
)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    /// What a refused call comes back as: the interface's own error, or the end of the guest [default: error]
    #[arg(long, value_name = "WAY", value_enum)]
    pub(crate) on_deny: Option<DenyChoice>,
    /// Refuse a component with an import that reaches outside and has no grant, before anything runs
    #[arg(long)]
    pub(crate) strict: bool,
    /// Say what would be granted and where each rule is from, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Close the guest's standard input
    #[arg(long)]
    pub(crate) no_stdin: bool,
    /// Compile anew, and keep no compiled code
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// The component, or a directory with a `caphost.toml` that names it; what follows is for the guest
    #[arg(trailing_var_arg = true, value_name = "APP.wasm|DIRECTORY", num_args = 1..)]
    pub(crate) component_and_arguments: Vec<OsString>,
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    #[command(flatten)]
    pub(crate) learn: LearnArguments,
    #[command(flatten)]
    pub(crate) seal: SealArguments,
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
    /// Start only if the kernel enforces every grant and deny rule on files (Landlock) and on the network (seccomp)
    #[arg(long)]
    pub(crate) require_landlock: bool,
    /// Say what would be granted and where each rule is from, and start nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The program, looked up in PATH; what follows is for it
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM", num_args = 1..)]
    pub(crate) program_and_arguments: Vec<OsString>,
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
    #[command(flatten)]
    pub(crate) databases: DatabaseArguments,
    #[command(flatten)]
    pub(crate) database_limits: DatabaseLimitArguments,
}
