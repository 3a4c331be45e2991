//! What `caphost exec` gives a native program: its policy and what goes with it, as text in a sealed file in memory.
//! Invariant: what is received is what was sealed; nobody can have changed it in between, the program itself included.
//!
//! The program finds the file on descriptor [`DESCRIPTOR`] and makes its [`Session`] of it. The environment would be the wrong
//! place: whatever ran before the program could have changed it, and all that the program starts would inherit it.
//!
//! A native program is not confined by this: a session answers as a component's would, and only what asks it is refused.
//!
//! Receiving marks the descriptors to be closed when another program is started, so a grandchild gets nothing and has no
//! grants. A program that never receives passes the file on like any open file: a shell between `caphost exec` and the program
//! that it is meant for does no harm.

mod databases;
mod network;
mod terms;
mod text;

use self::text::{MAGIC, Text, invalid};
use crate::ambient::audit::AuditFile;
use crate::ambient::{HostAuthority, descriptors, memory};
use crate::audit::{AuditSettings, OnAuditError, TroubleObserver};
use crate::db::DatabaseSettings;
use crate::http::Secrets;
use crate::net::NetworkSettings;
use crate::session::{Session, SessionBuilder};
use caphost_policy::Policy;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// The descriptor that a program finds its handover on: the first behind the standard streams.
pub const DESCRIPTOR: RawFd = 3;

/// The largest handover that is sealed or received, in bytes. Arguments and environment of a program, which most of it comes
/// from, are limited to 6 MiB by the kernel.
pub const MAX_BYTES: u64 = 16 << 20;

/// What a native program is given. Dropping it closes its audit log.
#[derive(Debug)]
pub struct Handover {
    /// What the audit log calls the program.
    pub subject: String,
    /// What it may do.
    pub policy: Policy,
    /// The directory that relative scopes are taken from.
    pub working_directory: PathBuf,
    /// The variables that it sees, where the policy lets it.
    pub variables: Vec<(String, String)>,
    /// What is kept from it, whatever is granted: the host's own files.
    pub protected: Vec<PathBuf>,
    /// What its network is used with.
    pub network: NetworkSettings,
    /// The values of the secrets that its grants name: it has no other way to them.
    pub secrets: Secrets,
    /// Its databases, with their addresses and passwords: the program is the one that connects.
    pub databases: DatabaseSettings,
    /// The open file of the audit log.
    pub audit: Option<OwnedFd>,
    /// What becomes of the program when that cannot be written.
    pub on_audit_error: OnAuditError,
}

/// A handover that waits to be left to a program.
#[derive(Debug)]
pub struct Prepared {
    sealed: OwnedFd,
    audit: Option<OwnedFd>,
    variables: Vec<(String, String)>,
}

impl Handover {
    /// Writes it into a file in memory that nobody can change any more.
    ///
    /// # Errors
    /// When a path is not valid UTF-8, the text is longer than [`MAX_BYTES`], or the kernel has no
    /// such file.
    pub fn seal(&self) -> io::Result<OwnedFd> {
        let bytes = Text::of(self)?.write()?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the policy and the variables are too long"));
        }
        memory::sealed("caphost-handover", &bytes)
    }

    /// Makes ready to be left to the program that the process becomes. From here on no other descriptor than the standard
    /// streams would reach it.
    ///
    /// # Errors
    /// Those of [`Handover::seal`]; when the open descriptors cannot be listed.
    ///
    /// # Ambient Authority
    /// Changes what becomes of every descriptor of the process when it becomes another program.
    pub fn prepare(mut self, authority: HostAuthority) -> io::Result<Prepared> {
        self.audit = self.audit.map(|audit| descriptors::above(DESCRIPTOR, &audit)).transpose()?;
        let sealed = self.seal()?;
        descriptors::close_others_on_exec(authority)?;
        Ok(Prepared { sealed, audit: self.audit, variables: self.variables })
    }

    /// What the process was given, if it was given anything.
    ///
    /// Whatever else stands on [`DESCRIPTOR`] is left alone: it is none without every seal and the right beginning. To receive
    /// again answers the same.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for a handover of another version, or with a damaged text; when its audit log cannot be
    /// written. The caller then knows that it has no grants, and not which it was meant to have.
    ///
    /// # Ambient Authority
    /// Takes over descriptors by their numbers.
    pub fn receive(authority: HostAuthority) -> io::Result<Option<Self>> {
        let Some(descriptor) = descriptors::at(DESCRIPTOR, authority) else { return Ok(None) };
        let Some(text) = read(descriptor)? else { return Ok(None) };
        fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
        let audit = text.audit.map(|number| audit(number, authority)).transpose()?;
        let (policy, network, secrets) = (text.policy(), text.network.settings(), text.network.secrets());
        let databases = text.databases.settings()?;
        let on_audit_error = text.on_audit_error();
        let Text { subject, working_directory, variables, protected, .. } = text;
        Ok(Some(Self {
            subject,
            policy,
            working_directory,
            variables,
            protected,
            network,
            secrets,
            databases,
            audit,
            on_audit_error,
        }))
    }

    /// Collects what the program's session is made of. `trouble` is told when the audit log cannot be written, and the program is to
    /// go on.
    pub fn builder(self, trouble: TroubleObserver) -> SessionBuilder {
        let builder = Session::builder(self.policy).subject(self.subject).working_directory(self.working_directory);
        let builder = builder.variables(self.variables).protect_all(self.protected).network(self.network);
        let builder = builder.secrets(self.secrets).databases(self.databases);
        match self.audit {
            Some(audit) => builder.audit_log(AuditSettings {
                on_error: self.on_audit_error,
                trouble: Some(trouble),
                ..AuditSettings::new(Box::new(AuditFile::inherited(audit)))
            }),
            None => builder,
        }
    }
}

impl Prepared {
    /// Becomes the program of `command`, with the variables of the handover and no others. Comes back only if that fails; the
    /// process is then good for saying so, and for nothing else: its descriptors have other meanings.
    ///
    /// # Ambient Authority
    /// Starts a program.
    pub fn exec(self, mut command: Command, _: HostAuthority) -> io::Error {
        match self.leave() {
            Ok(()) => command.env_clear().envs(self.variables).exec(),
            Err(error) => error,
        }
    }

    fn leave(&self) -> io::Result<()> {
        self.audit.as_ref().map_or(Ok(()), descriptors::leave)?;
        descriptors::leave_at(DESCRIPTOR, &self.sealed)
    }
}

/// The text in `descriptor`, if that is a sealed file and begins as a handover does.
fn read(descriptor: BorrowedFd<'_>) -> io::Result<Option<Text>> {
    let bytes = memory::read_sealed(descriptor, MAGIC.as_bytes(), MAX_BYTES)?;
    let Some(bytes) = bytes else { return Ok(None) };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(invalid("it is too long"));
    }
    Text::read(&bytes).map(Some)
}

/// The audit log at `number`, for ourselves and nobody that we start.
fn audit(number: RawFd, authority: HostAuthority) -> io::Result<OwnedFd> {
    let descriptor = descriptors::at(number, authority).filter(|_| number > DESCRIPTOR);
    let descriptor = descriptor.filter(|descriptor| is_written(descriptor.as_fd()));
    let descriptor = descriptor.ok_or_else(|| invalid("its audit log is not open for writing"))?;
    fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    Ok(fcntl_dupfd_cloexec(descriptor, DESCRIPTOR)?)
}

fn is_written(descriptor: BorrowedFd<'_>) -> bool {
    let is_file = fstat(descriptor).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
    is_file && fcntl_getfl(descriptor).is_ok_and(|flags| flags.intersects(OFlags::WRONLY | OFlags::RDWR))
}

#[cfg(test)]
mod tests;
