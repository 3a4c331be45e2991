//! `caphost:host/db` for a guest that nothing of it was granted to.

use super::{NO_HANDLE, Refusing, no_handle, none_of};
use crate::bindings::caphost::host::db::{
    Batch, Column, Engine, Host, HostConnection, HostCursor, HostStatement, HostTransaction, Table, Value,
};
use crate::host_api::convert::ApiResult;
use crate::host_api::db::Transaction;
use caphost_caps::guest::db::{self, Connection, Cursor, Statement};
use wasmtime::component::Resource;

impl Host for Refusing<'_> {
    async fn open(&mut self, name: String) -> ApiResult<Resource<Connection>> {
        let _: Connection = db::open(&self.nothing(), &name).await?;
        Err(no_handle())
    }
}

/// No guest comes here: a connection is had from `open` alone.
impl HostConnection for Refusing<'_> {
    fn engine(&mut self, _: Resource<Connection>) -> wasmtime::Result<Engine> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }

    async fn query(&mut self, _: Resource<Connection>, _: String, _: Vec<Value>) -> ApiResult<Table> {
        Err(no_handle())
    }

    async fn execute(&mut self, _: Resource<Connection>, _: String, _: Vec<Value>) -> ApiResult<u64> {
        Err(no_handle())
    }

    async fn prepare(&mut self, _: Resource<Connection>, _: String) -> ApiResult<Resource<Statement>> {
        Err(no_handle())
    }

    async fn begin(&mut self, _: Resource<Connection>) -> ApiResult<Resource<Transaction>> {
        Err(no_handle())
    }

    fn last_insert_id(&mut self, _: Resource<Connection>) -> ApiResult<i64> {
        Err(no_handle())
    }

    fn drop(&mut self, _: Resource<Connection>) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }
}

impl HostStatement for Refusing<'_> {
    fn columns(&mut self, _: Resource<Statement>) -> wasmtime::Result<Vec<Column>> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }

    fn parameters(&mut self, _: Resource<Statement>) -> wasmtime::Result<u32> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }

    async fn query(&mut self, _: Resource<Statement>, _: Vec<Value>) -> ApiResult<Batch> {
        Err(no_handle())
    }

    async fn execute(&mut self, _: Resource<Statement>, _: Vec<Value>) -> ApiResult<u64> {
        Err(no_handle())
    }

    fn drop(&mut self, _: Resource<Statement>) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }
}

none_of! {
    HostCursor for Cursor;
    async {
        next() -> Option<Vec<u8>>;
    }
    {}
}

none_of! {
    HostTransaction for Transaction;
    async {
        savepoint() -> Resource<Transaction>;
        commit() -> ();
        rollback() -> ();
    }
    {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_api::convert::Failure;
    use crate::state::OnDeny;
    use caphost_caps::Session;
    use caphost_caps::ambient::HostAuthority;
    use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
    use caphost_caps::guest::Error;
    use caphost_policy::{Policy, PolicyBuilder, parse_list};

    /// The linker takes this implementation where nothing is granted; here something is, to see that it would not help.
    #[tokio::test]
    async fn no_connection_comes_from_here_even_where_the_gate_would_allow_one() {
        let rules = parse_list("db:main").unwrap();
        let policy = rules.into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
        let mut settings = DatabaseSettings::default();
        settings.insert("main", Source::Sqlite(SqliteSource::Memory));
        let session = Session::builder(policy).databases(settings).build(HostAuthority::claim()).unwrap();
        db::open(&session, "main").await.expect("the control");

        let mut refusing = Refusing { gate: session.gate(), on_deny: OnDeny::Error };
        let opened = Host::open(&mut refusing, "main".to_owned()).await;
        assert!(matches!(opened, Err(Failure::Guest(Error::NotFound))), "{opened:?}");
        let other = Host::open(&mut refusing, "other".to_owned()).await;
        assert!(matches!(other, Err(Failure::Guest(Error::Denied(_)))), "{other:?}");
    }
}
