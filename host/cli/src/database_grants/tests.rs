//! The SQL, as text; that a server takes it is for a case of `tests/specs` to show.

use super::*;
use caphost::policy::{Policy, PolicyBuilder, parse_list};

fn script(url: &str, role: &str, allow: &str, deny: &str) -> String {
    let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow);
    let policy = parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build();
    let postgres = PostgresSource::parse(url).unwrap();
    let (rights, limits) = (Rights::of(&policy, "main"), DatabaseLimits::default());
    Script { role, postgres: &postgres, rights: &rights, limits: &limits }.to_string()
}

const URL: &str = "postgres://app:pass-word@localhost/shop";

#[test]
fn tables_are_granted_by_their_names() {
    let text = script(URL, "caphost_main", "db.read:main.notes,db.read:main.tags,db.write:main.notes", "");
    for line in [
        "CREATE ROLE \"caphost_main\" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT CONNECTION LIMIT 8;",
        "ALTER ROLE \"caphost_main\" IN DATABASE \"shop\" SET statement_timeout = '30000ms';",
        "GRANT CONNECT ON DATABASE \"shop\" TO \"caphost_main\";",
        "GRANT SELECT ON TABLE \"public\".\"notes\" TO \"caphost_main\";",
        "GRANT SELECT ON TABLE \"public\".\"tags\" TO \"caphost_main\";",
        "GRANT INSERT, UPDATE, DELETE ON TABLE \"public\".\"notes\" TO \"caphost_main\";",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\nis not in\n{text}");
    }
    assert!(text.contains("ARRAY['\"public\".\"notes\"']::pg_catalog.regclass[]"), "{text}");
    assert!(
        !text.contains("ALL TABLES") && !text.contains("read_only") && !text.contains("CREATE ON SCHEMA \"public\" TO")
    );
    assert!(!text.contains("pass-word"), "{text}");
}

#[test]
fn who_may_only_read_gets_read_only_transactions() {
    let text = script(URL, "r", "db.read:main", "");
    assert!(text.contains("SET default_transaction_read_only = on;") && !text.contains("SEQUENCE"), "{text}");
    assert!(text.contains("GRANT SELECT ON ALL TABLES IN SCHEMA \"public\" TO \"r\";"), "{text}");
    assert!(!text.contains("INSERT") && !text.contains("DO $"), "{text}");
}

#[test]
fn what_is_denied_is_taken_back_in_any_case() {
    let text = script(URL, "r", "db:main", "db.read:main.Secret");
    assert!(text.contains("GRANT SELECT ON ALL TABLES") && text.contains("= ANY (ARRAY['secret'])"), "{text}");
    assert_eq!(text.matches("REVOKE SELECT ON TABLE %s FROM \"r\"").count(), 1, "{text}");
    assert!(!text.contains("REVOKE INSERT"), "control: it may be changed\n{text}");
    assert!(text.contains("GRANT CREATE ON SCHEMA \"public\" TO \"r\";"), "{text}");
}

#[test]
fn no_name_leads_out_of_its_quotes() {
    let url = "postgres://app@localhost/a%22%3Bdrop?schema=s%27%5C%24caphost%24";
    let text = script(url, "r\"%s'\\", "db.read:main,db.write:main.notes", "db.read:main.x");
    assert!(text.contains("DATABASE \"a\"\";drop\""), "{text}");
    assert!(text.contains("SCHEMA \"s'\\$caphost$\""), "{text}");
    assert!(text.contains("n.nspname = E's''\\\\$caphost$'"), "{text}");
    assert!(text.contains("E'REVOKE SELECT ON TABLE %s FROM \"r\"\"%%s''\\\\\"'"), "{text}");
    assert_eq!((text.matches("DO $caphost_$").count(), text.matches("$caphost_$;").count()), (2, 2), "{text}");
}

#[test]
fn names_that_the_server_would_cut_and_nobody_could_see_are_refused() {
    let check = |url: &str, role: &str| {
        let postgres = PostgresSource::parse(url).unwrap();
        let rights = Rights::of(&Policy::empty(), "main");
        Script { role, postgres: &postgres, rights: &rights, limits: &DatabaseLimits::default() }.check()
    };
    assert_eq!(check(URL, &"r".repeat(63)), Ok(()));
    for role in [&"r".repeat(64), "", "a\nb", "a\u{202e}b"] {
        assert!(check(URL, role).is_err(), "{role:?}");
    }
    assert!(PostgresSource::parse("postgres://app@localhost/a%0Ab").is_err());
}

#[test]
fn times_fit_into_what_the_server_counts_with() {
    let times = [Duration::ZERO, Duration::from_millis(1_500), Duration::MAX].map(milliseconds);
    assert_eq!(times, [1, 1_500, u128::from(i32::MAX.unsigned_abs())]);
}
