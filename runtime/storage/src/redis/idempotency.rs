//! Idempotency records in Redis: a hash of the request and its answer.

use std::sync::LazyLock;

use jiff::Timestamp;
use redis::Script;

use super::{RedisStore, hex, kept, parsed, text, time};
use crate::idempotency::check_answer;
use crate::{AfterCrash, Answer, Attempt, Begun, IdempotencyRecords, IdempotentRequest, Scope, StoreError};

/// Hash of the body, attempt, patience, end, now, milliseconds to keep, whether to execute again after a crash.
static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'end', 'hash', 'patience', 'status', 'headers', 'body')
         if held[1] and tonumber(held[1]) > tonumber(ARGV[5]) then
             local crashed = not held[4] and tonumber(held[3]) <= tonumber(ARGV[5])
             local again = redis.call('HGET', KEYS[1], 'again') == '1'
             if not (crashed and again and held[2] == ARGV[1]) then return held end
         end
         redis.call('DEL', KEYS[1])
         redis.call('HSET', KEYS[1], 'hash', ARGV[1], 'attempt', ARGV[2], 'patience', ARGV[3], 'end', ARGV[4],
                    'again', ARGV[7])
         redis.call('PEXPIRE', KEYS[1], ARGV[6])
         return {false, false, false, false, false, false}",
    )
});

/// Attempt, status, body, headers.
static ANSWER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'attempt', 'status')
         if held[1] ~= ARGV[1] or held[2] then return 0 end
         redis.call('HSET', KEYS[1], 'status', ARGV[2], 'body', ARGV[3], 'headers', ARGV[4])
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

/// Attempt, now.
static GIVE_UP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'attempt', 'status')
         if held[1] == ARGV[1] and not held[2] then redis.call('HSET', KEYS[1], 'patience', ARGV[2]) end
         return 1",
    )
});

/// End, hash of the body, patience, status, headers, body.
type Held =
    (Option<String>, Option<Vec<u8>>, Option<String>, Option<String>, Option<Vec<u8>>, Option<Vec<u8>>);

impl RedisStore {
    fn scope_key(&self, scope: &Scope) -> String {
        self.key("request", hex(scope.as_bytes()))
    }
}

#[async_trait::async_trait]
impl IdempotencyRecords for RedisStore {
    async fn begin(&self, request: &IdempotentRequest, now: Timestamp) -> Result<Begun, StoreError> {
        let attempt = Attempt { scope: request.scope, id: request.attempt };
        let again = if request.after_crash == AfterCrash::Again { "1" } else { "0" };
        let texts = [
            attempt.id.to_string(),
            text(request.patience),
            text(request.until),
            text(now),
            kept(request.until, now),
            again.to_owned(),
        ];
        let mut arguments = vec![request.body.as_bytes().as_slice()];
        arguments.extend(texts.iter().map(|text| text.as_bytes()));
        let (end, hash, patience, status, head, held): Held =
            self.run(&BEGIN, self.scope_key(&request.scope), &arguments).await?;
        let (Some(_), Some(hash), Some(patience)) = (end, hash, patience) else {
            return Ok(Begun::Yours(attempt));
        };
        Ok(if hash != request.body.as_bytes() {
            Begun::OtherBody
        } else if let Some(status) = status {
            let status = parsed(&status, "status")?;
            let headers = Answer::headers_of(&head.unwrap_or_default());
            Begun::Answered(Answer { status, headers, body: held.unwrap_or_default() })
        } else if time(&patience)?.as_millisecond() > now.as_millisecond() {
            Begun::Running
        } else {
            Begun::Unknown
        })
    }

    async fn answer(&self, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError> {
        check_answer(answer)?;
        let (id, status, head) = (attempt.id.to_string(), answer.status.to_string(), answer.head());
        let arguments = [id.as_bytes(), status.as_bytes(), answer.body.as_slice(), head.as_slice()];
        self.run(&ANSWER, self.scope_key(&attempt.scope), &arguments).await
    }

    async fn abandon(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let id = attempt.id.to_string();
        self.run(&ABANDON, self.scope_key(&attempt.scope), &[id.as_bytes()]).await
    }

    async fn give_up(&self, attempt: &Attempt, now: Timestamp) -> Result<(), StoreError> {
        let (id, now) = (attempt.id.to_string(), text(now));
        self.run(&GIVE_UP, self.scope_key(&attempt.scope), &[id.as_bytes(), now.as_bytes()]).await
    }
}
