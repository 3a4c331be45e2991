//! Rows that have come and that the guest has not asked for yet.

use super::world::{World, count, execute, query, soon};
use crate::world::code;
use caphost_caps::guest::Error;
use caphost_policy::codes::Code;
use caphost_policy::{Grant, Policy, Quota, parse_list};

/// Twelve rows of a megabyte.
const LARGE: &str = "insert into notes (id, title) select n, 'note ' || n from generate_series($1::int, $1::int + 11) n
    returning repeat('x', 1000000)";

#[tokio::test]
async fn what_changes_give_is_kept_within_one_bound_for_all_of_them() {
    let Some(world) = World::new("postgres::kept::changes", "db", "") else { return };
    let connections = [world.open().await, world.open().await, world.open().await];
    let mut kept = Vec::new();
    for (connection, first) in connections.iter().zip([100, 200, 300]) {
        let statement = soon(connection.prepare(&LARGE.replace("$1::int", &first.to_string()))).await.unwrap();
        let given = soon(statement.query(&[])).await;
        if first < 300 {
            kept.push(given.unwrap());
            continue;
        }
        assert!(matches!(given, Err(Error::TooLarge)));
        assert_eq!(world.notes(), "27", "nothing was changed");
        kept.pop();
        let again = soon(statement.query(&[])).await;
        assert!(again.is_ok(), "control: there is room again: {:?}", again.err());
        assert_eq!(world.notes(), "39");
    }
    let mut rows = 1;
    let mut cursor = kept.remove(0).rest.unwrap();
    while let Some(batch) = soon(cursor.next()).await.unwrap() {
        rows += batch.len() / 1_000_000;
    }
    assert_eq!(rows, 12, "what is kept is whole");
}

/// The request to end what is on its way may reach the server when it ends the transaction.
#[tokio::test]
async fn a_connection_on_which_a_change_was_given_up_goes_on() {
    let Some(world) = World::new("postgres::kept::goes_on", "db", "") else { return };
    let connection = world.open().await;
    let sql = "insert into notes (id, title) select n, 'note ' || n from generate_series(100, 119) n returning repeat('x', 1000000)";
    let change = soon(connection.prepare(sql)).await.unwrap();
    for _ in 0..20 {
        let given = soon(change.query(&[])).await;
        assert_eq!(given.err(), Some(Error::TooLarge));
        assert_eq!(execute(&connection, "update notes set weight = 1 where id = 1").await, Ok(1));
    }
    assert_eq!(world.notes(), "3");
}

/// Nobody can know how large the rows will be that were asked for when they were small.
#[tokio::test]
async fn what_is_taken_off_the_connection_early_is_bounded() {
    let Some(world) = World::new("postgres::kept::set_aside", "db", "") else { return };
    let connection = world.open().await;
    let _transaction = soon(connection.begin()).await.unwrap();
    let sql = "select repeat('x', case when n > 900 then 100000 else 1 end) from generate_series(1, 1000) n";
    for uses_connection in [false, true] {
        let statement = soon(connection.prepare(sql)).await.unwrap();
        let mut cursor = soon(statement.query(&[])).await.unwrap().rest.unwrap();
        if uses_connection {
            assert_eq!(count(&connection).await, Ok(3));
        }
        let end = loop {
            match soon(cursor.next()).await {
                Ok(Some(_)) => {}
                end => break end,
            }
        };
        assert_eq!(end, if uses_connection { Err(Error::TooLarge) } else { Ok(None) });
        assert_eq!(count(&connection).await, Ok(3), "the transaction goes on");
    }
}

#[tokio::test]
async fn a_change_whose_rows_are_past_a_quota_is_not_made() {
    let quota = |bytes| Quota { bytes: Some(bytes), ..Quota::default() };
    let counted = Grant { quota: Some(quota(40)), ..Grant::from(parse_list("db.read:main").unwrap().remove(0)) };
    let policy = Policy::builder().allow(counted).allow(parse_list("db.write:main").unwrap().remove(0)).build();
    let Some(world) = World::with_policy("postgres::kept::quota", policy) else { return };
    let connection = world.open().await;
    let add = |id: u32, length: u32| {
        format!("insert into notes (id, title) values ({id}, repeat('x', {length})) returning title")
    };
    assert!(query(&connection, &add(4, 10)).await.is_ok(), "control");
    assert_eq!(code(query(&connection, &add(5, 40)).await), Code::QuotaExhausted);
    assert_eq!(world.notes(), "4", "nothing was changed");
    assert!(query(&connection, &add(6, 11)).await.is_ok(), "what was refused took nothing");
}
