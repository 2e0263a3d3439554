//! Idempotency records in SQL.

use jiff::Timestamp;
use uuid::Uuid;

use super::SqlStore;
use crate::database::{Transaction, retried};
use crate::idempotency::check_answer;
use crate::{Answer, Attempt, Begun, BodyHash, IdempotencyRecords, REMEMBERED, Scope, StoreError, values};

/// Old records forgotten with each request: enough to keep up, too few to be felt.
const SWEPT_PER_BEGIN: u32 = 20;

const ANSWER: &str = "UPDATE queqiao_idempotency SET status = $3, content_type = $4, body = $5
                      WHERE scope = $1 AND attempt = $2 AND status IS NULL";

impl SqlStore {
    async fn begin_once(
        &self,
        attempt: &Attempt,
        body: &BodyHash,
        patience: Timestamp,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        let scope = attempt.scope.as_bytes();
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[scope]).await?;
        let select = "SELECT body_hash, running_to, status, content_type, body, expires_at
                      FROM queqiao_idempotency WHERE scope = $1";
        let row = transaction.row(select, &values![scope]).await?;
        if let Some(row) = &row
            && row.get::<Timestamp>("expires_at")? > now
        {
            return Ok(if row.get::<Vec<u8>>("body_hash")? != body.as_bytes() {
                Begun::OtherBody
            } else if let Some(status) = row.get("status")? {
                let body = row.get::<Option<_>>("body")?.unwrap_or_default();
                Begun::Answered(Answer { status, content_type: row.get("content_type")?, body })
            } else if row.get::<Timestamp>("running_to")? > now {
                Begun::Running
            } else {
                Begun::Unknown
            });
        }
        let write = if row.is_some() {
            "UPDATE queqiao_idempotency SET body_hash = $2, attempt = $3, running_to = $4, status = NULL,
             content_type = NULL, body = NULL, expires_at = $5 WHERE scope = $1"
        } else {
            "INSERT INTO queqiao_idempotency (scope, body_hash, attempt, running_to, expires_at)
             VALUES ($1, $2, $3, $4, $5)"
        };
        let end = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        transaction.execute(write, &values![scope, body.as_bytes(), attempt.id, patience, end]).await?;
        transaction.commit().await?;
        Ok(Begun::Yours(attempt.clone()))
    }

    /// Keeps the answer in the transaction that had the effect: both become true with its commit, or
    /// neither does. When the commit does not happen, [`abandon`](IdempotencyRecords::abandon) the attempt.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the attempt was abandoned or answered already: roll back then.
    /// [`StoreError::Limit`] for an answer that is too long.
    pub async fn answer_in(
        &self,
        transaction: &mut Transaction,
        attempt: &Attempt,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        check_answer(answer)?;
        let values = values![
            attempt.scope.as_bytes(),
            attempt.id,
            answer.status,
            answer.content_type.as_deref(),
            answer.body.as_slice()
        ];
        if transaction.execute(ANSWER, &values).await? == 0 {
            let detail = "the request is not being executed by this attempt any more".into();
            return Err(StoreError::Conflict { detail });
        }
        Ok(())
    }

    async fn sweep_idempotency(&self, now: Timestamp) -> Result<(), StoreError> {
        let select = "SELECT scope FROM queqiao_idempotency WHERE expires_at <= $1 LIMIT $2";
        let expired = self.database.rows(select, &values![now, SWEPT_PER_BEGIN]).await?;
        self.forget_hashes("queqiao_idempotency", "scope", &expired, now).await
    }
}

#[async_trait::async_trait]
impl IdempotencyRecords for SqlStore {
    async fn begin(
        &self,
        scope: &Scope,
        body: &BodyHash,
        patience: Timestamp,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        self.sweep_idempotency(now).await?;
        let attempt = Attempt { scope: *scope, id: Uuid::new_v4() };
        retried(|| self.begin_once(&attempt, body, patience, now)).await
    }

    async fn answer(&self, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError> {
        check_answer(answer)?;
        let values = values![
            attempt.scope.as_bytes(),
            attempt.id,
            answer.status,
            answer.content_type.as_deref(),
            answer.body.as_slice()
        ];
        self.execute_retried(ANSWER, &values).await?;
        Ok(())
    }

    async fn abandon(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let delete = "DELETE FROM queqiao_idempotency WHERE scope = $1 AND attempt = $2 AND status IS NULL";
        self.execute_retried(delete, &values![attempt.scope.as_bytes(), attempt.id]).await?;
        Ok(())
    }
}
