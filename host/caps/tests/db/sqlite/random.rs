//! Queries put together at random: whatever they are, none shows what was not granted.

use super::shop;
use crate::world::now;
use caphost_caps::guest::db::{Connection, Table, Value};
use caphost_caps::guest::{Error, Result};

/// How many queries are asked. Each run asks the same ones.
const QUERIES: u64 = 4_000;

/// Numbers that follow from a first one (Knuth's linear congruence).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// What stands behind `from`, with a column `word`.
    fn source(&mut self, depth: usize) -> String {
        let table = "(select title as word, id from notes)";
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 | 1 => table.to_owned(),
            2 => self.one_of(&["secret", "SECRET", "main.secret", "\"secret\"", "[secret]"]).to_owned(),
            3 => self.one_of(&["peek", "peek_again", "over"]).to_owned(),
            4 => "made".to_owned(),
            5 => "(select value as word, 1 as id from json_each('[1]'))".to_owned(),
            6 | 7 => format!("({})", self.query(depth - 1)),
            8 => format!("{} join {} using (word)", self.source(depth - 1), self.source(depth - 1)),
            _ => format!("{table} left join {} as other on 1", self.source(depth - 1)),
        }
    }

    fn expression(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 3 } else { 7 }) {
            0 => "1".to_owned(),
            1 | 2 => "word".to_owned(),
            3 => format!("({} limit 1)", self.query(depth - 1)),
            4 => format!("exists ({})", self.query(depth - 1)),
            5 => format!("group_concat({})", self.expression(depth - 1)),
            _ => format!("coalesce({}, {})", self.expression(depth - 1), self.expression(depth - 1)),
        }
    }

    fn query(&mut self, depth: usize) -> String {
        let made = self.one_of(&[
            "select title as word from notes",
            "select word from secret",
            "select 1 as word",
            "select count(*) as word from peek",
        ]);
        let with = self.one_of(&["", "", "with made as ({}) ", "with recursive made as ({}) "]).replace("{}", made);
        let (what, from) = (self.expression(depth), self.source(depth));
        let query = format!("select {what} as word from {from}");
        let condition = format!(" where {} is not null", self.expression(depth.saturating_sub(1)));
        let more = format!(" union all select {} from {}", self.expression(0), self.source(0));
        let rest = match self.below(4) {
            0 => condition,
            1 => more,
            _ => String::new(),
        };
        format!("{with}{query}{rest}")
    }
}

fn ask(connection: &Connection, sql: &str) -> Result<Table> {
    now(connection.query(sql, &[]))
}

fn shows_secret(table: &Table) -> bool {
    let is_secret = |value: &Value| matches!(value, Value::Text(text) if text.contains("plugh"));
    table.rows.iter().flatten().any(is_secret)
}

#[test]
fn no_query_shows_what_was_not_granted() {
    let (bound, free) = (shop("db.read:main.notes", ""), shop("db.read", ""));
    let (bound, free) = (bound.open(), free.open());
    let (mut allowed, mut hidden) = (0, 0);
    for number in 0..QUERIES {
        let sql = Numbers(number).query(3);
        let outcome = ask(&bound, &sql);
        let all = ask(&free, &sql);
        match (&outcome, &all) {
            (Ok(table), Ok(all)) => {
                assert_eq!(table, all, "{sql}");
                allowed += 1;
            }
            (Err(error), Ok(_)) => assert!(error.denied().is_some(), "{sql}: {error:?}"),
            (Err(Error::Sql(_)) | Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => panic!("{sql}: {error:?}"),
        }
        assert!(!outcome.as_ref().is_ok_and(shows_secret), "{sql}");
        hidden += u32::from(all.as_ref().is_ok_and(shows_secret));
    }
    assert!(allowed > 200 && hidden > 200, "{allowed} are allowed, {hidden} would show it");
}
