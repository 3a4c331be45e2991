//! Arguments about what a guest may do, and what is written down of it.

use crate::units::parse_name_server;
use caphost::manifest::OnDenyChoice;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Who may do what.
#[derive(Debug, Default, Args)]
pub(crate) struct AuthorityArguments {
    /// Take grants, deny rules, limits and settings from this manifest; options add to it, and replace single values
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Add this profile of the manifest; can be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Vec<String>,
    /// Grant these capabilities, separated by commas: `fs.read:./data,env.read:APP_*,time`
    #[arg(long, value_name = "LIST")]
    pub(crate) allow: Vec<String>,
    /// As `--allow`; or, if it ends in `.toml` or `.json`, as `--manifest`
    #[arg(long, value_name = "LIST|FILE")]
    pub(crate) capabilities: Vec<String>,
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

/// `--on-deny`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DenyChoice {
    /// The interface's own error code; the guest is ended where a call has none
    #[default]
    Error,
    /// Every refusal ends the guest
    Trap,
}

impl From<DenyChoice> for OnDenyChoice {
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
