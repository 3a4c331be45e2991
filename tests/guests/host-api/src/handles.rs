//! The handles that the guest holds, by name.

use std::collections::BTreeMap;

use crate::bindings::caphost::host::fs::File;
use crate::bindings::caphost::host::random::Seeded;
use crate::operation::{Failure, Operation, Outcome};

/// One open thing.
pub(crate) enum Handle {
    File(File),
    Seeded(Seeded),
}

/// All open things.
#[derive(Default)]
pub(crate) struct Handles {
    named: BTreeMap<String, Handle>,
    /// Those that are kept for being many.
    hoard: Vec<Handle>,
}

impl Handles {
    /// The file `name`.
    pub(crate) fn file(&self, name: &str) -> Result<&File, Failure> {
        match self.named.get(name) {
            Some(Handle::File(file)) => Ok(file),
            Some(Handle::Seeded(_)) => Err(Failure::Usage(format!("`{name}` is no file"))),
            None => Err(Failure::Skipped(format!("no handle `{name}`"))),
        }
    }

    /// The generator `name`.
    pub(crate) fn seeded(&self, name: &str) -> Result<&Seeded, Failure> {
        match self.named.get(name) {
            Some(Handle::Seeded(seeded)) => Ok(seeded),
            Some(Handle::File(_)) => Err(Failure::Usage(format!("`{name}` is no generator"))),
            None => Err(Failure::Skipped(format!("no handle `{name}`"))),
        }
    }

    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        match name {
            "+" => self.hoard.push(handle),
            name => drop(self.named.insert(name.to_owned(), handle)),
        }
        Ok(String::new())
    }
}

/// `drop HANDLE`, `say TEXT`.
pub(crate) fn run(operation: &Operation, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name.as_str() {
        "drop" => drop_handle(operation, handles),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}

fn drop_handle(operation: &Operation, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    match handles.named.remove(name) {
        Some(_) => Ok(String::new()),
        None => Err(Failure::Skipped(format!("no handle `{name}`"))),
    }
}
