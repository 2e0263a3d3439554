//! One database, whichever engine the URL names.
//!
//! Statements are written once: `$1`, `$2`… for values, in SQL that all engines understand. The
//! application's own tables live beside the framework's, in the same pool and the same transactions.

mod dialect;
mod driver;
mod migrate;
mod migration_status;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "mysql")]
mod mysql_migrate;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(test, feature = "mysql"))]
mod scan;
#[cfg(test)]
mod server_tests;
mod sqlite;
mod value;

use std::borrow::Cow;
use std::time::Duration;

use sqlx::sqlite::SqlitePool;
use sqlx::{SqlSafeStr, SqlStr};

pub use dialect::Engine;
pub(crate) use dialect::{LOCKS, Merge};
pub(crate) use migrate::check_table_name;
pub use migrate::{Migration, check_migrations};
pub use migration_status::{MigrationState, MigrationStatus};
pub use open::PoolOptions;
#[cfg(feature = "redis")]
pub(crate) use open::shown;
pub use value::{Column, FromCell, Read, Row, Value};

use crate::StoreError;

/// A database: a bounded pool of connections to SQLite, PostgreSQL or MySQL. Clones share the pool.
///
/// Transactions are isolated at READ COMMITTED at least, on every engine: nothing uncommitted is ever
/// read. A statement that changes what it has read does so in one statement, or locks it first.
///
/// ```
/// use queqiao_storage::{Database, PoolOptions, values};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = Database::open("sqlite::memory:", &PoolOptions::default()).await?;
/// database.execute("CREATE TABLE todos (id BIGINT PRIMARY KEY, title VARCHAR(100))", &[]).await?;
///
/// let mut transaction = database.begin().await?;
/// transaction.execute("INSERT INTO todos (id, title) VALUES ($1, $2)", &values![1, "milk"]).await?;
/// transaction.commit().await?;
///
/// let row = database.row("SELECT title FROM todos WHERE id = $1", &values![1]).await?.expect("it is there");
/// assert_eq!(row.get::<String>("title")?, "milk");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Database {
    pool: Pool,
    /// Of one statement, so that a server that hangs is noticed.
    statement_timeout: Duration,
    /// A mistake that a test plants into the statements.
    #[cfg(test)]
    defect: Option<fn(&str) -> String>,
}

#[derive(Debug, Clone)]
enum Pool {
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

/// A transaction that ends with [`commit`](Self::commit); dropped, it is rolled back.
///
/// A failure that undoes what came before it ends the transaction: on PostgreSQL any failure of a statement, on the
/// others a deadlock or a time-out. Whatever follows then fails alike, the commit too, so that nothing half done
/// becomes true.
#[derive(Debug)]
pub struct Transaction {
    open: Open,
    /// Why nothing more can be done with it.
    ended: Option<StoreError>,
    statement_timeout: Duration,
    #[cfg(test)]
    defect: Option<fn(&str) -> String>,
}

#[derive(Debug)]
enum Open {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
    #[cfg(feature = "mysql")]
    MySql(sqlx::Transaction<'static, sqlx::MySql>),
}

/// One expression for the pool or the transaction of each engine; `Db` is its type in sqlx.
macro_rules! on_each {
    ($kind:ident, $value:expr, $inner:ident, $Db:ident => $work:expr) => {
        match $value {
            $kind::Sqlite($inner) => {
                type $Db = sqlx::Sqlite;
                $work
            }
            #[cfg(feature = "postgres")]
            $kind::Postgres($inner) => {
                type $Db = sqlx::Postgres;
                $work
            }
            #[cfg(feature = "mysql")]
            $kind::MySql($inner) => {
                type $Db = sqlx::MySql;
                $work
            }
        }
    };
}

impl Database {
    /// Opens what a URL names: `sqlite:data/app.db`, `postgres://user:password@host/database` or
    /// `mysql://user:password@host/database`.
    ///
    /// A server that does not answer is tried again until the time-out for a connection has passed.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadUrl`] for a URL that names no engine of this build or no database;
    /// [`StoreError::Credentials`], [`StoreError::Permission`], [`StoreError::Unavailable`] and, for a
    /// file, [`StoreError::ReadOnly`], [`StoreError::Full`] and [`StoreError::Corrupt`].
    pub async fn open(url: &str, options: &PoolOptions) -> Result<Self, StoreError> {
        Ok(Self {
            pool: open::open(url, options).await?,
            statement_timeout: options.statement_timeout,
            #[cfg(test)]
            defect: None,
        })
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        match &self.pool {
            Pool::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => Engine::Postgres,
            #[cfg(feature = "mysql")]
            Pool::MySql(_) => Engine::MySql,
        }
    }

    /// sqlx's own pool, if the engine is SQLite.
    pub fn sqlite(&self) -> Option<&SqlitePool> {
        #[allow(irrefutable_let_patterns, reason = "in a build without the other engines")]
        if let Pool::Sqlite(pool) = &self.pool { Some(pool) } else { None }
    }

    /// sqlx's own pool, if the engine is PostgreSQL.
    #[cfg(feature = "postgres")]
    pub fn postgres(&self) -> Option<&sqlx::PgPool> {
        if let Pool::Postgres(pool) = &self.pool { Some(pool) } else { None }
    }

    /// sqlx's own pool, if the engine is MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    pub fn mysql(&self) -> Option<&sqlx::MySqlPool> {
        if let Pool::MySql(pool) = &self.pool { Some(pool) } else { None }
    }

    /// Runs one statement, and returns how many rows it inserted, deleted, or found to update.
    ///
    /// # Errors
    ///
    /// As the database fails, in the kinds of [`StoreError`].
    pub async fn execute(&self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let (sql, values) = self.prepared(sql.into_sql_str(), values);
        bounded(self.statement_timeout, async {
            Ok(on_each!(Pool, &self.pool, pool, Db => {
                let mut connection = pool.acquire().await?;
                driver::execute::<Db>(&mut connection, sql, &values).await?.rows_affected()
            }))
        })
        .await
    }

    /// The rows that a query finds.
    ///
    /// # Errors
    ///
    /// As the database fails, in the kinds of [`StoreError`].
    pub async fn rows(&self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let (sql, values) = self.prepared(sql.into_sql_str(), values);
        bounded(self.statement_timeout, async {
            on_each!(Pool, &self.pool, pool, Db => {
                let mut connection = pool.acquire().await?;
                driver::rows::<Db>(&mut connection, sql, &values).await
            })
        })
        .await
    }

    /// The first row that a query finds.
    ///
    /// # Errors
    ///
    /// As the database fails, in the kinds of [`StoreError`].
    pub async fn row(&self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Begins a transaction that writes.
    ///
    /// SQLite has one at a time: the next waits here.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when no connection, or in SQLite no lock, becomes free in time.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let begin = self.engine().begin();
        let open = bounded(self.statement_timeout, async {
            Ok(match &self.pool {
                Pool::Sqlite(pool) => Open::Sqlite(pool.begin_with(begin).await?),
                #[cfg(feature = "postgres")]
                Pool::Postgres(pool) => Open::Postgres(pool.begin_with(begin).await?),
                #[cfg(feature = "mysql")]
                Pool::MySql(pool) => Open::MySql(pool.begin_with(begin).await?),
            })
        })
        .await?;
        Ok(Transaction {
            open,
            ended: None,
            statement_timeout: self.statement_timeout,
            #[cfg(test)]
            defect: self.defect,
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.execute("SELECT 1", &[]).await.map(|_| ())
    }

    /// Closes the connections; what is under way ends first.
    pub async fn close(&self) {
        on_each!(Pool, &self.pool, pool, _Db => pool.close().await);
    }

    fn prepared<'v, 'a>(&self, sql: SqlStr, values: &'v [Value<'a>]) -> (SqlStr, Cow<'v, [Value<'a>]>) {
        #[cfg(test)]
        let sql = planted(self.defect, sql);
        #[cfg(feature = "mysql")]
        if self.engine() == Engine::MySql {
            return driver::in_order(sql, values);
        }
        (sql, Cow::Borrowed(values))
    }

    /// The same database with a mistake in its statements.
    #[cfg(test)]
    pub(crate) fn with_defect(mut self, defect: fn(&str) -> String) -> Self {
        self.defect = Some(defect);
        self
    }
}

#[cfg(test)]
fn planted(defect: Option<fn(&str) -> String>, sql: SqlStr) -> SqlStr {
    match defect {
        Some(defect) => sqlx::AssertSqlSafe(defect(sql.as_str())).into_sql_str(),
        None => sql,
    }
}

impl Transaction {
    /// The engine.
    pub fn engine(&self) -> Engine {
        match &self.open {
            Open::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Open::Postgres(_) => Engine::Postgres,
            #[cfg(feature = "mysql")]
            Open::MySql(_) => Engine::MySql,
        }
    }

    /// As [`Database::execute`].
    ///
    /// # Errors
    ///
    /// As the database fails.
    pub async fn execute(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.go_on()?;
        let (sql, values) = self.prepared(sql.into_sql_str(), values);
        let outcome = bounded(self.statement_timeout, async {
            Ok(on_each!(Open, &mut self.open, transaction, Db => {
                driver::execute::<Db>(transaction, sql, &values).await?.rows_affected()
            }))
        })
        .await;
        self.note(outcome)
    }

    /// As [`Database::rows`].
    ///
    /// # Errors
    ///
    /// As the database fails.
    pub async fn rows(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.go_on()?;
        let (sql, values) = self.prepared(sql.into_sql_str(), values);
        let outcome = bounded(self.statement_timeout, async {
            on_each!(Open, &mut self.open, transaction, Db => {
                driver::rows::<Db>(transaction, sql, &values).await
            })
        })
        .await;
        self.note(outcome)
    }

    fn go_on(&self) -> Result<(), StoreError> {
        self.ended.clone().map_or(Ok(()), Err)
    }

    /// Remembers a failure after which the server has undone, or may have undone, what came before.
    fn note<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &outcome
            && (error.is_transient() || self.engine().undoes_on_any_failure())
        {
            self.ended = Some(error.clone());
        }
        outcome
    }

    /// As [`Database::row`].
    ///
    /// # Errors
    ///
    /// As the database fails.
    pub async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Makes everything that was done since [`Database::begin`] true, for everybody and for good.
    ///
    /// # Errors
    ///
    /// As the database fails. When the connection was lost meanwhile, nobody knows whether it became true.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.go_on()?;
        bounded(self.statement_timeout, async {
            on_each!(Open, self.open, transaction, _Db => transaction.commit().await)
        })
        .await
    }

    /// Undoes everything that was done since [`Database::begin`]. So does dropping it, a moment later.
    ///
    /// # Errors
    ///
    /// As the database fails; it is undone all the same.
    pub async fn rollback(self) -> Result<(), StoreError> {
        bounded(self.statement_timeout, async {
            on_each!(Open, self.open, transaction, _Db => transaction.rollback().await)
        })
        .await
    }

    /// Several statements at once, without values and without being prepared.
    async fn script(&mut self, sql: impl SqlSafeStr) -> Result<(), sqlx::Error> {
        let script = sqlx::raw_sql(sql);
        on_each!(Open, &mut self.open, transaction, _Db => script.execute(&mut **transaction).await.map(|_| ()))
    }

    fn prepared<'v, 'a>(&self, sql: SqlStr, values: &'v [Value<'a>]) -> (SqlStr, Cow<'v, [Value<'a>]>) {
        #[cfg(test)]
        let sql = planted(self.defect, sql);
        #[cfg(feature = "mysql")]
        if self.engine() == Engine::MySql {
            return driver::in_order(sql, values);
        }
        (sql, Cow::Borrowed(values))
    }

    /// Lets one transaction at a time work on these keys, until it ends: what it reads afterwards no other
    /// changes that locks the same key.
    ///
    /// Give all keys of a transaction at once, so that two transactions take them in one order. Some keys
    /// share a lock, so that transactions may wait for each other without need, but never miss each other.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when another holds a lock for too long.
    pub async fn lock(&mut self, keys: &[&[u8]]) -> Result<(), StoreError> {
        let Some(lock) = self.engine().lock() else { return Ok(()) };
        let mut locks: Vec<u32> = keys.iter().map(|key| lock_of(key)).collect();
        locks.sort_unstable();
        locks.dedup();
        if let Some(all) = self.engine().lock_all().filter(|_| locks.len() > MOST_LOCKS) {
            self.execute(all, &crate::values![LOCKS]).await?;
            return Ok(());
        }
        for id in locks {
            self.execute(lock, &crate::values![id]).await?;
        }
        Ok(())
    }
}

/// How many locks are taken one by one; for more it takes less time to take all.
const MOST_LOCKS: usize = 32;

fn lock_of(key: &[u8]) -> u32 {
    use sha2::{Digest, Sha256};
    let hash: [u8; 32] = Sha256::digest(key).into();
    let [a, b, ..] = hash;
    u32::from(u16::from_be_bytes([a, b])) % LOCKS
}

/// Ends a statement that takes too long; its connection is closed unless it answers soon after.
async fn bounded<T>(
    time: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(time, work).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(StoreError::Unavailable { detail: format!("a statement took longer than {time:?}") }),
    }
}

/// Tries a transaction again when others got in its way, a little later each time.
pub(crate) async fn retried<T, F>(work: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut attempt = 1;
    loop {
        match work().await {
            Err(StoreError::Contention { .. }) if attempt < ATTEMPTS => {
                // Of two that met, one should come first the next time.
                let [random, ..] = uuid::Uuid::new_v4().into_bytes();
                tokio::time::sleep(Duration::from_millis(u64::from(random % 16) * u64::from(attempt))).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

const ATTEMPTS: u32 = 10;

/// Names what a database refused, by its own codes.
pub(crate) fn classify(error: &dyn sqlx::error::DatabaseError) -> StoreError {
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return postgres::classify(error);
    }
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return mysql::classify(error);
    }
    sqlite::classify(error)
}
