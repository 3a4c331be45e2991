//! `caphost:host/db`.

use super::convert::{ApiResult, db as convert};
use crate::bindings::caphost::host::db::{
    Batch, Column, Engine, Host, HostConnection, HostCursor, HostStatement, HostTransaction, Table, Value,
};
use crate::state::State;
use caphost_caps::guest::Error;
use caphost_caps::guest::db::{self, Connection, Cursor, Statement};
use wasmtime::component::Resource;

/// A transaction; none once it was ended.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Transaction(Option<db::Transaction>);

impl Host for State {
    async fn open(&mut self, name: String) -> ApiResult<Resource<Connection>> {
        let connection = db::open(&self.session, &name).await?;
        Ok(self.table.push(connection)?)
    }
}

impl HostConnection for State {
    fn engine(&mut self, connection: Resource<Connection>) -> wasmtime::Result<Engine> {
        Ok(convert::engine(self.table.get(&connection)?.engine()))
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<Value>,
    ) -> ApiResult<Table> {
        let table = self.table.get(&connection)?.query(&sql, &convert::parameters(parameters)).await?;
        Ok(convert::table(table))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<Value>,
    ) -> ApiResult<u64> {
        Ok(self.table.get(&connection)?.execute(&sql, &convert::parameters(parameters)).await?)
    }

    async fn prepare(&mut self, connection: Resource<Connection>, sql: String) -> ApiResult<Resource<Statement>> {
        let statement = self.table.get(&connection)?.prepare(&sql).await?;
        Ok(self.table.push(statement)?)
    }

    async fn begin(&mut self, connection: Resource<Connection>) -> ApiResult<Resource<Transaction>> {
        let transaction = self.table.get(&connection)?.begin().await?;
        Ok(self.table.push(Transaction(Some(transaction)))?)
    }

    fn last_insert_id(&mut self, connection: Resource<Connection>) -> ApiResult<i64> {
        Ok(self.table.get(&connection)?.last_insert_id()?)
    }

    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl HostStatement for State {
    fn columns(&mut self, statement: Resource<Statement>) -> wasmtime::Result<Vec<Column>> {
        Ok(convert::columns(self.table.get(&statement)?.columns().to_vec()))
    }

    fn parameters(&mut self, statement: Resource<Statement>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&statement)?.parameters())
    }

    async fn query(&mut self, statement: Resource<Statement>, parameters: Vec<Value>) -> ApiResult<Batch> {
        let batch = self.table.get(&statement)?.query(&convert::parameters(parameters)).await?;
        let rest = batch.rest.map(|cursor| self.table.push(cursor)).transpose()?;
        Ok(Batch { rows: batch.rows, rest })
    }

    async fn execute(&mut self, statement: Resource<Statement>, parameters: Vec<Value>) -> ApiResult<u64> {
        Ok(self.table.get(&statement)?.execute(&convert::parameters(parameters)).await?)
    }

    fn drop(&mut self, statement: Resource<Statement>) -> wasmtime::Result<()> {
        self.table.delete(statement)?;
        Ok(())
    }
}

impl HostCursor for State {
    async fn next(&mut self, cursor: Resource<Cursor>) -> ApiResult<Option<Vec<u8>>> {
        Ok(self.table.get_mut(&cursor)?.next().await?)
    }

    fn drop(&mut self, cursor: Resource<Cursor>) -> wasmtime::Result<()> {
        self.table.delete(cursor)?;
        Ok(())
    }
}

impl HostTransaction for State {
    async fn savepoint(&mut self, transaction: Resource<Transaction>) -> ApiResult<Resource<Transaction>> {
        let part = self.table.get(&transaction)?.0.as_ref().ok_or(Error::BadHandle)?.savepoint().await?;
        Ok(self.table.push(Transaction(Some(part)))?)
    }

    async fn commit(&mut self, transaction: Resource<Transaction>) -> ApiResult<()> {
        Ok(self.table.get_mut(&transaction)?.0.take().ok_or(Error::BadHandle)?.commit().await?)
    }

    async fn rollback(&mut self, transaction: Resource<Transaction>) -> ApiResult<()> {
        Ok(self.table.get_mut(&transaction)?.0.take().ok_or(Error::BadHandle)?.rollback().await?)
    }

    fn drop(&mut self, transaction: Resource<Transaction>) -> wasmtime::Result<()> {
        self.table.delete(transaction)?;
        Ok(())
    }
}
