//! What goes into a statement, and what comes out of it, alike on every engine.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{StoreError, UserId};

/// A value that a statement is given for `$1`, `$2`…
///
/// Made by [`values!`](crate::values) from what it is given. An absent one keeps its type, which
/// PostgreSQL asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A whole number.
    Int(Option<i64>),
    /// A floating-point number.
    Real(Option<f64>),
    /// True or false: `BOOLEAN` in PostgreSQL and MySQL, 1 or 0 in SQLite.
    Bool(Option<bool>),
    /// Text.
    Text(Option<Cow<'a, str>>),
    /// Bytes.
    Bytes(Option<Cow<'a, [u8]>>),
}

/// The values of a statement, in the order of `$1`, `$2`…
///
/// Takes numbers, `bool`, texts, bytes, [`UserId`], [`Uuid`] (both stored as text), and `Option`s of
/// them. A [`Timestamp`](jiff::Timestamp) is stored as milliseconds since 1970.
///
/// ```
/// use queqiao_storage::values;
///
/// let note: Option<&str> = None;
/// assert_eq!(values!["buy milk", 3, note].len(), 3);
/// ```
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}

macro_rules! from {
    ($($kind:ty => $variant:ident, $value:ident => $as:expr;)*) => {
        $(
            impl<'a> From<$kind> for Value<'a> {
                fn from($value: $kind) -> Self {
                    Self::$variant(Some($as))
                }
            }

            impl<'a> From<Option<$kind>> for Value<'a> {
                fn from(value: Option<$kind>) -> Self {
                    Self::$variant(value.map(|$value| $as))
                }
            }
        )*
    };
}

from! {
    i64 => Int, value => value;
    i32 => Int, value => value.into();
    u32 => Int, value => value.into();
    u16 => Int, value => value.into();
    Timestamp => Int, value => value.as_millisecond();
    f64 => Real, value => value;
    bool => Bool, value => value;
    &'a str => Text, value => value.into();
    String => Text, value => value.into();
    &'a String => Text, value => value.as_str().into();
    Uuid => Text, value => value.to_string().into();
    UserId => Text, value => value.to_string().into();
    &'a [u8] => Bytes, value => value.into();
    Vec<u8> => Bytes, value => value.into();
    &'a Vec<u8> => Bytes, value => value.as_slice().into();
    &'a [u8; 32] => Bytes, value => value.as_slice().into();
}

/// One field of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A type that is not read, by its name.
    Other(String),
}

/// One row that a query found.
#[derive(Debug, Clone)]
pub struct Row {
    pub(super) columns: Arc<[String]>,
    pub(super) cells: Vec<Cell>,
}

impl Row {
    /// The value of a column, by its place or its name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when there is no such column, or it holds another type.
    pub fn get<T: FromCell>(&self, column: impl Column) -> Result<T, StoreError> {
        let place = column.place(self);
        let found = place.and_then(|place| Some((self.cells.get(place)?, self.columns.get(place)?)));
        let Some((cell, name)) = found else {
            return Err(StoreError::Corrupt { detail: format!("there is no column {}", column.told()) });
        };
        T::from_cell(Read(cell)).ok_or_else(|| {
            let held = match cell {
                Cell::Null => "no value",
                Cell::Int(_) => "a whole number",
                Cell::Real(_) => "a floating-point number",
                Cell::Text(_) => "text",
                Cell::Bytes(_) => "bytes",
                Cell::Other(name) => name.as_str(),
            };
            StoreError::Corrupt {
                detail: format!("column {name} holds {held}, which is not what was expected"),
            }
        })
    }
}

/// How a column is named: by its place, from 0, or by its name.
pub trait Column {
    /// Its place in the row, if the row has it.
    fn place(&self, row: &Row) -> Option<usize>;
    /// The column in an error text.
    fn told(&self) -> String;
}

impl Column for usize {
    fn place(&self, _: &Row) -> Option<usize> {
        Some(*self)
    }

    fn told(&self) -> String {
        format!("number {self}")
    }
}

impl Column for &str {
    fn place(&self, row: &Row) -> Option<usize> {
        row.columns.iter().position(|name| name == self)
    }

    fn told(&self) -> String {
        (*self).to_owned()
    }
}

/// A field as [`FromCell`] gets it.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a>(&'a Cell);

impl Read<'_> {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self.0, Cell::Null)
    }

    /// A whole number.
    pub fn int(&self) -> Option<i64> {
        match self.0 {
            Cell::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// A floating-point or whole number.
    pub fn real(&self) -> Option<f64> {
        match self.0 {
            Cell::Real(value) => Some(*value),
            Cell::Int(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// Text; also bytes that are text, because MySQL compares text byte by byte only in such a column.
    pub fn text(&self) -> Option<&str> {
        match self.0 {
            Cell::Text(value) => Some(value),
            Cell::Bytes(value) => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }

    /// Bytes, of a text as well.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self.0 {
            Cell::Bytes(value) => Some(value),
            Cell::Text(value) => Some(value.as_bytes()),
            _ => None,
        }
    }
}

/// A type that a field can be read as.
pub trait FromCell: Sized {
    /// The value, or nothing when the field holds another type.
    fn from_cell(cell: Read<'_>) -> Option<Self>;
}

macro_rules! from_cell {
    ($($kind:ty, $cell:ident => $read:expr;)*) => {
        $(impl FromCell for $kind {
            fn from_cell($cell: Read<'_>) -> Option<Self> {
                $read
            }
        })*
    };
}

from_cell! {
    i64, cell => cell.int();
    u64, cell => cell.int()?.try_into().ok();
    i32, cell => cell.int()?.try_into().ok();
    u32, cell => cell.int()?.try_into().ok();
    u16, cell => cell.int()?.try_into().ok();
    f64, cell => cell.real();
    bool, cell => cell.int().map(|value| value != 0);
    String, cell => cell.text().map(str::to_owned);
    Vec<u8>, cell => cell.bytes().map(<[u8]>::to_vec);
    Uuid, cell => cell.text()?.parse().ok();
    UserId, cell => cell.text()?.parse().ok();
    Timestamp, cell => Timestamp::from_millisecond(cell.int()?).ok();
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Read<'_>) -> Option<Self> {
        if cell.is_null() { Some(None) } else { T::from_cell(cell).map(Some) }
    }
}

/// Lets a user id be bound and read in sqlx's own queries, as the text that it is everywhere.
macro_rules! user_id_as_text {
    ($db:ty, $type_info:ty, $buffer:ty, $value:ty) => {
        impl sqlx::Type<$db> for $crate::UserId {
            fn type_info() -> $type_info {
                <String as sqlx::Type<$db>>::type_info()
            }

            fn compatible(ty: &$type_info) -> bool {
                <String as sqlx::Type<$db>>::compatible(ty)
            }
        }

        impl sqlx::Encode<'_, $db> for $crate::UserId {
            fn encode_by_ref(
                &self,
                buffer: &mut $buffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                sqlx::Encode::<$db>::encode(self.to_string(), buffer)
            }
        }

        impl<'r> sqlx::Decode<'r, $db> for $crate::UserId {
            fn decode(value: $value) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(<&str as sqlx::Decode<$db>>::decode(value)?.parse::<$crate::UserId>()?)
            }
        }
    };
}
pub(super) use user_id_as_text;

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            columns: ["n", "title", "none", "raw"].map(String::from).into(),
            cells: vec![
                Cell::Int(7),
                Cell::Text("milk".into()),
                Cell::Null,
                Cell::Bytes("奶".as_bytes().to_vec()),
            ],
        }
    }

    #[test]
    fn columns_are_found_by_place_and_by_name() {
        let row = row();
        assert_eq!(row.get::<i64>(0), Ok(7));
        assert_eq!(row.get::<String>("title"), Ok("milk".to_owned()));
        assert_eq!(row.get::<Option<String>>("none"), Ok(None));
        assert_eq!(row.get::<String>("raw"), Ok("奶".to_owned()));
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_column() {
        let row = row();
        for (error, says) in [
            (row.get::<i64>("title").unwrap_err(), "column title holds text"),
            (row.get::<String>("none").unwrap_err(), "column none holds no value"),
            (row.get::<String>("missing").unwrap_err(), "no column missing"),
            (row.get::<String>(9).unwrap_err(), "no column number 9"),
        ] {
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
