//! Users in SQL.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::SqlStore;
use crate::database::{Row, Transaction, retried};
use crate::{Access, Account, Accounts, Identity, StoreError, UserId, values};

/// Expired revocations forgotten with each login: enough to keep up, too few to be felt.
const SWEPT_PER_LOGIN: u32 = 20;

/// All that decides who a user is, in one statement and so of one moment: the user, then its roles, then
/// its revoked sessions that end after `$2`.
const ACCOUNT: &str = "
    SELECT 0, id, epoch, created_at FROM queqiao_users WHERE id = $1
    UNION ALL SELECT 1, role, 0, 0 FROM queqiao_roles WHERE user_id = $1
    UNION ALL SELECT 2, session, 0, 0 FROM queqiao_revoked_sessions WHERE user_id = $1 AND until > $2";

fn account(rows: &[Row]) -> Result<Option<(Account, Access)>, StoreError> {
    let mut found = None;
    let mut access = Access::default();
    for row in rows {
        match row.get::<i64>(0)? {
            0 => found = Some((row.get(1)?, row.get(2)?, row.get(3)?)),
            1 => _ = access.roles.insert(row.get(1)?),
            _ => _ = access.revoked_sessions.insert(row.get(1)?),
        }
    }
    Ok(found.map(|(id, epoch, created_at)| {
        let account = Account { id, epoch, roles: access.roles.clone(), created_at };
        (account, Access { epoch, ..access })
    }))
}

/// Keeps the user as it is until the transaction ends.
async fn lock_user(transaction: &mut Transaction, user: UserId) -> Result<(), StoreError> {
    let select =
        format!("SELECT epoch FROM queqiao_users WHERE id = $1{}", transaction.engine().for_update());
    match transaction.row(AssertSqlSafe(select), &values![user]).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::UnknownUser(user)),
    }
}

/// What whoever makes users of a unionid locks before it looks for one.
pub(crate) fn union_lock(unionid: &str) -> Vec<u8> {
    format!("union {unionid}").into_bytes()
}

impl SqlStore {
    async fn sign_in_once(&self, identity: &Identity, now: Timestamp) -> Result<Account, StoreError> {
        let unionid = identity.known_unionid();
        let (appid, openid) = (identity.appid.as_str(), identity.openid.as_str());
        let mut transaction = self.database.begin().await?;
        let (own, union) = (format!("identity {appid} {openid}"), union_lock(unionid.unwrap_or_default()));
        let keys = [own.as_bytes(), &union];
        // Two logins of one person through two apps meet at the unionid.
        transaction.lock(if unionid.is_some() { &keys } else { &keys[..1] }).await?;
        let known = transaction
            .row(
                "SELECT user_id, unionid FROM queqiao_identities WHERE appid = $1 AND openid = $2",
                &values![appid, openid],
            )
            .await?;
        let user = match known {
            Some(row) => {
                if unionid.is_some() && row.get::<Option<String>>(1)?.as_deref() != unionid {
                    transaction
                        .execute(
                            "UPDATE queqiao_identities SET unionid = $3 WHERE appid = $1 AND openid = $2",
                            &values![appid, openid, unionid],
                        )
                        .await?;
                }
                row.get(0)?
            }
            None => {
                let elsewhere = transaction
                    .row(
                        "SELECT user_id FROM queqiao_identities JOIN queqiao_users ON id = user_id
                         WHERE unionid = $1 ORDER BY created_at, id LIMIT 1",
                        &values![unionid],
                    )
                    .await?;
                let user = match elsewhere {
                    Some(row) => row.get(0)?,
                    None => {
                        let user = UserId::new(now);
                        let insert = "INSERT INTO queqiao_users (id, created_at) VALUES ($1, $2)";
                        transaction.execute(insert, &values![user, now]).await?;
                        user
                    }
                };
                transaction
                    .execute(
                        "INSERT INTO queqiao_identities (appid, openid, unionid, user_id)
                         VALUES ($1, $2, $3, $4)",
                        &values![appid, openid, unionid, user],
                    )
                    .await?;
                user
            }
        };
        let rows = transaction.rows(ACCOUNT, &values![user, now]).await?;
        transaction.commit().await?;
        Ok(account(&rows)?.ok_or(StoreError::UnknownUser(user))?.0)
    }

    async fn sweep_revocations(&self, now: Timestamp) -> Result<(), StoreError> {
        let select = "SELECT user_id, session FROM queqiao_revoked_sessions WHERE until <= $1 LIMIT $2";
        for row in self.database.rows(select, &values![now, SWEPT_PER_LOGIN]).await? {
            let values = values![row.get::<UserId>(0)?, row.get::<Uuid>(1)?, now];
            let delete =
                "DELETE FROM queqiao_revoked_sessions WHERE user_id = $1 AND session = $2 AND until <= $3";
            self.database.execute(delete, &values).await?;
        }
        Ok(())
    }

    async fn grant_role_once(&self, user: UserId, role: &str) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        lock_user(&mut transaction, user).await?;
        let values = values![user, role];
        let select = "SELECT 1 FROM queqiao_roles WHERE user_id = $1 AND role = $2";
        if transaction.row(select, &values).await?.is_none() {
            let insert = "INSERT INTO queqiao_roles (user_id, role) VALUES ($1, $2)";
            transaction.execute(insert, &values).await?;
        }
        transaction.commit().await
    }

    async fn withdraw_role_once(&self, user: UserId, role: &str) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        lock_user(&mut transaction, user).await?;
        let delete = "DELETE FROM queqiao_roles WHERE user_id = $1 AND role = $2";
        transaction.execute(delete, &values![user, role]).await?;
        transaction.commit().await
    }

    async fn raise_epoch_once(&self, user: UserId) -> Result<i64, StoreError> {
        let mut transaction = self.database.begin().await?;
        let update = "UPDATE queqiao_users SET epoch = epoch + 1 WHERE id = $1";
        transaction.execute(update, &values![user]).await?;
        let select = "SELECT epoch FROM queqiao_users WHERE id = $1";
        let row = transaction.row(select, &values![user]).await?;
        let epoch = row.ok_or(StoreError::UnknownUser(user))?.get(0)?;
        transaction.commit().await?;
        Ok(epoch)
    }

    async fn revoke_session_once(
        &self,
        session: Uuid,
        user: UserId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        use crate::database::Merge::Greatest;
        let mut transaction = self.database.begin().await?;
        lock_user(&mut transaction, user).await?;
        let end = transaction.engine().on_conflict(
            "queqiao_revoked_sessions",
            "user_id, session",
            &[("until", Greatest)],
        );
        let insert = format!(
            "INSERT INTO queqiao_revoked_sessions (user_id, session, until) VALUES ($1, $2, $3){end}"
        );
        transaction.execute(AssertSqlSafe(insert), &values![user, session, until]).await?;
        transaction.commit().await
    }
}

#[async_trait::async_trait]
impl Accounts for SqlStore {
    async fn sign_in(&self, identity: &Identity, now: Timestamp) -> Result<Account, StoreError> {
        self.sweep_revocations(now).await?;
        retried(|| self.sign_in_once(identity, now)).await
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        let rows = self.database.rows(ACCOUNT, &values![user, Timestamp::MAX]).await?;
        Ok(account(&rows)?.map(|(account, _)| account))
    }

    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, StoreError> {
        let select =
            "SELECT appid, openid, unionid FROM queqiao_identities WHERE user_id = $1 ORDER BY appid, openid";
        let rows = self.database.rows(select, &values![user]).await?;
        let identity =
            |row: &Row| Ok(Identity { appid: row.get(0)?, openid: row.get(1)?, unionid: row.get(2)? });
        rows.iter().map(identity).collect()
    }

    async fn grant_role(&self, user: UserId, role: &str) -> Result<(), StoreError> {
        retried(|| self.grant_role_once(user, role)).await
    }

    async fn withdraw_role(&self, user: UserId, role: &str) -> Result<(), StoreError> {
        retried(|| self.withdraw_role_once(user, role)).await
    }

    async fn raise_epoch(&self, user: UserId) -> Result<i64, StoreError> {
        retried(|| self.raise_epoch_once(user)).await
    }

    async fn revoke_session(&self, session: Uuid, user: UserId, until: Timestamp) -> Result<(), StoreError> {
        retried(|| self.revoke_session_once(session, user, until)).await
    }

    async fn access(&self, user: UserId, now: Timestamp) -> Result<Option<Access>, StoreError> {
        let rows = self.database.rows(ACCOUNT, &values![user, now]).await?;
        Ok(account(&rows)?.map(|(_, access)| access))
    }

    async fn count(&self) -> Result<u64, StoreError> {
        let row = self.database.row("SELECT count(*) FROM queqiao_users", &[]).await?;
        row.map_or(Ok(0), |row| row.get(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tests::fresh;

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
        let left = store.database().rows("SELECT session FROM queqiao_revoked_sessions", &[]).await.unwrap();
        assert_eq!((left.len(), left[0].get::<Uuid>(0).unwrap()), (1, lasting));
    }
}
