//! Migrations, of the framework and of the application side by side.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha384};
use sqlx::AssertSqlSafe;

use super::{Database, Engine, Row, Transaction};
use crate::{StoreError, values};

/// One step of a schema. Once it was applied anywhere, it never changes: add another instead.
///
/// ```
/// use queqiao_storage::Migration;
///
/// const MIGRATIONS: &[Migration] = &[Migration {
///     version: 1,
///     name: "todos",
///     sql: "CREATE TABLE todos (id VARCHAR(36) PRIMARY KEY, title TEXT NOT NULL)",
/// }];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its place in the order; unique within one list.
    pub version: i64,
    /// What it does, in a few words.
    pub name: &'static str,
    /// One or more statements.
    pub sql: &'static str,
}

/// A migration that a database records.
pub(super) struct Recorded {
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) checksum: Vec<u8>,
    /// False of one that was interrupted, which only MySQL leaves behind.
    pub(super) success: bool,
}

/// How long an instance waits for another that migrates, and how long one statement may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

impl Database {
    /// Applies what `table` does not record yet, in the order of the versions.
    ///
    /// Several instances may do so at once: one applies, the others wait and find it done. On SQLite
    /// and PostgreSQL all new migrations are one transaction, so that an interruption leaves nothing
    /// half-done. MySQL cannot undo a change of the schema: there each statement is noted when it is
    /// done, and the next start goes on behind the last one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Migration`], naming the migration, when one that was applied is missing from the
    /// list or was edited since, when two have one version, or when its SQL fails.
    pub async fn migrate(&self, table: &'static str, migrations: &[Migration]) -> Result<(), StoreError> {
        check_table_name(table)?;
        let migrations = &sorted(table, migrations)?;
        // Who finds all done asks for no lock, and for no right to write.
        if self.row(exists(self.engine()), &values![table]).await?.is_some() {
            let recorded = self.rows(AssertSqlSafe(record(table)), &[]).await?;
            if pending(table, migrations, &recorded)?.is_empty() {
                return Ok(());
            }
        }
        let mut transaction = self.begin().await?;
        transaction.statement_timeout = PATIENCE;
        match self.engine() {
            Engine::Sqlite => {}
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                for setting in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
                    let set = format!("SET LOCAL {setting} = {}", PATIENCE.as_millis());
                    transaction.execute(AssertSqlSafe(set), &[]).await?;
                }
                let lock = "SELECT pg_advisory_xact_lock(29025, hashtext($1))";
                transaction.execute(lock, &values![table]).await?;
            }
            #[cfg(feature = "mysql")]
            Engine::MySql => {
                super::mysql_migrate::apply(&mut transaction, table, migrations).await?;
                return transaction.commit().await;
            }
        }
        apply(&mut transaction, table, migrations).await?;
        transaction.commit().await
    }
}

async fn apply(
    transaction: &mut Transaction,
    table: &str,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let (bytes, time) = match transaction.engine() {
        Engine::Sqlite => ("BLOB", "TIMESTAMP"),
        #[cfg(feature = "postgres")]
        _ => ("BYTEA", "TIMESTAMPTZ"),
        #[cfg(all(feature = "mysql", not(feature = "postgres")))]
        Engine::MySql => ("BLOB", "TIMESTAMP"),
    };
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {table} (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on {time} NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum {bytes} NOT NULL,
    execution_time BIGINT NOT NULL
)"
    );
    transaction.execute(AssertSqlSafe(create), &[]).await?;
    let recorded = transaction.rows(AssertSqlSafe(record(table)), &[]).await?;
    for migration in pending(table, migrations, &recorded)? {
        let started = Instant::now();
        transaction.script(migration.sql).await.map_err(|error| {
            let text = format!("its SQL fails, nothing was changed: {}", StoreError::from(error));
            problem(table, migration.version, migration.name, text)
        })?;
        let insert = format!(
            "INSERT INTO {table} (version, description, success, checksum, execution_time)
             VALUES ($1, $2, $3, $4, $5)"
        );
        let values = values![
            migration.version,
            migration.name,
            true,
            checksum([migration.sql]),
            nanoseconds(started.elapsed())
        ];
        transaction.execute(AssertSqlSafe(insert), &values).await?;
    }
    Ok(())
}

/// Finds the table of migrations, `$1`.
pub(super) fn exists(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT 1 FROM sqlite_schema WHERE name = $1",
        #[cfg(feature = "postgres")]
        Engine::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
        #[cfg(feature = "mysql")]
        Engine::MySql => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = $1"
        }
    }
}

/// Reads all that is recorded. The table's name was checked to be a plain identifier.
pub(super) fn record(table: &str) -> String {
    format!("SELECT version, description, success, checksum FROM {table} ORDER BY version")
}

pub(super) fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

pub(super) fn checksum<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut hash = Sha384::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

pub(super) fn problem(table: &str, version: i64, name: &str, problem: String) -> StoreError {
    StoreError::Migration { table: table.to_owned(), version, name: name.to_owned(), problem }
}

/// Whether a list is one that [`Database::migrate`] takes: each version stands in it once.
///
/// # Errors
///
/// [`StoreError::Migration`], naming the second of one version.
pub fn check_migrations(table: &str, migrations: &[Migration]) -> Result<(), StoreError> {
    for (index, migration) in migrations.iter().enumerate() {
        if let Some(other) = migrations.iter().take(index).find(|m| m.version == migration.version) {
            let text = format!("it has the same version as \"{}\"; give it the next free one", other.name);
            return Err(problem(table, migration.version, migration.name, text));
        }
    }
    Ok(())
}

pub(super) fn sorted(table: &str, migrations: &[Migration]) -> Result<Vec<Migration>, StoreError> {
    check_migrations(table, migrations)?;
    let mut migrations = migrations.to_vec();
    migrations.sort_unstable_by_key(|migration| migration.version);
    Ok(migrations)
}

/// What is to be applied, the interrupted one first.
pub(super) fn pending<'m>(
    table: &str,
    migrations: &'m [Migration],
    recorded: &[Row],
) -> Result<Vec<&'m Migration>, StoreError> {
    let mut pending: Vec<&Migration> = migrations.iter().collect();
    for row in recorded {
        let Recorded { version, name, checksum: applied, success } = Recorded::read(row)?;
        let Some(migration) = migrations.iter().find(|migration| migration.version == version) else {
            let text = "it was applied to this database, but this program does not have it; \
                        put it back, or use the program that is at least as new as the database";
            return Err(problem(table, version, &name, text.into()));
        };
        if !success {
            continue;
        }
        if applied != checksum([migration.sql]) {
            let text = "its SQL was edited after it was applied to this database; \
                        restore the text, and put the change into a new migration";
            return Err(problem(table, version, migration.name, text.into()));
        }
        pending.retain(|migration| migration.version != version);
    }
    Ok(pending)
}

impl Recorded {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { version: row.get(0)?, name: row.get(1)?, success: row.get(2)?, checksum: row.get(3)? })
    }
}

pub(crate) fn check_table_name(table: &str) -> Result<(), StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if table.is_empty() || !table.chars().all(plain) || table.starts_with(|c: char| c.is_ascii_digit()) {
        let detail = format!("\"{table}\" is no name for a table: use letters, digits and underscores");
        return Err(StoreError::Database { detail });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::PoolOptions;

    const ONE: Migration =
        Migration { version: 1, name: "first", sql: "CREATE TABLE a (x); CREATE TABLE b (x)" };
    const TWO: Migration = Migration { version: 2, name: "second", sql: "CREATE TABLE c (x)" };

    async fn pool() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/m.db", folder.path().display());
        (folder, Database::open(&url, &PoolOptions::default()).await.unwrap())
    }

    async fn tables(pool: &Database) -> Vec<String> {
        let rows = pool.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", &[]).await;
        rows.unwrap().iter().map(|row| row.get(0).unwrap()).collect()
    }

    #[tokio::test]
    async fn applies_what_is_new_once() {
        let (_folder, pool) = pool().await;
        pool.migrate("m", &[ONE]).await.unwrap();
        pool.migrate("m", &[TWO, ONE]).await.unwrap();
        pool.migrate("m", &[ONE, TWO]).await.unwrap();
        assert_eq!(tables(&pool).await, ["a", "b", "c", "m"]);
    }

    #[tokio::test]
    async fn two_lists_live_side_by_side() {
        let (_folder, pool) = pool().await;
        pool.migrate("framework", &[ONE]).await.unwrap();
        pool.migrate("application", &[Migration { version: 1, ..TWO }]).await.unwrap();
        pool.migrate("framework", &[ONE]).await.unwrap();
        assert_eq!(tables(&pool).await, ["a", "application", "b", "c", "framework"]);
    }

    #[tokio::test]
    async fn an_edited_migration_is_named() {
        let (_folder, pool) = pool().await;
        pool.migrate("m", &[ONE]).await.unwrap();
        let edited = Migration { sql: "CREATE TABLE a (x, y)", ..ONE };
        let error = pool.migrate("m", &[edited]).await.unwrap_err().to_string();
        assert!(error.contains("migration 1 (first) in table m") && error.contains("edited"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_migration_is_named() {
        let (_folder, pool) = pool().await;
        pool.migrate("m", &[ONE, TWO]).await.unwrap();
        let error = pool.migrate("m", &[ONE]).await.unwrap_err().to_string();
        assert!(error.contains("migration 2 (second)") && error.contains("put it back"), "{error}");
    }

    #[tokio::test]
    async fn a_failing_migration_leaves_nothing_behind() {
        let (_folder, pool) = pool().await;
        let broken = Migration { version: 2, name: "broken", sql: "CREATE TABLE c (x); CREATE TABEL d (x)" };
        let error = pool.migrate("m", &[ONE, broken]).await.unwrap_err().to_string();
        assert!(error.contains("migration 2 (broken)") && error.contains("TABEL"), "{error}");
        assert_eq!(tables(&pool).await, Vec::<String>::new());
        pool.migrate("m", &[ONE, TWO]).await.unwrap();
    }

    #[tokio::test]
    async fn two_of_one_version_and_odd_table_names_are_refused() {
        let (_folder, pool) = pool().await;
        let error = pool.migrate("m", &[ONE, Migration { version: 1, ..TWO }]).await.unwrap_err();
        assert!(error.to_string().contains("same version as \"first\""), "{error}");
        for table in ["", "1m", "m; DROP TABLE a", "m m"] {
            assert!(pool.migrate(table, &[ONE]).await.is_err(), "{table}");
        }
    }

    /// Starts eight instances of one program at once.
    async fn start_many(url: &str, migrations: &'static [Migration]) {
        let start = Arc::new(tokio::sync::Barrier::new(8));
        let instances: Vec<_> = (0..8)
            .map(|_| {
                let (url, start) = (url.to_owned(), start.clone());
                tokio::spawn(async move {
                    start.wait().await;
                    let pool = Database::open(&url, &PoolOptions::default()).await?;
                    pool.migrate("m", migrations).await
                })
            })
            .collect();
        for instance in instances {
            instance.await.unwrap().unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_instances_start_at_once_on_an_empty_folder_and_after_an_update() {
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}/new/m.db", folder.path().display());
            start_many(&url, &[ONE]).await;
            start_many(&url, &[ONE, TWO]).await;
        }
    }
}
