//! The handles that the probe holds, by name.

use std::collections::BTreeMap;

use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DirectoryEntryStream};
use wasip2::io::error::Error;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};

use crate::operation::{Failure, Operation, Outcome};

/// One open thing.
pub(crate) enum Handle {
    Descriptor(Descriptor),
    Listing(DirectoryEntryStream),
    Input(InputStream),
    Output(OutputStream),
    Pollable(Pollable),
}

/// All open things, and the error of the last stream operation that failed.
#[derive(Default)]
pub(crate) struct Handles {
    open: BTreeMap<String, Handle>,
    /// What `filesystem-error-code` and `to-debug-string` look at.
    pub(crate) last_error: Option<Error>,
}

macro_rules! getter {
    ($name:ident, $variant:ident, $type:ty) => {
        pub(crate) fn $name(&self, name: &str) -> Result<&$type, Failure> {
            match self.open.get(name) {
                Some(Handle::$variant(handle)) => Ok(handle),
                Some(_) => Err(Failure::Usage(format!("`{name}` is no {}", stringify!($name)))),
                None => Err(Failure::Skipped(format!("no handle `{name}`"))),
            }
        }
    };
}

impl Handles {
    getter!(descriptor, Descriptor, Descriptor);
    getter!(listing, Listing, DirectoryEntryStream);
    getter!(input, Input, InputStream);
    getter!(output, Output, OutputStream);
    getter!(pollable, Pollable, Pollable);

    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        self.open.insert(name.to_owned(), handle);
        Ok(String::new())
    }

    /// Fetches the preopens, under `dir:NAME`, if `name` asks for one and they are not there yet.
    pub(crate) fn want(&mut self, name: &str) {
        if name.starts_with("dir:") && !self.open.contains_key(name) {
            self.preopens();
        }
    }

    fn preopens(&mut self) -> Vec<String> {
        let directories = preopens::get_directories();
        let names = directories.iter().map(|(_, name)| name.clone()).collect();
        for (descriptor, name) in directories {
            self.open.entry(format!("dir:{name}")).or_insert(Handle::Descriptor(descriptor));
        }
        names
    }
}

/// `get-directories`, `drop HANDLE`, `say TEXT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "get-directories" => Ok(format!("{:?}", handles.preopens())),
        "drop" => drop_handle(operation, handles),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}

fn drop_handle(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    match handles.open.remove(name) {
        Some(_) => Ok(String::new()),
        None => Err(Failure::Skipped(format!("no handle `{name}`"))),
    }
}
