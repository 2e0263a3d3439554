//! Running one statement, the same for every engine that sqlx speaks to.

#[cfg(any(test, feature = "mysql"))]
use std::borrow::Cow;
use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::{
    Arguments, Column as _, Database, Decode, Encode, Executor, IntoArguments, Row as _, SqlStr, Type,
    TypeInfo, ValueRef, query_with,
};
#[cfg(any(test, feature = "mysql"))]
use sqlx::{AssertSqlSafe, SqlSafeStr};

#[cfg(any(test, feature = "mysql"))]
use super::scan::scan;
use super::value::{Cell, Row, Value};

/// A database of sqlx that takes and gives our values. Implemented by a blanket; it spells the bounds once.
pub(super) trait Driver: Database {
    fn arguments(values: &[Value<'_>]) -> Result<Self::Arguments, BoxDynError>;
    fn cell(value: Self::ValueRef<'_>) -> Result<Cell, BoxDynError>;
}

impl<DB> Driver for DB
where
    DB: Database,
    for<'t> Option<i64>: Encode<'t, DB> + Type<DB>,
    for<'t> Option<f64>: Encode<'t, DB> + Type<DB>,
    for<'t> Option<bool>: Encode<'t, DB> + Type<DB>,
    for<'t> Option<&'t str>: Encode<'t, DB> + Type<DB>,
    for<'t> Option<&'t [u8]>: Encode<'t, DB> + Type<DB>,
    for<'r> i64: Decode<'r, DB>,
    for<'r> f64: Decode<'r, DB>,
    for<'r> f32: Decode<'r, DB>,
    for<'r> bool: Decode<'r, DB>,
    for<'r> String: Decode<'r, DB>,
    for<'r> Vec<u8>: Decode<'r, DB>,
{
    fn arguments(values: &[Value<'_>]) -> Result<DB::Arguments, BoxDynError> {
        let mut arguments = DB::Arguments::default();
        for value in values {
            match value {
                Value::Int(value) => arguments.add(*value),
                Value::Real(value) => arguments.add(*value),
                Value::Bool(value) => arguments.add(*value),
                Value::Text(value) => arguments.add(value.as_deref()),
                Value::Bytes(value) => arguments.add(value.as_deref()),
            }?;
        }
        Ok(arguments)
    }

    fn cell(value: DB::ValueRef<'_>) -> Result<Cell, BoxDynError> {
        if value.is_null() {
            return Ok(Cell::Null);
        }
        let kind = value.type_info().name().to_owned();
        Ok(match kind.as_str() {
            "INTEGER" | "INT8" | "INT4" | "INT2" | "BIGINT" | "INT" | "MEDIUMINT" | "SMALLINT"
            | "TINYINT" | "BIGINT UNSIGNED" | "INT UNSIGNED" | "MEDIUMINT UNSIGNED" | "SMALLINT UNSIGNED"
            | "TINYINT UNSIGNED" => Cell::Int(i64::decode(value)?),
            "BOOLEAN" | "BOOL" => Cell::Int(bool::decode(value)?.into()),
            "REAL" | "FLOAT8" | "DOUBLE" => Cell::Real(f64::decode(value)?),
            "FLOAT4" | "FLOAT" => Cell::Real(f32::decode(value)?.into()),
            "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" => {
                Cell::Text(String::decode(value)?)
            }
            "BLOB" | "BYTEA" | "VARBINARY" | "BINARY" | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
                Cell::Bytes(Vec::decode(value)?)
            }
            _ => Cell::Other(format!("a value of type {kind}")),
        })
    }
}

pub(super) async fn execute<DB: Driver>(
    connection: &mut DB::Connection,
    sql: SqlStr,
    values: &[Value<'_>],
) -> Result<DB::QueryResult, sqlx::Error>
where
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let arguments = DB::arguments(values).map_err(sqlx::Error::Encode)?;
    connection.execute(query_with::<DB, _>(sql, arguments)).await
}

pub(super) async fn rows<DB: Driver>(
    connection: &mut DB::Connection,
    sql: SqlStr,
    values: &[Value<'_>],
) -> Result<Vec<Row>, sqlx::Error>
where
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: sqlx::ColumnIndex<DB::Row>,
{
    let arguments = DB::arguments(values).map_err(sqlx::Error::Encode)?;
    let found = connection.fetch_all(query_with::<DB, _>(sql, arguments)).await?;
    let Some(first) = found.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    found
        .iter()
        .map(|row| {
            let cell = |index| {
                let value = row.try_get_raw(index)?;
                DB::cell(value)
                    .map_err(|source| sqlx::Error::ColumnDecode { index: format!("{index}"), source })
            };
            let cells = (0..columns.len()).map(cell).collect::<Result<_, sqlx::Error>>()?;
            Ok(Row { columns: columns.clone(), cells })
        })
        .collect()
}

/// MySQL's form of a statement: `?` for each `$1`, with the values in the order in which they occur.
/// What stands in quotes and comments stays as it is.
#[cfg(any(test, feature = "mysql"))]
pub(super) fn in_order<'v, 'a>(sql: SqlStr, values: &'v [Value<'a>]) -> (SqlStr, Cow<'v, [Value<'a>]>) {
    let text = sql.as_str();
    if !text.contains('$') {
        return (sql, Cow::Borrowed(values));
    }
    let mut written = String::with_capacity(text.len());
    let mut ordered = Vec::new();
    let mut rest = scan(text).peekable();
    while let Some((_, c, plain)) = rest.next() {
        if !plain || c != '$' || !rest.peek().is_some_and(|(_, c, _)| c.is_ascii_digit()) {
            written.push(c);
            continue;
        }
        let mut number = 0_usize;
        while let Some(digit) = rest.peek().and_then(|(_, c, _)| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            rest.next();
        }
        written.push('?');
        // One that is not given is left to the database, which counts them.
        ordered.extend(number.checked_sub(1).and_then(|place| values.get(place)).cloned());
    }
    // Only placeholders were changed in a statement that was safe already.
    (AssertSqlSafe(written).into_sql_str(), Cow::Owned(ordered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_question_marks_in_their_order() {
        let values = crate::values!["a", 2];
        let (sql, ordered) =
            in_order("SELECT '$1', `$2`, $2 WHERE x = $1 OR y = $2 AND z = $1".into_sql_str(), &values);
        assert_eq!(sql.as_str(), "SELECT '$1', `$2`, ? WHERE x = ? OR y = ? AND z = ?");
        assert_eq!(ordered.into_owned(), crate::values![2, "a", 2, "a"]);
    }

    #[test]
    fn a_placeholder_without_a_value_is_left_to_the_database() {
        let values = crate::values![1];
        let (sql, ordered) = in_order("SELECT $3, $0".into_sql_str(), &values);
        assert_eq!((sql.as_str(), ordered.len()), ("SELECT ?, ?", 0));
    }
}
