//! Asking the server to end what it does. Invariant: when it was asked, the server has passed it on: what is sent to it afterwards is
//! not what is ended.

use super::connect::Target;
use crate::db::error::{DbError, DbResult};
use tokio::io::AsyncReadExt;
use tokio_postgres::{CancelToken, NoTls};

/// Asks on a connection of its own. The caller bounds the time.
///
/// # Cancel safety
/// The server may have been asked.
pub(super) async fn cancel(target: &Target, token: &CancelToken) -> DbResult<()> {
    let mut wire = target.dial().await?;
    token.cancel_query_raw(&mut wire, NoTls).await.map_err(|_| DbError::Closed)?;
    // The server closes it once the process that runs the statement has the signal. Of anything else it sends, a byte is enough.
    let _ = wire.read(&mut [0]).await;
    Ok(())
}
