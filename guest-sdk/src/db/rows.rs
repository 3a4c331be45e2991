//! The rows of an answer.

use super::connection::Inner;
use super::packed::{self, ValueRef};
use super::statement::{Column, Prepared};
use super::{FromRow, FromValue, from_value};
use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The rows of an answer, one after the other.
///
/// The host gives them in pieces of about 64 KiB, so that an answer of any size takes little memory. What a row borrows is in the
/// piece, so a row is there until the next one is asked for; [`Rows::typed`] gives values of their own, as an iterator.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::with_database("db:main", || {
/// use caphost_sdk::db;
///
/// let db = db::open("main")?;
/// let mut rows = db.query("select 1 as number, 'one' as word union select 2, 'two' order by 1", &[])?;
/// while let Some(row) = rows.next()? {
///     let word: &str = row.get("word")?;
///     println!("{} is {word}", row.get::<i64>(0)?);
/// }
/// # Ok(())
/// # });
/// ```
pub struct Rows {
    piece: Vec<u8>,
    /// Where the next row begins in the piece.
    next: usize,
    /// Where the values of the current row begin, one for each column.
    places: Vec<usize>,
    columns: Arc<[Column]>,
    rest: Option<sys::db::Cursor>,
    // What gave them is dropped after them, and the connection last.
    _statement: Arc<Prepared>,
    _connection: Arc<Inner>,
}

impl Rows {
    pub(super) fn new(
        batch: sys::db::Batch,
        columns: Arc<[Column]>,
        statement: Arc<Prepared>,
        connection: Arc<Inner>,
    ) -> Self {
        let sys::db::Batch { rows: piece, rest } = batch;
        let places = vec![0; columns.len()];
        Self { piece, next: 0, places, columns, rest, _statement: statement, _connection: connection }
    }

    /// The columns of each row.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// That of the database; a refusal when the grant has ended meanwhile. After an error there are no more rows.
    #[expect(clippy::should_implement_trait, reason = "a row borrows from here, which no iterator's may")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        if self.next == self.piece.len() && !self.next_piece()? {
            return Ok(None);
        }
        let begin = self.next;
        let mut end = begin;
        for place in &mut self.places {
            *place = end;
            end = match packed::end_of(&self.piece, end) {
                Some(end) => end,
                None => return Err(self.give_up(packed::nonsense())),
            };
        }
        // Rows without columns would never end.
        if end == begin {
            return Err(self.give_up(packed::nonsense()));
        }
        self.next = end;
        Ok(Some(Row { columns: &self.columns, piece: &self.piece, places: &self.places }))
    }

    /// The rows as values of a type.
    pub fn typed<T: FromRow>(self) -> TypedRows<T> {
        TypedRows { rows: self, of: PhantomData }
    }

    /// The first row, if there is one. The others are left.
    pub(super) fn first<T: FromRow>(mut self) -> Result<Option<T>> {
        self.next()?.map(|row| T::from_row(&row)).transpose()
    }

    /// Whether everything is here already.
    pub(super) fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    fn next_piece(&mut self) -> Result<bool> {
        let Some(rest) = &mut self.rest else { return Ok(false) };
        // Before the next one comes: there is one piece at a time.
        (self.piece, self.next) = (Vec::new(), 0);
        match rest.next() {
            Ok(Some(piece)) if !piece.is_empty() => self.piece = piece,
            Ok(_) => self.rest = None,
            Err(error) => return Err(self.give_up(error)),
        }
        Ok(!self.piece.is_empty())
    }

    #[cold]
    fn give_up(&mut self, error: Error) -> Error {
        (self.piece, self.next, self.rest) = (Vec::new(), 0, None);
        error
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// The rows of an answer as values of a type: an iterator.
#[derive(Debug)]
pub struct TypedRows<T> {
    rows: Rows,
    of: PhantomData<fn() -> T>,
}

impl<T: FromRow> Iterator for TypedRows<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next() {
            Ok(row) => row.map(|row| T::from_row(&row)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// One row. Text and bytes are borrowed from it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    columns: &'a [Column],
    piece: &'a [u8],
    places: &'a [usize],
}

impl<'a> Row<'a> {
    /// The value of a column, by its place (from 0) or its name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when there is no such column; [`ErrorKind::InvalidData`] when the value is nothing that `T` can
    /// be read from.
    #[inline]
    pub fn get<T: FromValue<'a>>(&self, column: impl ColumnIndex) -> Result<T> {
        let place = column.place_in(self.columns);
        let begin = place.and_then(|place| self.places.get(place));
        let Some(value) = begin.and_then(|begin| self.piece.get(*begin..)) else {
            return Err(column.is_missing());
        };
        match T::from_packed(value) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.in_column(place, &error)),
        }
    }

    /// The columns, in their order.
    pub fn columns(&self) -> &'a [Column] {
        self.columns
    }

    #[cold]
    fn in_column(&self, place: Option<usize>, error: &Error) -> Error {
        let column = place.and_then(|place| self.columns.get(place));
        from_value::in_column(column.map_or("", Column::name), error)
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |place| self.get::<ValueRef<'_>>(place).unwrap_or(ValueRef::Null);
        let entries = self.columns.iter().enumerate().map(|(place, column)| (column.name(), value(place)));
        f.debug_map().entries(entries).finish()
    }
}

/// How a column is named: by its place from 0, or by its name. Of two columns of one name it is the first.
pub trait ColumnIndex: sealed::Sealed {
    #[doc(hidden)]
    fn place_in(&self, columns: &[Column]) -> Option<usize>;

    #[doc(hidden)]
    fn is_missing(&self) -> Error;
}

impl ColumnIndex for usize {
    #[inline]
    fn place_in(&self, _: &[Column]) -> Option<usize> {
        Some(*self)
    }

    #[cold]
    fn is_missing(&self) -> Error {
        Error::told(ErrorKind::InvalidInput, format!("there is no column {self}"))
    }
}

impl ColumnIndex for &str {
    #[inline]
    fn place_in(&self, columns: &[Column]) -> Option<usize> {
        columns.iter().position(|column| column.name() == *self)
    }

    #[cold]
    fn is_missing(&self) -> Error {
        Error::told(ErrorKind::InvalidInput, format!("there is no column `{self}`"))
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}
