//! Idempotency records in Redis: a hash of the request and its answer.

use std::sync::LazyLock;

use jiff::Timestamp;
use redis::Script;
use uuid::Uuid;

use super::{RedisStore, hex, kept, parsed, text, time};
use crate::idempotency::check_answer;
use crate::{Answer, Attempt, Begun, BodyHash, IdempotencyRecords, REMEMBERED, Scope, StoreError};

/// Hash of the body, attempt, patience, end, now, milliseconds to keep.
static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'end', 'hash', 'patience', 'status', 'type', 'body')
         if held[1] and tonumber(held[1]) > tonumber(ARGV[5]) then return held end
         redis.call('DEL', KEYS[1])
         redis.call('HSET', KEYS[1], 'hash', ARGV[1], 'attempt', ARGV[2], 'patience', ARGV[3], 'end', ARGV[4])
         redis.call('PEXPIRE', KEYS[1], ARGV[6])
         return {false, false, false, false, false, false}",
    )
});

/// Attempt, status, body, type if there is one.
static ANSWER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'attempt', 'status')
         if held[1] ~= ARGV[1] or held[2] then return 0 end
         redis.call('HSET', KEYS[1], 'status', ARGV[2], 'body', ARGV[3])
         if ARGV[4] then redis.call('HSET', KEYS[1], 'type', ARGV[4]) end
         return 1",
    )
});

/// Attempt.
static ABANDON: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'attempt', 'status')
         if held[1] == ARGV[1] and not held[2] then redis.call('DEL', KEYS[1]) end
         return 1",
    )
});

type Held =
    (Option<String>, Option<Vec<u8>>, Option<String>, Option<String>, Option<String>, Option<Vec<u8>>);

impl RedisStore {
    fn scope_key(&self, scope: &Scope) -> String {
        self.key("request", hex(scope.as_bytes()))
    }
}

#[async_trait::async_trait]
impl IdempotencyRecords for RedisStore {
    async fn begin(
        &self,
        scope: &Scope,
        body: &BodyHash,
        patience: Timestamp,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        let attempt = Attempt { scope: *scope, id: Uuid::new_v4() };
        let end = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        let texts = [attempt.id.to_string(), text(patience), text(end), text(now), kept(end, now)];
        let mut arguments = vec![body.as_bytes().as_slice()];
        arguments.extend(texts.iter().map(|text| text.as_bytes()));
        let (end, hash, patience, status, content_type, held): Held =
            self.run(&BEGIN, self.scope_key(scope), &arguments).await?;
        let (Some(_), Some(hash), Some(patience)) = (end, hash, patience) else {
            return Ok(Begun::Yours(attempt));
        };
        Ok(if hash != body.as_bytes() {
            Begun::OtherBody
        } else if let Some(status) = status {
            let status = parsed(&status, "status")?;
            Begun::Answered(Answer { status, content_type, body: held.unwrap_or_default() })
        } else if time(&patience)?.as_millisecond() > now.as_millisecond() {
            Begun::Running
        } else {
            Begun::Unknown
        })
    }

    async fn answer(&self, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError> {
        check_answer(answer)?;
        let (id, status) = (attempt.id.to_string(), answer.status.to_string());
        let mut arguments = vec![id.as_bytes(), status.as_bytes(), answer.body.as_slice()];
        arguments.extend(answer.content_type.as_deref().map(str::as_bytes));
        self.run(&ANSWER, self.scope_key(&attempt.scope), &arguments).await
    }

    async fn abandon(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let id = attempt.id.to_string();
        self.run(&ABANDON, self.scope_key(&attempt.scope), &[id.as_bytes()]).await
    }
}
