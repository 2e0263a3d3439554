//! What decides over a valid token: epoch, roles and revoked sessions, read through a short cache.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use moka::future::Cache;
use queqiao_storage::{Accounts, StoreError, UserId};
use uuid::Uuid;

/// A log-out on one instance is seen by every other within five seconds; this leaves room for the query.
const FRESH: SignedDuration = SignedDuration::from_secs(4);
/// Users whose entries are kept; the least used go first.
const CAPACITY: u64 = 100_000;

/// A user's access as it was read.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) epoch: i64,
    pub(super) roles: Arc<[String]>,
    revoked: Vec<Uuid>,
    read_at: Timestamp,
}

impl Entry {
    pub(super) fn is_revoked(&self, session: Uuid) -> bool {
        self.revoked.contains(&session)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        // A clock that was set back makes every entry stale.
        (SignedDuration::ZERO..FRESH).contains(&now.duration_since(self.read_at))
    }
}

/// The cache in front of [`Accounts::access`].
pub(super) struct AccessCache {
    accounts: Arc<dyn Accounts>,
    entries: Cache<UserId, Option<Arc<Entry>>>,
}

impl AccessCache {
    pub(super) fn new(accounts: Arc<dyn Accounts>) -> Self {
        let entries = Cache::builder()
            .max_capacity(CAPACITY)
            // The clock may stand still in tests; real time bounds the age as well.
            .time_to_live(FRESH.unsigned_abs())
            .build();
        Self { accounts, entries }
    }

    /// The user's access; `None` for a user that the store does not know.
    pub(super) async fn get(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<Arc<Entry>>, Arc<StoreError>> {
        if let Some(entry) = self.entries.get(&user).await {
            match &entry {
                Some(known) if known.is_fresh(now) => return Ok(entry),
                None => return Ok(None),
                Some(_) => self.entries.invalidate(&user).await,
            }
        }
        // Concurrent calls of one user read once; a failure is not kept.
        self.entries
            .try_get_with(user, async {
                let access = self.accounts.access(user, now).await?;
                Ok(access.map(|access| {
                    Arc::new(Entry {
                        epoch: access.epoch,
                        roles: access.roles.into_iter().collect(),
                        revoked: access.revoked_sessions.into_iter().collect(),
                        read_at: now,
                    })
                }))
            })
            .await
    }

    /// Forgets a user, after a change made here.
    pub(super) async fn forget(&self, user: UserId) {
        self.entries.invalidate(&user).await;
    }
}
