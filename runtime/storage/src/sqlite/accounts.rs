//! Users in SQLite.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{SqliteStore, owned_by, stored_time};
use crate::{Access, Account, Accounts, Identity, StoreError, UserId};

/// Expired revocations forgotten with each login: enough to keep up, too few to be felt.
const SWEPT_PER_LOGIN: u32 = 20;

const ACCOUNT: &str = "
    SELECT id, epoch, created_at, (SELECT json_group_array(role) FROM queqiao_roles WHERE user_id = id)
    FROM queqiao_users WHERE id = ?1";

type AccountRow = (UserId, i64, i64, String);

fn account((id, epoch, created_at, roles): AccountRow) -> Result<Account, StoreError> {
    Ok(Account { id, epoch, roles: set(&roles)?, created_at: stored_time(created_at)? })
}

fn set<T: DeserializeOwned + Ord>(json: &str) -> Result<BTreeSet<T>, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::Corrupt {
        detail: "a role or a revoked session of a user is not what the framework writes".into(),
    })
}

#[async_trait::async_trait]
impl Accounts for SqliteStore {
    async fn sign_in(&self, identity: &Identity, now: Timestamp) -> Result<Account, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "DELETE FROM queqiao_revoked_sessions WHERE (user_id, session) IN
             (SELECT user_id, session FROM queqiao_revoked_sessions WHERE until <= ?1 LIMIT ?2)",
        )
        .bind(now.as_millisecond())
        .bind(SWEPT_PER_LOGIN)
        .execute(&mut *transaction)
        .await?;

        let known: Option<(UserId, Option<String>)> = sqlx::query_as(
            "SELECT user_id, unionid FROM queqiao_identities WHERE appid = ?1 AND openid = ?2",
        )
        .bind(&identity.appid)
        .bind(&identity.openid)
        .fetch_optional(&mut *transaction)
        .await?;
        let unionid = identity.known_unionid();
        let user = match known {
            Some((user, stored)) => {
                if unionid.is_some() && stored.as_deref() != unionid {
                    sqlx::query(
                        "UPDATE queqiao_identities SET unionid = ?3 WHERE appid = ?1 AND openid = ?2",
                    )
                    .bind(&identity.appid)
                    .bind(&identity.openid)
                    .bind(unionid)
                    .execute(&mut *transaction)
                    .await?;
                }
                user
            }
            None => {
                let elsewhere: Option<UserId> = sqlx::query_scalar(
                    "SELECT user_id FROM queqiao_identities JOIN queqiao_users ON id = user_id
                     WHERE unionid = ?1 ORDER BY created_at, id LIMIT 1",
                )
                .bind(unionid)
                .fetch_optional(&mut *transaction)
                .await?;
                let user = match elsewhere {
                    Some(user) => user,
                    None => {
                        let user = UserId::new(now);
                        sqlx::query("INSERT INTO queqiao_users (id, created_at) VALUES (?1, ?2)")
                            .bind(user)
                            .bind(now.as_millisecond())
                            .execute(&mut *transaction)
                            .await?;
                        user
                    }
                };
                sqlx::query(
                    "INSERT INTO queqiao_identities (appid, openid, unionid, user_id) VALUES (?1, ?2, ?3, ?4)",
                )
                .bind(&identity.appid)
                .bind(&identity.openid)
                .bind(unionid)
                .bind(user)
                .execute(&mut *transaction)
                .await?;
                user
            }
        };
        let row: AccountRow = sqlx::query_as(ACCOUNT).bind(user).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        account(row)
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> = sqlx::query_as(ACCOUNT).bind(user).fetch_optional(&self.pool).await?;
        row.map(account).transpose()
    }

    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, StoreError> {
        let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(
            "SELECT appid, openid, unionid FROM queqiao_identities WHERE user_id = ?1 ORDER BY appid, openid",
        )
        .bind(user)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(appid, openid, unionid)| Identity { appid, openid, unionid }).collect())
    }

    async fn grant_role(&self, user: UserId, role: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO queqiao_roles (user_id, role) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .bind(user)
            .bind(role)
            .execute(&self.pool)
            .await
            .map_err(owned_by(user))?;
        Ok(())
    }

    async fn withdraw_role(&self, user: UserId, role: &str) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let removed = sqlx::query("DELETE FROM queqiao_roles WHERE user_id = ?1 AND role = ?2")
            .bind(user)
            .bind(role)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if removed == 0 {
            sqlx::query("SELECT 1 FROM queqiao_users WHERE id = ?1")
                .bind(user)
                .fetch_optional(&mut *transaction)
                .await?
                .ok_or(StoreError::UnknownUser(user))?;
        }
        Ok(transaction.commit().await?)
    }

    async fn raise_epoch(&self, user: UserId) -> Result<i64, StoreError> {
        sqlx::query_scalar("UPDATE queqiao_users SET epoch = epoch + 1 WHERE id = ?1 RETURNING epoch")
            .bind(user)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(StoreError::UnknownUser(user))
    }

    async fn revoke_session(&self, session: Uuid, user: UserId, until: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO queqiao_revoked_sessions (user_id, session, until) VALUES (?1, ?2, ?3)
             ON CONFLICT (user_id, session) DO UPDATE SET until = max(until, excluded.until)",
        )
        .bind(user)
        .bind(session.to_string())
        .bind(until.as_millisecond())
        .execute(&self.pool)
        .await
        .map_err(owned_by(user))?;
        Ok(())
    }

    async fn access(&self, user: UserId, now: Timestamp) -> Result<Option<Access>, StoreError> {
        let row: Option<(i64, String, String)> = sqlx::query_as(
            "SELECT epoch,
                    (SELECT json_group_array(role) FROM queqiao_roles WHERE user_id = id),
                    (SELECT json_group_array(session) FROM queqiao_revoked_sessions
                     WHERE user_id = id AND until > ?2)
             FROM queqiao_users WHERE id = ?1",
        )
        .bind(user)
        .bind(now.as_millisecond())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|(epoch, roles, sessions)| {
            Ok(Access { epoch, roles: set(&roles)?, revoked_sessions: set(&sessions)? })
        })
        .transpose()
    }

    async fn count(&self) -> Result<u64, StoreError> {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM queqiao_users").fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::tests::fresh;

    #[tokio::test]
    async fn expired_revocations_are_swept_by_logins() {
        let (store, _folder) = fresh().await;
        let now = Timestamp::now();
        let identity = Identity::new("wx1", "o1");
        let user = store.sign_in(&identity, now).await.unwrap().id;
        store.revoke_session(Uuid::new_v4(), user, now).await.unwrap();
        let lasting = Uuid::new_v4();
        store.revoke_session(lasting, user, now + jiff::SignedDuration::from_hours(1)).await.unwrap();
        store.sign_in(&identity, now).await.unwrap();
        let left: Vec<String> = sqlx::query_scalar("SELECT session FROM queqiao_revoked_sessions")
            .fetch_all(store.pool())
            .await
            .unwrap();
        assert_eq!(left, [lasting.to_string()]);
    }
}
