//! What is printed is read as what was printed: the text, the accesses and the kind are the same again.

use super::controls::CONTROLS;
use super::{SCHEMA, printed};
use crate::db::postgres::sql::rewrite;

fn assert_is_fixed(sql: &str) {
    let once = printed(sql);
    let twice = printed(&once.text);
    assert_eq!(twice.text, once.text, "{sql}");
    assert_eq!(twice.accesses, once.accesses, "{sql}");
    assert_eq!(twice.relations, once.relations, "{sql}");
    assert_eq!(twice.kind, once.kind, "{sql}");
}

#[test]
fn controls_are_printed_as_they_are_read() {
    for control in CONTROLS {
        assert_is_fixed(control);
    }
}

/// A number generator that gives the same numbers each time (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.next(words.len())]
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            let atoms = [
                "1",
                "'it''s'",
                r"E'\\'",
                "$1",
                "a",
                "t.b",
                r#""A""B""#,
                "NULL",
                "now()",
                "current_date",
                ".5",
                "b'101'",
            ];
            return self.one_of(&atoms).to_owned();
        }
        let (a, b) = (self.expression(depth - 1), self.expression(depth - 1));
        let operator =
            self.one_of(&["+", "-", "||", "and", "or", "=", "<>", "->>", "@>", "~*", "%", "^", "is distinct from"]);
        let cast = self.one_of(&["int", "text", "numeric(10,2)", "timestamptz", "varchar(3)[]", "jsonb"]);
        match self.next(14) {
            0 => format!("{a} {operator} {b}"),
            1 => format!("({a}) {operator} ({b})"),
            2 => format!("- {a}"),
            3 => format!("not ({a})"),
            4 => format!("({a})::{cast}"),
            5 => format!("coalesce({a}, {b})"),
            6 => format!("lower({a})"),
            7 => format!("case when {a} then {b} else 1 end"),
            8 => format!("({a}) in ({b}, 2)"),
            9 => format!("({a}) between 1 and 2"),
            10 => format!("({a}) is not null"),
            11 => format!("array[{a}, {b}]"),
            12 => format!("exists ({})", self.query(depth - 1)),
            _ => format!("({})", self.query(depth - 1)),
        }
    }

    fn source(&mut self, depth: usize) -> String {
        match self.next(if depth == 0 { 3 } else { 7 }) {
            0 => "t".to_owned(),
            1 => "other.t as u (a, b)".to_owned(),
            2 => r#""T""#.to_owned(),
            3 => format!("({}) as s", self.query(depth - 1)),
            4 => format!("unnest({}) with ordinality as f (x, o)", self.expression(depth - 1)),
            5 => format!("generate_series(1, {}) g", self.expression(depth - 1)),
            _ => format!("t left join ({}) as s on {}", self.query(depth - 1), self.expression(depth - 1)),
        }
    }

    fn query(&mut self, depth: usize) -> String {
        let (item, source) = (self.expression(depth), self.source(depth));
        let select = self.one_of(&["*", "t.*", "a as b"]);
        match self.next(7) {
            0 => format!("select {select} from {source}"),
            1 => format!("select {item} from {source} where {item}"),
            2 => format!("select {item}, count(*) from {source} group by 1 order by 2 limit 3"),
            3 => format!("values ({item}), (2)"),
            4 => format!("select {item} union all select 1 except select 2"),
            5 => format!("with recursive t as (select * from {source}) select {select} from t, {source}"),
            _ => format!("select * from {source} for update"),
        }
    }

    fn statement(&mut self, depth: usize) -> String {
        let value = self.expression(depth);
        match self.next(5) {
            0 => format!("insert into t (a, b) values ({value}, default) on conflict (a) do update set b = {value}"),
            1 => format!("update t as u set a = {value}, b = default where {value} returning *"),
            2 => format!("delete from t using {} where {value}", self.source(depth)),
            _ => self.query(depth),
        }
    }
}

#[test]
fn made_up_statements_are_printed_as_they_are_read() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut read = 0;
    for round in 0..3_000 {
        let sql = dice.statement(round % 4);
        if rewrite(&sql, SCHEMA).is_ok() {
            assert_is_fixed(&sql);
            read += 1;
        }
    }
    assert!(read > 2_500, "only {read} were read");
}
