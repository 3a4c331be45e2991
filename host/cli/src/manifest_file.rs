//! The file of a manifest. Invariant: only a file that the operator named is read, and what it declares is taken from where it lies.
#![expect(
    clippy::disallowed_methods,
    reason = "the file that the operator names is read with the operator's own authority, at a time of day"
)]

use crate::args::AuthorityArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Fault, Message};
use anyhow::{Context, bail};
use caphost::caps::ambient::{self, HostAuthority};
use caphost::manifest::{Declaration, Form, MAX_BYTES, Manifest, ManifestError, ManifestErrors, Source, Timestamp};
use caphost::policy::visible::escape;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The manifest of a directory that is given in place of a component.
pub(crate) const NAME: &str = "caphost.toml";

/// A manifest, read, and where it is.
#[derive(Debug)]
pub(crate) struct ManifestFile {
    manifest: Manifest,
    profiles: Vec<String>,
    place: Place,
}

/// Where a manifest is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// What messages call it: as the operator wrote it. Raw.
    pub(crate) name: String,
    /// Whether it is of the older JSON form.
    pub(crate) is_json: bool,
    /// The file as the operator named it, which may be a link.
    pub(crate) given: PathBuf,
    /// The file itself, every symbolic link followed.
    pub(crate) path: PathBuf,
    /// Its directory, from the working directory where it is that or below it: then empty, or relative.
    pub(crate) directory: String,
    /// The package that the guest is narrowed to, if the manifest has one of its name.
    pub(crate) package: Option<String>,
}

impl ManifestFile {
    /// The manifest that `arguments` name, if they name one.
    ///
    /// # Errors
    /// A usage error: two are named, or a profile of none; everything that cannot be read of it.
    pub(crate) fn named(arguments: &AuthorityArguments) -> Result<Option<Self>, Failure> {
        let as_capabilities = arguments.capabilities.iter().filter(|value| is_file_name(value)).map(Path::new);
        let mut named = arguments.manifest.as_deref().into_iter().chain(as_capabilities);
        let file = named.next();
        if named.next().is_some() {
            return Err(Failure::usage("--capabilities: only one manifest can be given; put profiles into it"));
        }
        match file {
            Some(path) => Self::open(path, arguments.profile.clone()).map(Some),
            None if arguments.profile.is_empty() => Ok(None),
            None => Err(Failure::usage("--profile: no manifest is given that could have it")),
        }
    }

    /// The manifest of `directory`, which is given in place of a component.
    ///
    /// # Errors
    /// As [`ManifestFile::named`]; also when `arguments` name another one.
    pub(crate) fn of_directory(directory: &Path, arguments: &AuthorityArguments) -> Result<Self, Failure> {
        let is_named = arguments.manifest.is_some() || arguments.capabilities.iter().any(|value| is_file_name(value));
        if is_named {
            let shown = shown(directory);
            return Err(Failure::usage(format!(
                "`{shown}` is a directory, which would be run by its own `{NAME}`: name a component, or no other manifest"
            )));
        }
        let file = directory.join(NAME);
        if !file.exists() {
            let message = format!("`{}` is a directory without a `{NAME}`, and no component", shown(directory));
            return Err(Failure::new(Exit::BadComponent, Message::new(message)));
        }
        Self::open(&file, arguments.profile.clone())
    }

    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// A usage error: everything that cannot be read of it.
    pub(crate) fn open(path: &Path, profiles: Vec<String>) -> Result<Self, Failure> {
        let text = read_file(path).map_err(|error| Failure::usage(format!("{error:#}")))?;
        let place = Place::of(path).map_err(|error| Failure::usage(format!("{error:#}")))?;
        let form = if place.is_json { Form::Json } else { Form::Toml };
        let manifest = Manifest::read(Source { name: &place.name, text: &text, form }).map_err(unreadable)?;
        Ok(Self { manifest, profiles, place })
    }

    /// What it declares for the component called `package`, with paths from the working directory.
    ///
    /// # Errors
    /// A usage error: a profile that is not there.
    pub(crate) fn declaration(&self, package: Option<&str>) -> Result<Declaration, Failure> {
        let declaration = self.as_written(package)?;
        Ok(declaration.relative_to(&self.place.directory))
    }

    /// The same, with paths as they are written.
    ///
    /// # Errors
    /// Those of [`ManifestFile::declaration`].
    pub(crate) fn as_written(&self, package: Option<&str>) -> Result<Declaration, Failure> {
        self.manifest.declaration(&self.profiles, package).map_err(unreadable)
    }

    /// The component that it names.
    ///
    /// # Errors
    /// A usage error when it names none.
    pub(crate) fn component(&self) -> Result<PathBuf, Failure> {
        let component = self.declaration(None)?.component.map(|component| PathBuf::from(component.value));
        let name = escape(&self.place.name);
        component.ok_or_else(|| {
            Failure::usage(format!("name the component to run, or have `{name}` name it: `component = \"app.wasm\"`"))
        })
    }

    /// The manifest itself.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

impl Place {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let name = path.to_string_lossy().into_owned();
        let failed = || format!("failed to find the directory of `{}`", shown(path));
        let real = fs::canonicalize(path).with_context(failed)?;
        let here = ambient::working_directory(HostAuthority::claim()).with_context(failed)?;
        let directory = real.parent().unwrap_or(&real);
        let directory = directory.strip_prefix(here).unwrap_or(directory);
        let directory = directory.to_str().context("its name is not valid UTF-8").with_context(failed)?.to_owned();
        let is_json = has_extension(path, "json");
        Ok(Self { is_json, name, given: path.to_owned(), path: real, directory, package: None })
    }
}

/// Whether a value of `--capabilities` names a manifest.
pub(crate) fn is_file_name(value: &str) -> bool {
    let path = Path::new(value);
    has_extension(path, "toml") || has_extension(path, "json")
}

/// Whether a directory is at `path`.
pub(crate) fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// The time of day: what `expires` is measured from, once, when a run begins. A second that has begun is over, so that no grant holds
/// longer than it says.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX).saturating_add(1))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// The failure that says everything that cannot be read.
#[cold]
pub(crate) fn unreadable(errors: ManifestErrors) -> Failure {
    let fault = |error: &ManifestError| Fault {
        message: error.message.clone(),
        line: error.line,
        column: error.column,
        hint: error.hint.clone(),
    };
    let message = Message::new(errors.to_string()).errors(errors.errors().iter().map(fault).collect());
    Failure::new(Exit::Usage, message)
}

fn read_file(path: &Path) -> anyhow::Result<String> {
    let failed = || format!("failed to read the manifest `{}`", shown(path));
    // A pipe without a writer would keep us waiting.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).with_context(failed)?;
    if !file.metadata().with_context(failed)?.is_file() {
        bail!("{}: it is no regular file", failed());
    }
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a file that is too large.
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).with_context(failed)?;
    if bytes.len() > MAX_BYTES {
        bail!("{}: it is larger than {} MiB", failed(), MAX_BYTES >> 20);
    }
    String::from_utf8(bytes).ok().with_context(|| format!("{}: it is not valid UTF-8", failed()))
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).to_string()
}
