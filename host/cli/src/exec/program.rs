//! The program that is started: where it is, and what the kernel loads to run it.
#![expect(
    clippy::disallowed_methods,
    reason = "the program that the operator names is looked up with the operator's own authority"
)]

use super::{elf, files};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Message;
use caphost::policy::visible::escape;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Where programs are when PATH does not say so (the C library's `execvp`).
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// The longest first line of a script that Linux reads (`BINPRM_BUF_SIZE`).
const MAX_FIRST_LINE: usize = 256;
/// How many scripts may be each other's interpreters: more than Linux starts.
const MAX_SCRIPTS: usize = 5;
/// What a component begins with.
const WASM: &[u8] = b"\0asm";

/// A program that can be started.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// What runs it: the interpreters of a script, and the dynamic loader.
    pub(super) loaders: Vec<PathBuf>,
}

impl Program {
    /// Finds `name` as a shell does: in PATH, unless it is a path itself.
    pub(super) fn find(name: &OsStr) -> Result<Self, Failure> {
        let path = locate(name, env::var_os("PATH")).map_err(|error| not_found(name, &error))?;
        if beginning(&path).starts_with(WASM) {
            // The C library would take it for a script.
            return Err(not_found(name, &io::ErrorKind::InvalidData.into()));
        }
        let loaders = loaders(&path);
        Ok(Self { path, loaders })
    }

    /// What the audit log calls it: the last name of its path.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// Why it was not started after all.
    pub(super) fn not_started(&self, error: &io::Error) -> Failure {
        let message = Message::new(format!("failed to start `{}`: {error}", shown(self.path.as_os_str())));
        Failure::new(Exit::NotStarted, message)
    }
}

fn not_found(name: &OsStr, error: &io::Error) -> Failure {
    let shown = shown(name);
    let (exit, text) = match error.kind() {
        io::ErrorKind::NotFound => (Exit::NoProgram, format!("there is no program `{shown}`")),
        io::ErrorKind::InvalidData => (Exit::NotStarted, format!("`{shown}` is WebAssembly, and no native program")),
        _ => (Exit::NotStarted, format!("`{shown}` is no program that can be started: {error}")),
    };
    let is_component = error.kind() == io::ErrorKind::InvalidData || shown.ends_with(".wasm");
    let message = Message::new(text);
    Failure::new(exit, if is_component { message.hint("`caphost run` runs components") } else { message })
}

fn locate(name: &OsStr, path: Option<OsString>) -> io::Result<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        return executable(name.into());
    }
    let mut outcome = Err(io::ErrorKind::NotFound.into());
    for directory in env::split_paths(&path.unwrap_or_else(|| DEFAULT_PATH.into())) {
        // An empty entry is the working directory, and a name alone would be looked up once more.
        match executable(Path::new(".").join(directory).join(name)) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {}
            Err(denied) => outcome = Err(denied),
            found => return found,
        }
    }
    outcome
}

fn executable(path: PathBuf) -> io::Result<PathBuf> {
    let metadata = metadata(&path)?;
    let is_executable = metadata.is_file() && metadata.mode() & 0o111 != 0;
    if is_executable { Ok(path) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// The interpreters of a script and the loader of what runs in the end. Of a file that cannot be read there are none, and
/// what is no regular file is none: a rule on a directory would open everything below it.
fn loaders(program: &Path) -> Vec<PathBuf> {
    let mut loaders = Vec::new();
    let mut path = program.to_owned();
    for _ in 0..MAX_SCRIPTS {
        let Some(interpreter) = interpreter(&beginning(&path)) else {
            loaders.extend(dynamic_loader(&path).filter(|loader| files::is_regular(loader)));
            break;
        };
        if !files::is_regular(&interpreter) {
            break;
        }
        loaders.push(interpreter.clone());
        path = interpreter;
    }
    loaders
}

fn dynamic_loader(path: &Path) -> Option<PathBuf> {
    let file = files::open(path)?;
    elf::loader(|offset, length| files::read(&file, offset, length))
}

/// The program that a script's first line names.
fn interpreter(beginning: &[u8]) -> Option<PathBuf> {
    let line = beginning.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let name = line.split(is_space).find(|word| !word.is_empty())?;
    Some(OsStr::from_bytes(name).into())
}

fn beginning(path: &Path) -> Vec<u8> {
    let mut bytes = vec![0; MAX_FIRST_LINE];
    let count = files::open(path).and_then(|file| file.read_at(&mut bytes, 0).ok()).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

fn shown(name: &OsStr) -> String {
    escape(&name.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::{self, Command};

    #[test]
    fn a_name_is_looked_up_and_a_path_is_not() {
        let find = |name: &str, path: Option<&str>| locate(name.as_ref(), path.map(Into::into));
        assert_eq!(find("sh", None).unwrap(), Path::new("/bin/sh"));
        assert_eq!(find("sh", Some("/nowhere:/bin")).unwrap(), Path::new("/bin/sh"));
        assert_eq!(find("/bin/sh", Some("")).unwrap(), Path::new("/bin/sh"));
        assert_eq!(find("sh", Some("/nowhere")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(find("./sh", Some("/bin")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(find("passwd", Some("/etc:/nowhere")).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(find("/etc", None).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_first_line_of_a_script_names_its_interpreter() {
        assert_eq!(interpreter(b"#!/bin/sh\necho"), Some("/bin/sh".into()));
        assert_eq!(interpreter(b"#! \t/usr/bin/env -S python3\n"), Some("/usr/bin/env".into()));
        for none in [&b"#!"[..], b"#! \n/bin/sh", b"\x7fELF", b""] {
            assert_eq!(interpreter(none), None);
        }
    }

    #[test]
    fn the_loader_of_a_program_is_there() {
        let loaders = loaders(Path::new("/bin/sh"));
        assert!(loaders.iter().all(|loader| loader.is_absolute() && loader.exists()), "{loaders:?}");
    }

    #[test]
    fn an_interpreter_that_is_no_regular_file_is_none() {
        for interpreter in ["/", "/dev/null", "/dev/tty", "/nowhere"] {
            assert_eq!(loaders_of_script("no-file", interpreter), [] as [PathBuf; 0], "{interpreter}");
        }
        assert_eq!(loaders_of_script("file", "/bin/sh").first(), Some(&"/bin/sh".into()));
    }

    #[test]
    fn an_interpreter_that_is_a_pipe_keeps_nobody_waiting() {
        let pipe = env::temp_dir().join(format!("caphost-pipe-{}", process::id()));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(loaders_of_script("pipe", &pipe.to_string_lossy()), [] as [PathBuf; 0]);
        assert_eq!(loaders(&pipe), [] as [PathBuf; 0]);
        fs::remove_file(pipe).unwrap();
    }

    fn loaders_of_script(name: &str, interpreter: &str) -> Vec<PathBuf> {
        let path = env::temp_dir().join(format!("caphost-script-{name}-{}", process::id()));
        fs::write(&path, format!("#!{interpreter}\n")).unwrap();
        let loaders = loaders(&path);
        fs::remove_file(path).unwrap();
        loaders
    }
}
