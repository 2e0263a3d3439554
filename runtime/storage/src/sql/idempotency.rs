//! Idempotency records in SQL.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::SqlStore;
use crate::database::{Row, Transaction, retried};
use crate::idempotency::check_answer;
use crate::{AfterCrash, Answer, Attempt, Begun, IdempotencyRecords, IdempotentRequest, StoreError, values};

/// Old records forgotten with each request: enough to keep up, too few to be felt.
const SWEPT_PER_BEGIN: u32 = 20;

const ANSWER: &str = "UPDATE queqiao_idempotency SET status = $3, headers = $4, body = $5
                      WHERE scope = $1 AND attempt = $2 AND status IS NULL";

/// What a row says at a time; nothing if the request may be executed.
fn known(row: &Row, request: &IdempotentRequest, now: Timestamp) -> Result<Option<Begun>, StoreError> {
    if row.get::<Timestamp>("expires_at")? <= now {
        return Ok(None);
    }
    if row.get::<Vec<u8>>("body_hash")? != request.body.as_bytes() {
        return Ok(Some(Begun::OtherBody));
    }
    if let Some(status) = row.get("status")? {
        let head = row.get::<Option<Vec<u8>>>("headers")?.unwrap_or_default();
        let body = row.get::<Option<_>>("body")?.unwrap_or_default();
        return Ok(Some(Begun::Answered(Answer { status, headers: Answer::headers_of(&head), body })));
    }
    if row.get::<Timestamp>("running_to")? > now {
        return Ok(Some(Begun::Running));
    }
    Ok((row.get::<i64>("again")? == 0).then_some(Begun::Unknown))
}

impl SqlStore {
    async fn begin_once(&self, request: &IdempotentRequest, now: Timestamp) -> Result<Begun, StoreError> {
        let scope = request.scope.as_bytes();
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[scope]).await?;
        // Locked: one who answers in a transaction of his own comes before or after, and not in between.
        let select = format!(
            "SELECT body_hash, running_to, again, status, headers, body, expires_at
             FROM queqiao_idempotency WHERE scope = $1{}",
            transaction.engine().for_update()
        );
        let row = transaction.row(AssertSqlSafe(select), &values![scope]).await?;
        if let Some(begun) = row.as_ref().map(|row| known(row, request, now)).transpose()?.flatten() {
            return Ok(begun);
        }
        let write = if row.is_some() {
            "UPDATE queqiao_idempotency SET body_hash = $2, attempt = $3, running_to = $4, again = $5,
             status = NULL, headers = NULL, body = NULL, expires_at = $6 WHERE scope = $1"
        } else {
            "INSERT INTO queqiao_idempotency (scope, body_hash, attempt, running_to, again, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        };
        let again = i64::from(request.after_crash == AfterCrash::Again);
        let values =
            values![scope, request.body.as_bytes(), request.attempt, request.patience, again, request.until];
        transaction.execute(write, &values).await?;
        transaction.commit().await?;
        Ok(Begun::Yours(Attempt { scope: request.scope, id: request.attempt }))
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
            answer.head(),
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
    async fn begin(&self, request: &IdempotentRequest, now: Timestamp) -> Result<Begun, StoreError> {
        self.sweep_idempotency(now).await?;
        retried(|| self.begin_once(request, now)).await
    }

    async fn answer(&self, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError> {
        check_answer(answer)?;
        let values = values![
            attempt.scope.as_bytes(),
            attempt.id,
            answer.status,
            answer.head(),
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

    async fn give_up(&self, attempt: &Attempt, now: Timestamp) -> Result<(), StoreError> {
        let update = "UPDATE queqiao_idempotency SET running_to = $3
                      WHERE scope = $1 AND attempt = $2 AND status IS NULL";
        self.execute_retried(update, &values![attempt.scope.as_bytes(), attempt.id, now]).await?;
        Ok(())
    }
}
