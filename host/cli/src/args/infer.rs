//! Arguments of what reads a component's code.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
A function counts as reached unless nothing can call it. Where every call of a function of
caphost:host is told a constant (a path, a name, a URL), that is the scope of the grant. This is a
proposal and no guarantee: a component does what it is granted, whatever its code looks like.
Examples:
  caphost infer app.wasm
  caphost infer app.wasm -o caphost.toml")]
pub(crate) struct InferArguments {
    /// The component
    #[arg(value_name = "APP.wasm")]
    pub(crate) component: PathBuf,
    /// The file to write, where none may be [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Looks at the code as `caphost infer` does, and at the seals if both have one. Ends with 0 if the new
one could do nothing more, with 1 if it could.
Example:
  caphost diff old.wasm new.wasm")]
pub(crate) struct DiffArguments {
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The component as it was
    #[arg(value_name = "OLD.wasm")]
    pub(crate) old: PathBuf,
    /// The component as it is to be
    #[arg(value_name = "NEW.wasm")]
    pub(crate) new: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Writes what `caphost infer` finds. What it would have to grant on everything grants nothing yet: it
stands behind a `#`, for you to give it a scope.
Example:
  caphost init app.wasm")]
pub(crate) struct InitArguments {
    /// The component
    #[arg(value_name = "APP.wasm")]
    pub(crate) component: PathBuf,
    /// The file to write, where none may be
    #[arg(long, short, value_name = "FILE", default_value = "caphost.toml")]
    pub(crate) output: PathBuf,
}
