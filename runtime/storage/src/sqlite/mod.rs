//! The default adapter: one SQLite file, nothing to install.

mod accounts;
mod client_calls;
mod login_codes;
mod migrate;
mod open;
mod session_keys;

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::sqlite::{Sqlite, SqliteArgumentsBuffer, SqlitePool, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Transaction, Type};

pub use migrate::{Migration, migrate};
pub use open::{PoolOptions, open};

use crate::{Cipher, StoreError, UserId};

/// The table that records which of the framework's own migrations were applied.
pub const MIGRATIONS_TABLE: &str = "queqiao_migrations";

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "accounts, session keys, login codes", sql: include_str!("schema_1.sql") },
    Migration { version: 2, name: "calls by client", sql: include_str!("schema_2.sql") },
];

/// All of the framework's stores in one SQLite database, in tables named `queqiao_…`.
///
/// The application's own tables live beside them, in the same pool and the same transactions.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pool: SqlitePool,
    cipher: Cipher,
}

impl SqliteStore {
    /// The store on a pool (from [`open`]), its tables brought up to date.
    ///
    /// # Errors
    ///
    /// Those of [`migrate`].
    pub async fn new(pool: SqlitePool, cipher: Cipher) -> Result<Self, StoreError> {
        migrate(&pool, MIGRATIONS_TABLE, MIGRATIONS).await?;
        Ok(Self { pool, cipher })
    }

    /// The pool, for readiness checks and the application's own tables.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// A transaction that writes. It takes the lock at once: one that reads first and writes later
    /// fails at the write, without waiting, when another wrote in between.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Names a database's refusal by its result code (<https://www.sqlite.org/rescode.html>).
pub(crate) fn classify(error: &dyn DatabaseError) -> StoreError {
    let detail = error.message().to_owned();
    let extended: i64 = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    match extended & 0xff {
        3 | 14 | 23 => StoreError::Permission { detail }, // PERM, CANTOPEN, AUTH
        5 | 6 | 10 => StoreError::Unavailable { detail }, // BUSY, LOCKED, IOERR
        8 => StoreError::ReadOnly { detail },
        11 | 26 => StoreError::Corrupt { detail }, // CORRUPT, NOTADB
        13 => StoreError::Full { detail },
        19 => StoreError::Conflict { detail }, // CONSTRAINT
        _ => StoreError::Database { detail },
    }
}

/// Says which user is missing where only the foreign key noticed.
fn owned_by(user: UserId) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match error.as_database_error() {
        Some(database) if database.is_foreign_key_violation() => StoreError::UnknownUser(user),
        _ => error.into(),
    }
}

fn stored_time(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Corrupt {
        detail: format!("{milliseconds} is not a time in milliseconds since 1970"),
    })
}

impl Type<Sqlite> for UserId {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }

    fn compatible(ty: &SqliteTypeInfo) -> bool {
        <String as Type<Sqlite>>::compatible(ty)
    }
}

impl Encode<'_, Sqlite> for UserId {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.to_string(), buffer)
    }
}

impl<'r> Decode<'r, Sqlite> for UserId {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(<&str as Decode<Sqlite>>::decode(value)?.parse::<UserId>()?)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An empty store, and its folder.
    pub(crate) async fn fresh() -> (SqliteStore, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", folder.path().display());
        let pool = open(&url, &PoolOptions::default()).await.unwrap();
        let store = SqliteStore::new(pool, Cipher::new([(1, [7; 32])]).unwrap()).await.unwrap();
        (store, folder)
    }

    crate::conformance_tests!(fresh());

    #[tokio::test]
    async fn a_full_database_says_so() {
        let (store, _folder) = fresh().await;
        // On the only connection that is open so far; the limit belongs to the connection.
        let mut connection = store.pool.acquire().await.unwrap();
        sqlx::raw_sql("CREATE TABLE big (x BLOB); PRAGMA max_page_count = 1")
            .execute(&mut *connection)
            .await
            .unwrap();
        let error = sqlx::query("INSERT INTO big VALUES (zeroblob(9000000))")
            .execute(&mut *connection)
            .await
            .unwrap_err();
        let error = StoreError::from(error);
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_second_row_of_one_key_is_a_conflict() {
        let (store, _folder) = fresh().await;
        let insert = "INSERT INTO queqiao_users (id, created_at) VALUES ('u', 0)";
        sqlx::query(insert).execute(&store.pool).await.unwrap();
        let error = StoreError::from(sqlx::query(insert).execute(&store.pool).await.unwrap_err());
        assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_user_id_binds_and_reads_as_text() {
        let (store, _folder) = fresh().await;
        let id = UserId::new(Timestamp::now());
        let (back, kind): (UserId, String) =
            sqlx::query_as("SELECT ?1, typeof(?1)").bind(id).fetch_one(&store.pool).await.unwrap();
        assert_eq!((back, kind.as_str()), (id, "text"));
    }

    #[tokio::test]
    async fn what_is_acknowledged_is_there_after_reopening() {
        use crate::{Accounts, Identity};
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", folder.path().display());
        let cipher = Cipher::new([(1, [7; 32])]).unwrap();
        let identity = Identity::new("wx1", "o1");
        let pool = open(&url, &PoolOptions::default()).await.unwrap();
        let store = SqliteStore::new(pool.clone(), cipher.clone()).await.unwrap();
        let account = store.sign_in(&identity, Timestamp::now()).await.unwrap();
        pool.close().await;
        let error = store.count().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");

        let store =
            SqliteStore::new(open(&url, &PoolOptions::default()).await.unwrap(), cipher).await.unwrap();
        assert_eq!(store.account(account.id).await.unwrap(), Some(account));
    }
}
