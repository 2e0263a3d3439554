//! Login codes in Redis: a hash of state, lease, user and end.

use std::sync::LazyLock;

use jiff::Timestamp;
use redis::Script;
use uuid::Uuid;

use super::{RedisStore, hex, kept, parsed, text, time};
use crate::{Claim, CodeHash, LEASE, Lease, LoginCodes, REFUSAL, REPLAY, StoreError, UserId};

/// Lease, until, now, milliseconds to keep.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'state', 'user', 'end')
         if held[1] and tonumber(held[3]) > tonumber(ARGV[3]) then
             return {held[1], held[2] or '', held[3]}
         end
         redis.call('DEL', KEYS[1])
         redis.call('HSET', KEYS[1], 'state', 'leased', 'lease', ARGV[1], 'end', ARGV[2])
         redis.call('PEXPIRE', KEYS[1], ARGV[4])
         return {'yours', '', ''}",
    )
});

/// User, end, now, milliseconds to keep.
static FINISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'state', 'end')
         if held[1] == 'done' and tonumber(held[2]) > tonumber(ARGV[3]) then return 0 end
         redis.call('DEL', KEYS[1])
         redis.call('HSET', KEYS[1], 'state', 'done', 'user', ARGV[1], 'end', ARGV[2])
         redis.call('PEXPIRE', KEYS[1], ARGV[4])
         return 1",
    )
});

/// Lease, end, milliseconds to keep; without an end the code is free.
static LEAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'state', 'lease')
         if held[1] ~= 'leased' or held[2] ~= ARGV[1] then return 0 end
         redis.call('DEL', KEYS[1])
         if ARGV[2] ~= '' then
             redis.call('HSET', KEYS[1], 'state', 'refused', 'end', ARGV[2])
             redis.call('PEXPIRE', KEYS[1], ARGV[3])
         end
         return 1",
    )
});

impl RedisStore {
    fn code_key(&self, code: &CodeHash) -> String {
        self.key("code", hex(code.as_bytes()))
    }
}

#[async_trait::async_trait]
impl LoginCodes for RedisStore {
    async fn claim(&self, code: &CodeHash, now: Timestamp) -> Result<Claim, StoreError> {
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let lease = Lease { code: *code, id: Uuid::new_v4(), until };
        let arguments = [lease.id.to_string(), text(until), text(now), kept(until, now)];
        let arguments = arguments.each_ref().map(|argument| argument.as_bytes());
        let (state, user, end): (String, String, String) =
            self.run(&CLAIM, self.code_key(code), &arguments).await?;
        Ok(match state.as_str() {
            "yours" => Claim::Yours(lease),
            "done" => Claim::Done(parsed::<UserId>(&user, "user")?),
            "refused" => Claim::Refused,
            _ => Claim::Busy { until: time(&end)? },
        })
    }

    async fn finish(&self, lease: &Lease, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        let end = now.checked_add(REPLAY).unwrap_or(Timestamp::MAX);
        let arguments = [user.to_string(), text(end), text(now), kept(end, now)];
        let arguments = arguments.each_ref().map(|argument| argument.as_bytes());
        self.run(&FINISH, self.code_key(&lease.code), &arguments).await
    }

    async fn refuse(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        let end = now.checked_add(REFUSAL).unwrap_or(Timestamp::MAX);
        let arguments = [lease.id.to_string(), text(end), kept(end, now)];
        let arguments = arguments.each_ref().map(|argument| argument.as_bytes());
        self.run(&LEAVE, self.code_key(&lease.code), &arguments).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let id = lease.id.to_string();
        self.run(&LEAVE, self.code_key(&lease.code), &[id.as_bytes(), b"", b""]).await
    }
}
