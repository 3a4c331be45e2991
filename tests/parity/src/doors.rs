//! The front doors: a scenario run natively, and as a component.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use caphost::caps::ambient::HostAuthority;
use caphost::caps::db::DatabaseSettings;
use caphost::caps::stdio::{OutputBuffer, Stdout};
use caphost::caps::{AuditSettings, ClockHand, Observer, Refusal, Revoker, Session, SessionClock};
use caphost::inspect::Component;
use caphost::policy::Capability;
use caphost::{Cache, Host, Outcome, Run};
use caphost_cluster::Cluster;
use caphost_tests::{programs, tree};
use scenarios::{Record, Scenario};
use tempfile::TempDir;

use crate::databases::{Databases, Engine, Fresh};
use crate::fixture;
use crate::peers::Peers;
use crate::policies::{Middle, Setup};

/// The guest that is run.
const GUEST: &str = "scenarios";

/// What came of a run.
pub(crate) struct Seen {
    /// What the scenario wrote down.
    pub(crate) lines: Vec<String>,
    /// The audit log, with the fixture's folder written as `ROOT`.
    pub(crate) audit: String,
    /// The files that are left, and what is in the database.
    pub(crate) files: String,
}

/// What runs scenarios.
pub(crate) struct Doors {
    host: Host,
    component: Vec<u8>,
    peers: Peers,
    databases: Databases,
    _cache: TempDir,
}

impl Doors {
    /// Reads the component of the scenarios.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let path = programs::guests().join(format!("{GUEST}.wasm"));
        let component = std::fs::read(&path)
            .with_context(|| format!("failed to read `{}`: run `cargo xtask guests`", path.display()))?;
        let cache = tempfile::tempdir()?;
        Ok(Self {
            host: Host::new(Cache::Directory(cache.path().to_owned())),
            component,
            peers: Peers::start()?,
            databases: Databases::start()?,
            _cache: cache,
        })
    }

    /// Whether an engine is there.
    pub(crate) fn has(&self, engine: Engine) -> bool {
        self.databases.has(engine)
    }

    /// Runs a scenario in this process, on the SDK.
    pub(crate) fn native(&self, scenario: &Scenario, setup: &Setup, on: Option<Engine>) -> anyhow::Result<Seen> {
        let stage = Stage::set(setup, &self.databases, on)?;
        let builder = Session::builder(setup.policy(scenario))
            .working_directory(stage.folder.path().to_owned())
            .clock(stage.clock.clone())
            .observer(stage.observer())
            .variables(fixture::variables())
            .network(self.peers.network())
            .databases(stage.databases())
            .audit(Box::new(stage.log.clone()));
        let session = Arc::new(builder.build(HostAuthority::claim())?);
        stage.revoker.set(session.revoker()).ok().context("the session is the first")?;
        let mut record = Record::default();
        caphost_sdk::native::with_session(Arc::clone(&session), || (scenario.run)(&mut record));
        session.close_audit()?;
        drop(session);
        stage.seen(record.lines().to_vec(), &self.databases)
    }

    /// Runs a scenario as a component.
    pub(crate) fn wasm(
        &self,
        door: &str,
        scenario: &Scenario,
        setup: &Setup,
        on: Option<Engine>,
    ) -> anyhow::Result<Seen> {
        let stage = Stage::set(setup, &self.databases, on)?;
        let (output, errors) = (OutputBuffer::default(), OutputBuffer::default());
        let component = Component::read("scenarios.wasm", self.component.clone())?;
        let run = Run {
            arguments: vec![door.to_owned(), scenario.name.to_owned()],
            environment: fixture::variables(),
            working_directory: Some(stage.folder.path().to_owned()),
            clock: stage.clock.clone(),
            network: self.peers.network(),
            databases: stage.databases(),
            stdout: Stdout::Buffer(output.clone()),
            stderr: Stdout::Buffer(errors.clone()),
            audit: Some(AuditSettings::to(Box::new(stage.log.clone()))),
            observer: Some(stage.observer()),
            ..Run::new(component, setup.policy(scenario))
        };
        let guest = self.host.prepare(run, HostAuthority::claim())?;
        stage.revoker.set(guest.revoker()).ok().context("the session is the first")?;
        let outcome = guest.run_here()?;
        let errors = String::from_utf8_lossy(&errors.contents()).into_owned();
        ensure!(outcome == Outcome::Exited(0), "it could not run through {door}: {outcome:?} {errors}");
        let lines = String::from_utf8(output.contents())?.lines().map(str::to_owned).collect();
        stage.seen(lines, &self.databases)
    }
}

/// Where one run takes place.
struct Stage {
    folder: TempDir,
    log: Log,
    clock: SessionClock,
    hand: ClockHand,
    middle: Middle,
    /// Of the session, once it has begun.
    revoker: Arc<OnceLock<Revoker>>,
    database: Option<Fresh>,
    cluster: Option<Arc<Cluster>>,
}

impl Stage {
    fn set(setup: &Setup, databases: &Databases, on: Option<Engine>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        fixture::make(folder.path())?;
        let (clock, hand) = SessionClock::manual();
        Ok(Self {
            database: on.map(|engine| databases.fresh(engine, folder.path())).transpose()?,
            folder,
            log: Log::default(),
            clock,
            hand,
            middle: setup.middle,
            revoker: Arc::default(),
            cluster: databases.cluster().cloned(),
        })
    }

    fn databases(&self) -> DatabaseSettings {
        self.database.as_ref().map(Fresh::settings).unwrap_or_default()
    }

    /// Waits for the sign that a scenario gives in its middle: it asks for what is always refused.
    fn observer(&self) -> Observer {
        let (revoker, hand, middle) = (Arc::clone(&self.revoker), self.hand.clone(), self.middle);
        let cluster = self.cluster.clone();
        Box::new(move |refusal: &Refusal| {
            let is_middle = ["CHECKPOINT", scenarios::peers::CHECKPOINT].contains(&refusal.asked.as_str());
            let Some(revoker) = revoker.get().filter(|_| is_middle) else { return };
            match middle {
                Middle::Nothing => {}
                Middle::RevokeAll => revoker.revoke_all(),
                Middle::RevokeWriting => {
                    revoker.revoke(Capability::FsWrite);
                    revoker.revoke(Capability::DbWrite);
                }
                Middle::TimePasses => hand.advance(LONG),
                Middle::RevokeSoon => {
                    let revoker = revoker.clone();
                    soon(move || revoker.revoke_all());
                }
                Middle::TimePassesSoon => {
                    let hand = hand.clone();
                    soon(move || hand.advance(LONG));
                }
                Middle::Kill => kill(cluster.as_deref()),
                Middle::KillSoon => {
                    let cluster = cluster.clone();
                    soon(move || kill(cluster.as_deref()));
                }
            }
        })
    }

    fn seen(self, lines: Vec<String>, databases: &Databases) -> anyhow::Result<Seen> {
        let root = self.folder.path().canonicalize()?;
        if let (Middle::Kill | Middle::KillSoon, Some(cluster)) = (self.middle, &self.cluster) {
            cluster.restart()?;
        }
        let contents = self.database.map(|fresh| databases.contents(fresh)).transpose()?;
        let files = without_companions(&tree::show(&root)?) + &contents.unwrap_or_default();
        Ok(Seen { lines, audit: self.log.text(&root)?, files })
    }
}

fn kill(cluster: Option<&Cluster>) {
    if let Some(Err(error)) = cluster.map(Cluster::kill) {
        println!("PostgreSQL cannot be killed: {error:#}");
    }
}

/// Files without those that stand beside a database, which a thread that looks for what has expired may close a little later.
fn without_companions(tree: &str) -> String {
    tree.split_inclusive('\n').filter(|line| !line.ends_with(" (of a database)\n")).collect()
}

/// Longer than any grant of the policies lasts.
const LONG: Duration = Duration::from_secs(120);
/// Until a guest that goes on to wait does so.
const SOON: Duration = Duration::from_millis(50);

/// Does something on another thread, while the guest waits.
fn soon(act: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        thread::sleep(SOON);
        act();
    });
}

/// An audit log in memory. A clone is the same log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self, root: &Path) -> anyhow::Result<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(String::from_utf8(bytes)?.replace(root.to_str().context("a path in UTF-8")?, "ROOT"))
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
