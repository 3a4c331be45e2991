use super::*;
use crate::ambient::HostAuthority;
use crate::db::{DatabaseSettings, Source, SqliteSource};
use crate::session::Session;
use caphost_policy::codes::Code;
use caphost_policy::{Grant, Policy, PolicyBuilder, Quota, parse_list};

fn session(allow: &str, deny: &str) -> Session {
    let allowed = parse_list(allow).unwrap().into_iter().map(Grant::from).fold(Policy::builder(), PolicyBuilder::allow);
    let policy = parse_list(deny).unwrap().into_iter().fold(allowed, PolicyBuilder::deny).build();
    under(policy)
}

fn under(policy: Policy) -> Session {
    let mut settings = DatabaseSettings::default();
    for name in ["main", "other", "main2"] {
        settings.insert(name, Source::Sqlite(SqliteSource::Memory));
    }
    Session::builder(policy).databases(settings).build(HostAuthority::claim()).unwrap()
}

fn authority(allow: &str, deny: &str) -> Authority {
    Authority::new(session(allow, deny).gate().clone(), "main")
}

fn read(table: &str) -> Access {
    Access::read(table.to_owned())
}

fn code<T>(outcome: DbResult<T>) -> Option<Code> {
    match outcome {
        Err(DbError::Denied(denied)) => Some(denied.code()),
        _ => None,
    }
}

#[test]
fn records_name_a_statement_by_its_digest() {
    assert_eq!(&*authority("", "").statement_name("test"), "main 9f86d081884c7d65");
}

#[test]
fn an_access_is_allowed_as_the_policy_says() {
    let authority = authority("db.read:main.notes,db.write:main,db.read:other", "db.write:main.log");
    assert!(authority.allows(&read("notes")));
    assert!(!authority.allows(&read("tags")), "another table");
    assert!(!authority.allows(&Access::read(None)), "the whole database");
    assert!(authority.allows(&Access::write("tags".to_owned())));
    assert!(authority.allows(&Access::write("a name that no scope has".to_owned())));
    assert!(!authority.allows(&Access::write("LOG".to_owned())), "a deny rule, in any case");
    assert!(!authority.allows(&Access::write(None)), "a deny rule within");
    assert!(!authority.allows(&read("NOTES")), "a grant is of the name as it is written");
    assert!(authority.is_denied(&Access::write("log".to_owned())) && !authority.is_denied(&read("tags")));
}

#[test]
fn what_a_function_takes_is_asked_for_as_itself() {
    let random = Access { capability: Capability::Random, table: None };
    assert!(authority("db,random", "").allows(&random));
    assert!(!authority("db", "").allows(&random));
}

#[test]
fn a_database_is_opened_by_whom_anything_in_it_is_granted_to() {
    for allow in ["db", "db.read", "db.read:main", "db.read:main.notes", "db.write:main.notes"] {
        let authority = authority(allow, "");
        assert!(authority.demand_any("", "main").is_ok(), "{allow}");
        assert_eq!(authority.may_write(), allow != "db.read" && !allow.starts_with("db.read:"), "{allow}");
    }
    for (allow, expected) in
        [("", Code::NotGranted), ("db:other", Code::NoGrantCovers), ("db:main2.main", Code::NoGrantCovers)]
    {
        assert_eq!(code(authority(allow, "").demand_any("", "main")), Some(expected), "{allow}");
    }
    let denied = |allow: &str, deny: &str| code(authority(allow, deny).demand_any("", "main"));
    assert_eq!(denied("db", "db:MAIN"), Some(Code::DeniedByRule));
    assert_eq!(denied("db", "db.read:main"), None, "it may still be written");
    assert_eq!(denied("db.read", "db.read:main.notes"), None, "there are other tables");
    assert_eq!(denied("db.read", "db.read"), Some(Code::DeniedByRule));
}

#[test]
fn what_was_put_together_from_two_policies_is_opened_where_both_allow_it() {
    let policy = |allow: &str| {
        parse_list(allow).unwrap().into_iter().map(Grant::from).fold(Policy::builder(), PolicyBuilder::allow).build()
    };
    for (narrower, is_open) in [("db.read:main.notes", true), ("db.read:other", false), ("db.write:main", false)] {
        let both = policy("db.read").attenuate(&policy(narrower));
        let session = under(both);
        let authority = Authority::new(session.gate().clone(), "main");
        assert_eq!(authority.demand_any("", "main").is_ok(), is_open, "{narrower}");
    }
}

#[test]
fn a_database_is_not_opened_under_a_grant_that_has_ended() {
    let session = session("db.read:main.notes,db.write:main", "");
    let authority = Authority::new(session.gate().clone(), "main");
    session.revoker().revoke(Capability::DbWrite);
    let permits = authority.demand_any("", "main").expect("the other one stands");
    session.revoker().revoke_all();
    assert_eq!(code(authority.demand_any("", "main")), Some(Code::Revoked));
    assert_eq!(code(permits.check_standing()), Some(Code::Revoked));
}

#[test]
fn a_statement_is_vetted_without_a_use_and_runs_by_one() {
    let quota = Quota { operations: Some(1), ..Quota::default() };
    let grant = Grant { quota: Some(quota), ..Grant::from(parse_list("db.read:main.notes").unwrap().remove(0)) };
    let policy = Policy::builder().allow(grant).build();
    let session = under(policy);
    let authority = Authority::new(session.gate().clone(), "main");
    let asking = Asking { authority: &authority, call: "", asked: "main" };
    let accesses: Accesses = [read("notes")].into_iter().collect();
    for _ in 0..3 {
        assert_eq!(asking.vet(&accesses), Ok(()));
    }
    assert!(asking.demand_all(&accesses).is_ok());
    assert_eq!(code(asking.demand_all(&accesses)), Some(Code::QuotaExhausted));
    let both = [read("notes"), read("tags")].into_iter().collect();
    assert_eq!(code(asking.vet(&both)), Some(Code::NoGrantCovers));
}

#[test]
fn bytes_of_rows_are_taken_from_reading_and_those_of_parameters_from_writing() {
    let bytes = |rule: &str, bytes| {
        let quota = Quota { bytes: Some(bytes), ..Quota::default() };
        Grant { quota: Some(quota), ..Grant::from(parse_list(rule).unwrap().remove(0)) }
    };
    let grants = [bytes("db.read:main.a", 100), bytes("db.read:main.b", 10), bytes("db.write:main.a", 5)];
    let policy = grants.into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
    let session = under(policy);
    let authority = Authority::new(session.gate().clone(), "main");
    let asking = Asking { authority: &authority, call: "", asked: "main" };
    let accesses: Accesses = [read("a"), read("b"), Access::write("a".to_owned())].into_iter().collect();
    let permits = asking.demand_all(&accesses).unwrap();
    assert_eq!((permits.admit(10), code(permits.admit(1))), (Ok(()), Some(Code::QuotaExhausted)));
    assert_eq!((permits.admit_parameters(5), code(permits.admit_parameters(1))), (Ok(()), Some(Code::QuotaExhausted)));
    let only_a: Accesses = [read("a")].into_iter().collect();
    let of_a = asking.demand_all(&only_a).unwrap();
    assert_eq!(
        (of_a.admit(90), code(of_a.admit(1))),
        (Ok(()), Some(Code::QuotaExhausted)),
        "what one refused was not taken from another"
    );
}

#[test]
fn a_rule_that_names_a_table_tells_tables_apart() {
    let tells = |allow: &str, deny: &str| authority(allow, deny).tells_tables_apart();
    assert!(tells("db.read:main.notes", "") && tells("db", "db.read:MAIN.notes"));
    assert!(!tells("db", "") && !tells("db:main", "db.write:main") && !tells("db:main,db:other.notes", "db:other.x"));
}

#[test]
fn permits_are_covered_by_those_of_the_same_grants() {
    let session = session("db.read:main.a,db.read:main.b", "");
    let authority = Authority::new(session.gate().clone(), "main");
    let asking = Asking { authority: &authority, call: "", asked: "main" };
    let permits =
        |tables: &[&str]| Arc::new(asking.demand_all(&tables.iter().map(|table| read(table)).collect()).unwrap());
    let those = [permits(&["a"]), permits(&["b"])];
    assert!(permits(&["a", "b"]).are_covered(&those) && permits(&["a"]).are_covered(&those));
    assert!(!permits(&["a", "b"]).are_covered(&those[..1]));
}
