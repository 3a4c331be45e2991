//! `caphost audit`: logs, checked and shown.

mod files;
mod filter;
mod manifest;
mod plot;
mod show;
mod summary;
mod verify;

use crate::args::AuditCommand;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Reporter;

/// Does what `command` says.
pub(crate) fn obey(command: AuditCommand, reporter: Reporter) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Verify(arguments) => verify::verify(&arguments),
        AuditCommand::Show(arguments) => show::show(&arguments, reporter),
        AuditCommand::Manifest(arguments) => manifest::write(&arguments, reporter),
    }
}
