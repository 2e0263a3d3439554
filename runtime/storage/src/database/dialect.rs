//! Where the engines' SQL differs.

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite: one file.
    Sqlite,
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres,
    /// MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    MySql,
}

/// What becomes of a column when the row is there already.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Merge {
    /// The sum.
    Sum,
    /// The greater one.
    Greatest,
}

impl Engine {
    /// Begins a transaction that will write.
    ///
    /// In SQLite it takes the lock at once: one that reads first and writes later fails at the write,
    /// without waiting, when another wrote in between. The others lock rows, and the keys of rows that
    /// are not there yet (see [`lock`](Self::lock)).
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            Self::Postgres => "BEGIN",
            #[cfg(feature = "mysql")]
            Self::MySql => "BEGIN",
        }
    }

    /// Lets one transaction at a time work on the key `$1`, from 0 to [`LOCKS`], until it ends.
    ///
    /// A row that does not exist cannot be locked, and MySQL's locks of the gaps between rows end in
    /// deadlocks. This orders those who may insert the same row, before they look.
    pub(crate) fn lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            // The first number keeps them apart from an application's own advisory locks.
            #[cfg(feature = "postgres")]
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(29025, CAST($1 AS integer))"),
            #[cfg(feature = "mysql")]
            Self::MySql => Some("SELECT id FROM queqiao_locks WHERE id = $1 FOR UPDATE"),
        }
    }

    /// The same for all keys from 0 to below `$1` at once, in their order.
    pub(crate) fn lock_all(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            #[cfg(feature = "postgres")]
            Self::Postgres => Some(
                "SELECT pg_advisory_xact_lock(29025, id)
                 FROM generate_series(0, CAST($1 AS integer) - 1) AS id",
            ),
            #[cfg(feature = "mysql")]
            Self::MySql => Some("SELECT id FROM queqiao_locks WHERE id < $1 ORDER BY id FOR UPDATE"),
        }
    }

    /// Whether a statement that fails undoes the transaction. PostgreSQL answers a COMMIT then with a rollback, and
    /// without an error.
    pub(crate) fn undoes_on_any_failure(self) -> bool {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => true,
            _ => false,
        }
    }

    /// What a `SELECT` of rows that will be changed ends with.
    pub(crate) fn for_update(self) -> &'static str {
        if self == Self::Sqlite { "" } else { " FOR UPDATE" }
    }

    /// The same, without the rows that another transaction has locked.
    pub(crate) fn skip_locked(self) -> &'static str {
        if self == Self::Sqlite { "" } else { " FOR UPDATE SKIP LOCKED" }
    }

    /// What an `INSERT` into `table` ends with, when the row may be there already.
    pub(crate) fn on_conflict(self, table: &str, key: &str, columns: &[(&str, Merge)]) -> String {
        let (new, greatest): (fn(&str) -> String, &str) = match self {
            Self::Sqlite => (|column| format!("excluded.{column}"), "max"),
            #[cfg(feature = "postgres")]
            Self::Postgres => (|column| format!("excluded.{column}"), "greatest"),
            #[cfg(feature = "mysql")]
            Self::MySql => (|column| format!("VALUES({column})"), "greatest"),
        };
        let set: Vec<String> = columns
            .iter()
            .map(|(column, merge)| {
                let new = new(column);
                match merge {
                    Merge::Sum => format!("{column} = {table}.{column} + {new}"),
                    Merge::Greatest => format!("{column} = {greatest}({table}.{column}, {new})"),
                }
            })
            .collect();
        let set = set.join(", ");
        match self {
            #[cfg(feature = "mysql")]
            Self::MySql => format!(" ON DUPLICATE KEY UPDATE {set}"),
            _ => format!(" ON CONFLICT ({key}) DO UPDATE SET {set}"),
        }
    }
}

/// How many locks there are for keys. Two keys that share one wait for each other for a moment.
pub(crate) const LOCKS: u32 = 256;
