//! Ways to the server. Invariant: the host says who it is only to a server that has shown who that is, or on this host, or where the
//! operator has written that neither is wanted; and a connection is used only once it has the settings that the host relies on.

use super::error;
use super::kept::Shelf;
use super::message_limit::{Counts, Limited, Seen};
use super::url::{PostgresHost, PostgresSource, Protection};
use crate::ambient::databases;
use crate::db::engine::Setup;
use crate::db::error::{DbError, DbResult};
use crate::net::{NetError, Network};
use crate::tls::{Spoken, Tls, TlsError};
use caphost_policy::{DatabaseLimits, Host};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// How long a connection may take to be made, with the lookup of its name, TLS, and the server's own beginning.
pub(super) const CONNECT_TIME: Duration = Duration::from_secs(10);

/// What a server may say until a connection can be used: the driver collects it.
const MAX_CONNECT_BYTES: u64 = 1 << 20;

/// The least time after which the server ends a statement, or an idle transaction, by itself: for what the host could not end, because
/// it, or the way to the server, was gone. The host's own bound is the operator's, and shorter.
const SERVER_TIME: Duration = Duration::from_secs(600);

/// How much later than the host the server ends a statement.
const SERVER_SLACK: Duration = Duration::from_secs(5);

/// What a client sends to ask for TLS, and what a server answers that has it (PostgreSQL's manual, "SSL Session Encryption").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];
const SSL_YES: u8 = b'S';

/// Where functions, operators and types are found: only the server's own. Tables are always named with their schema.
const SEARCH_PATH: &str = "pg_catalog, pg_temp";

/// What the host relies on, whatever stands between it and the server.
const CHECK: &str = "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_setting('default_transaction_read_only'), \
    pg_catalog.current_setting('standard_conforming_strings'), pg_catalog.current_setting('client_encoding')";

/// Has the server look now and then whether the host is still there, while it computes: otherwise a statement of one that has gone,
/// and a change that it makes, would go on until the server's own limit. Servers before 14 do not know it, nor do all systems.
const LOOK_FOR_HOST: &str = "SET client_connection_check_interval = '1s'";

/// A stream to a server, over whatever it goes.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A server, and how connections to it are made.
pub(super) struct Target {
    pub(super) source: PostgresSource,
    pub(super) limits: DatabaseLimits,
    /// Whether the guest could never write here.
    pub(super) is_read_only: bool,
    /// What is kept of its answers.
    pub(super) shelf: Shelf,
    network: Arc<Network>,
    tls: OnceLock<Tls>,
}

/// A connection that was made.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) driver: Driver,
    pub(super) seen: Arc<Seen>,
}

/// What moves the bytes of a connection. Dropping it closes the connection.
pub(super) struct Driver(JoinHandle<()>);

impl Driver {
    /// Waits until the connection is at its end.
    ///
    /// # Cancel safety
    /// Safe. It may be called once after that.
    pub(super) async fn ended(&mut self) {
        if !self.0.is_finished() {
            let _ = (&mut self.0).await;
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Target {
    pub(super) fn new(source: &PostgresSource, setup: Setup) -> Self {
        let Setup { limits, is_read_only, network, .. } = setup;
        Self { source: source.clone(), limits, is_read_only, shelf: Shelf::default(), network, tls: OnceLock::new() }
    }

    /// Makes a connection, within [`CONNECT_TIME`].
    ///
    /// # Errors
    /// [`DbError::TimedOut`], or [`DbError::Io`], which says no more than a guest may know.
    pub(super) async fn connect(&self) -> DbResult<Connected> {
        timeout(CONNECT_TIME, self.begin()).await.unwrap_or(Err(DbError::TimedOut))
    }

    async fn begin(&self) -> DbResult<Connected> {
        let wire = self.dial().await?;
        let (stream, seen) = Limited::new(wire, self.limits.row_bytes, self.source.is_private());
        let _bound = seen.bound(MAX_CONNECT_BYTES, Counts::Bytes);
        let made = self.config().connect_raw(stream, NoTls).await;
        let (client, connection) = made.map_err(|error| error::of_connecting(&error, &seen))?;
        // The reason of its end is told by what was seen, and by the calls that it ends.
        let driver = Driver(tokio::spawn(async move { drop(connection.await) }));
        check(&client).await?;
        look_for_host(&client).await;
        Ok(Connected { client, driver, seen })
    }

    /// Makes a stream to the server, over TLS if that was said.
    pub(super) async fn dial(&self) -> DbResult<Box<dyn Wire>> {
        let port = self.source.port();
        match self.source.host() {
            PostgresHost::Socket(directory) => dial_socket(directory, port).await,
            PostgresHost::Address(address) => self.dial_any(&[*address], &Host::Address(*address)).await,
            PostgresHost::Name(name) => {
                let host = Host::parse(name).map_err(|_| error::refused("its host is no name"))?;
                let Host::Name(name) = &host else { return Err(error::refused("its host is no name")) };
                let addresses = self.network.look_up_for_operator(name).await;
                self.dial_any(&addresses.map_err(|_| error::refused("no address of its host is known"))?, &host).await
            }
        }
    }

    async fn dial_any(&self, addresses: &[IpAddr], host: &Host) -> DbResult<Box<dyn Wire>> {
        let share = CONNECT_TIME / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        for address in addresses {
            let address = SocketAddr::new(*address, self.source.port());
            let dialled = timeout(share, databases::dial_tcp(address)).await;
            if let Ok(Ok(stream)) = dialled {
                return match self.source.protection() {
                    Protection::Nothing => Ok(Box::new(stream)),
                    Protection::VerifiedTls => self.protect(stream, host).await,
                };
            }
        }
        Err(error::refused("the server does not answer"))
    }

    /// Makes TLS on a stream on which nothing was sent yet.
    async fn protect<S: Wire + 'static>(&self, mut stream: S, host: &Host) -> DbResult<Box<dyn Wire>> {
        let lost = |_| error::refused("the server broke the connection off");
        stream.write_all(&SSL_REQUEST).await.map_err(lost)?;
        let mut answer = [0];
        // One byte and no more: what a third party sends behind it, before TLS, must never be taken for the server's.
        stream.read_exact(&mut answer).await.map_err(lost)?;
        if answer != [SSL_YES] {
            return Err(error::refused("the server does not speak TLS"));
        }
        let made = self.tls()?.connect(host, Spoken::Postgres, stream).await;
        made.map(|stream| Box::new(stream) as Box<dyn Wire>).map_err(|error| of_tls(&error))
    }

    fn tls(&self) -> DbResult<&Tls> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let mut roots = self.network.settings().tls_roots.clone();
        if let Some(path) = self.source.root_certificate() {
            let unreadable = |_| error::refused("its certificates cannot be read");
            roots.push(databases::certificates(path).map_err(unreadable)?);
        }
        Ok(self.tls.get_or_init(|| Tls::new(roots)))
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.user(self.source.user()).dbname(self.source.database()).application_name("caphost");
        config.ssl_mode(SslMode::Disable).options(self.options());
        if let Some(password) = self.source.password() {
            config.password(password);
        }
        config
    }

    /// Settings of the session. Only what changes rows may write, in a transaction that says so.
    fn options(&self) -> String {
        let time = self.limits.statement_time.saturating_add(SERVER_SLACK).max(SERVER_TIME);
        // The server counts in milliseconds, with a sign.
        let time_ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX).to_string();
        let settings = [
            ("search_path", SEARCH_PATH),
            ("default_transaction_read_only", "on"),
            ("statement_timeout", &time_ms),
            ("idle_in_transaction_session_timeout", &time_ms),
            ("standard_conforming_strings", "on"),
            ("TimeZone", "UTC"),
            ("IntervalStyle", "iso_8601"),
            ("bytea_output", "hex"),
            ("extra_float_digits", "1"),
        ];
        let written = settings.map(|(name, value)| format!("-c {name}={}", value.replace(' ', "\\ ")));
        written.join(" ")
    }
}

async fn dial_socket(directory: &Path, port: u16) -> DbResult<Box<dyn Wire>> {
    let path = directory.join(format!(".s.PGSQL.{port}"));
    let stream = databases::dial_socket(&path).await.map_err(|_| error::refused("the server does not answer"))?;
    Ok(Box::new(stream))
}

/// Looks whether the session has the settings: a pooler may have kept them to itself.
async fn check(client: &Client) -> DbResult<()> {
    let rows = client.simple_query(CHECK).await.map_err(|_| error::refused("the server broke the connection off"))?;
    let row = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some([0, 1, 2, 3].map(|column| row.try_get(column).ok().flatten())),
        _ => None,
    });
    match row {
        Some([Some(SEARCH_PATH), Some("on"), Some("on"), Some("UTF8")]) => Ok(()),
        _ => Err(error::refused("what stands before the server does not hand the host's settings on")),
    }
}

/// Where the server cannot, it is left at that: it has its own limit.
pub(super) async fn look_for_host(client: &Client) {
    let _ = client.batch_execute(LOOK_FOR_HOST).await;
}

fn of_tls(error: &TlsError) -> DbError {
    match error {
        TlsError::Net(NetError::TimedOut) => DbError::TimedOut,
        TlsError::Net(_) | TlsError::Closed => error::refused("the server broke the connection off"),
        told => error::refused(&told.to_string()),
    }
}
