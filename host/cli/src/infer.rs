//! `caphost infer` and `caphost init`: a manifest from a component's code.

use crate::args::{InferArguments, InitArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::new_file::{self, Readers};
use crate::report::{Message, Reporter};
use crate::{component, output};
use anyhow::Context;
use caphost::infer::{Caution, Reach};
use caphost::inspect::Component;
use caphost::policy::visible::escape;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Says what a component asks for, as a manifest.
pub(crate) fn infer(arguments: &InferArguments) -> Result<Exit, Failure> {
    let component = component::read(&arguments.component)?;
    let text = reach(&component)?.draft(Caution::AsReached).to_toml();
    match &arguments.output {
        Some(path) => write(path, &text)?,
        None => output::print(&text)?,
    }
    Ok(Exit::Success)
}

/// Writes a manifest to begin with.
pub(crate) fn init(arguments: &InitArguments, reporter: Reporter) -> Result<Exit, Failure> {
    let component = component::read(&arguments.component)?;
    let mut draft = reach(&component)?.draft(Caution::ScopedOnly);
    draft.component = Some(from_manifest(&arguments.component, &arguments.output)?);
    draft.tail = NEXT.map(str::to_owned).to_vec();
    write(&arguments.output, &draft.to_toml())?;
    let path = escape(&arguments.output.to_string_lossy()).to_string();
    reporter.tell(
        &Message::note(format!("wrote `{path}`")).hint("read it, give each grant a scope, then `caphost check` it"),
    );
    Ok(Exit::Success)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    new_file::create_new(path, text, Readers::All).map_err(|error| match error.downcast_ref::<io::Error>() {
        Some(cause) if cause.kind() == ErrorKind::AlreadyExists => {
            let message = Message::new(format!("`{}` is there already", escape(&path.to_string_lossy())));
            Failure::new(
                Exit::Usage,
                message.hint("nothing is written over: remove it, or name another file with `-o`"),
            )
        }
        _ => error.into(),
    })
}

/// What stands at the end of a new manifest.
const NEXT: [&str; 8] = [
    "More that can stand here, each explained in docs/manifest.md:",
    "  deny = [\"fs:./data/keys\"]        refused, whatever is granted",
    "  on-deny = \"trap\"                 end the guest at a refusal, in place of an error",
    "  [limits]                         how much may be used",
    "  timeout = \"30s\"",
    "  memory = \"64MiB\"",
    "  [env]                            variables and their values",
    "  MODE = \"fast\"",
];

/// What `component` can reach.
pub(crate) fn reach(component: &Component) -> Result<Reach, Failure> {
    Reach::of(component).map_err(|error| component::bad(&escape(component.name()).to_string(), &error))
}

/// The component's file, as the manifest names it: from its own directory.
fn from_manifest(component: &Path, manifest: &Path) -> Result<String, Failure> {
    let path = match (component.parent(), manifest.parent()) {
        (Some(one), Some(other)) if one == other => {
            component.file_name().map(Path::new).unwrap_or(component).to_owned()
        }
        (_, None) => component.to_owned(),
        (_, Some(directory)) if directory.as_os_str().is_empty() => component.to_owned(),
        _ => std::path::absolute(component).context("failed to find the component")?,
    };
    let failed = || Failure::usage(format!("`{}`: its name is not valid UTF-8", escape(&path.to_string_lossy())));
    path.to_str().map(str::to_owned).ok_or_else(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_named_from_the_manifest_s_directory() {
        let named = |component: &str, manifest: &str| from_manifest(Path::new(component), Path::new(manifest)).unwrap();
        assert_eq!(named("app.wasm", "caphost.toml"), "app.wasm");
        assert_eq!(named("target/app.wasm", "caphost.toml"), "target/app.wasm");
        assert_eq!(named("conf/app.wasm", "conf/caphost.toml"), "app.wasm");
        assert_eq!(named("/srv/app.wasm", "conf/caphost.toml"), "/srv/app.wasm");
        assert!(named("app.wasm", "conf/caphost.toml").ends_with("/app.wasm"));
        assert!(named("app.wasm", "conf/caphost.toml").starts_with('/'));
    }
}
