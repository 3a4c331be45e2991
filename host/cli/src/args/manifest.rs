//! Arguments about manifests.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `caphost manifest`.
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestCommand {
    /// Show the policy that a manifest makes, and where each line of it is from
    Show(ShowArguments),
    /// Say whether a manifest can be read, with every profile and package
    Check(ManifestCheckArguments),
    /// Write a manifest of the older JSON form as TOML
    Convert(ConvertArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is run, and no path is looked up. Values of variables, passwords and headers are not shown.
Examples:
  caphost manifest show caphost.toml
  caphost manifest show caphost.toml --profile dev --package app --json")]
pub(crate) struct ShowArguments {
    /// The manifest
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Add this profile; can be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Vec<String>,
    /// As it is for the component of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Ends with 0 if it can, with 2 if not. Whether its paths are there is for `caphost check` to say.
Example:
  caphost manifest check caphost.toml")]
pub(crate) struct ManifestCheckArguments {
    /// The manifest
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without `-o`, to standard output. A file that is there is not replaced.
Example:
  caphost manifest convert profile.json -o caphost.toml")]
pub(crate) struct ConvertArguments {
    /// The manifest
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to write it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
