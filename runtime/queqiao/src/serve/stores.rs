//! The stores, each where the configuration says.

use std::sync::Arc;

use queqiao_storage::{
    Cipher, Database, IdempotencyRecords, KeyValues, Leases, LoginCodes, MemoryStore, SqlStore, StoreError,
};
#[cfg(feature = "redis")]
use queqiao_storage::{RedisOptions, RedisStore};
#[cfg(feature = "redis")]
use secrecy::ExposeSecret;

use super::settings::Settings;
use super::store_settings::Place;

/// Everything that the framework keeps.
pub(crate) struct Stores {
    pub(crate) sql: Arc<SqlStore>,
    pub(crate) key_values: Arc<dyn KeyValues>,
    pub(crate) leases: Arc<dyn Leases>,
    pub(crate) login_codes: Arc<dyn LoginCodes>,
    pub(crate) idempotency: Arc<dyn IdempotencyRecords>,
    pub(crate) health: Probes,
}

/// Asks the stores whether they answer.
#[derive(Clone)]
pub(crate) struct Probes {
    database: Database,
    #[cfg(feature = "redis")]
    redis: Option<RedisStore>,
}

/// One store of those that may live elsewhere.
macro_rules! placed {
    ($place:expr, $sql:expr, $redis:expr, $memory:expr) => {
        match $place {
            Place::Database => Arc::clone($sql) as _,
            #[cfg(feature = "redis")]
            Place::Redis => match $redis {
                Some(redis) => Arc::new(redis.clone()) as _,
                // The settings do not let it come to this.
                None => Arc::clone($sql) as _,
            },
            #[cfg(not(feature = "redis"))]
            Place::Redis => Arc::clone($sql) as _,
            Place::Memory => $memory,
        }
    };
}

impl Stores {
    /// Opens what is configured; keys in Redis begin with the API's name unless configured otherwise.
    pub(super) async fn open(settings: &Settings, title: &str, cipher: Cipher) -> Result<Self, StoreError> {
        let database = settings.database.open().await?;
        let sql = Arc::new(SqlStore::new(database.clone(), cipher).await?);
        #[cfg(not(feature = "redis"))]
        let _ = title;
        #[cfg(feature = "redis")]
        let redis = match &settings.redis {
            None => None,
            Some(redis) => {
                let prefix = redis.prefix.clone().unwrap_or_else(|| format!("{title}:"));
                let options = RedisOptions { timeout: redis.timeout, concurrency: redis.concurrency };
                Some(RedisStore::connect(redis.url.expose_secret(), &prefix, &options).await?)
            }
        };
        let memory = MemoryStore::new();
        let places = settings.storage;
        Ok(Self {
            key_values: placed!(places.key_values, &sql, &redis, Arc::new(memory.clone())),
            leases: placed!(places.leases, &sql, &redis, Arc::new(memory.clone())),
            login_codes: placed!(places.login_codes, &sql, &redis, Arc::clone(&sql) as _),
            idempotency: placed!(places.idempotency, &sql, &redis, Arc::new(memory)),
            sql,
            health: Probes {
                database,
                #[cfg(feature = "redis")]
                redis,
            },
        })
    }
}

impl Probes {
    pub(super) async fn ask(&self) -> Result<(), StoreError> {
        #[cfg(feature = "redis")]
        if let Some(redis) = &self.redis {
            let (database, redis) = tokio::join!(self.database.ping(), redis.ping());
            return database.and(redis);
        }
        self.database.ping().await
    }
}
