//! One way to start a guest: from a component and a policy to an [`Outcome`].

use crate::audit_log::provenance;
use crate::bindings::CommandPre;
use crate::cache::Cache;
use crate::engine::Profile;
use crate::inspect::Component;
use crate::limiter::Limiter;
use crate::link;
use crate::outcome::Outcome;
use crate::seal::{self, SealFaults};
use crate::state::{OnDeny, State};
use crate::tasks::Tasks;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::DatabaseSettings;
use caphost_caps::net::NetworkSettings;
use caphost_caps::stdio::{Input, Output, OutputBudget, Stdin, Stdout, Stream};
use caphost_caps::{AuditSettings, Observer, Revoker, Session, SessionClock, SessionError};
use caphost_policy::{Limits, Policy};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wasmtime::component::{InstancePre, ResourceTable};
use wasmtime::{Engine, Store};

/// How long what a guest wrote to a connection before it ended is still sent: a peer that takes nothing holds the host no longer.
const LINGER: Duration = Duration::from_secs(10);

/// How often a guest that has a time limit looks whether it is over.
const TICK: Duration = Duration::from_millis(10);

/// A component with everything that it gets.
pub struct Run {
    /// What runs.
    pub component: Component,
    /// Its arguments, without its own name.
    pub arguments: Vec<String>,
    /// What it may do.
    pub policy: Policy,
    /// Values for variables, in place of the host's. Whether the guest may read them is for the policy to say.
    pub environment: Vec<(String, String)>,
    /// What relative scopes are relative to; by default the host's working directory.
    pub working_directory: Option<PathBuf>,
    /// What relative scopes of its component's seal are relative to: the component's directory. By default they stand as they are.
    pub component_directory: Option<String>,
    /// Files of the host's own that no grant lets the guest write, such as its audit log. The code cache is always one.
    pub protected: Vec<PathBuf>,
    /// What a refused call comes back as.
    pub on_deny: OnDeny,
    /// What its network is used with.
    pub network: NetworkSettings,
    /// The databases that there are for it.
    pub databases: DatabaseSettings,
    /// Its standard input.
    pub stdin: Stdin,
    /// Its standard output.
    pub stdout: Stdout,
    /// Its standard error.
    pub stderr: Stdout,
    /// Where the audit log goes.
    pub audit: Option<AuditSettings>,
    /// Told of every refusal.
    pub observer: Option<Observer>,
    /// What grants expire by.
    pub clock: SessionClock,
}

impl Run {
    /// A run of `component` under `policy`, by default with
    /// - no arguments and no variables of its own
    /// - refusals as error codes
    /// - the system's name servers, and the platform's authorities for TLS
    /// - no databases
    /// - an empty standard input, and output that is discarded
    /// - no audit log and no observer
    /// - a clock that follows the host's
    pub fn new(component: Component, policy: Policy) -> Self {
        Self {
            component,
            arguments: Vec::new(),
            policy,
            environment: Vec::new(),
            working_directory: None,
            component_directory: None,
            protected: Vec::new(),
            on_deny: OnDeny::default(),
            network: NetworkSettings::default(),
            databases: DatabaseSettings::default(),
            stdin: Stdin::default(),
            stdout: Stdout::default(),
            stderr: Stdout::default(),
            audit: None,
            observer: None,
            clock: SessionClock::host(),
        }
    }
}

/// Why a run did not begin, or did not end as it should. Nothing in here is the guest's doing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The grants cannot be used as they stand, or the audit log cannot be begun.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The component has a seal that does not hold.
    #[error(transparent)]
    Seal(#[from] SealFaults),
    /// The component cannot be compiled.
    #[error("failed to compile the component: {0:#}")]
    Compile(wasmtime::Error),
    /// The component does not fit what it is linked to.
    #[error("failed to link the component: {0:#}")]
    Link(wasmtime::Error),
    /// The host lacks something: threads, memory, timers.
    #[error("failed to set the run up: {0}")]
    Host(#[from] std::io::Error),
    /// The guest has run, but its audit log is not complete.
    #[error("failed to write the audit log: {0}")]
    Audit(std::io::Error),
}

/// Runs guests.
#[derive(Clone, Debug, Default)]
pub struct Host {
    cache: Cache,
}

impl Host {
    /// A host that keeps compiled code in `cache`.
    pub fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// Runs a guest to its end, on this thread.
    ///
    /// # Errors
    /// [`RunError`] when it could not begin; how it ended is the [`Outcome`].
    ///
    /// # Panics
    /// Inside of an async runtime; there, use [`Host::prepare`] and [`Guest::run`].
    ///
    /// # Ambient Authority
    /// Opens what the policy grants with the host's own authority.
    pub fn run(&self, run: Run, authority: HostAuthority) -> Result<Outcome, RunError> {
        self.prepare(run, authority)?.run_here()
    }

    /// Does everything that comes before the first instruction.
    ///
    /// # Errors
    /// [`RunError`].
    ///
    /// # Ambient Authority
    /// Opens what the policy grants with the host's own authority.
    pub fn prepare(&self, mut run: Run, authority: HostAuthority) -> Result<Guest, RunError> {
        if let Cache::Directory(directory) = &self.cache {
            run.protected.push(directory.clone());
        }
        let now = seal::now(authority);
        let ceiling = seal::ceiling(&run.component, run.component_directory.as_deref().unwrap_or_default(), now)?;
        let effective = ceiling.as_ref().map_or_else(|| run.policy.clone(), |ceiling| run.policy.attenuate(ceiling));
        let limits = effective.limits().clone();
        let engine = Profile::for_limits(&limits).engine().map_err(RunError::Compile)?;
        let compiled =
            self.cache.load(&engine, run.component.bytes(), run.component.digest()).map_err(RunError::Compile)?;
        let linker = link::linker(&engine, &effective).map_err(RunError::Link)?;
        let instance = linker.instantiate_pre(&compiled).map_err(RunError::Link)?;
        let store = store(&engine, run, ceiling, limits, authority)?;
        Ok(Guest { store, instance })
    }
}

fn store(
    engine: &Engine,
    run: Run,
    ceiling: Option<Policy>,
    limits: Limits,
    authority: HostAuthority,
) -> Result<Store<State>, RunError> {
    let mut builder = Session::builder(run.policy).subject(subject(&run.component)).clock(run.clock);
    builder = builder.variables(run.environment).protect_all(run.protected).network(run.network);
    builder = builder.databases(run.databases);
    if let Some(ceiling) = ceiling {
        builder = builder.ceiling(ceiling);
    }
    if let Some(directory) = run.working_directory {
        builder = builder.working_directory(directory);
    }
    if let Some(settings) = run.audit {
        builder = builder.audit_log(settings).provenance(provenance(&run.component));
    }
    if let Some(observer) = run.observer {
        builder = builder.observer(observer);
    }
    let session = Arc::new(builder.build(authority)?);
    let mut table = ResourceTable::new();
    table.set_max_capacity(limits.open_handles as usize);
    let budget = OutputBudget::new(limits.output_bytes);
    let state = State {
        session,
        table,
        arguments: std::iter::once(run.component.name().to_owned()).chain(run.arguments).collect(),
        on_deny: run.on_deny,
        stdin: Input::new(run.stdin),
        stdout: Output::new(run.stdout, Stream::Output, budget.clone()),
        stderr: Output::new(run.stderr, Stream::Error, budget),
        limiter: Limiter::new(limits),
        tasks: Tasks::default(),
        empty_answers: 0,
    };
    Ok(Store::new(engine, state))
}

fn subject(component: &Component) -> String {
    let digest: String = component.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} sha256:{digest}", component.name())
}

/// A guest that is ready to run. Dropping it ends it.
pub struct Guest {
    store: Store<State>,
    instance: InstancePre<State>,
}

impl Guest {
    /// Takes authority back while it runs.
    pub fn revoker(&self) -> Revoker {
        self.store.data().session.revoker()
    }

    /// As [`Guest::run`], on this thread.
    ///
    /// # Errors
    /// As [`Guest::run`].
    ///
    /// # Panics
    /// Inside of an async runtime.
    pub fn run_here(self) -> Result<Outcome, RunError> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(self.run())
    }

    /// Runs the guest's `wasi:cli/run` to its end. What it wrote to connections, and what their peers have not taken by then, is
    /// still sent, for 10 seconds at most, and within its time limit.
    ///
    /// A guest that waits for the network, or that has a time limit, takes a runtime of tokio with I/O and time enabled.
    ///
    /// # Errors
    /// [`RunError::Link`] when it exports no command, [`RunError::Audit`] when its log is not complete.
    ///
    /// # Cancel safety
    /// Dropping the future ends the guest where it is.
    pub async fn run(mut self) -> Result<Outcome, RunError> {
        let session = Arc::clone(&self.store.data().session);
        let limits = self.store.data().limiter.limits.clone();
        let command = CommandPre::new(self.instance).map_err(RunError::Link)?;
        apply(&limits, &mut self.store).map_err(RunError::Link)?;
        let _ticker = limits.wall_time.map(|_| Ticker::start(self.store.engine())).transpose()?;
        let mut store = self.store;
        let mut outcome = None;
        let work = async {
            let ended = outcome.insert(Outcome::of_run(call(&command, &mut store).await, &limits));
            if matches!(ended, Outcome::Exited(_)) {
                store.data().tasks.settle(LINGER).await;
            }
        };
        // One time limit for both: what is still being sent must not outlive it.
        match limits.wall_time {
            None => work.await,
            Some(limit) => drop(tokio::time::timeout(limit, work).await),
        }
        let outcome = outcome.unwrap_or_else(|| Outcome::time_limit(&limits));
        session.close_audit().map_err(RunError::Audit)?;
        Ok(outcome)
    }
}

async fn call(command: &CommandPre<State>, store: &mut Store<State>) -> wasmtime::Result<Result<(), ()>> {
    let command = command.instantiate_async(&mut *store).await?;
    command.wasi_cli_run().call_run(store).await
}

fn apply(limits: &Limits, store: &mut Store<State>) -> wasmtime::Result<()> {
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(usize::try_from(limits.host_allocation_bytes).unwrap_or(usize::MAX));
    if let Some(fuel) = limits.fuel {
        store.set_fuel(fuel)?;
    }
    if limits.wall_time.is_some() {
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
    }
    Ok(())
}

/// Moves an engine's epoch on, so that a guest that only computes lets the timer have its turn. Ends when it is dropped.
struct Ticker(Arc<AtomicBool>);

impl Ticker {
    fn start(engine: &Engine) -> std::io::Result<Self> {
        let is_running = Arc::new(AtomicBool::new(true));
        let (engine, for_thread) = (engine.weak(), Arc::clone(&is_running));
        let tick = move || {
            while for_thread.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        };
        std::thread::Builder::new().name("caphost-ticker".into()).spawn(tick)?;
        Ok(Self(is_running))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_policy::Policy;
    use std::future::pending;
    use tokio::runtime::Builder;
    use tokio::time::{sleep, timeout};

    /// A command that does nothing.
    const NOTHING: &str = r#"(component
        (core module $m (func (export "run") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $interface (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $interface)))"#;

    fn guest(wall_time: Option<Duration>) -> Guest {
        let component = Component::read("nothing.wasm", wat::parse_str(NOTHING).unwrap()).unwrap();
        let policy = Policy::builder().limits(Limits { wall_time, ..Limits::default() }).build();
        Host::default().prepare(Run::new(component, policy), HostAuthority::claim()).unwrap()
    }

    /// The outcome of a guest that leaves `rest` behind; none if the host waits for that longer than it would without a time limit.
    fn outcome(wall_time: Option<Duration>, rest: impl Future<Output = ()> + Send + 'static) -> Option<Outcome> {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let guest = guest(wall_time);
            guest.store.data().tasks.spawner().spawn(rest).unwrap();
            timeout(LINGER / 2, guest.run()).await.ok().map(Result::unwrap)
        })
    }

    #[test]
    fn what_is_still_being_sent_is_waited_for_within_the_time_limit() {
        let (done, is_done) = tokio::sync::oneshot::channel();
        let soon = async move {
            sleep(Duration::from_millis(100)).await;
            let _ = done.send(());
        };
        assert_eq!(outcome(Some(LINGER), soon), Some(Outcome::Exited(0)));
        assert!(is_done.blocking_recv().is_ok(), "control: it was waited for");
        assert_eq!(outcome(Some(Duration::from_millis(100)), pending()), Some(Outcome::Exited(0)));
    }

    #[test]
    fn a_guest_that_waits_for_nothing_takes_no_clock_of_its_runtime() {
        let outcome = Builder::new_current_thread().build().unwrap().block_on(guest(None).run());
        assert_eq!(outcome.unwrap(), Outcome::Exited(0));
    }
}
