//! What the operator is told of it, and what not.

use crate::world::{World, code, execute, now, prepare, query};
use caphost_caps::Remedy;
use caphost_caps::guest::{Error, db};
use caphost_policy::codes::Code;

#[test]
fn a_refusal_names_the_database_the_digest_and_the_grant() {
    let world = World::new("db.read:main.notes", "");
    let connection = world.open();
    assert!(query(&connection, "select title from notes").is_ok(), "control");
    let sql = "select word from secrets where word <> 'hush'";
    let Err(Error::Denied(refused)) = query(&connection, sql) else { panic!("a refusal") };
    assert_eq!((refused.capability, &*refused.resource, refused.code), ("db.read", "main", Code::NoGrantCovers));
    let [refusal] = &*world.refusals() else { panic!("one refusal: {:?}", world.refusals()) };
    assert!(refusal.asked.starts_with("main ") && refusal.asked.len() == "main ".len() + 16, "{}", refusal.asked);
    assert_eq!(refusal.resolved.as_deref(), Some("main.secrets"));
    assert_eq!(refusal.remedy, Remedy::Allow("db.read:main.secrets".to_owned()));
    assert_eq!(refusal.call, "caphost:host connection.query");
}

#[test]
fn opening_what_is_not_granted_names_the_database() {
    let world = World::new("env", "");
    assert_eq!(code(now(db::open(&world.session, "main"))), Code::NotGranted);
    let [refusal] = &*world.refusals() else { panic!("one refusal: {:?}", world.refusals()) };
    assert_eq!((&*refusal.asked, refusal.resolved.as_deref()), ("main", Some("main")));
    assert_eq!(refusal.remedy, Remedy::Allow("db.read:main".to_owned()));
}

#[test]
fn each_run_is_recorded_for_each_table_and_preparing_is_not() {
    let world = World::new("db", "");
    let connection = world.open();
    let statement = prepare(&connection, "insert into tags select id, title from notes").unwrap();
    now(statement.execute(&[])).unwrap();
    now(statement.execute(&[])).unwrap();
    let log = world.log();
    let records: Vec<_> = log.lines().skip(1).collect();
    let of = |text: &str| records.iter().filter(|record| record.contains(text)).count();
    assert_eq!(of("caphost:host db.open"), 1, "{log}");
    assert_eq!(of("caphost:host connection.prepare"), 0, "{log}");
    assert_eq!((of("\"main.notes\""), of("\"main.tags\"")), (2, 2), "{log}");
    assert_eq!(records.len(), 6, "the last says that the log has ended: {log}");
}

#[test]
fn no_sql_no_parameter_and_no_row_reaches_a_record() {
    let world = World::new("db.read:main.notes,db.write:main.notes", "");
    let connection = world.open();
    let parameters = [db::Value::Text("parameter-text".to_owned())];
    now(connection.execute("insert into notes (title) values (?1)", &parameters)).unwrap();
    query(&connection, "select title, 'literal-text' from notes").unwrap();
    assert!(execute(&connection, "delete from secrets where word = 'literal-text'").is_err());
    assert!(execute(&connection, "attach 'literal-text' as other").is_err());
    assert!(execute(&connection, "literal-text").is_err());
    let refusals = format!("{:?}", world.refusals());
    let log = world.log();
    assert!(log.contains("main.notes") && refusals.contains("main.secrets"), "control: {log} {refusals}");
    for text in ["literal-text", "parameter-text", "insert", "select", "delete"] {
        assert!(!log.contains(text) && !refusals.contains(text), "{text}: {log} {refusals}");
    }
}
