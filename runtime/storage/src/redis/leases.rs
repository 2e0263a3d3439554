//! Leases in Redis: a hash of token and end, which stays.

use std::sync::LazyLock;

use jiff::Timestamp;
use redis::Script;

use super::{RedisStore, parsed, text, time};
use crate::key_value::check_key;
use crate::lease::next_token;
use crate::{Grant, Leased, Leases, StoreError};

/// Until, now, the token if there was none before.
static ACQUIRE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'token', 'end')
         if held[2] and tonumber(held[2]) > tonumber(ARGV[2]) then return {'', held[2]} end
         local token = ARGV[3]
         if held[1] and tonumber(held[1]) >= tonumber(token) then
             token = string.format('%.0f', tonumber(held[1]) + 1)
         end
         redis.call('HSET', KEYS[1], 'token', token, 'end', ARGV[1])
         return {token, ARGV[1]}",
    )
});

/// Token, until, now.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'token', 'end')
         if held[1] ~= ARGV[1] or tonumber(held[2]) <= tonumber(ARGV[3]) then return 0 end
         redis.call('HSET', KEYS[1], 'end', ARGV[2])
         return 1",
    )
});

#[async_trait::async_trait]
impl Leases for RedisStore {
    async fn acquire(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<Leased, StoreError> {
        check_key(name)?;
        let first = next_token(None, now).to_string();
        let arguments = [text(until), text(now), first];
        let arguments = arguments.each_ref().map(|argument| argument.as_bytes());
        let (token, end): (String, String) = self.run(&ACQUIRE, self.key("lease", name), &arguments).await?;
        let until = time(&end)?;
        if token.is_empty() {
            return Ok(Leased::Held { until });
        }
        Ok(Leased::Yours(Grant { name: name.to_owned(), token: parsed(&token, "token")?, until }))
    }

    async fn renew(
        &self,
        grant: &Grant,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        let arguments = [grant.token.to_string(), text(until), text(now)];
        let arguments = arguments.each_ref().map(|argument| argument.as_bytes());
        let renewed: bool = self.run(&RENEW, self.key("lease", &grant.name), &arguments).await?;
        Ok(if renewed { Some(Grant { until: time(&text(until))?, ..grant.clone() }) } else { None })
    }

    async fn release(&self, grant: &Grant) -> Result<(), StoreError> {
        self.renew(grant, Timestamp::MIN, Timestamp::MIN).await?;
        Ok(())
    }
}
