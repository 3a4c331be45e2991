//! What a row becomes.

use super::{FromValue, Row};
use crate::error::Result;

/// What a row can be read as.
///
/// A tuple is the columns in their order. A type of a guest's own names them:
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::with_database("db:main", || {
/// use caphost_sdk::Result;
/// use caphost_sdk::db::{self, FromRow, Row};
///
/// struct Note {
///     id: i64,
///     title: String,
/// }
///
/// impl FromRow for Note {
///     fn from_row(row: &Row<'_>) -> Result<Self> {
///         Ok(Self { id: row.get("id")?, title: row.get("title")? })
///     }
/// }
///
/// let db = db::open("main")?;
/// db.execute("create table notes (id integer primary key, title text not null)", &[])?;
/// db.execute("insert into notes (title) values ($1)", &[&"shopping"])?;
///
/// let note: Note = db.query_one("select id, title from notes where id = $1", &[&1])?;
/// assert_eq!((note.id, note.title.as_str()), (1, "shopping"));
///
/// let all = db.query_as::<(i64, String)>("select id, title from notes", &[])?.collect::<Result<Vec<_>>>()?;
/// assert_eq!(all, [(1, "shopping".to_owned())]);
/// # Ok(())
/// # });
/// ```
pub trait FromRow: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// Those of [`Row::get`], or a guest's own.
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

/// Tuples of values that borrow nothing.
macro_rules! tuples {
    ($($($name:ident $place:literal),+;)*) => {$(
        impl<$($name: for<'a> FromValue<'a>),+> FromRow for ($($name,)+) {
            #[inline]
            fn from_row(row: &Row<'_>) -> Result<Self> {
                Ok(($(row.get::<$name>($place)?,)+))
            }
        }
    )*};
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}
