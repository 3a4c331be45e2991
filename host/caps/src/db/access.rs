//! What a statement touches, and who may. Invariant: a statement runs only with a permit for each of its accesses, asked for at
//! that run.

use super::error::{DbError, DbResult};
use crate::gate::{Gate, Permit};
use crate::request::{Asked, Request, Target};
use caphost_policy::{Capability, Decision, Rule, Scope};
use futures_util::future::select_all;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::future::pending;
use std::sync::Arc;

/// One thing that a statement touches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Access {
    /// `db.read` or `db.write`; or what a function of SQL takes by itself: `random`, `time.wall`.
    pub(crate) capability: Capability,
    /// The table, by the name that it has in the database; `None`: the whole database.
    pub(crate) table: Option<String>,
}

impl Access {
    pub(crate) fn read(table: impl Into<Option<String>>) -> Self {
        Self { capability: Capability::DbRead, table: table.into() }
    }

    pub(crate) fn write(table: impl Into<Option<String>>) -> Self {
        Self { capability: Capability::DbWrite, table: table.into() }
    }
}

/// All that a statement touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accesses(BTreeSet<Access>);

impl Accesses {
    pub(crate) fn add(&mut self, access: Access) {
        self.0.insert(access);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Access> {
        self.0.iter()
    }

    pub(crate) fn contains(&self, access: &Access) -> bool {
        self.0.contains(access)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Access> for Accesses {
    fn from_iter<I: IntoIterator<Item = Access>>(accesses: I) -> Self {
        Self(accesses.into_iter().collect())
    }
}

/// What the gate says of one database. A clone asks the same gate.
#[derive(Clone)]
pub(crate) struct Authority {
    gate: Gate,
    database: Arc<str>,
}

/// A call that asks, for records and messages.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) authority: &'a Authority,
    /// The interface and function that the guest called.
    pub(crate) call: &'static str,
    /// The database, and the digest of the statement: `main 9f86d081884c7d65`. Never SQL.
    pub(crate) asked: &'a str,
}

impl Authority {
    pub(crate) fn new(gate: Gate, database: &str) -> Self {
        Self { gate, database: database.into() }
    }

    /// The name that the operator gave the database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// How a statement is called in records: by its database, and the beginning of its digest. `main 9f86d081884c7d65`.
    pub(crate) fn statement_name(&self, sql: &str) -> Arc<str> {
        let mut text = format!("{} ", self.database);
        for byte in Sha256::digest(sql.as_bytes()).iter().take(8) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.into()
    }

    /// Whether an access is allowed now. Records nothing, and takes nothing from a quota.
    pub(crate) fn allows(&self, access: &Access) -> bool {
        self.gate.stands(&self.request("", "", access))
    }

    /// Whether a deny rule covers an access. Records nothing.
    pub(crate) fn is_denied(&self, access: &Access) -> bool {
        matches!(self.gate.decide(&self.request("", "", access)), Decision::Denied { by: Some(_) })
    }

    /// Whether the guest could ever write here: where it could not, what it opens is read-only besides.
    pub(crate) fn may_write(&self) -> bool {
        self.gate.grants_within(Capability::DbWrite, &self.database)
    }

    /// Whether a rule tells one table of this database from another, or denies anything of it: then it matters what stands behind a view.
    pub(crate) fn tells_tables_apart(&self) -> bool {
        let is_of_database = |rule: &Rule| matches!(rule.capability, Capability::DbRead | Capability::DbWrite);
        let names_table = |scope: &Scope| match scope {
            Scope::Table(scope) => scope.table().is_some() && scope.database().eq_ignore_ascii_case(&self.database),
            _ => false,
        };
        let policy = self.gate.policy();
        policy.grants().iter().any(|grant| is_of_database(&grant.rule) && names_table(&grant.rule.scope))
            || policy.denies().iter().any(|deny| {
                is_of_database(&deny.rule) && std::iter::once(&deny.rule.scope).chain(&deny.except).any(names_table)
            })
    }

    /// A permit for one access.
    ///
    /// # Errors
    /// A refusal.
    pub(crate) fn demand(&self, call: &'static str, asked: &str, access: &Access) -> DbResult<Permit> {
        Ok(self.gate.check(&self.request(call, asked, access))?)
    }

    /// Refuses a statement that no grant could ever allow; `what` says what it holds: `ATTACH`, or "a statement that could not be
    /// understood".
    pub(crate) fn refuse_statement(&self, call: &'static str, asked: &str, what: &'static str) -> DbError {
        let access = Access::read(None);
        self.gate.refuse_statement(&self.request(call, asked, &access), what).into()
    }

    /// Whether reading, or writing, of anything in the database is granted now. Records nothing.
    pub(crate) fn allows_within(&self, capability: Capability) -> bool {
        self.gate.stands_within(capability, &self.database)
    }

    /// A permit to open the database, or to begin a transaction in it: something of it is granted.
    pub(super) fn demand_any(&self, call: &'static str, asked: &str) -> DbResult<Permits> {
        let permit = self.gate.check_database(call, asked, &self.database)?;
        Ok(Permits { other: vec![permit], ..Permits::default() })
    }

    /// As [`Authority::demand_any`], of reading or of writing.
    pub(super) fn demand_within(&self, capability: Capability, call: &'static str) -> DbResult<Permits> {
        let permit = self.gate.check_within(capability, call, &self.database)?;
        Ok(Permits { other: vec![permit], ..Permits::default() })
    }

    fn request<'a>(&'a self, call: &'static str, asked: &'a str, access: &'a Access) -> Request<'a> {
        let target = match access.capability {
            Capability::DbRead | Capability::DbWrite => {
                Target::Table { database: &self.database, table: access.table.as_deref() }
            }
            _ => Target::Whole,
        };
        Request { capability: access.capability, call, asked: Asked::name(asked), target }
    }
}

impl Asking<'_> {
    /// Refuses a statement whose accesses are not all allowed now, with a record of the first that is not. What is allowed makes no
    /// record, and takes nothing from a quota: that is for its runs.
    pub(crate) fn vet(&self, accesses: &Accesses) -> DbResult<()> {
        accesses.iter().try_for_each(|access| self.vet_one(access))
    }

    /// As [`Asking::vet`], of one access.
    pub(crate) fn vet_one(&self, access: &Access) -> DbResult<()> {
        if self.authority.allows(access) {
            return Ok(());
        }
        // It is the gate that words and records the refusal.
        self.authority.demand(self.call, self.asked, access).map(drop)
    }

    /// Refuses an access that a deny rule covers, whether it is granted or not; see [`Authority::is_denied`].
    pub(crate) fn vet_denied(&self, access: &Access) -> DbResult<()> {
        if self.authority.is_denied(access) { self.vet_one(access) } else { Ok(()) }
    }

    /// As [`Authority::refuse_statement`].
    pub(crate) fn refuse_statement(&self, what: &'static str) -> DbError {
        self.authority.refuse_statement(self.call, self.asked, what)
    }

    /// A permit for each access: what a run takes. One that touches no table takes what opening the database did.
    pub(crate) fn demand_all(&self, accesses: &Accesses) -> DbResult<Permits> {
        if accesses.is_empty() {
            return self.authority.demand_any(self.call, self.asked);
        }
        let mut permits = Permits::default();
        for access in accesses.iter() {
            permits.add(access.capability, self.authority.demand(self.call, self.asked, access)?);
        }
        Ok(permits)
    }
}

/// What a run stands on. Held by its cursor and its transaction.
#[derive(Debug, Default)]
pub(crate) struct Permits {
    read: Vec<Permit>,
    write: Vec<Permit>,
    /// What else it takes: no bytes are counted for these.
    other: Vec<Permit>,
}

impl Permits {
    fn add(&mut self, capability: Capability, permit: Permit) {
        match capability {
            Capability::DbRead => self.read.push(permit),
            Capability::DbWrite => self.write.push(permit),
            _ => self.other.push(permit),
        }
    }

    /// Whether none has been revoked or has expired. Records nothing.
    pub(crate) fn stand(&self) -> bool {
        self.iter().all(Permit::stands)
    }

    /// Refuses when one was revoked or has expired, with a record. Takes nothing from a quota.
    pub(crate) fn check_standing(&self) -> DbResult<()> {
        Ok(self.iter().try_for_each(Permit::check_standing)?)
    }

    /// Takes the bytes of rows that are given to the guest from the quotas of reading: all of them, or none.
    pub(crate) fn admit(&self, bytes: u64) -> DbResult<()> {
        take_all(&self.read, |permit| permit.admit_received_all(bytes), |permit| permit.give_back_received(bytes))
    }

    /// Refuses when the quotas of reading have no room for so many bytes, with a record. Takes nothing from them.
    pub(crate) fn check_room(&self, bytes: u64) -> DbResult<()> {
        self.admit(bytes)?;
        self.read.iter().for_each(|permit| permit.give_back_received(bytes));
        Ok(())
    }

    /// Takes the bytes of parameters from the quotas of writing: all of them, or none.
    pub(crate) fn admit_parameters(&self, bytes: u64) -> DbResult<()> {
        take_all(&self.write, |permit| permit.admit_sent_all(bytes), |permit| permit.give_back_sent(bytes))
    }

    /// Waits until one ends by revocation or expiry; for ever if none does.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost when the future is dropped.
    pub(crate) async fn ended(&self) {
        let each: Vec<_> = self.iter().map(|permit| Box::pin(permit.ended())).collect();
        match each.is_empty() {
            true => pending().await,
            false => drop(select_all(each).await),
        }
    }

    /// Whether each permit stands on the same grants as one of `those`: then they end no later.
    pub(super) fn are_covered(&self, those: &[Arc<Self>]) -> bool {
        let covers = |one: &Permit| those.iter().any(|these| these.iter().any(|own| own.same_grants(one)));
        self.iter().all(covers)
    }

    fn iter(&self) -> impl Iterator<Item = &Permit> {
        self.read.iter().chain(&self.write).chain(&self.other)
    }
}

fn take_all(
    permits: &[Permit],
    take: impl Fn(&Permit) -> Result<(), crate::refusal::Denied>,
    give_back: impl Fn(&Permit),
) -> DbResult<()> {
    for (index, permit) in permits.iter().enumerate() {
        take(permit).inspect_err(|_| permits.iter().take(index).for_each(&give_back))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
