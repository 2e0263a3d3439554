//! The application's own table about its users.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sqlx::AssertSqlSafe;

use crate::database::check_table_name;
use crate::{Database, Engine, Row, StoreError, Value, values};

/// A table of the application with one row for a user, and its columns.
///
/// Values are written as JSON has them: numbers, texts, `true` and `false`, `null`. Bytes are text if they are printable,
/// else `{"base64": "…"}`. Types that JSON does not have, such as dates and decimals, are the engine's own text for them.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnTable {
    name: String,
    key: String,
    key_kind: Kind,
    columns: BTreeMap<String, Kind>,
    engine: Engine,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Int,
    Real,
    Bool,
    Text,
    Bytes,
    /// Any other type, by its name, as text.
    Other(String),
}

impl OwnTable {
    /// Looks at a table; `key` is the column with the user's id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`] when there is no such table or column; otherwise as the database fails.
    pub async fn find(database: &Database, name: &str, key: &str) -> Result<Self, StoreError> {
        check_table_name(name)?;
        let engine = database.engine();
        let select = match engine {
            Engine::Sqlite => "SELECT name, type FROM pragma_table_info($1)",
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                "SELECT CAST(attname AS TEXT), format_type(atttypid, atttypmod) FROM pg_attribute
                 WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
                 AND attgenerated = '' AND attidentity <> 'a'"
            }
            #[cfg(feature = "mysql")]
            Engine::MySql => {
                "SELECT column_name, column_type FROM information_schema.columns
                 WHERE table_schema = DATABASE() AND table_name = $1 AND extra NOT LIKE '%GENERATED%'"
            }
        };
        let mut columns = BTreeMap::new();
        for row in database.rows(select, &values![name]).await? {
            let (column, declared) = (row.get::<String>(0)?, row.get::<String>(1)?);
            if column.contains(['"', '`', '\0']) {
                let detail = format!("column {column} of table {name} has a quotation mark in its name");
                return Err(StoreError::Database { detail });
            }
            columns.insert(column, Kind::of(engine, &declared));
        }
        if columns.is_empty() {
            let detail =
                format!("there is no table {name}; it is named as table:column, such as members:user_id");
            return Err(StoreError::Database { detail });
        }
        let Some(key_kind) = columns.remove(key) else {
            let names: Vec<&str> = columns.keys().map(String::as_str).collect();
            let detail = format!("table {name} has no column {key}; it has {}", names.join(", "));
            return Err(StoreError::Database { detail });
        };
        Ok(Self { name: name.to_owned(), key: key.to_owned(), key_kind, columns, engine })
    }

    fn quoted(&self, column: &str) -> String {
        match self.engine {
            #[cfg(feature = "mysql")]
            Engine::MySql => format!("`{column}`"),
            _ => format!("\"{column}\""),
        }
    }

    /// Reads the rows of the users from `$1` to `$2`, the user's id first.
    pub(super) fn select(&self) -> AssertSqlSafe<String> {
        let read = |column: &str, kind: &Kind| match kind {
            Kind::Other(_) => format!("CAST({} AS {})", self.quoted(column), self.text_type()),
            _ => self.quoted(column),
        };
        let mut selected = vec![read(&self.key, &self.key_kind)];
        selected.extend(self.columns.iter().map(|(column, kind)| read(column, kind)));
        let (table, key) = (self.quoted(&self.name), self.quoted(&self.key));
        let [first, last] = [1, 2].map(|number| self.place(&self.key_kind, number));
        // Names of the catalogue, without quotation marks in them.
        AssertSqlSafe(format!(
            "SELECT {} FROM {table} WHERE {key} >= {first} AND {key} <= {last}",
            selected.join(", ")
        ))
    }

    fn text_type(&self) -> &'static str {
        match self.engine {
            #[cfg(feature = "mysql")]
            Engine::MySql => "CHAR",
            _ => "TEXT",
        }
    }

    /// The columns of a row that [`select`](Self::select) found.
    pub(super) fn read(&self, row: &Row) -> Result<BTreeMap<String, Json>, StoreError> {
        let columns = self.columns.iter().enumerate();
        columns.map(|(place, (column, kind))| Ok((column.clone(), kind.read(row, place + 1)?))).collect()
    }

    /// Whether a line's columns are those of the table; the sentence of what is wrong if not.
    pub(super) fn check(&self, own: &BTreeMap<String, Json>) -> Result<(), String> {
        for (column, json) in own {
            let Some(kind) = self.columns.get(column) else {
                let names: Vec<&str> = self.columns.keys().map(String::as_str).collect();
                return Err(format!(
                    "table {} has no column {column}; it has {}",
                    self.name,
                    names.join(", ")
                ));
            };
            if kind.value(json).is_none() {
                return Err(format!("its {column} is {json}, and the column takes {}", kind.takes()));
            }
        }
        Ok(())
    }

    /// Inserts rows of the same columns, given as the user's id and its checked columns.
    pub(super) fn insert<'v>(
        &self,
        rows: &[(Value<'v>, &'v BTreeMap<String, Json>)],
    ) -> (AssertSqlSafe<String>, Vec<Value<'v>>) {
        let names: Vec<&String> = rows.first().map(|(_, own)| own.keys().collect()).unwrap_or_default();
        let mut columns = vec![self.quoted(&self.key)];
        columns.extend(names.iter().map(|name| self.quoted(name)));
        let mut values = Vec::with_capacity(rows.len() * columns.len());
        let mut tuples = Vec::with_capacity(rows.len());
        for (user, own) in rows {
            values.push(user.clone());
            let mut places = vec![self.place(&self.key_kind, values.len())];
            for (name, json) in *own {
                let kind = self.kind(name);
                values.push(checked(kind, json));
                places.push(self.place(kind, values.len()));
            }
            tuples.push(format!("({})", places.join(", ")));
        }
        let table = self.quoted(&self.name);
        let insert = format!("INSERT INTO {table} ({}) VALUES {}", columns.join(", "), tuples.join(", "));
        (AssertSqlSafe(insert), values)
    }

    /// Changes the row of one user.
    pub(super) fn update<'v>(
        &self,
        user: Value<'v>,
        own: &'v BTreeMap<String, Json>,
    ) -> (AssertSqlSafe<String>, Vec<Value<'v>>) {
        let mut values = vec![user];
        let mut sets = Vec::new();
        for (name, json) in own {
            let kind = self.kind(name);
            values.push(checked(kind, json));
            sets.push(format!("{} = {}", self.quoted(name), self.place(kind, values.len())));
        }
        let (table, key) = (self.quoted(&self.name), self.quoted(&self.key));
        // Without columns it only looks whether the row is there.
        if sets.is_empty() {
            sets.push(format!("{key} = {key}"));
        }
        let user = self.place(&self.key_kind, 1);
        (AssertSqlSafe(format!("UPDATE {table} SET {} WHERE {key} = {user}", sets.join(", "))), values)
    }

    fn kind(&self, column: &str) -> &Kind {
        self.columns.get(column).unwrap_or(&Kind::Text)
    }

    /// Where a bound value stands: PostgreSQL takes a text for no other type unless it is told.
    fn place(&self, kind: &Kind, number: usize) -> String {
        match kind {
            #[cfg(feature = "postgres")]
            Kind::Other(declared) if self.engine == Engine::Postgres => {
                format!("CAST(CAST(${number} AS TEXT) AS {declared})")
            }
            _ => format!("${number}"),
        }
    }
}

/// The value of a field that was checked.
fn checked<'v>(kind: &Kind, json: &'v Json) -> Value<'v> {
    kind.value(json).unwrap_or(Value::Text(None))
}

impl Kind {
    fn of(engine: Engine, declared: &str) -> Self {
        let name = declared.to_ascii_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        match engine {
            // https://www.sqlite.org/datatype3.html#determination_of_column_affinity, and the names that it takes for
            // numbers, which are text in the file.
            Engine::Sqlite if has(&["bool"]) => Self::Bool,
            Engine::Sqlite if has(&["int"]) => Self::Int,
            Engine::Sqlite if has(&["char", "clob", "text"]) => Self::Text,
            Engine::Sqlite if name.is_empty() || has(&["blob"]) => Self::Bytes,
            Engine::Sqlite if has(&["real", "floa", "doub"]) => Self::Real,
            #[cfg(feature = "postgres")]
            Engine::Postgres => match name.split('(').next().unwrap_or_default() {
                "boolean" => Self::Bool,
                "smallint" | "integer" | "bigint" => Self::Int,
                "real" | "double precision" => Self::Real,
                "text" | "character varying" | "character" | "name" => Self::Text,
                "bytea" => Self::Bytes,
                _ => Self::Other(declared.to_owned()),
            },
            #[cfg(feature = "mysql")]
            Engine::MySql => match name.split(['(', ' ']).next().unwrap_or_default() {
                "tinyint" if name.starts_with("tinyint(1)") => Self::Bool,
                "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Self::Int,
                "double" | "float" => Self::Real,
                "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" => Self::Text,
                "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Self::Bytes,
                _ => Self::Other(declared.to_owned()),
            },
            Engine::Sqlite => Self::Other(declared.to_owned()),
        }
    }

    fn takes(&self) -> String {
        match self {
            Self::Int => "a whole number".into(),
            Self::Real => "a number".into(),
            Self::Bool => "true or false".into(),
            Self::Text => "a text".into(),
            Self::Bytes => "a text, or bytes as {\"base64\": \"…\"}".into(),
            Self::Other(declared) => format!("a text that is a value of type {declared}"),
        }
    }

    fn read(&self, row: &Row, place: usize) -> Result<Json, StoreError> {
        Ok(match self {
            Self::Int => row.get::<Option<i64>>(place)?.map(Json::from),
            // JSON has no infinity.
            Self::Real => row
                .get::<Option<f64>>(place)?
                .map(|real| if real.is_finite() { Json::from(real) } else { Json::from(real.to_string()) }),
            Self::Bool => row.get::<Option<bool>>(place)?.map(Json::from),
            Self::Text | Self::Other(_) => row.get::<Option<String>>(place)?.map(Json::from),
            Self::Bytes => row.get::<Option<Vec<u8>>>(place)?.map(bytes),
        }
        .unwrap_or(Json::Null))
    }

    /// The value of a field, if the column takes it.
    fn value<'v>(&self, json: &'v Json) -> Option<Value<'v>> {
        let text = || json.as_str().filter(|text| !text.contains('\0'));
        Some(match (self, json) {
            (Self::Int, Json::Null) => Value::Int(None),
            (Self::Int, Json::Bool(truth)) => Value::Int(Some((*truth).into())),
            (Self::Int, _) => Value::Int(Some(json.as_i64()?)),
            (Self::Real, Json::Null) => Value::Real(None),
            (Self::Real, Json::String(text)) => Value::Real(Some(text.parse().ok()?)),
            (Self::Real, _) => Value::Real(Some(json.as_f64()?)),
            (Self::Bool, Json::Null) => Value::Bool(None),
            (Self::Bool, Json::Bool(truth)) => Value::Bool(Some(*truth)),
            (Self::Bool, _) => Value::Bool(Some(match json.as_i64()? {
                0 => false,
                1 => true,
                _ => return None,
            })),
            (Self::Text | Self::Other(_), Json::Null) => Value::Text(None),
            (Self::Text | Self::Other(_), _) => Value::Text(Some(text()?.into())),
            (Self::Bytes, Json::Null) => Value::Bytes(None),
            (Self::Bytes, Json::String(text)) => Value::Bytes(Some(text.as_bytes().into())),
            (Self::Bytes, _) => {
                let object = json.as_object().filter(|object| object.len() == 1)?;
                Value::Bytes(Some(STANDARD.decode(object.get("base64")?.as_str()?).ok()?.into()))
            }
        })
    }
}

fn bytes(bytes: Vec<u8>) -> Json {
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => Json::from(text),
        Ok(text) => serde_json::json!({ "base64": STANDARD.encode(text) }),
        Err(error) => serde_json::json!({ "base64": STANDARD.encode(error.as_bytes()) }),
    }
}
