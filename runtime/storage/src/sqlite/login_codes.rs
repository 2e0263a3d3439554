//! Login codes in SQLite.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{SqliteStore, owned_by, stored_time};
use crate::{Claim, CodeHash, LEASE, Lease, LoginCodes, REFUSAL, REPLAY, StoreError, UserId};

/// Expired codes forgotten with each claim: enough to keep up, too few to be felt.
const SWEPT_PER_CLAIM: u32 = 100;

fn end(now: Timestamp, after: SignedDuration) -> Timestamp {
    now.checked_add(after).unwrap_or(Timestamp::MAX)
}

#[async_trait::async_trait]
impl LoginCodes for SqliteStore {
    async fn claim(&self, code: &CodeHash, now: Timestamp) -> Result<Claim, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "DELETE FROM queqiao_login_codes WHERE code IN
             (SELECT code FROM queqiao_login_codes WHERE expires_at <= ?1 LIMIT ?2)",
        )
        .bind(now.as_millisecond())
        .bind(SWEPT_PER_CLAIM)
        .execute(&mut *transaction)
        .await?;
        let row: Option<(String, Option<UserId>, i64)> = sqlx::query_as(
            "SELECT state, user_id, expires_at FROM queqiao_login_codes WHERE code = ?1 AND expires_at > ?2",
        )
        .bind(code.as_bytes().as_slice())
        .bind(now.as_millisecond())
        .fetch_optional(&mut *transaction)
        .await?;
        let claim = match row {
            None => {
                let lease = Lease { code: *code, id: Uuid::new_v4(), until: end(now, LEASE) };
                sqlx::query(
                    "INSERT OR REPLACE INTO queqiao_login_codes (code, state, lease, expires_at)
                     VALUES (?1, 'leased', ?2, ?3)",
                )
                .bind(code.as_bytes().as_slice())
                .bind(lease.id.to_string())
                .bind(lease.until.as_millisecond())
                .execute(&mut *transaction)
                .await?;
                Claim::Yours(lease)
            }
            Some((_, Some(user), _)) => Claim::Done(user),
            Some((state, None, _)) if state == "refused" => Claim::Refused,
            Some((_, None, until)) => Claim::Busy { until: stored_time(until)? },
        };
        transaction.commit().await?;
        Ok(claim)
    }

    async fn finish(&self, lease: &Lease, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO queqiao_login_codes (code, state, user_id, expires_at) VALUES (?1, 'done', ?2, ?3)
             ON CONFLICT (code) DO UPDATE
             SET state = 'done', lease = NULL, user_id = excluded.user_id, expires_at = excluded.expires_at
             WHERE state <> 'done' OR expires_at <= ?4",
        )
        .bind(lease.code.as_bytes().as_slice())
        .bind(user)
        .bind(end(now, REPLAY).as_millisecond())
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await
        .map_err(owned_by(user))?;
        Ok(())
    }

    async fn refuse(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE queqiao_login_codes SET state = 'refused', lease = NULL, expires_at = ?3
             WHERE code = ?1 AND lease = ?2 AND state = 'leased'",
        )
        .bind(lease.code.as_bytes().as_slice())
        .bind(lease.id.to_string())
        .bind(end(now, REFUSAL).as_millisecond())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM queqiao_login_codes WHERE code = ?1 AND lease = ?2 AND state = 'leased'")
            .bind(lease.code.as_bytes().as_slice())
            .bind(lease.id.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::tests::fresh;

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
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM queqiao_login_codes")
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert_eq!(left, 2);
    }
}
