//! Values, there and back.

use super::world::{World, query, soon, value};
use crate::world::{sql_code, text};
use caphost_caps::guest::Error;
use caphost_caps::guest::db::Value;

/// Days from 1970-01-01 to 2000-01-01.
const DAYS: i32 = 10_957;
const DAY: i64 = 86_400_000_000;

#[tokio::test]
async fn each_type_has_its_form() {
    let Some(world) = World::new("postgres::values::each_type", "db", "") else { return };
    let connection = world.open().await;
    for (sql, expected) in [
        ("cast(null as text)", Value::Null),
        ("true", Value::Boolean(true)),
        ("cast(-5 as int2)", Value::Integer(-5)),
        ("2147483647", Value::Integer(2_147_483_647)),
        ("cast(9223372036854775807 as int8)", Value::Integer(i64::MAX)),
        ("cast(1.5 as float4)", Value::Float(1.5)),
        ("cast('-Infinity' as float8)", Value::Float(f64::NEG_INFINITY)),
        ("'Grüße'", text("Grüße")),
        ("cast('ab' as char(4))", text("ab  ")),
        ("cast('\\x00ff' as bytea)", Value::Blob(vec![0, 255])),
        ("cast('2000-01-02' as date)", Value::Date(DAYS + 1)),
        ("cast('0001-01-01 BC' as date)", Value::Date(-719_528)),
        ("cast('24:00' as time)", Value::Time(DAY)),
        ("cast('2000-01-01 00:00:01.5' as timestamp)", Value::Timestamp(i64::from(DAYS) * DAY + 1_500_000)),
        ("cast('1970-01-01 01:00:00+02' as timestamptz)", Value::TimestampTz(-3_600_000_000)),
        (
            "cast('00000000-0000-0000-0000-0000000000ff' as uuid)",
            Value::Uuid([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255]),
        ),
        ("cast('{\"a\":  1}' as json)", Value::Json("{\"a\":  1}".into())),
        ("cast('{\"a\":  1}' as jsonb)", Value::Json("{\"a\": 1}".into())),
        ("cast('-12345678901234567890.00100' as numeric)", Value::Numeric("-12345678901234567890.00100".into())),
        ("cast('NaN' as numeric)", Value::Numeric("NaN".into())),
        ("array[1, null, 3]", Value::Array(vec![Value::Integer(1), Value::Null, Value::Integer(3)])),
        ("array['a', '']", Value::Array(vec![text("a"), text("")])),
        ("cast('{}' as int[])", Value::Array(Vec::new())),
    ] {
        assert_eq!(value(&connection, &format!("select {sql}")).await, Ok(expected), "{sql}");
    }
}

#[tokio::test]
async fn what_has_no_exact_form_is_an_error_and_no_text() {
    let Some(world) = World::new("postgres::values::no_form", "db", "") else { return };
    let connection = world.open().await;
    for (sql, code) in [
        ("interval '1 day'", "0A000"),
        ("cast('01:00+02' as timetz)", "0A000"),
        ("array[array[1, 2], array[3, 4]]", "0A000"),
        ("cast('[2:3]={7,8}' as int[])", "0A000"),
        ("cast('infinity' as timestamptz)", "22008"),
        ("cast('-infinity' as date)", "22008"),
        ("cast('294276-12-31 23:59:59' as timestamp)", "22008"),
    ] {
        let outcome = query(&connection, &format!("select {sql}")).await;
        assert_eq!(sql_code(outcome), code, "{sql}");
    }
    assert_eq!(value(&connection, "select cast(interval '1 day' as text)").await, Ok(text("P1D")), "control");
    let sql = "update notes set weight = 1 returning cast(weight as int) * interval '1 day'";
    assert_eq!(sql_code(query(&connection, sql).await), "0A000");
    assert_eq!(world.ask("select count(*) from notes where weight = 1"), "0", "nothing was changed");
}

#[tokio::test]
async fn what_goes_in_comes_out() {
    let Some(world) = World::new("postgres::values::there_and_back", "db", "") else { return };
    world.ask("create type mood as enum ('sad', 'glad'); create domain small as int check (value < 10)");
    world.ask("create table kinds (a bool, b int2, c int8, d float4, e float8, f text, g bytea, h timestamptz, i timestamp, j date,
        k time, l uuid, m json, n jsonb, o numeric, p int4[], q text[], r mood, s small, t varchar(5), u uuid[])");
    let connection = world.open().await;
    let values = [
        Value::Boolean(false),
        Value::Integer(-32_768),
        Value::Integer(i64::MIN),
        Value::Float(0.5),
        Value::Float(-1e-300),
        text("a\u{1F600}'\"\\"),
        Value::Blob((0..=255).collect()),
        Value::TimestampTz(-1),
        Value::Timestamp(i64::from(DAYS) * DAY - 1),
        Value::Date(0),
        Value::Time(DAY),
        Value::Uuid([7; 16]),
        Value::Json("[1,  2]".into()),
        Value::Json("[1, 2]".into()),
        Value::Numeric("0.00010".into()),
        Value::Array(vec![Value::Integer(1), Value::Null]),
        Value::Array(vec![text(""), text("{},\"")]),
        text("glad"),
        Value::Integer(9),
        text("abc"),
        Value::Array(vec![Value::Uuid([1; 16])]),
    ];
    let places = (1..=values.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
    let insert = format!("insert into kinds values ({places})");
    assert_eq!(soon(connection.execute(&insert, &values)).await, Ok(1));
    assert_eq!(query(&connection, "select * from kinds").await.unwrap().rows, [values.to_vec()]);
    let nulls = vec![Value::Null; values.len()];
    assert_eq!(soon(connection.execute(&insert, &nulls)).await, Ok(1));
    assert_eq!(query(&connection, "select * from kinds where a is null").await.unwrap().rows, [nulls]);
    let columns = query(&connection, "select p, r, o from kinds").await.unwrap().columns;
    let names: Vec<_> = columns.iter().map(|column| column.type_name.as_str()).collect();
    assert_eq!(names, ["int4[]", "mood", "numeric"]);
}

#[tokio::test]
async fn text_goes_to_any_type_and_the_server_judges() {
    let Some(world) = World::new("postgres::values::text", "db", "") else { return };
    let connection = world.open().await;
    let sql = "select cast(cast($1 as interval) as text)";
    let table = soon(connection.query(sql, &[text("36 hours")])).await.unwrap();
    assert_eq!(table.rows, [[text("PT36H")]]);
    assert_eq!(sql_code(soon(connection.query(sql, &[text("soon")])).await), "22007");
    let sql = "select cast($1 as int4)";
    let number = |text: &str| [Value::Numeric(text.into())];
    assert_eq!(soon(connection.query(sql, &number("12"))).await.unwrap().rows, [[Value::Integer(12)]]);
    assert_eq!(sql_code(soon(connection.query(sql, &number("12.5"))).await), "22P02");
    for wrong in
        [Value::Boolean(true), Value::Blob(vec![]), Value::Float(1.0), Value::Integer(i64::MAX), Value::Date(1)]
    {
        let outcome = soon(connection.query(sql, std::slice::from_ref(&wrong))).await;
        assert!(matches!(outcome, Err(Error::InvalidInput(_))), "{wrong:?}: {outcome:?}");
    }
}

/// The server's own text is the measure.
#[tokio::test]
async fn numbers_are_exact() {
    let Some(world) = World::new("postgres::values::numbers", "db", "") else { return };
    let connection = world.open().await;
    world.ask("create table numbers as select v, v::text as t from (select (random() * 1e6 - 5e5)::numeric * (10::numeric ^ (i % 40 - 20)) v from generate_series(1, 3000) i) q");
    let statement = soon(connection.prepare("select cast(cast($1 as numeric) as text)")).await.unwrap();
    let mut checked = 0;
    for row in query(&connection, "select v, t from numbers").await.unwrap().rows {
        let [Value::Numeric(number), Value::Text(written)] = row.as_slice() else { panic!("{row:?}") };
        assert_eq!(number, written);
        checked += 1;
        if checked % 100 == 0 {
            let back = soon(statement.query(&row[..1])).await.unwrap();
            assert_eq!(caphost_caps::guest::db::unpack(&back.rows, 1).unwrap(), [[text(written)]]);
        }
    }
    assert_eq!(checked, 3000);
}

#[tokio::test]
async fn a_text_that_is_no_utf_8_is_an_error() {
    let Some(cluster) = caphost_cluster::shared("postgres::values::no_utf_8") else { return };
    let outside = cluster.create_database("").unwrap();
    outside.sql("create database ascii encoding 'SQL_ASCII' template template0").unwrap();
    let url = outside.url().replace(outside.name(), "ascii");
    let world = World::at(cluster.clone(), outside, &url, crate::support::policy("db", ""));
    let connection = world.open().await;
    let bad = query(&connection, "select convert_from(cast('\\xff41' as bytea), 'SQL_ASCII')").await;
    assert!(bad.is_err(), "{bad:?}");
    assert_eq!(value(&connection, "select 1").await, Ok(Value::Integer(1)));
    drop((connection, world));
}
