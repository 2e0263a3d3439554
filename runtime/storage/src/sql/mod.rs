//! The stores in SQL, written once for all engines, in tables named `queqiao_…`.
//!
//! The engines agree on little more than plain `SELECT`, `INSERT`, `UPDATE` and `DELETE`, so that is what
//! is used. A transaction that reads before it writes first takes the lock of the key that it works on
//! (`Transaction::lock`), or of the row: what it then reads nobody else changes.

mod accounts;
mod client_calls;
mod grants;
mod idempotency;
mod inbox;
mod key_values;
mod leases;
mod login_codes;
mod media_checks;
#[cfg(test)]
mod planted;
mod rotation;
mod session_keys;
mod uploads;

pub(crate) use accounts::union_lock;
pub(crate) use key_values::set_in;
pub use rotation::{Resealed, ResealedTo};

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::database::{Engine, Row, Value, retried};
use crate::{Cipher, Database, Migration, StoreError};

/// The table that records which of the framework's own migrations were applied.
pub const MIGRATIONS_TABLE: &str = "queqiao_migrations";

/// All of the framework's stores in one SQL database, in tables named `queqiao_…`.
///
/// The application's own tables live beside them, in the same pool and the same transactions.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
    cipher: Cipher,
}

impl SqlStore {
    /// The store in a database, its tables brought up to date.
    ///
    /// # Errors
    ///
    /// Those of [`Database::migrate`].
    pub async fn new(database: Database, cipher: Cipher) -> Result<Self, StoreError> {
        database.migrate(MIGRATIONS_TABLE, migrations(database.engine())).await?;
        Ok(Self { database, cipher })
    }

    /// The framework's own migrations for an engine, which [`SqlStore::new`] applies; recorded in [`MIGRATIONS_TABLE`].
    pub fn migrations(engine: Engine) -> &'static [Migration] {
        migrations(engine)
    }

    /// The database, for readiness checks and the application's own tables.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

/// The same steps on every engine, in its own types.
pub(crate) fn migrations(engine: Engine) -> &'static [Migration] {
    macro_rules! steps {
        ($engine:literal) => {
            const {
                &[
                    Migration {
                        version: 1,
                        name: "accounts, session keys, login codes",
                        sql: include_str!(concat!("schema/", $engine, "_1.sql")),
                    },
                    Migration {
                        version: 2,
                        name: "calls by client",
                        sql: include_str!(concat!("schema/", $engine, "_2.sql")),
                    },
                    Migration {
                        version: 3,
                        name: "key-values, leases, idempotency, uploads",
                        sql: include_str!(concat!("schema/", $engine, "_3.sql")),
                    },
                    Migration {
                        version: 4,
                        name: "headers of idempotent answers",
                        sql: include_str!(concat!("schema/", $engine, "_4.sql")),
                    },
                    Migration {
                        version: 5,
                        name: "inbox",
                        sql: include_str!(concat!("schema/", $engine, "_5.sql")),
                    },
                    Migration {
                        version: 6,
                        name: "grants of subscribe messages",
                        sql: include_str!(concat!("schema/", $engine, "_6.sql")),
                    },
                    Migration {
                        version: 7,
                        name: "media checks",
                        sql: include_str!(concat!("schema/", $engine, "_7.sql")),
                    },
                ]
            }
        };
    }
    match engine {
        Engine::Sqlite => steps!("sqlite"),
        #[cfg(feature = "postgres")]
        Engine::Postgres => steps!("postgres"),
        #[cfg(feature = "mysql")]
        Engine::MySql => steps!("mysql"),
    }
}

impl SqlStore {
    /// One statement that is a transaction of its own.
    async fn execute_retried(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        retried(|| self.database.execute(sql, values)).await
    }

    /// Deletes the rows of expired keys, unless they were written again meanwhile.
    async fn forget(
        &self,
        table: &str,
        key: &str,
        expired: Vec<Value<'_>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if expired.is_empty() {
            return Ok(());
        }
        let places = places(2, expired.len());
        let delete = format!("DELETE FROM {table} WHERE expires_at <= $1 AND {key} IN ({places})");
        let mut values = vec![Value::from(now)];
        values.extend(expired);
        retried(|| self.database.execute(AssertSqlSafe(delete.clone()), &values)).await?;
        Ok(())
    }

    /// The same for keys that are hashes.
    async fn forget_hashes(
        &self,
        table: &str,
        key: &str,
        rows: &[Row],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let keys = rows.iter().map(|row| row.get::<Vec<u8>>(0)).collect::<Result<Vec<_>, _>>()?;
        self.forget(table, key, keys.iter().map(Value::from).collect(), now).await
    }
}

/// `$first, $second, …` for `count` values.
pub(crate) fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_servers::{self, Place};
    use crate::{Accounts, Identity, PoolOptions, UserId, values};

    /// An empty store in a file of its own.
    pub(crate) async fn fresh() -> (SqlStore, Place) {
        at(test_servers::sqlite().await).await
    }

    pub(crate) async fn at(place: Place) -> (SqlStore, Place) {
        let database = Database::open(&place.url, &PoolOptions::default()).await.unwrap();
        let store = SqlStore::new(database, Cipher::new([(1, [7; 32])]).unwrap()).await.unwrap();
        (store, place)
    }

    mod sqlite {
        crate::conformance_tests!(super::fresh());
    }

    #[cfg(feature = "postgres")]
    mod postgres {
        crate::conformance_tests!(super::at(crate::test_servers::postgres().await));
    }

    #[cfg(feature = "mysql")]
    mod mysql {
        crate::conformance_tests!(super::at(crate::test_servers::mysql().await));
    }

    #[tokio::test]
    async fn a_full_database_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", folder.path().display());
        // On the only connection; the limit belongs to it.
        let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
        let database = Database::open(&url, &options).await.unwrap();
        database.execute("CREATE TABLE big (x BLOB)", &[]).await.unwrap();
        database.rows("PRAGMA max_page_count = 1", &[]).await.unwrap();
        let error = database.execute("INSERT INTO big VALUES (zeroblob(9000000))", &[]).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_second_row_of_one_key_is_a_conflict() {
        let (store, _folder) = fresh().await;
        let insert = "INSERT INTO queqiao_users (id, created_at) VALUES ('u', 0)";
        store.database.execute(insert, &[]).await.unwrap();
        let error = store.database.execute(insert, &[]).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_user_id_binds_and_reads_as_text() {
        let (store, _folder) = fresh().await;
        let id = UserId::new(Timestamp::now());
        let pool = store.database.sqlite().unwrap();
        let (back, kind): (UserId, String) =
            sqlx::query_as("SELECT ?1, typeof(?1)").bind(id).fetch_one(pool).await.unwrap();
        assert_eq!((back, kind.as_str()), (id, "text"));
        let row = store.database.row("SELECT $1", &values![id]).await.unwrap().unwrap();
        assert_eq!(row.get::<UserId>(0), Ok(id));
    }

    #[tokio::test]
    async fn what_is_acknowledged_is_there_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", folder.path().display());
        let cipher = Cipher::new([(1, [7; 32])]).unwrap();
        let identity = Identity::new("wx1", "o1");
        let database = Database::open(&url, &PoolOptions::default()).await.unwrap();
        let store = SqlStore::new(database.clone(), cipher.clone()).await.unwrap();
        let account = store.sign_in(&identity, Timestamp::now()).await.unwrap();
        database.close().await;
        let error = store.count().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");

        let database = Database::open(&url, &PoolOptions::default()).await.unwrap();
        let store = SqlStore::new(database, cipher).await.unwrap();
        assert_eq!(store.account(account.id).await.unwrap(), Some(account));
    }
}
