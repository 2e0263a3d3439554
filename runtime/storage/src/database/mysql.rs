//! MySQL 8.0 and newer, MariaDB 10.6 and newer.

use sqlx::mysql::{MySql, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPool};
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::open::{
    PATIENCE, PoolOptions, check_parameters, first_connection, located, pool, shown, without_values,
};
use crate::StoreError;

/// What the driver reads from a URL (<https://docs.rs/sqlx/latest/sqlx/mysql/struct.MySqlConnectOptions.html>).
const PARAMETERS: &[&str] = &[
    "charset",
    "collation",
    "socket",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "statement-cache-capacity",
    "timezone",
];

pub(super) async fn open(url: &str, options: &PoolOptions) -> Result<MySqlPool, StoreError> {
    check_parameters(url, PARAMETERS)?;
    let bad = |reason: &str| StoreError::BadUrl { url: shown(url), reason: reason.into() };
    let connect: MySqlConnectOptions = url.parse().map_err(|_| bad("it is malformed"))?;
    if connect.get_database().is_none_or(str::is_empty) {
        return Err(bad("it names no database"));
    }
    let first = first_connection(options, || MySqlConnection::connect_with(&connect));
    first.await.map_err(|error| located(error, url))?.close().await.ok();
    // READ COMMITTED takes no locks of the gaps between rows, which end in deadlocks where two insert.
    // The comment is a setting of MariaDB's alone; MySQL has none for all statements.
    let settings = format!(
        "SET SESSION innodb_lock_wait_timeout = {} /*M! , max_statement_time = {} */",
        options.busy_timeout.as_secs().max(1),
        options.statement_timeout.as_secs_f64(),
    );
    Ok(pool(options)
        .after_connect(move |connection: &mut MySqlConnection, _| {
            let settings = AssertSqlSafe(settings.clone());
            Box::pin(async move {
                connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
                connection.execute(settings).await?;
                Ok(())
            })
        })
        // Serves as the ping too. A lock by name belongs to the connection, not to a transaction.
        .after_release(|connection: &mut MySqlConnection, _| {
            Box::pin(async move {
                let released = tokio::time::timeout(PATIENCE, connection.execute("DO RELEASE_ALL_LOCKS()"));
                Ok(released.await.is_ok_and(|released| released.is_ok()))
            })
        })
        .connect_lazy_with(connect))
}

/// By <https://mariadb.com/kb/en/mariadb-error-code-reference/> and
/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>.
pub(super) fn classify(error: &MySqlDatabaseError) -> StoreError {
    let detail = error.message().to_owned();
    match error.number() {
        // A wrong password; a user who may not log in from here, or in this way.
        1045 | 1130 | 1698 => StoreError::Credentials { detail },
        1049 => StoreError::Missing { detail },
        1044 | 1142 | 1143 | 1227 | 1370 => StoreError::Permission { detail },
        1290 | 1792 | 1836 => StoreError::ReadOnly { detail },
        1021 | 1041 | 1114 => StoreError::Full { detail },
        // A deadlock, and MariaDB's word for a row that changed since it was read.
        1213 | 1020 => StoreError::Contention { detail },
        // Too many connections, shutting down, killed, lock time-out, statement time-out.
        1040 | 1053 | 1077 | 1203 | 1226 | 1317 | 1927 | 1205 | 1969 | 3024 | 4031 => {
            StoreError::Unavailable { detail }
        }
        1034 | 1194 | 1195 | 1712 => StoreError::Corrupt { detail },
        1062 => {
            let key = detail.rsplit_once("for key").map_or("", |(_, key)| key.trim());
            StoreError::Conflict { detail: format!("there is a row of the same key {key} already") }
        }
        1022 | 1048 | 1169 | 1451 | 1452 | 3819 | 4025 => StoreError::Conflict { detail },
        _ if error.code().is_some_and(|state| state.starts_with("22")) => {
            StoreError::Database { detail: without_values(&detail, '\'') }
        }
        _ => StoreError::Database { detail },
    }
}

super::value::user_id_as_text!(MySql, sqlx::mysql::MySqlTypeInfo, Vec<u8>, sqlx::mysql::MySqlValueRef<'r>);
