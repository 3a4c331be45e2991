//! The handles that the probe holds, by name.

use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DirectoryEntryStream};
use wasip2::io::error::Error;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};
use words::{Operation, Outcome, Table, kinds};

kinds! {
    descriptor Descriptor(Descriptor) "descriptor",
    listing Listing(DirectoryEntryStream) "listing",
    input Input(InputStream) "input",
    output Output(OutputStream) "output",
    pollable Pollable(Pollable) "pollable",
}

/// All open things, and the error of the last stream operation that failed.
#[derive(Default)]
pub(crate) struct Handles {
    open: Table<Handle>,
    /// What `filesystem-error-code` and `to-debug-string` look at.
    pub(crate) last_error: Option<Error>,
}

impl Handles {
    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        self.open.keep(name, handle)
    }

    /// Fetches the preopens, under `dir:NAME`, if `name` asks for one and they are not there yet.
    pub(crate) fn want(&mut self, name: &str) {
        if name.starts_with("dir:") && !self.open.has(name) {
            self.preopens();
        }
    }

    fn preopens(&mut self) -> Vec<String> {
        let directories = preopens::get_directories();
        let names = directories.iter().map(|(_, name)| name.clone()).collect();
        for (descriptor, name) in directories {
            self.open.keep_first(&format!("dir:{name}"), Handle::Descriptor(descriptor));
        }
        names
    }
}

/// `get-directories`, `drop HANDLE`, `say TEXT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "get-directories" => Ok(format!("{:?}", handles.preopens())),
        "drop" => operation.word(0).and_then(|name| handles.open.take(name)).map(|_| String::new()),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}
