//! Arguments about seals.

use clap::Args;
use std::path::PathBuf;

/// What is asked of a component's seal.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Seal")]
pub(crate) struct SealArguments {
    /// Grant what the component's seal allows, and nothing else of it
    #[arg(long)]
    pub(crate) grant_sealed: bool,
    /// Refuse the component unless this key has signed its seal; can be given several times: then each must have
    #[arg(long, value_name = "PUBLIC.pem")]
    pub(crate) key: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "caphost seal APP.wasm --manifest FILE [--sign KEY.pem]... -o OUT.wasm\n       \
        caphost seal SEALED.wasm --sign KEY.pem... -o OUT.wasm",
    after_help = "\
The manifest becomes a part of the component: a ceiling on whatever is granted when it runs. Its
relative paths then mean the directory of the sealed file. Seal as the last step of a build: every
later change breaks the seal. Other hosts run the file as before, and take no notice of the seal.
Without --manifest, signatures are added to a file that is sealed; nothing else of it changes.
Refuses a manifest that says nothing of an import: grant it, or deny it as a whole.
Examples:
  caphost seal app.wasm --manifest caphost.toml -o app.sealed.wasm
  caphost seal app.wasm --manifest caphost.toml --sign release.pem -o app.sealed.wasm
  caphost seal app.sealed.wasm --sign second.pem -o app.twice.wasm"
)]
pub(crate) struct SealCommandArguments {
    /// The component
    #[arg(value_name = "APP.wasm")]
    pub(crate) component: PathBuf,
    /// What it may do at most
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Add this profile of the manifest; can be given several times
    #[arg(long, value_name = "NAME", requires = "manifest")]
    pub(crate) profile: Vec<String>,
    /// Sign with this private key; can be given several times
    #[arg(long, value_name = "KEY.pem", required_unless_present = "manifest")]
    pub(crate) sign: Vec<PathBuf>,
    /// The file to write; never the one that is read
    #[arg(long, short, value_name = "OUT.wasm")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Looks whether nothing changed since the component was sealed, whether its signatures are right,
whether the manifest speaks of all that it imports, and, where asked, whether these keys signed it
and the manifest stays within a policy. Nothing runs. Ends with 0 only if all of it holds.
Without --key the answer says nothing about who sealed it: everybody can make a seal and a key.
Examples:
  caphost verify app.sealed.wasm
  caphost verify app.sealed.wasm --key release.pub.pem --policy org.toml
  caphost verify app.sealed.wasm --json")]
pub(crate) struct VerifyArguments {
    /// The sealed component
    #[arg(value_name = "APP.wasm")]
    pub(crate) component: PathBuf,
    /// This key must have signed it; can be given several times: then each must have
    #[arg(long, value_name = "PUBLIC.pem")]
    pub(crate) key: Vec<PathBuf>,
    /// The sealed manifest must be within this manifest: grant no more, and have the limits that it has
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Writes the private key, readable by its owner only, and the public one beside it: KEY.pub.pem.
Neither file may exist. The form is that of OpenSSL: PEM, PKCS#8, Ed25519.
Example:
  caphost keygen release.pem")]
pub(crate) struct KeygenArguments {
    /// The file of the private key
    #[arg(value_name = "KEY.pem")]
    pub(crate) key: PathBuf,
}
