//! Redis (6.2 and newer) for what may live there: values by key, leases, login codes and idempotency records.
//!
//! Every method is one script on one key, which Redis runs as a whole, also in a cluster. The end of a
//! value stands in it and is judged by the time that the caller gives; Redis' own expiry only removes what
//! has ended, some while later.

mod idempotency;
mod key_values;
mod leases;
mod login_codes;
#[cfg(test)]
mod outage_tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind};

use crate::StoreError;
use crate::database::shown;

/// How long after its end a value stays, for clocks that differ a little.
const SLACK: i64 = 60_000;
/// Redis refuses ends that are too far away; this is far enough.
const LONGEST: i64 = 10 * 365 * 24 * 3_600_000;

/// The patience of a connection to Redis.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// How long a connection may take to open, and one command to be answered, before
    /// [`StoreError::Unavailable`].
    pub timeout: Duration,
    /// Commands under way at once, at least 1.
    pub concurrency: usize,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), concurrency: 256 }
    }
}

/// [`KeyValues`](crate::KeyValues), [`Leases`](crate::Leases), [`LoginCodes`](crate::LoginCodes) and
/// [`IdempotencyRecords`](crate::IdempotencyRecords) in Redis, under keys that begin with a prefix.
///
/// One connection serves all, is opened again when it breaks, and never repeats a command that may have
/// been executed.
///
/// What Redis has acknowledged it keeps as its own settings say: with `appendonly yes` and `appendfsync
/// always` over a crash, otherwise but for the last moments. Login codes and idempotency records that are
/// lost let a request be executed twice; choose an SQL database for them where that must not be. Redis
/// must not evict: `maxmemory-policy noeviction`, which is its default.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    prefix: Arc<str>,
}

impl RedisStore {
    /// Connects to `redis://user:password@host:6379/0`, or `rediss://…` with TLS. Applications that share a
    /// server take different prefixes, such as `shop:`.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadUrl`], [`StoreError::Credentials`], [`StoreError::Unavailable`].
    pub async fn connect(url: &str, prefix: &str, options: &RedisOptions) -> Result<Self, StoreError> {
        let client = redis::Client::open(url).map_err(|_| StoreError::BadUrl {
            url: shown(url),
            reason: "it is none of Redis, which is written as redis://user:password@host:6379/0".into(),
        })?;
        // The manager would try a refused password again and again, and hide it behind a time-out.
        let first = tokio::time::timeout(options.timeout, client.get_multiplexed_async_connection());
        first
            .await
            .map_err(|_| StoreError::Unavailable { detail: "the server does not answer".into() })
            .and_then(|connected| connected.map_err(StoreError::from))
            .map_err(|error| error.at(&shown(url)))?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(options.timeout))
            .set_response_timeout(Some(options.timeout))
            .set_number_of_retries(2)
            .set_concurrency_limit(options.concurrency.max(1));
        let connecting = ConnectionManager::new_with_config(client, config);
        let connection = tokio::time::timeout(options.timeout, connecting)
            .await
            .map_err(|_| StoreError::Unavailable { detail: "the server does not answer".into() })
            .and_then(|connected| connected.map_err(StoreError::from))
            .map_err(|error| error.at(&shown(url)))?;
        let store = Self { connection, prefix: prefix.into() };
        store.ping().await.map_err(|error| error.at(&shown(url)))?;
        store.warn_of_eviction().await;
        Ok(store)
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.connection.clone();
        let _: String = redis::cmd("PING").query_async(&mut connection).await?;
        Ok(())
    }

    /// Hosted servers may hide the setting, so that this is no error.
    async fn warn_of_eviction(&self) {
        let mut connection = self.connection.clone();
        let info: Result<String, RedisError> =
            redis::cmd("INFO").arg("memory").query_async(&mut connection).await;
        let policy = info.ok().and_then(|info| {
            let line = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"))?;
            Some(line.trim().to_owned())
        });
        if let Some(policy) = policy.filter(|policy| policy != "noeviction") {
            tracing::warn!(
                policy,
                "this Redis forgets values when its memory is full, leases and idempotency records among them; \
                 set maxmemory-policy to noeviction"
            );
        }
    }

    fn key(&self, kind: &str, key: impl fmt::Display) -> String {
        format!("{}{kind}:{key}", self.prefix)
    }

    /// Runs a script on one key.
    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        key: String,
        arguments: &[&[u8]],
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        let mut invocation = script.key(key);
        for argument in arguments {
            invocation.arg(*argument);
        }
        Ok(invocation.invoke_async(&mut connection).await?)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        let detail = error.to_string();
        match (error.kind(), error.code().unwrap_or_default()) {
            (ErrorKind::AuthenticationFailed, _) | (_, "NOAUTH" | "WRONGPASS") => {
                Self::Credentials { detail }
            }
            (ErrorKind::Server(ServerErrorKind::NoPerm), _) => Self::Permission { detail },
            (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => Self::ReadOnly { detail },
            (_, "OOM" | "MISCONF") => Self::Full { detail },
            (
                ErrorKind::Server(
                    ServerErrorKind::BusyLoading
                    | ServerErrorKind::ClusterDown
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::TryAgain,
                )
                | ErrorKind::Io
                | ErrorKind::ClusterConnectionNotFound,
                _,
            )
            | (_, "BUSY" | "NOREPLICAS") => Self::Unavailable { detail },
            (ErrorKind::UnexpectedReturnType | ErrorKind::Parse, _) => Self::Corrupt { detail },
            _ => Self::Database { detail },
        }
    }
}

fn text(time: Timestamp) -> String {
    time.as_millisecond().to_string()
}

/// For how many milliseconds Redis keeps what ends at `end`.
fn kept(end: Timestamp, now: Timestamp) -> String {
    let left = end.as_millisecond().saturating_sub(now.as_millisecond()).clamp(0, LONGEST);
    (left + SLACK).to_string()
}

fn time(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().ok().and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()).ok_or_else(
        || StoreError::Corrupt { detail: format!("`{text}` in Redis is no time in milliseconds") },
    )
}

fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { detail: format!("a value in Redis is no {what}") })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::test_servers::{self, Place};
    use crate::{Access, Account, Accounts, Claim, CodeHash, Identity, Lease, LoginCodes, SqlStore, UserId};

    crate::conformance_tests!([key_values leases idempotency] test_servers::redis());

    /// Users in SQL and codes in Redis, as an application has them.
    struct Both(SqlStore, RedisStore);

    async fn both() -> (Both, (Place, Place)) {
        let (sql, file) = crate::sql::tests::fresh().await;
        let (redis, place) = test_servers::redis().await;
        (Both(sql, redis), (file, place))
    }

    mod codes {
        crate::conformance_tests!([login_codes] super::both());
    }

    #[async_trait::async_trait]
    impl LoginCodes for Both {
        async fn claim(&self, code: &CodeHash, now: Timestamp) -> Result<Claim, StoreError> {
            self.1.claim(code, now).await
        }
        async fn finish(&self, lease: &Lease, user: UserId, now: Timestamp) -> Result<(), StoreError> {
            self.1.finish(lease, user, now).await
        }
        async fn refuse(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
            self.1.refuse(lease, now).await
        }
        async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
            self.1.release(lease).await
        }
    }

    #[async_trait::async_trait]
    impl Accounts for Both {
        async fn sign_in(&self, identity: &Identity, now: Timestamp) -> Result<Account, StoreError> {
            self.0.sign_in(identity, now).await
        }
        async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
            self.0.account(user).await
        }
        async fn identities(&self, user: UserId) -> Result<Vec<Identity>, StoreError> {
            self.0.identities(user).await
        }
        async fn grant_role(&self, user: UserId, role: &str) -> Result<(), StoreError> {
            self.0.grant_role(user, role).await
        }
        async fn withdraw_role(&self, user: UserId, role: &str) -> Result<(), StoreError> {
            self.0.withdraw_role(user, role).await
        }
        async fn raise_epoch(&self, user: UserId) -> Result<i64, StoreError> {
            self.0.raise_epoch(user).await
        }
        async fn revoke_session(&self, id: Uuid, user: UserId, until: Timestamp) -> Result<(), StoreError> {
            self.0.revoke_session(id, user, until).await
        }
        async fn access(&self, user: UserId, now: Timestamp) -> Result<Option<Access>, StoreError> {
            self.0.access(user, now).await
        }
        async fn count(&self) -> Result<u64, StoreError> {
            self.0.count().await
        }
    }

    #[tokio::test]
    async fn wrong_urls_and_absent_servers_are_told_without_the_password() {
        let options = RedisOptions { timeout: Duration::from_millis(500), ..RedisOptions::default() };
        for (url, kind) in
            [("http://me:hunter2@host/", "BadUrl"), ("redis://me:hunter2@127.0.0.1:1/0", "Unavailable")]
        {
            let error = RedisStore::connect(url, "p:", &options).await.unwrap_err();
            assert!(format!("{error:?}").starts_with(kind), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
