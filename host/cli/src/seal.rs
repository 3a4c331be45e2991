//! `caphost seal`.

use crate::args::SealCommandArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manifest_file::ManifestFile;
use crate::report::{Message, Reporter};
use crate::{columns, component, keys, new_file, output, settings};
use caphost::inspect::{Component, Import};
use caphost::manifest::Canonical;
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use caphost::seal::{self, Problem, Sealed, SealingError, SigningKey};
use std::path::Path;

/// Seals a component, or adds signatures to a sealed one.
pub(crate) fn seal(arguments: &SealCommandArguments, reporter: Reporter) -> Result<Exit, Failure> {
    let keys = keys::signing(&arguments.sign)?;
    let component = component::read(&arguments.component)?;
    component.validate().map_err(|error| component::bad(&name(&component), &error))?;
    let sealed = match &arguments.manifest {
        Some(manifest) => with_manifest(&component, &canonical(manifest, arguments, reporter)?, &keys)?,
        None => seal::add_signatures(&component, &keys).map_err(|error| unsealable(&component, error))?,
    };
    new_file::replace(&arguments.output, sealed.pieces(), &arguments.component)?;
    output::print(&report(&arguments.output, &sealed))?;
    Ok(Exit::Success)
}

/// The manifest as it is sealed: with its own paths, which from then on mean the component's directory.
fn canonical(path: &Path, arguments: &SealCommandArguments, reporter: Reporter) -> Result<Canonical, Failure> {
    let file = ManifestFile::open(path, arguments.profile.clone())?;
    let declaration = file.as_written(Some(&settings::package(&arguments.component)))?;
    let shown = escape(&path.to_string_lossy()).to_string();
    let canonical = Canonical::of(&declaration).map_err(|error| Failure::usage(format!("`{shown}`: {error}")))?;
    let omitted: Vec<_> = canonical.omitted().iter().filter(|part| !IS_OF_PLACE.contains(part)).copied().collect();
    if !omitted.is_empty() {
        reporter.tell(&Message::note(format!("what whoever runs it decides is not sealed: {}", omitted.join(", "))));
    }
    Ok(canonical)
}

/// What nobody expects in a seal.
const IS_OF_PLACE: &[&str] = &["the component's file"];

fn with_manifest<'a>(
    component: &'a Component,
    manifest: &Canonical,
    keys: &[SigningKey],
) -> Result<Sealed<'a>, Failure> {
    let uncovered = seal::uncovered(component, manifest);
    if !uncovered.is_empty() {
        let message = |import: &&Import| {
            let problem = Problem::Import((*import).clone());
            let message = Message::new(format!("the manifest says nothing of the import `{}`", escape(&import.name)));
            message.code(problem.code()).hint(problem.hint().unwrap_or_default())
        };
        return Err(Failure { exit: Exit::No, messages: uncovered.iter().map(message).collect() });
    }
    seal::seal(component, manifest, keys).map_err(|error| unsealable(component, error))
}

#[cold]
fn unsealable(component: &Component, error: SealingError) -> Failure {
    let name = name(component);
    let message = |text: String| Message::new(format!("`{name}`: {text}"));
    let hint = match &error {
        SealingError::Faults(faults) => {
            let fault = |fault: &seal::SealFault| message(fault.to_string()).code(fault.code()).hint(fault.hint());
            return Failure { exit: Exit::No, messages: faults.0.iter().map(fault).collect() };
        }
        SealingError::Sealed => "seal the file that it was made from; `--sign` without `--manifest` adds a signature",
        SealingError::NotSealed => "`--manifest` says what it may do at most",
        SealingError::TooLarge { .. } => "make the manifest smaller",
    };
    let message = message(error.to_string()).hint(hint);
    let message = if error == SealingError::NotSealed { message.code(Code::NotSealed) } else { message };
    Failure::new(Exit::No, message)
}

fn report(output: &Path, sealed: &Sealed<'_>) -> String {
    let mut rows = vec![
        ["component".to_owned(), format!("sha256:{}", sealed.component_digest())],
        ["manifest".to_owned(), format!("sha256:{}", sealed.manifest_digest())],
    ];
    rows.extend(sealed.signers().iter().map(|key| ["signed by".to_owned(), key.to_string()]));
    format!("{}\n{}", escape(&output.to_string_lossy()), columns::align(&rows))
}

fn name(component: &Component) -> String {
    escape(component.name()).to_string()
}
