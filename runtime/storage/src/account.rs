//! Users, and the WeChat identities by which they are known.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StoreError;

/// A user of the application: a UUID of version 7, so that ids sort by the time of the first login.
///
/// Written as text everywhere (`018f…`), in JSON and in SQL alike; binds directly in a
/// SQLite query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

impl UserId {
    /// A new id that carries the time `now`.
    pub fn new(now: Timestamp) -> Self {
        // Version 7 has no room for times before 1970.
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        Self(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds)))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no user id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a user id is a UUID such as 0196a3c2-7b1e-7d52-9c7e-3f6f0d0b6a11")]
pub struct BadUserId;

impl FromStr for UserId {
    type Err = BadUserId;

    fn from_str(text: &str) -> Result<Self, BadUserId> {
        text.parse().map(Self).map_err(|_| BadUserId)
    }
}

/// How WeChat names one person within one app.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The app.
    pub appid: String,
    /// The person within that app. The stable key: it is always there.
    pub openid: String,
    /// The person across the apps of one Open Platform account (开放平台), if the app is bound to one.
    pub unionid: Option<String>,
}

impl Identity {
    /// An identity without a unionid.
    pub fn new(appid: impl Into<String>, openid: impl Into<String>) -> Self {
        Self { appid: appid.into(), openid: openid.into(), unionid: None }
    }

    /// The same identity with a unionid.
    pub fn with_unionid(self, unionid: impl Into<String>) -> Self {
        Self { unionid: Some(unionid.into()), ..self }
    }

    /// The unionid, if it says anything: some answers carry an empty one.
    pub fn known_unionid(&self) -> Option<&str> {
        self.unionid.as_deref().filter(|unionid| !unionid.is_empty())
    }
}

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub id: UserId,
    /// Tokens of an older epoch are no longer valid.
    pub epoch: i64,
    /// What the user may do beyond the ordinary.
    pub roles: BTreeSet<String>,
    /// The time of the first login, to the millisecond.
    pub created_at: Timestamp,
}

/// What decides whether a token is still good.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Tokens of an older epoch are no longer valid.
    pub epoch: i64,
    /// The roles as of now.
    pub roles: BTreeSet<String>,
    /// The sessions of this user that were logged out one by one and have not expired yet.
    pub revoked_sessions: BTreeSet<Uuid>,
}

/// Users, their identities, roles and token epochs.
///
/// Every method is one transaction: it happens as a whole or not at all, and what it has
/// acknowledged survives a crash.
#[async_trait::async_trait]
pub trait Accounts: Send + Sync {
    /// Finds the user of an identity, or creates it.
    ///
    /// - Concurrent first calls for one (appid, openid) make one user.
    /// - An unknown (appid, openid) with a known unionid is linked to the user who has it (the
    ///   oldest, should there be several).
    /// - A unionid that comes later, or changes, is stored. It never moves an identity from one
    ///   user to another: both may own data by then.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] for an empty appid or openid; otherwise as the database fails.
    async fn sign_in(&self, identity: &Identity, now: Timestamp) -> Result<Account, StoreError>;

    /// The user, if there is one.
    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError>;

    /// The identities of a user, sorted by appid and openid; none for an unknown user.
    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, StoreError>;

    /// Gives a role. Giving it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownUser`].
    async fn grant_role(&self, user: UserId, role: &str) -> Result<(), StoreError>;

    /// Takes a role away. Taking one that the user does not have changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownUser`].
    async fn withdraw_role(&self, user: UserId, role: &str) -> Result<(), StoreError>;

    /// Logs the user out everywhere: raises the epoch by one and returns the new one.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownUser`].
    async fn raise_epoch(&self, user: UserId) -> Result<i64, StoreError>;

    /// Logs one session out. The store may forget it after `until`, when its tokens have expired.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownUser`].
    async fn revoke_session(&self, session: Uuid, user: UserId, until: Timestamp) -> Result<(), StoreError>;

    /// What decides over a token, in one round to the database; `None` for an unknown user.
    async fn access(&self, user: UserId, now: Timestamp) -> Result<Option<Access>, StoreError>;

    /// How many users there are.
    async fn count(&self) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let early = UserId::new("2026-01-01T00:00:00Z".parse().unwrap());
        let late = UserId::new("2026-01-01T00:00:01Z".parse().unwrap());
        assert!(early < late);
        assert_eq!(early.0.get_version_num(), 7);
    }

    #[test]
    fn a_time_before_1970_makes_an_id_too() {
        assert_eq!(UserId::new("1969-01-01T00:00:00Z".parse().unwrap()).0.get_version_num(), 7);
    }

    #[test]
    fn text_and_back() {
        let id = UserId::new(Timestamp::now());
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("me".parse::<UserId>(), Err(BadUserId));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    }
}
