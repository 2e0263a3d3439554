//! Values by key in Redis: a hash of value, version and end.

use std::sync::LazyLock;

use jiff::Timestamp;
use redis::Script;
use uuid::Uuid;

use super::{RedisStore, kept, parsed, text, time};
use crate::key_value::{check_key, check_value, lives};
use crate::{Entry, Expected, KeyValues, StoreError};

/// Expected version (`*` any, empty none), value, version, end or empty, now, milliseconds to keep or empty.
static WRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'version', 'end')
         local found = held[1] or ''
         if held[2] and held[2] ~= '' and tonumber(held[2]) <= tonumber(ARGV[5]) then found = '' end
         if ARGV[1] ~= '*' and ARGV[1] ~= found then return 0 end
         redis.call('DEL', KEYS[1])
         redis.call('HSET', KEYS[1], 'value', ARGV[2], 'version', ARGV[3], 'end', ARGV[4])
         if ARGV[6] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
         return 1",
    )
});

static READ: LazyLock<Script> =
    LazyLock::new(|| Script::new("return redis.call('HMGET', KEYS[1], 'value', 'version', 'end')"));

static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HMGET', KEYS[1], 'value', 'version', 'end')
         redis.call('DEL', KEYS[1])
         return held",
    )
});

type Held = (Option<Vec<u8>>, Option<String>, Option<String>);

fn entry(held: Held, now: Timestamp) -> Result<Option<Entry>, StoreError> {
    let (Some(value), Some(version), Some(end)) = held else { return Ok(None) };
    let expires_at = if end.is_empty() { None } else { Some(time(&end)?) };
    let entry = Entry { value, version: parsed(&version, "version")?, expires_at };
    Ok(lives(expires_at, now).then_some(entry))
}

impl RedisStore {
    async fn write(
        &self,
        key: &str,
        expected: &str,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError> {
        check_key(key)?;
        check_value(value)?;
        let version = Uuid::new_v4();
        let end = expires_at.map(text).unwrap_or_default();
        let keep = expires_at.map(|end| kept(end, now)).unwrap_or_default();
        let (id, now) = (version.to_string(), text(now));
        let arguments =
            [expected.as_bytes(), value, id.as_bytes(), end.as_bytes(), now.as_bytes(), keep.as_bytes()];
        let written: bool = self.run(&WRITE, self.key("value", key), &arguments).await?;
        Ok(written.then_some(version))
    }
}

#[async_trait::async_trait]
impl KeyValues for RedisStore {
    async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        check_key(key)?;
        entry(self.run(&READ, self.key("value", key), &[]).await?, now)
    }

    async fn put(
        &self,
        key: &str,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Uuid, StoreError> {
        let version = self.write(key, "*", value, expires_at, now).await?;
        version.ok_or_else(|| StoreError::Database { detail: "an unconditional write was refused".into() })
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Expected,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError> {
        let expected = match expected {
            Expected::Absent => String::new(),
            Expected::Version(version) => version.to_string(),
        };
        self.write(key, &expected, value, expires_at, now).await
    }

    async fn take(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        check_key(key)?;
        entry(self.run(&TAKE, self.key("value", key), &[]).await?, now)
    }
}
