//! The policies of the scenarios about a database.

use std::time::Duration;

use caphost::policy::{Grant, Quota, Rate};
use scenarios::Scenario;

use super::{MINUTE, Middle, Setup, all_but_the_first, all_but_the_last, list, needs};

/// Every one.
pub(super) fn all() -> Vec<Setup> {
    let setup = |name, grants, denies| Setup::of_databases(name, grants, denies, Middle::Nothing);
    let middle = |name, grants, middle| Setup::of_databases(name, grants, "", middle);
    vec![
        setup("nothing", |_| Vec::new(), ""),
        setup("what it needs", needs, ""),
        setup("all but the first that it needs", all_but_the_first, ""),
        setup("all but the last that it needs", all_but_the_last, ""),
        setup("twice the same", |scenario| [needs(scenario), needs(scenario)].concat(), ""),
        setup("the whole database", everything, ""),
        setup("every database", |_| list("db"), ""),
        setup("another database", |_| list("db:other"), ""),
        setup("no database", |_| list("fs:.,env,net,time,random"), ""),
        setup("one table", |_| list("db:main.notes"), ""),
        setup("reading one table", |_| list("db.read:main.notes"), ""),
        setup("writing one table", |_| list("db.write:main.notes"), ""),
        setup("two tables", |_| list("db:main.notes,db.read:main.tags"), ""),
        setup("a view", |_| list("db.read:main.shown"), ""),
        setup("reading only", |_| list("db.read:main"), ""),
        setup("writing only", |_| list("db.write:main"), ""),
        setup("everything but databases, which are granted", everything, "db"),
        setup("everything but this database, which is granted", everything, "db:main"),
        setup("everything but the secret", everything, "db:main.secrets"),
        setup("everything but notes", everything, "db:main.notes"),
        setup("everything but reading notes", everything, "db.read:main.notes"),
        setup("everything but writing notes", everything, "db.write:main.notes"),
        setup("everything but writing", everything, "db.write"),
        setup("everything but reading", everything, "db.read"),
        setup("everything but the log", everything, "db:main.log"),
        setup("expired", |_| expiring(Duration::ZERO), ""),
        setup("not expired yet", |_| expiring(MINUTE), ""),
        middle("expires in the middle", |_| expiring(MINUTE), Middle::TimePasses),
        // Soon by the machine's clock too, which is the one that a statement is waited for by.
        middle("expires while it waits", |_| expiring(Duration::from_secs(1)), Middle::TimePassesSoon),
        middle("revoked while it waits", everything, Middle::RevokeSoon),
        middle("revoked in the middle", everything, Middle::RevokeAll),
        middle("writing revoked in the middle", everything, Middle::RevokeWriting),
        setup("one operation", |_| limited(Quota { operations: Some(1), ..Quota::default() }), ""),
        setup("four operations", |_| limited(Quota { operations: Some(4), ..Quota::default() }), ""),
        setup(
            "three operations a minute",
            |_| limited(Quota { rate: Some(Rate { operations: 3, per: MINUTE }), ..Quota::default() }),
            "",
        ),
        setup("no bytes", |_| limited(Quota { bytes: Some(0), ..Quota::default() }), ""),
        setup("thirty bytes", |_| limited(Quota { bytes: Some(30), ..Quota::default() }), ""),
        setup("a hundred thousand bytes", |_| limited(Quota { bytes: Some(100_000), ..Quota::default() }), ""),
    ]
}

fn everything(_: &Scenario) -> Vec<Grant> {
    list("db:main")
}

fn expiring(after: Duration) -> Vec<Grant> {
    list("db:main").into_iter().map(|grant| Grant { expires_after: Some(after), ..grant }).collect()
}

fn limited(quota: Quota) -> Vec<Grant> {
    list("db:main").into_iter().map(|grant| Grant { quota: Some(quota), ..grant }).collect()
}
