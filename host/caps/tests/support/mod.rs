//! A session on a folder of its own.

#![expect(dead_code, reason = "each test program uses a part of it")]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a test makes its folder by path, and fails by panic"
)]

use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
use caphost_caps::fs::{At, Directory, File, FileSystem, FsError, OpenOptions, Opened};
use caphost_caps::{ClockHand, Refusal, Session, SessionBuilder, SessionClock};
use caphost_policy::codes::Code;
use caphost_policy::{Grant, Policy, parse_list};
use std::io;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A folder, a session on it, and what the session's operator was told.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) session: Session,
    pub(crate) hand: ClockHand,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    log: Log,
}

/// An audit log that the test can read.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Builds a folder: `name/` is a directory, `name -> target` a symbolic link, `name = other` a hard link, `name: text` a file.
pub(crate) fn folder(entries: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for entry in entries {
        make(folder.path(), entry);
    }
    folder
}

fn make(root: &Path, entry: &str) {
    let at = |name: &str| root.join(name.trim());
    if let Some((name, target)) = entry.split_once("->") {
        std::fs::create_dir_all(at(name).parent().expect("a parent")).expect("directories");
        std::os::unix::fs::symlink(target.trim(), at(name)).expect("a symbolic link");
    } else if let Some((name, other)) = entry.split_once('=') {
        std::fs::hard_link(at(other), at(name)).expect("a hard link");
    } else if let Some((name, text)) = entry.split_once(':') {
        std::fs::create_dir_all(at(name).parent().expect("a parent")).expect("directories");
        std::fs::write(at(name), text.trim()).expect("a file");
    } else {
        std::fs::create_dir_all(at(entry)).expect("directories");
    }
}

pub(crate) fn policy(allow: &str, deny: &str) -> Policy {
    let allow = parse_list(allow).expect("grants").into_iter().map(Grant::from);
    let policy = allow.fold(Policy::builder(), |policy, grant| policy.allow(grant));
    parse_list(deny).expect("deny rules").into_iter().fold(policy, |policy, rule| policy.deny(rule)).build()
}

impl Fixture {
    pub(crate) fn new(entries: &[&str], allow: &str, deny: &str) -> Self {
        Self::with_policy(entries, policy(allow, deny))
    }

    pub(crate) fn with_policy(entries: &[&str], policy: Policy) -> Self {
        Self::built(entries, policy, |builder| builder)
    }

    /// As [`Fixture::with_policy`], and no more than `ceiling` allows.
    pub(crate) fn under(entries: &[&str], policy: Policy, ceiling: Policy) -> Self {
        Self::built(entries, policy, |builder| builder.ceiling(ceiling))
    }

    fn built(entries: &[&str], policy: Policy, change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Self {
        let folder = folder(entries);
        let (clock, hand) = SessionClock::manual();
        let refusals = Arc::<Mutex<Vec<Refusal>>>::default();
        let (told, log) = (Arc::clone(&refusals), Log::default());
        let mut databases = DatabaseSettings::default();
        databases.insert("shop", Source::Sqlite(SqliteSource::Memory));
        let session = change(Session::builder(policy))
            .databases(databases)
            .working_directory(folder.path().to_owned())
            .clock(clock)
            .audit(Box::new(log.clone()))
            .observer(Box::new(move |refusal| told.lock().expect("no panic").push(refusal.clone())))
            .build(HostAuthority::claim())
            .expect("a session");
        Self { folder, session, hand, refusals, log }
    }

    pub(crate) fn files(&self) -> &FileSystem {
        self.session.files()
    }

    /// The guest's root.
    pub(crate) fn root(&self) -> Directory {
        self.preopen("/")
    }

    pub(crate) fn preopen(&self, name: &str) -> Directory {
        let mut preopens = self.files().preopens().into_iter();
        preopens.find(|(_, preopen)| preopen == name).expect("the preopen").0
    }

    pub(crate) fn open(&self, path: &str, options: OpenOptions) -> Result<Opened, FsError> {
        let root = self.root();
        self.files().open_at(&at(&root, path), options)
    }

    pub(crate) fn open_file(&self, path: &str, options: OpenOptions) -> Result<File, FsError> {
        match self.open(path, options)? {
            Opened::File(file) => Ok(file),
            Opened::Directory(_) => panic!("`{path}` is a directory"),
        }
    }

    pub(crate) fn read(&self, path: &str) -> Result<String, FsError> {
        let file = self.open_file(path, READ)?;
        let mut buffer = [0; 4096];
        let length = file.read_at(&mut buffer, 0)?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// The code of the last refusal.
    pub(crate) fn last_code(&self) -> Option<Code> {
        self.refusals.lock().expect("no panic").last().map(|refusal| refusal.code)
    }

    pub(crate) fn refusals(&self) -> usize {
        self.refusals.lock().expect("no panic").len()
    }

    /// Ends the audit log, and answers what it says of each decision: `call capability asked decision`.
    pub(crate) fn records(&self) -> Vec<String> {
        self.session.close_audit().expect("a whole log");
        let log = String::from_utf8(self.log.0.lock().expect("no panic").clone()).expect("UTF-8");
        let field = |line: &str, name: &str| {
            let start = line.find(&format!("\"{name}\":\"")).expect("the field") + name.len() + 4;
            let length = line[start..].find('"').expect("its end");
            line[start..start + length].to_owned()
        };
        let record = |line: &str| ["call", "capability", "asked", "decision"].map(|name| field(line, name)).join(" ");
        log.lines().filter(|line| line.contains("\"capability\":")).map(record).collect()
    }

    pub(crate) fn last_refusal(&self) -> Refusal {
        self.refusals.lock().expect("no panic").last().expect("a refusal").clone()
    }
}

pub(crate) fn at<'a>(directory: &'a Directory, path: &'a str) -> At<'a> {
    At { call: "test", directory, path }
}

pub(crate) const READ: OpenOptions = OpenOptions {
    read: true,
    write: false,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    follow: caphost_caps::fs::Follow::Yes,
    sync: caphost_caps::fs::Sync::None,
};

pub(crate) const WRITE: OpenOptions = OpenOptions { read: false, write: true, ..READ };

pub(crate) const CREATE: OpenOptions = OpenOptions { create: true, ..WRITE };

/// What a file holds, seen from the host.
pub(crate) fn on_host(folder: &TempDir, path: &str) -> String {
    std::fs::read_to_string(folder.path().join(path)).expect("the file")
}

/// Makes a pipe and holds its writing end open, so that a reader waits.
pub(crate) fn pipe(path: &Path) -> std::fs::File {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("a pipe");
    std::fs::OpenOptions::new().read(true).write(true).open(path).expect("the other end")
}

/// The code of a refusal; panics on anything else.
pub(crate) fn code<T>(outcome: Result<T, FsError>) -> Code {
    match outcome {
        Err(FsError::Denied(denied)) => denied.code(),
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("allowed"),
    }
}
