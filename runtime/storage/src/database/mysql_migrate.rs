//! Migrations where a change of the schema cannot be undone: step by step, each noted.

use std::time::Instant;

use sqlx::AssertSqlSafe;

use super::Transaction;
use super::migrate::{Migration, PATIENCE, Recorded, checksum, nanoseconds, pending, problem, record};
use super::scan::statements;
use crate::{StoreError, values};

/// What the server answers when a change of the schema was done already: table, column, key, primary
/// key or foreign key exists; table or key to drop does not.
const DONE_ALREADY: [u16; 8] = [1050, 1051, 1060, 1061, 1068, 1091, 1146, 1826];

/// Applies under a lock that belongs to the connection, which gives it back when it returns to the pool.
pub(super) async fn apply(
    transaction: &mut Transaction,
    table: &str,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let lock = "SELECT GET_LOCK(SHA1(CONCAT('queqiao/', DATABASE(), '/', $1)), $2)";
    let seconds = i64::try_from(PATIENCE.as_secs()).unwrap_or(i64::MAX);
    let row = transaction.row(lock, &values![table, seconds]).await?;
    if row.map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten() != Some(1) {
        let detail = "another instance has been migrating for ten minutes".into();
        return Err(StoreError::Unavailable { detail });
    }
    // Two more columns than the others: how many statements are done, and whether the next one may be.
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {table} (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL,
    statements_done BIGINT NOT NULL DEFAULT 0,
    in_doubt BOOLEAN NOT NULL DEFAULT FALSE
)"
    );
    transaction.execute(AssertSqlSafe(create), &[]).await?;
    let recorded = transaction.rows(AssertSqlSafe(record(table)), &[]).await?;
    for migration in pending(table, migrations, &recorded)? {
        let mut interrupted = None;
        for row in &recorded {
            let recorded = Recorded::read(row)?;
            if recorded.version == migration.version {
                interrupted = Some(recorded);
            }
        }
        one(transaction, table, migration, interrupted).await?;
    }
    Ok(())
}

async fn one(
    transaction: &mut Transaction,
    table: &str,
    migration: &Migration,
    interrupted: Option<Recorded>,
) -> Result<(), StoreError> {
    let started = Instant::now();
    let failed = |text: String| problem(table, migration.version, migration.name, text);
    let steps = statements(migration.sql);
    let (mut done, mut doubt) = (0, false);
    match interrupted {
        None => {
            let insert = format!(
                "INSERT INTO {table} (version, description, success, checksum, execution_time)
                 VALUES ($1, $2, FALSE, $3, 0)"
            );
            let values = values![migration.version, migration.name, checksum([])];
            transaction.execute(AssertSqlSafe(insert), &values).await?;
        }
        Some(recorded) => {
            let select = format!("SELECT statements_done, in_doubt FROM {table} WHERE version = $1");
            let row = transaction.row(AssertSqlSafe(select), &values![migration.version]).await?;
            if let Some(row) = row {
                (done, doubt) = (usize::try_from(row.get::<u32>(0)?).unwrap_or(usize::MAX), row.get(1)?);
            }
            if steps.get(..done).map(|steps| checksum(steps.iter().copied())) != Some(recorded.checksum) {
                let text = format!(
                    "it was interrupted after {done} of its statements, and those were edited since; \
                     restore their text, or restore the latest backup"
                );
                return Err(failed(text));
            }
        }
    }
    // Before a change of the schema the server commits by itself, so that the note comes after it, and
    // one that is in doubt may have been done. A change of rows and its note are one transaction.
    let begin = format!("UPDATE {table} SET in_doubt = TRUE WHERE version = $1");
    let note = format!(
        "UPDATE {table} SET statements_done = $2, checksum = $3, in_doubt = FALSE WHERE version = $1"
    );
    let forget = format!("UPDATE {table} SET in_doubt = FALSE WHERE version = $1");
    for (index, step) in steps.iter().enumerate().skip(done) {
        transaction.script("COMMIT").await?;
        transaction.execute(AssertSqlSafe(begin.clone()), &values![migration.version]).await?;
        transaction.script("START TRANSACTION").await?;
        // The text is the program's own.
        if let Err(error) = transaction.script(AssertSqlSafe((*step).to_owned())).await {
            let number = error
                .as_database_error()
                .and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>())
                .map(sqlx::mysql::MySqlDatabaseError::number);
            let Some(number) = number else { return Err(error.into()) };
            if !(doubt && DONE_ALREADY.contains(&number)) {
                transaction.script("ROLLBACK").await?;
                transaction.execute(AssertSqlSafe(forget.clone()), &values![migration.version]).await?;
                let text = format!(
                    "its statement {} of {} fails, those before it are done; correct it and start again: {}",
                    index + 1,
                    steps.len(),
                    StoreError::from(error)
                );
                return Err(failed(text));
            }
        }
        doubt = false;
        let so_far = checksum(steps.iter().take(index + 1).copied());
        let values = values![migration.version, i64::try_from(index + 1).unwrap_or(i64::MAX), so_far];
        transaction.execute(AssertSqlSafe(note.clone()), &values).await?;
        transaction.script("COMMIT").await?;
    }
    let end =
        format!("UPDATE {table} SET success = TRUE, checksum = $2, execution_time = $3 WHERE version = $1");
    let values = values![migration.version, checksum([migration.sql]), nanoseconds(started.elapsed())];
    transaction.execute(AssertSqlSafe(end), &values).await?;
    transaction.script("COMMIT").await?;
    Ok(())
}
