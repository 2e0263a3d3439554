//! `[database]`, `[redis]`, `[storage]` and `[idempotency]`: what is kept, and where.

use std::path::Path;
use std::time::Duration;

use queqiao_storage::{Database, PoolOptions, StoreError};
use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;
use crate::idempotency::IdempotencySettings;

/// `[database]`
#[derive(Clone, Debug)]
pub(crate) struct DatabaseSettings {
    /// It may hold a password.
    pub(crate) url: SecretString,
    pub(crate) pool: PoolOptions,
}

/// `[redis]`
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a program without the client refuses it"))]
pub(crate) struct RedisSettings {
    /// It may hold a password.
    pub(crate) url: SecretString,
    /// Nothing for the API's name.
    pub(crate) prefix: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) concurrency: usize,
}

/// Where a store lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Database,
    Redis,
    /// In this process, and gone with it.
    Memory,
}

/// `[storage]`
#[derive(Clone, Copy, Debug)]
pub(crate) struct StorageSettings {
    pub(crate) key_values: Place,
    pub(crate) leases: Place,
    pub(crate) login_codes: Place,
    pub(crate) idempotency: Place,
}

impl DatabaseSettings {
    pub(super) async fn open(&self) -> Result<Database, StoreError> {
        Database::open(self.url.expose_secret(), &self.pool).await
    }

    pub(super) fn read(reader: &mut Reader, folder: &Path, data: &Path) -> Self {
        let url = match reader.secret("database.url") {
            Some(url) => beside(folder, url),
            None => format!("sqlite:{}", data.join("app.db").display()).into(),
        };
        let usual = PoolOptions::default();
        let pool = PoolOptions {
            max_connections: reader.get("database.max_connections", usual.max_connections),
            acquire_timeout: reader.duration("database.acquire_timeout", Duration::from_secs(5)),
            busy_timeout: reader.duration("database.busy_timeout", usual.busy_timeout),
            statement_timeout: reader.duration("database.statement_timeout", usual.statement_timeout),
            idle_timeout: reader.duration("database.idle_timeout", usual.idle_timeout),
            max_lifetime: reader.duration("database.max_lifetime", usual.max_lifetime),
        };
        if pool.max_connections == 0 {
            reader.mistake("database.max_connections is 0; give at least 1");
        }
        Self { url, pool }
    }
}

impl RedisSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let url = reader.secret("redis.url");
        let prefix = reader.optional::<String>("redis.prefix").filter(|prefix| !prefix.is_empty());
        let timeout = reader.duration("redis.timeout", Duration::from_secs(5));
        let concurrency = reader.get("redis.concurrency", 256);
        if concurrency == 0 {
            reader.mistake("redis.concurrency is 0; give at least 1");
        }
        url.map(|url| Self { url, prefix, timeout, concurrency })
    }
}

impl StorageSettings {
    pub(super) fn read(reader: &mut Reader, redis: Option<&RedisSettings>) -> Self {
        let mut place = |key: &str, in_memory: bool| {
            let words: &[_] = if in_memory {
                &[("database", Place::Database), ("redis", Place::Redis), ("memory", Place::Memory)]
            } else {
                &[("database", Place::Database), ("redis", Place::Redis)]
            };
            let chosen = reader.choice(key, words).unwrap_or(Place::Database);
            if chosen == Place::Redis && redis.is_none() {
                reader.mistake(format!(
                    "{key} is `redis`, and redis.url is missing; give it as QUEQIAO__REDIS__URL, written as \
                     redis://user:password@host:6379/0"
                ));
            }
            chosen
        };
        let settings = Self {
            key_values: place("storage.key_values", true),
            leases: place("storage.leases", true),
            login_codes: place("storage.login_codes", false),
            idempotency: place("storage.idempotency", true),
        };
        if redis.is_some() {
            if !settings.places().contains(&Place::Redis) {
                reader.mistake(
                    "redis.url is set, and nothing is kept there; say what shall be, as in storage.key_values = \"redis\" (or \
                     leases, login_codes, idempotency), or leave it out",
                );
            }
            if cfg!(not(feature = "redis")) {
                reader.mistake(
                    "redis.url is set, and this program was built without the feature `redis` of queqiao, which brings its client",
                );
            }
        }
        settings
    }

    fn places(&self) -> [Place; 4] {
        let Self { key_values, leases, login_codes, idempotency } = *self;
        [key_values, leases, login_codes, idempotency]
    }
}

impl IdempotencySettings {
    pub(super) fn read(reader: &mut Reader, request_timeout: Duration) -> Self {
        let remembered = reader.duration("idempotency.remembered", Duration::from_secs(24 * 60 * 60));
        let patience =
            reader.duration("idempotency.patience", (2 * request_timeout).max(Duration::from_secs(60)));
        if patience < request_timeout {
            reader.mistake(
                "idempotency.patience is shorter than server.request_timeout; a handler goes on when its client is gone, so that \
                 it may have at least as long",
            );
        }
        if remembered < 2 * patience {
            reader.mistake(
                "idempotency.remembered is shorter than two times idempotency.patience; a repeat that comes later would be \
                 carried out a second time",
            );
        }
        Self { remembered, patience }
    }
}

/// A SQLite file named by a relative path lies beside the configuration.
fn beside(folder: &Path, url: SecretString) -> SecretString {
    let Some(rest) = url.expose_secret().strip_prefix("sqlite:") else { return url };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.starts_with('/') || path.starts_with(":memory:") || path.is_empty() {
        return url;
    }
    format!("sqlite:{}", folder.join(path).display()).into()
}
