//! Reading keys, and `caphost keygen`.
#![expect(
    clippy::disallowed_methods,
    reason = "the files that the operator names are read with the operator's own authority"
)]

use crate::args::KeygenArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::new_file::{self, Readers};
use crate::output;
use crate::report::Message;
use anyhow::{Context, bail};
use caphost::caps::ambient::HostAuthority;
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use caphost::seal::{KeyError, PublicKey, SigningKey, TrustedKey};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file that is read: a key has a few hundred bytes.
const MAX_BYTES: u64 = 1 << 16;

/// The public keys in `paths`, each called by its path.
///
/// # Errors
/// A usage error: everything that is no such key.
pub(crate) fn trusted(paths: &[PathBuf]) -> Result<Vec<TrustedKey>, Failure> {
    let name = |path: &Path| path.to_string_lossy().into_owned();
    each("--key", paths, |path, bytes| Ok(TrustedKey { name: name(path), key: PublicKey::from_pem(bytes)? }))
}

/// The private keys in `paths`.
///
/// # Errors
/// A usage error: everything that is no such key.
pub(crate) fn signing(paths: &[PathBuf]) -> Result<Vec<SigningKey>, Failure> {
    each("--sign", paths, |_, bytes| SigningKey::from_pem(bytes))
}

fn each<T>(
    option: &str,
    paths: &[PathBuf],
    key: impl Fn(&Path, &[u8]) -> Result<T, KeyError>,
) -> Result<Vec<T>, Failure> {
    let (mut keys, mut messages) = (Vec::new(), Vec::new());
    for path in paths {
        match read_file(path) {
            Err(error) => messages.push(Message::new(format!("{option}: {error:#}"))),
            Ok(bytes) => match key(path, &bytes) {
                Ok(key) => keys.push(key),
                Err(error) => messages.push(unusable(option, path, &error)),
            },
        }
    }
    if messages.is_empty() { Ok(keys) } else { Err(Failure { exit: Exit::Usage, messages }) }
}

#[cold]
fn unusable(option: &str, path: &Path, error: &KeyError) -> Message {
    let message = Message::new(format!("{option}: `{}`: {error}", shown(path))).code(Code::UnusableKey);
    match error.hint() {
        Some(hint) => message.hint(hint),
        None => message,
    }
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("failed to read `{}`", shown(path));
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a file that is too large.
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).with_context(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{}: it is larger than {} KiB", failed(), MAX_BYTES >> 10);
    }
    Ok(bytes)
}

/// Makes a pair of keys.
pub(crate) fn keygen(arguments: &KeygenArguments) -> Result<Exit, Failure> {
    let private = &arguments.key;
    let public = private.with_extension("pub.pem");
    let made = SigningKey::generate(HostAuthority::claim()).context("failed to make a key")?;
    new_file::create_new(private, &made.private, Readers::Owner)?;
    if let Err(error) = new_file::create_new(&public, &made.public, Readers::All) {
        new_file::remove(private);
        return Err(error.into());
    }
    output::print(&format!(
        "{}\n  private  {}: keep it to yourself, `caphost seal --sign` takes it\n  public   {}: for `--key`\n",
        made.key,
        shown(private),
        shown(&public)
    ))?;
    Ok(Exit::Success)
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).to_string()
}
