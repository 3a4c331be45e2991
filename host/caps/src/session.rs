//! One running guest's authority: its gate, and everything behind it.

use crate::ambient::{self, HostAuthority};
use crate::audit::{AuditLog, AuditSettings, Provenance};
use crate::clock::SessionClock;
use crate::db::{DatabaseErrors, DatabaseSettings, Databases};
use crate::env::Environment;
use crate::fs::{self, FileSystem, MountErrors, Namespace};
use crate::gate::{Gate, Observer, Rules};
use crate::http::{self, SecretErrors, Secrets};
use crate::net::{Network, NetworkSettings};
use crate::random::Random;
use crate::revocation::Revoker;
use crate::time::Clocks;
use caphost_policy::{Capability, Policy};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// One running guest's authority. Dropping it closes every handle that it still holds and ends its audit log.
pub struct Session {
    gate: Gate,
    files: FileSystem,
    environment: Environment,
    clocks: Clocks,
    random: Random,
    network: Arc<Network>,
    databases: Arc<Databases>,
}

/// Why a session could not begin.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Grants name what is not there, or each other's places.
    #[error(transparent)]
    Mounts(#[from] MountErrors),
    /// Grants inject headers that cannot be made.
    #[error(transparent)]
    Secrets(#[from] SecretErrors),
    /// Databases cannot be where they are said to be, or rules name one that is not there.
    #[error(transparent)]
    Databases(#[from] DatabaseErrors),
    /// The audit log cannot be written.
    #[error("failed to begin the audit log")]
    Audit(#[source] io::Error),
    /// The working directory, which relative scopes are relative to, cannot be found.
    #[error("failed to find the working directory")]
    WorkingDirectory(#[source] io::Error),
}

/// Collects what a [`Session`] is made of.
pub struct SessionBuilder {
    policy: Policy,
    ceiling: Option<Policy>,
    subject: String,
    working_directory: Option<PathBuf>,
    protected: Vec<PathBuf>,
    given: Vec<(String, String)>,
    audit: Option<AuditSettings>,
    provenance: Provenance,
    observer: Option<Observer>,
    clock: SessionClock,
    network: NetworkSettings,
    secrets: Secrets,
    databases: DatabaseSettings,
}

impl Session {
    /// Begins a session under `policy`, by default with
    /// - no ceiling
    /// - relative scopes taken from the host's working directory
    /// - no variables but the host's, as far as they are granted
    /// - no audit log
    /// - no observer of refusals
    /// - a clock that follows the host's
    /// - the system's name servers, and the platform's authorities for TLS
    /// - no databases
    pub fn builder(policy: Policy) -> SessionBuilder {
        SessionBuilder {
            policy,
            ceiling: None,
            subject: "guest".to_owned(),
            working_directory: None,
            protected: Vec::new(),
            given: Vec::new(),
            audit: None,
            provenance: Provenance::default(),
            observer: None,
            clock: SessionClock::host(),
            network: NetworkSettings::default(),
            secrets: Secrets::default(),
            databases: DatabaseSettings::default(),
        }
    }

    /// A session that has nothing behind its gate, no file, no variable, no database and no setting of the network: for a caller that
    /// is not to reach any. What it is asked for is recorded and reported as in the session that the gate is of.
    pub fn empty(gate: &Gate) -> Self {
        let network = Network::new(gate.clone(), NetworkSettings::default(), Secrets::default());
        Self {
            files: FileSystem::new(gate.clone(), Namespace::default()),
            environment: Environment::new(gate.clone(), Vec::new()),
            clocks: Clocks::new(gate.clone(), gate.clock().clone()),
            random: Random::new(gate.clone()),
            databases: Databases::new(DatabaseSettings::default(), gate.clone(), Arc::clone(&network)),
            network,
            gate: gate.clone(),
        }
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Takes authority back while the guest runs.
    pub fn revoker(&self) -> Revoker {
        self.gate.revoker()
    }

    /// The guest's files.
    pub fn files(&self) -> &FileSystem {
        &self.files
    }

    /// The guest's environment.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The guest's clocks.
    pub fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    /// The guest's random sources.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// The guest's network.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The guest's databases.
    pub fn databases(&self) -> &Arc<Databases> {
        &self.databases
    }

    /// The secrets of the headers that grants inject.
    pub fn secrets(&self) -> &Secrets {
        self.network.http().secrets()
    }

    /// Ends the audit log.
    ///
    /// # Errors
    /// When any record of it could not be written.
    pub fn close_audit(&self) -> io::Result<()> {
        self.gate.audit().map_or(Ok(()), AuditLog::close)
    }
}

impl SessionBuilder {
    /// Names the guest in the audit log.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Allows nothing that `ceiling` does not, whatever is granted: the decision is that of both. Of its grants nothing is opened, read
    /// or looked for, so what they name need not exist here.
    #[must_use]
    pub fn ceiling(mut self, ceiling: Policy) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    /// Takes relative scopes from `directory`.
    #[must_use]
    pub fn working_directory(mut self, directory: PathBuf) -> Self {
        self.working_directory = Some(directory);
        self
    }

    /// Keeps `path` from the guest, whatever is granted: the host's own files, such as a code cache or an audit log.
    #[must_use]
    pub fn protect(mut self, path: PathBuf) -> Self {
        self.protected.push(path);
        self
    }

    /// As [`SessionBuilder::protect`], for several.
    #[must_use]
    pub fn protect_all(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.protected.extend(paths);
        self
    }

    /// Gives a variable a value, in place of the host's. Whether the guest may read it is for the policy to say.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.given.push((name.into(), value.into()));
        self
    }

    /// As [`SessionBuilder::variable`], for several; of two of one name the later one counts.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.given.extend(variables);
        self
    }

    /// Writes an audit log to `sink`.
    #[must_use]
    pub fn audit(self, sink: Box<dyn Write + Send>) -> Self {
        self.audit_log(AuditSettings::to(sink))
    }

    /// Writes an audit log.
    #[must_use]
    pub fn audit_log(mut self, settings: AuditSettings) -> Self {
        self.audit = Some(settings);
        self
    }

    /// Says more of the guest in the audit log than its name.
    #[must_use]
    pub fn provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = provenance;
        self
    }

    /// Tells `observer` of every refusal.
    #[must_use]
    pub fn observer(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Measures expiry by `clock`.
    #[must_use]
    pub fn clock(mut self, clock: SessionClock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets what the policy says nothing about: name servers, and authorities for TLS.
    #[must_use]
    pub fn network(mut self, settings: NetworkSettings) -> Self {
        self.network = settings;
        self
    }

    /// Gives secrets of injected headers their values; what they are from is then not read.
    #[must_use]
    pub fn secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Says which databases there are. What they are kept in is kept from the guest's grants of files.
    #[must_use]
    pub fn databases(mut self, settings: DatabaseSettings) -> Self {
        self.databases = settings;
        self
    }

    /// Begins the session: looks up and opens every granted path. Databases are looked up, and opened when the guest asks.
    ///
    /// # Errors
    /// [`SessionError`]; of unusable grants, all at once.
    ///
    /// # Ambient Authority
    /// Opens the granted paths and reads the environment with the host's own authority. Nothing later does.
    pub fn build(self, authority: HostAuthority) -> Result<Session, SessionError> {
        let Self {
            policy: written,
            ceiling,
            subject,
            working_directory,
            protected,
            given,
            audit,
            provenance,
            observer,
            clock,
            network,
            secrets,
            databases: given_databases,
        } = self;
        let working_directory = working_directory.map_or_else(|| ambient::working_directory(authority), Ok);
        let working_directory = working_directory.map_err(SessionError::WorkingDirectory)?;
        let secrets = Secrets::find(&secrets, &written, &working_directory, authority)?;
        let databases = given_databases.checked(&written, &working_directory, authority)?;
        // By the names that were given, too: a link is not the guest's to replace.
        let of_databases = [&given_databases, &databases].into_iter().flat_map(|given| given.files(&working_directory));
        let secret_files = http::secret_files(&written, &working_directory);
        let protected: Vec<_> = protected.into_iter().chain(secret_files).chain(of_databases).collect();
        // Those of the ceiling come behind them.
        let granted = written.grants().len();
        let fs::Prepared { canonical: policy, written, ceiling, operator_denies, namespace } =
            fs::prepare(written, ceiling, &working_directory, &protected, authority)?;
        let start = |settings| AuditLog::start(settings, &subject, &written, granted, &provenance);
        let audit = audit.map(start).transpose().map_err(SessionError::Audit)?;
        let variables = variables(&policy, &databases, given, authority);
        let rules = Rules { policy, written, ceiling, operator_denies };
        let gate = Gate::new(rules, clock.clone(), audit, observer);
        let network = Network::new(gate.clone(), network, secrets);
        Ok(Session {
            files: FileSystem::new(gate.clone(), namespace),
            environment: Environment::new(gate.clone(), variables),
            clocks: Clocks::new(gate.clone(), clock),
            random: Random::new(gate.clone()),
            databases: Databases::new(databases, gate.clone(), Arc::clone(&network)),
            network,
            gate,
        })
    }
}

/// The variables that a guest could ever see: the environment is not read where nothing of it is granted, and the host's secrets are
/// not for the guest.
fn variables(
    policy: &Policy,
    databases: &DatabaseSettings,
    given: Vec<(String, String)>,
    authority: HostAuthority,
) -> Vec<(String, String)> {
    let is_granted = policy.has_any_grant(Capability::EnvRead);
    let mut host = if is_granted { ambient::environment(authority) } else { Vec::new() };
    host.retain(|(name, _)| !http::secret_variables(policy).chain(databases.variables()).any(|secret| secret == name));
    let mut variables: Vec<(String, String)> = Vec::new();
    // Of two of one name the later one counts, as with `setenv`.
    for (name, value) in host.into_iter().chain(given) {
        variables.retain(|(other, _)| *other != name);
        variables.push((name, value));
    }
    variables
}
