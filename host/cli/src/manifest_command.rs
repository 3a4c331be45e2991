//! `caphost manifest`.

use crate::args::{ConvertArguments, ManifestCheckArguments, ManifestCommand, ShowArguments};
use crate::effective::{self, Effective, shown};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manifest_file::{self, ManifestFile};
use crate::new_file::{self, Readers};
use crate::origins::Origins;
use crate::output;
use crate::report::json_line;
use caphost::manifest::{Draft, DraftPackage};
use caphost::policy::Limits;

/// Does what `command` says.
pub(crate) fn obey(command: ManifestCommand) -> Result<Exit, Failure> {
    match command {
        ManifestCommand::Show(arguments) => show(arguments),
        ManifestCommand::Check(arguments) => check(&arguments),
        ManifestCommand::Convert(arguments) => convert(&arguments),
    }
}

/// Prints the policy that a manifest makes. Paths are shown as they are written.
fn show(arguments: ShowArguments) -> Result<Exit, Failure> {
    let file = ManifestFile::open(&arguments.file, arguments.profile)?;
    let declaration = file.as_written(arguments.package.as_deref())?;
    let policy = declaration.policy(manifest_file::now(), Limits::default());
    let effective = Effective {
        declaration: &declaration,
        limits: policy.limits(),
        origins: &Origins::of(&declaration, policy.clone(), None),
        ceiling: None,
        databases: None,
    };
    output::print(&if arguments.json {
        json_line(&effective::as_json(&effective))
    } else {
        effective::as_text(&effective)
    })?;
    Ok(Exit::Success)
}

/// Says whether a manifest can be read; its profiles and packages have been, too, once it is.
fn check(arguments: &ManifestCheckArguments) -> Result<Exit, Failure> {
    let file = ManifestFile::open(&arguments.file, Vec::new())?;
    let manifest = file.manifest();
    let counted = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let profiles = counted(manifest.profiles().count(), "profile");
    let packages = counted(manifest.packages().count(), "package");
    output::print(&format!("{} can be read, with {profiles} and {packages}\n", shown(&arguments.file)))?;
    Ok(Exit::Success)
}

/// Writes a manifest of the older form as TOML.
fn convert(arguments: &ConvertArguments) -> Result<Exit, Failure> {
    let file = ManifestFile::open(&arguments.file, Vec::new())?;
    if !file.place().is_json {
        let name = shown(&arguments.file);
        return Err(Failure::usage(format!("`{name}` is no manifest of the older form, whose files end in `.json`")));
    }
    let text = draft(&file)?.to_toml();
    match &arguments.output {
        Some(path) => new_file::create_new(path, &text, Readers::All)?,
        None => output::print(&text)?,
    }
    Ok(Exit::Success)
}

fn draft(file: &ManifestFile) -> Result<Draft, Failure> {
    let mut draft = Draft::from(&file.as_written(None)?);
    draft.packages.extend(file.manifest().narrowed().map(|(name, narrowed)| DraftPackage::new(name, narrowed)));
    Ok(draft)
}
