//! Migrations, of the framework and of the application side by side.

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use crate::StoreError;

/// One step of a schema. Once it was applied anywhere, it never changes: add another instead.
///
/// ```
/// use queqiao_storage::Migration;
///
/// const MIGRATIONS: &[Migration] = &[Migration {
///     version: 1,
///     name: "todos",
///     sql: "CREATE TABLE todos (id TEXT PRIMARY KEY, title TEXT NOT NULL)",
/// }];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its place in the order; unique within one list.
    pub version: i64,
    /// What it does, in a few words.
    pub name: &'static str,
    /// One or more statements. They are applied in one transaction: all or none.
    pub sql: &'static str,
}

/// Applies what `table` does not record yet, in the order of the versions.
///
/// Several instances may do so at once: one applies, the others wait and find it done. All new
/// migrations are one transaction, so that an interruption leaves nothing half-done.
///
/// # Errors
///
/// [`StoreError::Migration`], naming the migration, when one that was applied is missing from the
/// list or was edited since, when two have one version, or when its SQL fails.
pub async fn migrate(
    pool: &SqlitePool,
    table: &'static str,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let problem = |version: i64, name: &str, problem: String| StoreError::Migration {
        table: table.to_owned(),
        version,
        name: name.to_owned(),
        problem,
    };
    check_table_name(table)?;
    for (index, migration) in migrations.iter().enumerate() {
        if let Some(other) = migrations.iter().take(index).find(|m| m.version == migration.version) {
            let text = format!("it has the same version as \"{}\"; give it the next free one", other.name);
            return Err(problem(migration.version, migration.name, text));
        }
    }
    let steps = migrations.iter().map(|m| {
        sqlx::migrate::Migration::new(
            m.version,
            m.name.into(),
            MigrationType::Simple,
            m.sql.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(steps.collect());
    migrator.dangerous_set_table_name(table);

    // sqlx has no lock for SQLite. The write lock of a transaction around everything is one.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let outcome = migrator.run_direct(None, &mut *transaction, false).await;
    let name_of = |version: i64| migrations.iter().find(|m| m.version == version).map_or("?", |m| m.name);
    match outcome {
        Ok(()) => Ok(transaction.commit().await?),
        Err(MigrateError::Execute(error)) => Err(error.into()),
        Err(MigrateError::ExecuteMigration(error, version)) => {
            let text = format!("its SQL fails, nothing was changed: {}", StoreError::from(error));
            Err(problem(version, name_of(version), text))
        }
        Err(MigrateError::VersionMissing(version)) => {
            let name = recorded_name(&mut transaction, table, version).await?;
            let text = "it was applied to this database, but this program does not have it; \
                        put it back, or use the program that is at least as new as the database";
            Err(problem(version, &name, text.into()))
        }
        Err(MigrateError::VersionMismatch(version)) => {
            let text = "its SQL was edited after it was applied to this database; \
                        restore the text, and put the change into a new migration";
            Err(problem(version, name_of(version), text.into()))
        }
        Err(MigrateError::Dirty(version)) => {
            let text = "it was interrupted half-way; restore the latest backup";
            Err(problem(version, name_of(version), text.into()))
        }
        Err(other) => Err(StoreError::Database { detail: other.to_string() }),
    }
}

async fn recorded_name(
    connection: &mut SqliteConnection,
    table: &str,
    version: i64,
) -> Result<String, StoreError> {
    let query = format!("SELECT description FROM {table} WHERE version = ?1");
    // The table's name was checked to be a plain identifier.
    let name = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(version).fetch_one(connection).await?;
    Ok(name)
}

fn check_table_name(table: &str) -> Result<(), StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if table.is_empty() || !table.chars().all(plain) || table.starts_with(|c: char| c.is_ascii_digit()) {
        let detail =
            format!("\"{table}\" is no name for a table of migrations: use letters, digits and underscores");
        return Err(StoreError::Database { detail });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sqlite::{PoolOptions, open};

    const ONE: Migration =
        Migration { version: 1, name: "first", sql: "CREATE TABLE a (x); CREATE TABLE b (x)" };
    const TWO: Migration = Migration { version: 2, name: "second", sql: "CREATE TABLE c (x)" };

    async fn pool() -> (tempfile::TempDir, SqlitePool) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/m.db", folder.path().display());
        (folder, open(&url, &PoolOptions::default()).await.unwrap())
    }

    async fn tables(pool: &SqlitePool) -> Vec<String> {
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .fetch_all(pool)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn applies_what_is_new_once() {
        let (_folder, pool) = pool().await;
        migrate(&pool, "m", &[ONE]).await.unwrap();
        migrate(&pool, "m", &[TWO, ONE]).await.unwrap();
        migrate(&pool, "m", &[ONE, TWO]).await.unwrap();
        assert_eq!(tables(&pool).await, ["a", "b", "c", "m"]);
    }

    #[tokio::test]
    async fn two_lists_live_side_by_side() {
        let (_folder, pool) = pool().await;
        migrate(&pool, "framework", &[ONE]).await.unwrap();
        migrate(&pool, "application", &[Migration { version: 1, ..TWO }]).await.unwrap();
        migrate(&pool, "framework", &[ONE]).await.unwrap();
        assert_eq!(tables(&pool).await, ["a", "application", "b", "c", "framework"]);
    }

    #[tokio::test]
    async fn an_edited_migration_is_named() {
        let (_folder, pool) = pool().await;
        migrate(&pool, "m", &[ONE]).await.unwrap();
        let edited = Migration { sql: "CREATE TABLE a (x, y)", ..ONE };
        let error = migrate(&pool, "m", &[edited]).await.unwrap_err().to_string();
        assert!(error.contains("migration 1 (first) in table m") && error.contains("edited"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_migration_is_named() {
        let (_folder, pool) = pool().await;
        migrate(&pool, "m", &[ONE, TWO]).await.unwrap();
        let error = migrate(&pool, "m", &[ONE]).await.unwrap_err().to_string();
        assert!(error.contains("migration 2 (second)") && error.contains("put it back"), "{error}");
    }

    #[tokio::test]
    async fn a_failing_migration_leaves_nothing_behind() {
        let (_folder, pool) = pool().await;
        let broken = Migration { version: 2, name: "broken", sql: "CREATE TABLE c (x); CREATE TABEL d (x)" };
        let error = migrate(&pool, "m", &[ONE, broken]).await.unwrap_err().to_string();
        assert!(error.contains("migration 2 (broken)") && error.contains("TABEL"), "{error}");
        assert_eq!(tables(&pool).await, Vec::<String>::new());
        migrate(&pool, "m", &[ONE, TWO]).await.unwrap();
    }

    #[tokio::test]
    async fn two_of_one_version_and_odd_table_names_are_refused() {
        let (_folder, pool) = pool().await;
        let error = migrate(&pool, "m", &[ONE, Migration { version: 1, ..TWO }]).await.unwrap_err();
        assert!(error.to_string().contains("same version as \"first\""), "{error}");
        for table in ["", "1m", "m; DROP TABLE a", "m m"] {
            assert!(migrate(&pool, table, &[ONE]).await.is_err(), "{table}");
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
                    let pool = open(&url, &PoolOptions::default()).await?;
                    migrate(&pool, "m", migrations).await
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
