//! A real server takes what is printed, and does with it what the walk says.

use super::controls::{CONTROLS, TABLES};
use super::printed;
use crate::db::postgres::sql::Kind;
use crate::db::postgres::sql::function_names::FUNCTION_NAMES;
use crate::db::postgres::sql::limits::CHAIN;

/// The session's, as the engine sets it.
const SEARCH_PATH: &str = "set search_path = pg_catalog, pg_temp;";

#[test]
fn the_server_takes_all_controls() {
    let Some(cluster) = caphost_cluster::shared("sql::the_server_takes_all_controls") else { return };
    let database = cluster.create_database(TABLES).unwrap();
    let mut wrong = Vec::new();
    for control in CONTROLS {
        let rewritten = printed(control);
        let text = &rewritten.text;
        let script = match rewritten.kind {
            Kind::Query | Kind::Change => format!("{SEARCH_PATH} prepare control as {text};"),
            Kind::Definition => format!("{SEARCH_PATH} begin; {text}; rollback;"),
        };
        if let Err(error) = database.sql(&script) {
            wrong.push(format!("{control}\n  {text}\n  {error:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The printed text has more parentheses than the guest's, and the server has limits of its own.
#[test]
fn the_server_takes_what_the_limits_allow() {
    let Some(cluster) = caphost_cluster::shared("sql::the_server_takes_what_the_limits_allow") else { return };
    let database = cluster.create_database(TABLES).unwrap();
    for sql in [
        format!("select 1{}", " + 1".repeat(CHAIN - 1)),
        format!("select n from notes where n = 1{}", " or n = 2".repeat(CHAIN / 2 - 20)),
        format!("select 1{}", " union all select 1".repeat(CHAIN / 3 - 1)),
        format!("select {}1{}", "(select ".repeat(20), ")".repeat(20)),
        format!("insert into tags values (1, 'x', 2){}", ", (1, 'x', 2)".repeat(3_000)),
    ] {
        let text = printed(&sql).text;
        database.sql(&format!("{SEARCH_PATH} begin; {text}; rollback;")).unwrap();
    }
}

/// The server's own notion of what a statement touches: a role with those rights alone may run it.
#[test]
fn the_server_asks_for_no_more_than_the_walk_says() {
    let Some(cluster) = caphost_cluster::shared("sql::the_server_asks_for_no_more_than_the_walk_says") else { return };
    let database = cluster.create_database(TABLES).unwrap();
    database.sql("create role guest_of_the_walk; grant usage on schema public, other to guest_of_the_walk").unwrap();
    let mut wrong = Vec::new();
    for control in CONTROLS {
        let rewritten = printed(control);
        if rewritten.kind == Kind::Definition || rewritten.text.contains('$') {
            continue;
        }
        let grants: Vec<String> = rewritten.accesses.iter().map(grant).collect();
        let script = format!(
            "begin; {} set local role guest_of_the_walk; {SEARCH_PATH} explain {}; rollback;",
            grants.join(" "),
            rewritten.text
        );
        if let Err(error) = database.sql(&script) {
            wrong.push(format!("{control}\n  {}\n  {error:#}", rewritten.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn grant(access: &crate::db::access::Access) -> String {
    let rights = match access.capability {
        caphost_policy::Capability::DbRead => "select",
        _ => "insert, update, delete",
    };
    match &access.table {
        Some(table) => format!("grant {rights} on public.\"{table}\" to guest_of_the_walk;"),
        None => format!("grant {rights} on all tables in schema other to guest_of_the_walk;"),
    }
}

/// Functions that the list does not name cannot be called as the field of something, see `source`.
#[test]
fn no_alias_is_a_plain_value() {
    let Some(cluster) = caphost_cluster::shared("sql::no_alias_is_a_plain_value") else { return };
    let database = cluster.create_database(TABLES).unwrap();
    for source in [
        "unnest(array['work_mem']) x",
        "unnest(array['work_mem']) as x (y)",
        "unnest(array['work_mem']) with ordinality as x (y, o)",
        "jsonb_array_elements_text('[\"work_mem\"]') x",
        "notes cross join lateral unnest(array['work_mem']) x",
        "(values ('work_mem')) as x",
        "(select 'work_mem') as x",
        "(select * from unnest(array['work_mem']) x) as x",
    ] {
        let text = |item: &str| printed(&format!("select {item} from {source}")).text;
        let answer = database.sql(&format!("{SEARCH_PATH} {}", text("x.current_setting")));
        let error = format!("{:#}", answer.expect_err(source));
        assert!(error.contains("column x.current_setting does not exist"), "{source}: {error}");
        database.sql(&format!("{SEARCH_PATH} {}", text("x"))).expect(source);
    }
    // What the guest wrote would have called it.
    let plain = database.sql("select x.current_setting from unnest(array['work_mem']) x").unwrap();
    assert!(plain.contains("MB"), "{plain}");
}

/// The list of functions against this server's catalogue: newer servers have more overloads.
#[test]
fn listed_functions_are_harmless_on_this_server() {
    let Some(cluster) = caphost_cluster::shared("sql::listed_functions_are_harmless_on_this_server") else { return };
    let database = cluster.create_database("").unwrap();
    let names: Vec<String> = FUNCTION_NAMES.iter().map(|name| format!("('{name}')")).collect();
    let overloads = |condition: &str| {
        let names = names.join(", ");
        let query = format!(
            "select p.oid::regprocedure from (values {names}) as list (name) join pg_proc p on p.proname = list.name \
             and p.pronamespace = 'pg_catalog'::regnamespace where {condition} order by 1"
        );
        database.sql(&query).unwrap().trim().to_owned()
    };
    assert_eq!(
        overloads(
            "provolatile = 'v' and not p.proname in ('random', 'gen_random_uuid', 'clock_timestamp', 'timeofday')"
        ),
        ""
    );
    assert_eq!(
        overloads("prosecdef or prolang not in (select oid from pg_language where lanname in ('internal', 'sql'))"),
        ""
    );
    assert_eq!(overloads("prorettype::regtype::text ~ '^(reg|aclitem|refcursor|xml|cstring|internal)'"), "");
    let names_things = "exists (select from unnest(proargtypes) a where a::regtype::text ~ '^(regclass|regproc|regtype|regrole|regnamespace|refcursor|xml|internal|cstring)')";
    assert_eq!(overloads(names_things), "");
    let missing = database
        .sql(&format!(
            "select name from (values {}) as list (name) where not exists (select from pg_proc where proname = name)",
            names.join(", ")
        ))
        .unwrap();
    assert_eq!(missing.trim(), "");
}
