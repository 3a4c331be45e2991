//! How large and how deep a statement may be, at each bound and one past it.

use super::{printed, refused};
use crate::db::postgres::sql::limits::{CHAIN, JOINS, PARENTHESES, TEXT_BYTES};
use crate::db::postgres::sql::name::NAME_BYTES;
use crate::db::postgres::sql::{SqlRefusal, read};

/// Half of the stack that a statement is read on.
const STACK_BYTES: usize = crate::db::postgres::sql::limits::STACK_BYTES / 2;

/// Runs it on a stack of that size. An overflow ends the test process.
fn on_stack(bytes: usize, run: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(bytes).spawn_scoped(scope, run).unwrap().join().unwrap();
    });
}

#[test]
fn text() {
    let padded = |bytes: usize| format!("select {}1", " ".repeat(bytes - 8));
    printed(&padded(TEXT_BYTES));
    assert_eq!(refused(&padded(TEXT_BYTES + 1)), SqlRefusal::Invalid("the statement is too long".to_owned()));
}

#[test]
fn names() {
    printed(&format!("select {}", "n".repeat(NAME_BYTES)));
    printed(&format!("select \"{}\"", "ä".repeat(31)));
    for long in ["n".repeat(NAME_BYTES + 1), format!("\"{}\"", "ä".repeat(32))] {
        assert_eq!(refused(&format!("select {long}")), SqlRefusal::Invalid("a name of more than 63 bytes".to_owned()));
    }
}

#[test]
fn chains() {
    // SELECT is one of them.
    printed(&format!("select 1{}", " + 1".repeat(CHAIN - 1)));
    assert!(matches!(refused(&format!("select 1{}", " + 1".repeat(CHAIN))), SqlRefusal::Invalid(_)));
    // Commas end a chain, so a list is no chain.
    printed(&format!("select 1 in (-1{})", ", -1".repeat(5_000)));
    printed(&format!("insert into notes values (-1, 2){}", ", (-1, 2)".repeat(5_000)));
}

#[test]
fn parentheses_and_joins() {
    let nested = |levels: usize| format!("select {}1{}", "(".repeat(levels), ")".repeat(levels));
    printed(&nested(PARENTHESES));
    assert!(matches!(refused(&nested(PARENTHESES + 1)), SqlRefusal::Invalid(_)));
    let joins = |count: usize| format!("select * from a{}{}", " join a".repeat(count), " on true".repeat(count));
    printed(&joins(JOINS));
    assert!(matches!(refused(&joins(JOINS + 1)), SqlRefusal::Invalid(_)));
}

#[test]
fn parameters() {
    printed("select $1, $65535");
    for wrong in ["$0", "$65536", "$99999999999999999999", "?", ":a", "$a"] {
        refused(&format!("select {wrong}"));
    }
}

/// Statements that are as deep as the limits allow, or deeper, in each way in which the parser or the walk recurses.
fn deep() -> Vec<String> {
    let mut deep = Vec::new();
    for count in [20, 30, PARENTHESES, PARENTHESES + 1, 100, JOINS, CHAIN / 3, CHAIN - 2, CHAIN + 1, 8_000] {
        let around = |start: &str, end: &str| format!("{}1{}", start.repeat(count), end.repeat(count));
        for (start, end) in [
            ("(", ")"),
            ("(select ", ")"),
            ("lower(", ")"),
            ("cast(", " as int)"),
            ("case when ", " then 1 end"),
            ("array[", "]"),
            ("exists (select ", ")"),
            ("coalesce(1 in (", "))"),
            ("not ", ""),
            ("- ", ""),
            ("sum(1) over (order by ", ")"),
            ("a[", "]"),
            ("extract(year from ", ")"),
        ] {
            deep.push(format!("select {}", around(start, end)));
            deep.push(format!("select {}", around(start, "")));
        }
        for after in [
            "+ 1",
            "and a",
            "is null",
            "::int",
            "collate x",
            "union select 1",
            "[1]",
            ".a",
            "between 1 and 2",
            "like b",
            "::int[]",
            "at time zone 'x'",
            "in (1)",
            "when 1",
            ", 1",
        ] {
            deep.push(format!("select a {}", format!("{after} ").repeat(count)));
        }
        deep.push(format!("select a::int{}", "[]".repeat(count)));
        deep.push(format!("select a::{}int{}", "array<".repeat(count), ">".repeat(count)));
        deep.push(format!("select * from {}", around("(select * from ", ") x")));
        deep.push(format!("select * from {}", around("(", " join a on true)")));
        deep.push(format!("select * from {}", around("lateral (select * from ", ") x")));
        deep.push(format!("select * from a{}", " join a".repeat(count)));
        deep.push(format!("select * from a{}", " join a on true".repeat(count)));
        deep.push(around("with a as (", ") select 1"));
        deep.push(around("select 1 union (select ", ")"));
        deep.push(format!("create table t (a int check {})", around("(", ")")));
    }
    deep
}

#[test]
fn nothing_overflows_half_of_the_stack() {
    on_stack(STACK_BYTES, || {
        for sql in deep() {
            let _ = read(&sql, "public");
        }
    });
}

#[test]
fn the_callers_stack_does_not_matter() {
    on_stack(256 << 10, || {
        printed(&format!("select {}", ["("; PARENTHESES].concat() + "1" + &[")"; PARENTHESES].concat()));
        printed(&format!("select 1{}", " + 1".repeat(CHAIN - 1)));
    });
}

#[test]
fn what_is_no_statement() {
    for nothing in ["", " ", ";", " ;; ", "-- comment", "/* comment */"] {
        assert!(matches!(refused(nothing), SqlRefusal::Invalid(_)), "{nothing}");
    }
    for unknown in [
        "hello",
        "'text'",
        "1",
        "select",
        "select (",
        "select 'a",
        "select \"a",
        "select $$a",
        "/* a",
        "select 1 2 3",
        "\u{feff}select 1",
        "sel\u{0}ect 1",
        ")",
        "\"select\" 1",
        "from notes",
    ] {
        assert!(!matches!(refused(unknown), SqlRefusal::Statement(_)), "{unknown}");
    }
}

#[test]
fn a_message_is_short_and_whole() {
    for sql in [format!("select 1 {}", "ä".repeat(30_000)), format!("select 1 {} )", "x ".repeat(200))] {
        let (SqlRefusal::NotUnderstood(message) | SqlRefusal::Invalid(message)) = refused(&sql) else {
            panic!("{sql}")
        };
        assert!(message.len() < 210, "{message}");
    }
}
