//! Opening a database by its URL.

use std::time::Duration;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use sqlx::Connection;

use super::{Pool, sqlite};
use crate::StoreError;

/// The size and patience of a connection pool.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Connections at most, at least 1. A SQLite database in memory has one always: it lives and dies with it.
    pub max_connections: u32,
    /// How long a caller waits for a free connection before [`StoreError::Unavailable`].
    pub acquire_timeout: Duration,
    /// How long a write waits for another's lock before [`StoreError::Unavailable`].
    pub busy_timeout: Duration,
    /// How long one statement may take, its wait for a connection included, before
    /// [`StoreError::Unavailable`].
    pub statement_timeout: Duration,
    /// How long a connection to a server may be unused before it is closed.
    pub idle_timeout: Duration,
    /// How old a connection to a server may become before another takes its place: a proxy or a load balancer in
    /// between may cut older ones.
    pub max_lifetime: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(10),
            max_lifetime: Duration::from_mins(30),
        }
    }
}

pub(super) async fn open(url: &str, options: &PoolOptions) -> Result<Pool, StoreError> {
    let bad = |reason: String| StoreError::BadUrl { url: shown(url), reason };
    let Some((scheme, _)) = url.split_once(':') else {
        return Err(bad("it names no engine".into()));
    };
    match scheme {
        "sqlite" => Ok(Pool::Sqlite(sqlite::open(url, options).await?)),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(Pool::Postgres(super::postgres::open(url, options).await?)),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(Pool::MySql(super::mysql::open(url, options).await?)),
        #[cfg(not(feature = "postgres"))]
        "postgres" | "postgresql" => Err(bad(without("postgres"))),
        #[cfg(not(feature = "mysql"))]
        "mysql" | "mariadb" => Err(bad(without("mysql"))),
        _ => Err(bad("there is no such engine".into())),
    }
}

#[cfg(not(all(feature = "postgres", feature = "mysql")))]
fn without(engine: &str) -> String {
    format!("this program was built without the feature `{engine}` of queqiao, which brings its driver")
}

/// Opens one connection, so that what is wrong is told before a pool hides it behind a time-out.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) async fn first_connection<C, F>(
    options: &PoolOptions,
    connect: impl Fn() -> F,
) -> Result<C, StoreError>
where
    F: Future<Output = Result<C, sqlx::Error>>,
{
    /// Between two attempts: a server that is just starting needs about a second.
    const PAUSE: Duration = Duration::from_millis(200);
    let end = tokio::time::Instant::now() + options.acquire_timeout;
    loop {
        let error = match tokio::time::timeout_at(end, connect()).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => StoreError::from(error),
            Err(_) => StoreError::Unavailable { detail: "the server does not answer".into() },
        };
        if !error.is_transient() || tokio::time::Instant::now() + PAUSE >= end {
            return Err(error);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// How long a connection may take to become usable again after its statement was given up.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A pool within its limits.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn pool<DB: sqlx::Database>(options: &PoolOptions) -> sqlx::pool::PoolOptions<DB> {
    sqlx::pool::PoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(options.idle_timeout)
        .max_lifetime(options.max_lifetime)
        .after_release(|connection: &mut DB::Connection, _| {
            Box::pin(async move {
                let answer = tokio::time::timeout(PATIENCE, connection.ping());
                Ok(matches!(answer.await, Ok(Ok(()))))
            })
        })
}

/// What a server says, without the values of a statement, which it puts into quotes.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn without_values(message: &str, quote: char) -> String {
    let part = |(index, part): (usize, &str)| {
        if index % 2 == 0 { part.to_owned() } else { format!("{quote}…{quote}") }
    };
    message.split(quote).enumerate().map(part).collect()
}

/// Refuses parameters that the driver does not know: it would only log them, with their values.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn check_parameters(url: &str, known: &[&str]) -> Result<(), StoreError> {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        let option = name.starts_with("options[") && known.contains(&"options");
        if !known.contains(&name) && !option {
            let reason = format!("its parameter `{name}` is unknown; these are known: {}", known.join(", "));
            return Err(StoreError::BadUrl { url: shown(url), reason });
        }
    }
    Ok(())
}

/// Says where it was, in an error of connecting.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn located(error: StoreError, url: &str) -> StoreError {
    error.at(&shown(url))
}

/// The URL without what may be secret: user, password, and the values of parameters.
pub(crate) fn shown(url: &str) -> String {
    let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
    let place = match (place.split_once("//"), place.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}//…{}", place.get(at..).unwrap_or("")),
        _ => place.to_owned(),
    };
    match parameters {
        "" => place,
        _ => format!("{place}?…"),
    }
}
