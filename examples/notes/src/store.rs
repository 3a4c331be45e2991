//! The notes in the database. One text of SQL for both engines, except where the tables are made.

use caphost_sdk::Result;
use caphost_sdk::db::{self, Connection, Engine, FromRow, Row};

/// The database with the notes.
pub struct Store(Connection);

/// A note.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    /// Its number.
    pub id: i64,
    /// One line.
    pub title: String,
    /// Any text, or none.
    pub body: String,
}

impl FromRow for Note {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { id: row.get("id")?, title: row.get("title")?, body: row.get("body")? })
    }
}

impl Store {
    /// Opens the database of this name.
    pub fn open(database: &str) -> Result<Self> {
        db::open(database).map(Self)
    }

    /// Makes the tables, where they are missing.
    pub fn init(&self) -> Result<()> {
        let id = match self.0.engine() {
            Engine::Sqlite => "integer primary key",
            Engine::Postgres => "bigserial primary key",
        };
        self.0.transaction(|transaction| {
            let notes = format!("create table if not exists notes (id {id}, title text not null, body text not null)");
            transaction.execute(&notes, &[])?;
            transaction.execute("create table if not exists tags (note bigint not null, name text not null)", &[])?;
            transaction.execute("create unique index if not exists tags_by_note on tags (note, name)", &[])?;
            Ok(())
        })
    }

    /// Adds a note; its number.
    pub fn add(&self, title: &str, body: &str) -> Result<i64> {
        self.0.query_value("insert into notes (title, body) values ($1, $2) returning id", &[&title, &body])
    }

    /// All notes, by number.
    pub fn list(&self) -> Result<Vec<Note>> {
        self.0.query_as("select id, title, body from notes order by id", &[])?.collect()
    }

    /// The note of this number.
    pub fn get(&self, id: i64) -> Result<Option<Note>> {
        self.0.query_optional("select id, title, body from notes where id = $1", &[&id])
    }

    /// The notes whose title or text holds this one, whatever its case.
    pub fn search(&self, text: &str) -> Result<Vec<Note>> {
        const SEARCH: &str = "select id, title, body from notes \
            where lower(title) like $1 escape '!' or lower(body) like $1 escape '!' order by id";
        self.0.query_as(SEARCH, &[&pattern(text)])?.collect()
    }

    /// Gives a note tags: all of them, or none if there is no such note. Whether there is one.
    pub fn tag(&self, id: i64, tags: &[String]) -> Result<bool> {
        self.0.transaction(|transaction| {
            if transaction.query_optional::<(i64,)>("select id from notes where id = $1", &[&id])?.is_none() {
                return Ok(false);
            }
            for tag in tags {
                let insert = "insert into tags (note, name) values ($1, $2) on conflict do nothing";
                transaction.execute(insert, &[&id, tag])?;
            }
            Ok(true)
        })
    }

    /// The tags of a note, in the order of the alphabet.
    pub fn tags_of(&self, id: i64) -> Result<Vec<String>> {
        let rows = self.0.query_as::<(String,)>("select name from tags where note = $1 order by name", &[&id])?;
        rows.map(|row| row.map(|(name,)| name)).collect()
    }

    /// The notes that have a tag, by number.
    pub fn tagged(&self, tag: &str) -> Result<Vec<Note>> {
        const TAGGED: &str = "select notes.id, notes.title, notes.body from notes join tags on tags.note = notes.id \
            where tags.name = $1 order by notes.id";
        self.0.query_as(TAGGED, &[&tag])?.collect()
    }

    /// All tags, with how many notes have each.
    pub fn tags(&self) -> Result<Vec<(String, i64)>> {
        self.0.query_as("select name, count(*) from tags group by name order by name", &[])?.collect()
    }

    /// Removes a note and its tags, both or neither. Whether there was one.
    pub fn remove(&self, id: i64) -> Result<bool> {
        self.0.transaction(|transaction| {
            transaction.execute("delete from tags where note = $1", &[&id])?;
            Ok(transaction.execute("delete from notes where id = $1", &[&id])? > 0)
        })
    }
}

/// A pattern of LIKE that stands for any text that holds this one, in lower case.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_no_pattern() {
        assert_eq!(pattern("100%_A!"), "%100!%!_a!!%");
    }
}
