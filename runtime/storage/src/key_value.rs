//! Small values by key, with an end: caches, counters, one-time tokens.

use jiff::Timestamp;
use uuid::Uuid;

use crate::StoreError;

/// How long a key may be, in bytes.
pub const KEY_LIMIT: usize = 250;

/// How long a value may be, in bytes: larger ones belong into a table or an object store.
pub const VALUE_LIMIT: usize = 1024 * 1024;

/// A value with what tells it from every other that ever stood under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Vec<u8>,
    /// Its version: random, so that one that was deleted and written again is another.
    pub version: Uuid,
    /// When it ends, to the millisecond; nothing if it stays.
    pub expires_at: Option<Timestamp>,
}

/// What [`KeyValues::compare_and_set`] is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No value, or one that has ended.
    Absent,
    /// The value of this version.
    Version(Uuid),
}

/// Values by key, alike for all instances.
///
/// A write is there for every reader as soon as it has returned. Concurrent writes of one key happen one
/// after the other. A value is there until its end and never again after it, by the time that the caller
/// gives. Keys are compared byte by byte.
///
/// # Errors
///
/// Each method: [`StoreError::Limit`] for a key that is empty, longer than [`KEY_LIMIT`], or holds a NUL
/// character, and for a value longer than [`VALUE_LIMIT`]; otherwise as the database fails.
#[async_trait::async_trait]
pub trait KeyValues: Send + Sync {
    /// The value, if there is one that has not ended.
    async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError>;

    /// Writes a value, whatever was there, and returns its version.
    ///
    /// Each call also forgets some of what has ended, so that the store does not grow.
    async fn put(
        &self,
        key: &str,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Uuid, StoreError>;

    /// Writes a value if what is there is what the caller expects, and returns its version; `None`, and
    /// nothing changed, if it is not. Of concurrent callers with one expectation exactly one writes.
    async fn compare_and_set(
        &self,
        key: &str,
        expected: Expected,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError>;

    /// Removes the value, and returns it if it was there: of concurrent callers one gets it.
    async fn take(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError>;
}

/// Refuses what not every engine keeps as it is.
pub(crate) fn check_key(key: &str) -> Result<(), StoreError> {
    let problem = if key.is_empty() {
        "is empty"
    } else if key.len() > KEY_LIMIT {
        "is too long"
    } else if key.contains('\0') {
        "holds a NUL character"
    } else {
        return Ok(());
    };
    Err(StoreError::Limit(format!(
        "a key {problem}: use 1 to {KEY_LIMIT} bytes of text, and a hash of what is longer"
    )))
}

pub(crate) fn check_value(value: &[u8]) -> Result<(), StoreError> {
    if value.len() <= VALUE_LIMIT {
        return Ok(());
    }
    Err(StoreError::Limit(format!(
        "a value has {} bytes, and at most {VALUE_LIMIT} are kept by key: keep it in a table or an object store",
        value.len()
    )))
}

/// Whether a value with this end is there.
pub(crate) fn lives(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    // As it is stored, so that every adapter ends it in the same millisecond.
    expires_at.is_none_or(|end| end.as_millisecond() > now.as_millisecond())
}
