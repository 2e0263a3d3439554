//! `db status` and `db migrate`.

use std::fmt::Write as _;

use queqiao_storage::{Engine, MigrationState, MigrationStatus, StoreError};
use serde_json::json;

use super::{Failed, Operated, Report, counted, failed};
use crate::serve::error::Result;

type Listed = Vec<(&'static str, MigrationStatus)>;

async fn list(operated: &Operated) -> std::result::Result<Listed, StoreError> {
    let mut listed = Vec::new();
    for (table, migrations) in operated.lists() {
        let status = operated.database.migration_status(table, migrations).await?;
        listed.extend(status.into_iter().map(|one| (table, one)));
    }
    Ok(listed)
}

pub(super) async fn status(operated: &Operated) -> Result<Report> {
    let listed = list(operated).await?;
    let refused = listed.iter().any(|(_, one)| one.state.is_refused());
    let open = listed.iter().filter(|(_, one)| one.state.is_open()).count() as u64;
    let code = match (refused, open) {
        (true, _) => 3,
        (false, 0) => 0,
        (false, _) => 1,
    };
    let mut text = lines(&listed);
    let _ = match (refused, open) {
        (true, _) => write!(text, "The server refuses to start on this database: see above."),
        (false, 0) => write!(text, "The database is up to date ({}).", engine(operated)),
        (false, open) => write!(
            text,
            "{} to apply: `db migrate` does it, and so does the next start of the server.",
            counted(open, "migration")
        ),
    };
    Ok(Report { code, text, json: json(operated, &listed, &[]) })
}

pub(super) async fn migrate(operated: &Operated) -> std::result::Result<Report, Failed> {
    let before = list(operated).await.map_err(failed)?;
    for (table, migrations) in operated.lists() {
        operated.database.migrate(table, migrations).await.map_err(|error| {
            let refused = before.iter().any(|(of, one)| *of == table && one.state.is_refused());
            (if refused { 3 } else { 2 }, error.into())
        })?;
    }
    let after = list(operated).await.map_err(failed)?;
    // By this process, or by another that was faster.
    let applied: Vec<(&str, i64)> = before
        .iter()
        .filter(|(_, one)| one.state.is_open())
        .map(|(table, one)| (*table, one.version))
        .collect();
    let mut text = String::new();
    for (table, one) in after.iter().filter(|(table, one)| applied.contains(&(*table, one.version))) {
        let _ = writeln!(text, "  applied  {table} {} ({})", one.version, one.name);
    }
    let _ = match applied.len() as u64 {
        0 => write!(text, "The database was up to date ({}).", engine(operated)),
        n => write!(text, "{} applied ({}).", counted(n, "migration"), engine(operated)),
    };
    Ok(Report { code: 0, text, json: json(operated, &after, &applied) })
}

fn engine(operated: &Operated) -> &'static str {
    match operated.database.engine() {
        Engine::Sqlite => "SQLite",
        #[cfg(feature = "postgres")]
        Engine::Postgres => "PostgreSQL",
        #[cfg(feature = "mysql")]
        Engine::MySql => "MySQL",
        #[allow(unreachable_patterns, reason = "engines that another crate has switched on")]
        _ => "another engine",
    }
}

fn word(state: MigrationState) -> &'static str {
    match state {
        MigrationState::Applied { .. } => "applied",
        MigrationState::Pending => "pending",
        MigrationState::Interrupted { .. } => "interrupted",
        MigrationState::Changed => "changed",
        MigrationState::Unknown => "unknown",
    }
}

fn lines(listed: &Listed) -> String {
    let mut text = String::new();
    let mut last = "";
    for (table, one) in listed {
        if last != *table {
            let _ = writeln!(text, "{table}");
            last = table;
        }
        let _ = write!(text, "  {:<12} {:>4}  {}", word(one.state), one.version, one.name);
        let _ = match one.state {
            MigrationState::Applied { at } => writeln!(text, "  {at}"),
            MigrationState::Pending => writeln!(text),
            MigrationState::Interrupted { done } => {
                writeln!(text, ": {} of it done, the next start goes on", counted(done.into(), "statement"))
            }
            MigrationState::Changed => writeln!(
                text,
                ": its SQL was edited after it was applied here; restore the text, and put the change into a new migration"
            ),
            MigrationState::Unknown => writeln!(
                text,
                ": it was applied here and this program does not have it; put it back, or use a program as new as the database"
            ),
        };
    }
    text
}

fn json(operated: &Operated, listed: &Listed, applied: &[(&str, i64)]) -> serde_json::Value {
    let migrations: Vec<_> = listed
        .iter()
        .map(|(table, one)| {
            let mut value = json!({ "table": table, "version": one.version, "name": one.name,
                "state": word(one.state), "applied_now": applied.contains(&(*table, one.version)) });
            match one.state {
                MigrationState::Applied { at } => value["applied_at"] = json!(at),
                MigrationState::Interrupted { done } => value["statements_done"] = json!(done),
                _ => {}
            }
            value
        })
        .collect();
    let up_to_date = listed.iter().all(|(_, one)| matches!(one.state, MigrationState::Applied { .. }));
    json!({ "engine": engine(operated), "up_to_date": up_to_date, "migrations": migrations })
}
