//! What a component must be to be run.

use super::bad::BadComponent;
use super::interface::{self, Generation};
use super::{Component, Import};
use crate::surface;

impl Component {
    /// Fails when the component cannot be run: an import that nobody provides, or no command.
    ///
    /// # Errors
    /// Those of [`Component::require_known_imports`] and [`Component::require_command`].
    pub fn require_runnable(&self) -> Result<(), BadComponent> {
        self.require_known_imports()?;
        self.require_command()
    }

    /// Fails when the component does not export `wasi:cli/run` of WASI 0.2.
    ///
    /// # Errors
    /// [`BadComponent::NoCommand`], or what kind of command it is instead.
    pub fn require_command(&self) -> Result<(), BadComponent> {
        if self.inspection().is_command {
            return Ok(());
        }
        let exports = &self.inspection().exports;
        exports.iter().filter(|name| interface::is_run(name)).try_for_each(|name| require_second_generation(name))?;
        Err(BadComponent::NoCommand { exports: exports.clone() })
    }

    /// Fails when the component imports what is not provided.
    ///
    /// # Errors
    /// [`BadComponent::PreReleaseWasi`], [`BadComponent::AsyncComponent`], [`BadComponent::UnknownImport`],
    /// [`BadComponent::UnknownFunction`].
    pub fn require_known_imports(&self) -> Result<(), BadComponent> {
        let imports = &self.inspection().imports;
        // The generation says more than a single interface.
        imports.iter().try_for_each(|import| require_second_generation(&import.name))?;
        imports.iter().try_for_each(require_known)
    }
}

fn require_second_generation(name: &str) -> Result<(), BadComponent> {
    match interface::generation(name) {
        Generation::Preview => Err(BadComponent::PreReleaseWasi { name: name.to_owned() }),
        Generation::Third => Err(BadComponent::AsyncComponent { name: name.to_owned() }),
        Generation::Second | Generation::Foreign => Ok(()),
    }
}

fn require_known(import: &Import) -> Result<(), BadComponent> {
    let is_other_wasi = import.name.starts_with("wasi:") && interface::generation(&import.name) != Generation::Second;
    let is_other_version = is_other_wasi || interface::is_own(&import.name) && !interface::is_current(&import.name);
    if is_other_version || !surface::is_provided(&import.interface) {
        return Err(BadComponent::UnknownImport { import: import.name.clone() });
    }
    let is_known = |function: &&String| surface::rows_of(&import.interface).any(|row| row.function == **function);
    match import.functions.iter().find(|function| !is_known(function)) {
        Some(function) => {
            Err(BadComponent::UnknownFunction { import: import.name.clone(), function: function.clone() })
        }
        None => Ok(()),
    }
}
