//! The rows of an answer, as they come, packed piece by piece. Invariant: of an answer the host holds a batch and what the driver has
//! read ahead, whatever the answer's size; and what it had to take off the connection early, which is counted.
//!
//! Outside of a transaction the rows are streamed, and the connection is the cursor's until its end. Inside of one they are fetched
//! from a portal, so many at a time, because other statements of the transaction take the same connection in between.

use super::error;
use super::form::Form;
use super::kept::Kept;
use super::message_limit::Seen;
use super::parameter::Parameter;
use super::supervise::Supervisor;
use super::value::pack;
use crate::db::error::{DbError, DbResult};
use crate::db::rows::Packer;
use futures_util::StreamExt;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Portal, Row, RowStream, Statement, Transaction};

/// How many rows are fetched from a portal at first, when nothing is known of their size; then at most twice as many as before.
const FIRST_FETCH: usize = 4;

/// How many rows are fetched at most.
const MAX_FETCH: usize = 1_024;

/// How many bytes a fetch should give.
const FETCH_BYTES: usize = 256 << 10;

/// How many bytes of a fetch are kept when another statement takes the connection before they were wanted.
const MAX_KEPT_BYTES: usize = 2 << 20;

/// Rows that are on their way; none once all have come.
type Stream = Option<Pin<Box<RowStream>>>;

/// An answer that is open.
pub(super) struct OpenAnswer {
    packer: Packer,
    forms: Vec<Form>,
    seen: Arc<Seen>,
    /// Room for what was packed before it was wanted.
    kept: Kept,
    stream: Stream,
    /// Gives more when the stream is at its end.
    portal: Option<Portal>,
    is_over: bool,
    /// Why there is nothing more behind what is packed, when that was found out for somebody else.
    failure: Option<DbError>,
    taken_bytes: usize,
    /// How many rows were fetched last.
    last_fetch: usize,
    /// In which savepoint it was opened; 0 for none.
    pub(super) level: u32,
}

/// How far rows are packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// There are enough for a batch.
    Batch,
    /// All that is on its way has come, as far as it may be kept.
    Kept,
}

/// Why no more rows are packed.
enum Filled {
    /// There are enough.
    Enough,
    /// The portal may have more.
    Suspended,
    /// There are no more.
    Over,
}

/// The bytes of a value as they came, nothing decided.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl OpenAnswer {
    /// Runs a statement, whose rows come by themselves.
    pub(super) async fn stream(
        client: &Client,
        statement: &Statement,
        parameters: Vec<Parameter>,
        supervisor: &Supervisor,
    ) -> DbResult<Self> {
        let mut answer = Self::new(statement, supervisor)?;
        let stream = client.query_raw(statement, parameters).await;
        answer.stream = Some(Box::pin(stream.map_err(|error| supervisor.told(&error))?));
        Ok(answer)
    }

    /// Binds a statement, whose rows come when they are asked for.
    pub(super) async fn portal(
        transaction: &Transaction<'_>,
        statement: &Statement,
        parameters: Vec<Parameter>,
        supervisor: &Supervisor,
    ) -> DbResult<Self> {
        let mut answer = Self::new(statement, supervisor)?;
        let portal = transaction.bind_raw(statement, parameters).await;
        answer.portal = Some(portal.map_err(|error| supervisor.told(&error))?);
        Ok(answer)
    }

    /// Refuses columns without a form before anything runs: a change would be made, and its answer lost.
    fn new(statement: &Statement, supervisor: &Supervisor) -> DbResult<Self> {
        let forms: Vec<_> = statement.columns().iter().map(|column| Form::of(column.type_())).collect();
        if let Some(column) = statement.columns().iter().zip(&forms).find(|(_, form)| **form == Form::None) {
            let (name, type_name) = (column.0.name(), super::form::name(column.0.type_()));
            let message =
                format!("column `{name}` is of type {type_name}, which has no form here: write `cast(… as text)`");
            return Err(error::sql("0A000", &message));
        }
        let target = &supervisor.target;
        Ok(Self {
            packer: Packer::new(&target.limits),
            forms,
            seen: Arc::clone(&supervisor.seen),
            kept: target.shelf.part(),
            stream: None,
            portal: None,
            is_over: false,
            failure: None,
            taken_bytes: 0,
            last_fetch: 0,
            level: 0,
        })
    }

    /// Packs rows until there are enough for a batch, or no more.
    pub(super) async fn fill(&mut self, transaction: Option<&Transaction<'_>>) -> DbResult<()> {
        while !self.is_over && !self.packer.is_full() {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.stream.is_none() {
                self.fetch(transaction).await?;
            }
            match self.pack(Until::Batch).await? {
                Filled::Enough | Filled::Suspended => {}
                Filled::Over => self.is_over = true,
            }
        }
        Ok(())
    }

    /// Keeps what is on its way, so that the connection is free for another statement.
    pub(super) async fn set_aside(&mut self) {
        if self.stream.is_none() {
            return;
        }
        match self.pack(Until::Kept).await {
            Ok(Filled::Over) => self.is_over = true,
            Ok(Filled::Suspended) => {}
            Ok(Filled::Enough) => self.fail(DbError::TooLarge),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: DbError) {
        self.loosen();
        self.failure = Some(error);
    }

    /// Leaves the rest of what is on its way to whoever uses the connection next.
    fn loosen(&mut self) {
        if self.stream.take().is_some() {
            self.seen.set_loose();
        }
    }

    /// The rows that are packed.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let rows = self.packer.take();
        self.kept.clear();
        self.taken_bytes = self.taken_bytes.saturating_add(rows.len());
        rows
    }

    /// Whether there is nothing behind what is packed.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    async fn fetch(&mut self, transaction: Option<&Transaction<'_>>) -> DbResult<()> {
        let (Some(portal), Some(transaction)) = (&self.portal, transaction) else { return Err(DbError::BadHandle) };
        let rows = self.fetch_rows();
        self.last_fetch = rows;
        let stream = transaction.query_portal_raw(portal, i32::try_from(rows).unwrap_or(1)).await;
        self.stream = Some(Box::pin(stream.map_err(|error| error::of_driver(&error, &self.seen))?));
        Ok(())
    }

    /// As many rows as were [`FETCH_BYTES`] so far: but the next may be larger.
    fn fetch_rows(&self) -> usize {
        let rows = usize::try_from(self.packer.rows()).unwrap_or(usize::MAX);
        let bytes = self.taken_bytes.saturating_add(self.packer.length());
        match bytes.checked_div(rows) {
            None => FIRST_FETCH,
            Some(row_bytes) => {
                let most = self.last_fetch.saturating_mul(2).clamp(1, MAX_FETCH);
                (FETCH_BYTES / row_bytes.max(1)).clamp(1, most)
            }
        }
    }

    async fn pack(&mut self, until: Until) -> DbResult<Filled> {
        let Some(stream) = &mut self.stream else { return Ok(Filled::Over) };
        loop {
            if until == Until::Batch && self.packer.is_full() {
                return Ok(Filled::Enough);
            }
            match stream.next().await {
                Some(Ok(_)) if until == Until::Kept && self.packer.length() > MAX_KEPT_BYTES => {
                    return Ok(Filled::Enough);
                }
                Some(Ok(row)) => {
                    pack_row(&mut self.packer, &self.forms, &row)?;
                    if until == Until::Kept {
                        self.kept.set(self.packer.length())?;
                    }
                }
                Some(Err(error)) => {
                    self.stream = None;
                    return Err(error::of_driver(&error, &self.seen));
                }
                None => {
                    // What a portal is suspended behind has no end yet.
                    let is_over = self.portal.is_none() || stream.rows_affected().is_some();
                    self.stream = None;
                    return Ok(if is_over { Filled::Over } else { Filled::Suspended });
                }
            }
        }
    }
}

impl Drop for OpenAnswer {
    fn drop(&mut self) {
        self.loosen();
    }
}

fn pack_row(packer: &mut Packer, forms: &[Form], row: &Row) -> DbResult<()> {
    for (column, form) in forms.iter().enumerate() {
        let Raw(bytes) = row.try_get(column).map_err(|_| error::protocol())?;
        pack(packer, form, bytes)?;
    }
    packer.end_row()
}
