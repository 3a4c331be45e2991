//! A way to the server that is in the hands of a test.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails by panic, and has a server of its own"
)]

use super::world::{World, settings};
use crate::support::policy;
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_policy::Policy;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Long enough for anybody to go on who does not wait.
const LATE: Duration = Duration::from_millis(300);

/// What is done to what the server says.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Treatment {
    /// Nothing.
    Hand,
    /// What an error means for the transaction comes late.
    DelayState,
    /// It is kept back.
    Hold,
    /// It is kept back, until somebody else connects, whose connection takes all others with it.
    HoldAndCut,
}

/// Stands between the host and the server. Dropping it breaks all off.
pub(crate) struct Relay {
    treatment: Arc<AtomicU8>,
    cut: watch::Sender<()>,
    port: u16,
    task: JoinHandle<()>,
}

impl Relay {
    pub(crate) async fn new(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (treatment, cut) = (Arc::<AtomicU8>::default(), watch::Sender::new(()));
        let (told, cutter) = (Arc::clone(&treatment), cut.clone());
        let task = tokio::spawn(async move {
            while let Ok((host, _)) = listener.accept().await {
                let (told, mut is_cut) = (Arc::clone(&told), cutter.subscribe());
                if told.load(Ordering::SeqCst) == Treatment::HoldAndCut as u8 {
                    cutter.send_replace(());
                    continue;
                }
                tokio::spawn(async move {
                    tokio::select! {
                        _ = between(host, server, &told) => {}
                        _ = is_cut.changed() => {}
                    }
                });
            }
        });
        Self { treatment, cut, port, task }
    }

    pub(crate) fn treat(&self, treatment: Treatment) {
        self.treatment.store(treatment as u8, Ordering::SeqCst);
    }

    /// Breaks off what there is.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(());
    }

    /// A session that reaches the world's database this way.
    pub(crate) fn session(&self, world: &World, policy: Policy) -> Session {
        let url = world.outside.url().replace(&world.outside.port().to_string(), &self.port.to_string());
        Session::builder(policy).databases(settings(&url)).build(HostAuthority::claim()).unwrap()
    }

    /// As [`Relay::session`], with everything granted.
    pub(crate) fn free_session(&self, world: &World) -> Session {
        self.session(world, policy("db", ""))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn between(host: TcpStream, server: u16, treatment: &AtomicU8) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    host.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_host, to_host), (from_server, to_server)) = (host.into_split(), server.into_split());
    tokio::try_join!(up(from_host, to_server), down(from_server, to_host, treatment))?;
    Ok(())
}

async fn up(mut from_host: OwnedReadHalf, mut to_server: OwnedWriteHalf) -> io::Result<()> {
    copy(&mut from_host, &mut to_server).await?;
    to_server.shutdown().await
}

async fn down(mut from_server: OwnedReadHalf, mut to_host: OwnedWriteHalf, treatment: &AtomicU8) -> io::Result<()> {
    let mut is_after_error = false;
    loop {
        let mut header = [0; 5];
        if from_server.read_exact(&mut header).await.is_err() {
            return to_host.shutdown().await;
        }
        let [tag, length @ ..] = header;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        from_server.read_exact(&mut body).await?;
        if tag == b'Z' && is_after_error && treatment.load(Ordering::SeqCst) == Treatment::DelayState as u8 {
            sleep(LATE).await;
        }
        is_after_error = tag == b'E';
        while treatment.load(Ordering::SeqCst) >= Treatment::Hold as u8 {
            sleep(Duration::from_millis(10)).await;
        }
        to_host.write_all(&header).await?;
        to_host.write_all(&body).await?;
    }
}
