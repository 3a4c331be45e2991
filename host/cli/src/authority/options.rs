//! What the options of the command line declare.

use crate::args::{
    AuditArguments, AuthorityArguments, DatabaseArguments, DatabaseLimitArguments, DenyChoice, LimitArguments,
};
use crate::failure::Failure;
use crate::manifest_file::is_file_name;
use crate::settings;
use caphost::manifest::{
    Declaration, Declared, DeclaredDatabaseLimits, DeclaredGrant, DeclaredLimits, OnDenyChoice, Origin,
};
use caphost::policy::{Deny, Grant, HttpRule, Item, NameScope, parse_items};

/// The options that a manifest has values for, too. Those that a command does not have are left at their defaults.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) authority: AuthorityArguments,
    pub(crate) databases: DatabaseArguments,
    pub(crate) limits: LimitArguments,
    pub(crate) database_limits: DatabaseLimitArguments,
    pub(crate) on_deny: Option<DenyChoice>,
    pub(crate) audit: AuditArguments,
}

impl Options {
    /// What they declare, the items of what they grant as they were written, and databases, which are read with their addresses.
    ///
    /// # Errors
    /// A usage error that shows the place of a typo.
    pub(super) fn read(self) -> Result<(Declaration, Vec<Item>, DatabaseArguments), Failure> {
        let AuthorityArguments { manifest: _, profile: _, allow, allow_http, capabilities, deny, env } = self.authority;
        let lists: Vec<_> = capabilities.into_iter().filter(|value| !is_file_name(value)).collect();
        let (mut grants, mut all) = (Vec::new(), Vec::new());
        for (option, lists) in [("--allow", allow), ("--capabilities", lists)] {
            let items = items(option, &lists)?;
            let rules = items.iter().flat_map(|item| &item.rules);
            grants.extend(rules.map(|rule| granted(option, rule.clone().into())));
            all.extend(items);
        }
        for rule in &allow_http {
            let grant = HttpRule::parse(rule).map_err(|error| settings::unreadable("--allow-http", &error))?;
            grants.push(granted("--allow-http", grant));
        }
        let denies = items("--deny", &deny)?.into_iter().flat_map(|item| item.rules);
        let declaration = Declaration {
            grants,
            denies: denies.map(|rule| declared("--deny", Deny::from(rule))).collect(),
            environment: environment(env)?,
            limits: limits(&self.limits, &self.database_limits),
            on_deny: self.on_deny.map(|choice| declared("--on-deny", OnDenyChoice::from(choice))),
            audit: self.audit.declared(),
            ..Declaration::default()
        };
        Ok((declaration, all, self.databases))
    }
}

/// A value of an option.
pub(crate) fn declared<T>(option: &str, value: T) -> Declared<T> {
    Declared::new(value, Origin::option(option))
}

fn granted(option: &str, grant: Grant) -> Declared<DeclaredGrant> {
    declared(option, DeclaredGrant::from(grant))
}

/// Every item of the lists that were given with `option`.
fn items(option: &str, lists: &[String]) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::new();
    for list in lists {
        items.extend(parse_items(list).map_err(|error| settings::unreadable(option, &error))?);
    }
    Ok(items)
}

/// The variables that the guest is given. One that is given twice has its last value.
fn environment(given: Vec<(String, String)>) -> Result<Vec<Declared<(String, String)>>, Failure> {
    let mut environment: Vec<Declared<(String, String)>> = Vec::new();
    for (name, value) in given {
        NameScope::parse(&name).map_err(|error| Failure::usage(format!("--env: {error}")))?;
        match environment.iter_mut().find(|known| known.value.0 == name) {
            Some(known) => known.value.1 = value,
            None => environment.push(declared("--env", (name, value))),
        }
    }
    Ok(environment)
}

fn limits(arguments: &LimitArguments, of_databases: &DatabaseLimitArguments) -> DeclaredLimits {
    DeclaredLimits {
        memory: given("--memory", arguments.memory),
        timeout: given("--timeout", arguments.timeout),
        fuel: given("--fuel", arguments.fuel),
        max_handles: given("--max-handles", arguments.max_handles),
        max_instances: given("--max-instances", arguments.max_instances),
        max_output: given("--max-output", arguments.max_output),
        db: DeclaredDatabaseLimits {
            statement_time: given("--db-statement-time", of_databases.db_statement_time),
            rows: given("--db-rows", of_databases.db_rows),
            row_bytes: given("--db-row-bytes", of_databases.db_row_bytes),
            result_bytes: given("--db-result-bytes", of_databases.db_result_bytes),
            connections: given("--db-connections", of_databases.db_connections),
            transactions: given("--db-transactions", of_databases.db_transactions),
        },
    }
}

fn given<T>(option: &str, value: Option<T>) -> Option<Declared<T>> {
    value.map(|value| declared(option, value))
}
