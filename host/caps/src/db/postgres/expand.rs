//! What lies behind a name: the tables of a view, the partitions of a table, and what a partition is a part of.

use super::parameter;
use super::sql::Relation;
use super::supervise::Supervisor;
use crate::db::access::{Access, Accesses};
use crate::db::error::DbResult;
use crate::db::value::Value;
use caphost_policy::Capability;
use futures_util::TryStreamExt;
use std::pin::pin;
use tokio_postgres::{Client, Row, Statement};

/// The relations that the one by this schema and name shows: a view the relations of its definition, a table those that inherit
/// from it, at any depth; and those that all of these inherit from. Itself among them; none where there is no such relation.
const BEHIND: &str = "
with recursive below(oid) as (
  select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2
  union
  select e.oid from below r cross join lateral (
    select d.refobjid as oid from pg_catalog.pg_class c
      join pg_catalog.pg_rewrite w on w.ev_class = c.oid
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> c.oid
      where c.oid = r.oid and c.relkind in ('v', 'm')
    union all select i.inhrelid from pg_catalog.pg_inherits i where i.inhparent = r.oid) e
), above(oid) as (
  select oid from below
  union
  select i.inhparent from above r join pg_catalog.pg_inherits i on i.inhrelid = r.oid
)
select n.nspname, c.relname, c.relkind = 'f' from above r
  join pg_catalog.pg_class c using (oid) join pg_catalog.pg_namespace n on n.oid = c.relnamespace";

/// A relation behind one that a statement names.
#[derive(Debug)]
pub(super) struct Inner {
    /// What the statement names.
    pub(super) of: Relation,
    /// What lies behind it.
    pub(super) relation: Relation,
    /// Whether it stands for a table of another server.
    pub(super) is_foreign: bool,
}

impl Inner {
    /// What a statement with these accesses does with it, as far as a rule can name it.
    pub(super) fn accesses(&self, of_statement: &Accesses, schema: &str) -> Vec<Access> {
        let named = |relation: &Relation| (relation.schema == schema).then(|| relation.name.clone());
        let Some(table) = named(&self.relation) else { return Vec::new() };
        let does = |capability: &Capability| {
            let access = |table| Access { capability: *capability, table };
            of_statement.contains(&access(named(&self.of))) || of_statement.contains(&access(None))
        };
        let capabilities = [Capability::DbRead, Capability::DbWrite].into_iter().filter(does);
        capabilities.map(|capability| Access { capability, table: Some(table.clone()) }).collect()
    }
}

/// The statement, prepared; kept for the life of the connection.
pub(super) async fn prepare(client: &Client, supervisor: &Supervisor) -> DbResult<Statement> {
    client.prepare(BEHIND).await.map_err(|error| supervisor.told(&error))
}

/// What lies behind `relation`, itself left out.
pub(super) async fn expand(
    client: &Client,
    supervisor: &Supervisor,
    statement: &Statement,
    of: &Relation,
) -> DbResult<Vec<Inner>> {
    let told = |error: tokio_postgres::Error| supervisor.told(&error);
    let values = [Value::Text(of.schema.clone()), Value::Text(of.name.clone())];
    let parameters = parameter::encode(&values, statement.params(), u64::MAX)?;
    let mut rows = pin!(client.query_raw(statement, parameters).await.map_err(told)?);
    let mut behind = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(told)? {
        let inner = read(&row, of).map_err(told)?;
        if inner.relation != inner.of {
            behind.push(inner);
        }
    }
    Ok(behind)
}

fn read(row: &Row, of: &Relation) -> Result<Inner, tokio_postgres::Error> {
    let relation = Relation { schema: row.try_get(0)?, name: row.try_get(1)? };
    Ok(Inner { of: of.clone(), relation, is_foreign: row.try_get(2)? })
}
