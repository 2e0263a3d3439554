//! PostgreSQL 12 and newer.

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgPool, Postgres};

use super::open::{PoolOptions, check_parameters, first_connection, located, pool, shown, without_values};
use crate::StoreError;

/// What the driver reads from a URL (<https://docs.rs/sqlx/latest/sqlx/postgres/struct.PgConnectOptions.html>).
const PARAMETERS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

pub(super) async fn open(url: &str, options: &PoolOptions) -> Result<PgPool, StoreError> {
    check_parameters(url, PARAMETERS)?;
    let connect: PgConnectOptions =
        url.parse().map_err(|_| StoreError::BadUrl { url: shown(url), reason: "it is malformed".into() })?;
    if connect.get_database().is_none() {
        return Err(StoreError::BadUrl { url: shown(url), reason: "it names no database".into() });
    }
    // The server ends what takes too long as well; the client alone would leave it running.
    let connect = connect.options([
        ("statement_timeout", options.statement_timeout.as_millis().to_string()),
        ("lock_timeout", options.busy_timeout.as_millis().to_string()),
        ("idle_in_transaction_session_timeout", (options.statement_timeout.as_millis() * 2).to_string()),
    ]);
    let first = first_connection(options, || PgConnection::connect_with(&connect));
    first.await.map_err(|error| located(error, url))?.close().await.ok();
    Ok(pool(options).connect_lazy_with(connect))
}

/// By <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn classify(error: &PgDatabaseError) -> StoreError {
    let detail = error.message().to_owned();
    match error.code() {
        "28000" | "28P01" => StoreError::Credentials { detail },
        "3D000" | "3F000" => StoreError::Missing { detail },
        "42501" => StoreError::Permission { detail },
        "25006" => StoreError::ReadOnly { detail },
        "53100" | "53400" | "54000" => StoreError::Full { detail },
        "40001" | "40P01" => StoreError::Contention { detail },
        // Lock time-out, statement time-out, and a session that the server ended for idling in a transaction.
        "55P03" | "57014" | "25P03" => StoreError::Unavailable { detail },
        "XX001" | "XX002" => StoreError::Corrupt { detail },
        code => match code.get(..2).unwrap_or_default() {
            "08" | "53" | "57" | "58" => StoreError::Unavailable { detail },
            "23" => StoreError::Conflict { detail },
            "22" => StoreError::Database { detail: without_values(&detail, '"') },
            _ => StoreError::Database { detail },
        },
    }
}

super::value::user_id_as_text!(
    Postgres,
    sqlx::postgres::PgTypeInfo,
    sqlx::postgres::PgArgumentBuffer,
    sqlx::postgres::PgValueRef<'r>
);
