//! Login codes in SQL.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::SqlStore;
use crate::database::retried;
use crate::{Claim, CodeHash, LEASE, Lease, LoginCodes, REFUSAL, REPLAY, StoreError, UserId, values};

/// Expired codes forgotten with each claim: enough to keep up, too few to be felt.
const SWEPT_PER_CLAIM: u32 = 100;

fn end(now: Timestamp, after: SignedDuration) -> Timestamp {
    now.checked_add(after).unwrap_or(Timestamp::MAX)
}

impl SqlStore {
    async fn claim_once(&self, code: &CodeHash, now: Timestamp) -> Result<Claim, StoreError> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[code.as_bytes()]).await?;
        let row = transaction
            .row(
                "SELECT state, user_id, expires_at FROM queqiao_login_codes WHERE code = $1",
                &values![code.as_bytes()],
            )
            .await?;
        let claim = match &row {
            Some(row) if row.get::<Timestamp>(2)? > now => match row.get::<Option<UserId>>(1)? {
                Some(user) => Claim::Done(user),
                None if row.get::<String>(0)? == "refused" => Claim::Refused,
                None => Claim::Busy { until: row.get(2)? },
            },
            expired_or_new => {
                let lease = Lease { code: *code, id: Uuid::new_v4(), until: end(now, LEASE) };
                let write = if expired_or_new.is_some() {
                    "UPDATE queqiao_login_codes SET state = 'leased', lease = $2, user_id = NULL, expires_at = $3
                     WHERE code = $1"
                } else {
                    "INSERT INTO queqiao_login_codes (code, state, lease, expires_at)
                     VALUES ($1, 'leased', $2, $3)"
                };
                transaction.execute(write, &values![code.as_bytes(), lease.id, lease.until]).await?;
                Claim::Yours(lease)
            }
        };
        transaction.commit().await?;
        Ok(claim)
    }

    async fn sweep_codes(&self, now: Timestamp) -> Result<(), StoreError> {
        let select = "SELECT code FROM queqiao_login_codes WHERE expires_at <= $1 LIMIT $2";
        let expired = self.database.rows(select, &values![now, SWEPT_PER_CLAIM]).await?;
        self.forget_hashes("queqiao_login_codes", "code", &expired, now).await
    }

    async fn finish_once(&self, lease: &Lease, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        let code = lease.code.as_bytes();
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[code]).await?;
        let known = "SELECT 1 FROM queqiao_users WHERE id = $1";
        transaction.row(known, &values![user]).await?.ok_or(StoreError::UnknownUser(user))?;
        let select = "SELECT state, expires_at FROM queqiao_login_codes WHERE code = $1";
        let row = transaction.row(select, &values![code]).await?;
        let write = match &row {
            // What was recorded first stays.
            Some(row) if row.get::<String>(0)? == "done" && row.get::<Timestamp>(1)? > now => return Ok(()),
            Some(_) => {
                "UPDATE queqiao_login_codes SET state = 'done', lease = NULL, user_id = $2, expires_at = $3
                 WHERE code = $1"
            }
            None => {
                "INSERT INTO queqiao_login_codes (code, state, user_id, expires_at) VALUES ($1, 'done', $2, $3)"
            }
        };
        transaction.execute(write, &values![code, user, end(now, REPLAY)]).await?;
        transaction.commit().await
    }
}

#[async_trait::async_trait]
impl LoginCodes for SqlStore {
    async fn claim(&self, code: &CodeHash, now: Timestamp) -> Result<Claim, StoreError> {
        self.sweep_codes(now).await?;
        retried(|| self.claim_once(code, now)).await
    }

    async fn finish(&self, lease: &Lease, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        retried(|| self.finish_once(lease, user, now)).await
    }

    async fn refuse(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        let update = "UPDATE queqiao_login_codes SET state = 'refused', lease = NULL, expires_at = $3
                      WHERE code = $1 AND lease = $2 AND state = 'leased'";
        let end = end(now, REFUSAL);
        self.execute_retried(update, &values![lease.code.as_bytes(), lease.id, end]).await?;
        Ok(())
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let delete = "DELETE FROM queqiao_login_codes WHERE code = $1 AND lease = $2 AND state = 'leased'";
        self.execute_retried(delete, &values![lease.code.as_bytes(), lease.id]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tests::fresh;

    #[tokio::test]
    async fn expired_codes_are_swept_by_claims_and_count_no_more() {
        let (store, _folder) = fresh().await;
        let now = Timestamp::now();
        let code = |n: i64| CodeHash::new("wx1", &n.to_string());
        for n in 0..150 {
            store.claim(&code(n), now + SignedDuration::from_millis(n)).await.unwrap();
        }
        let later = now + SignedDuration::from_secs(31);
        // The sweep of this claim ends before it comes to the latest code, which is free all the same.
        for code in [code(149), code(200)] {
            assert!(matches!(store.claim(&code, later).await.unwrap(), Claim::Yours(_)));
        }
        let left = store.database().row("SELECT count(*) FROM queqiao_login_codes", &[]).await.unwrap();
        assert_eq!(left.unwrap().get::<i64>(0).unwrap(), 2);
    }
}
