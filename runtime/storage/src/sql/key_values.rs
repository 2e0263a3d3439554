//! Values by key in SQL.

use jiff::Timestamp;
use uuid::Uuid;

use super::SqlStore;
use crate::database::{Row, Transaction, retried};
use crate::key_value::{check_key, check_value, lives};
use crate::{Entry, Expected, KeyValues, StoreError, values};

/// Ended values forgotten with each write: enough to keep up, too few to be felt.
const SWEPT_PER_WRITE: u32 = 20;

const SELECT: &str = "SELECT value, version, expires_at FROM queqiao_key_values WHERE name = $1";
const UPDATE: &str =
    "UPDATE queqiao_key_values SET value = $2, version = $3, expires_at = $4 WHERE name = $1";
const INSERT: &str =
    "INSERT INTO queqiao_key_values (name, value, version, expires_at) VALUES ($1, $2, $3, $4)";

fn entry(row: &Row, now: Timestamp) -> Result<Option<Entry>, StoreError> {
    let entry = Entry { value: row.get(0)?, version: row.get(1)?, expires_at: row.get(2)? };
    Ok(lives(entry.expires_at, now).then_some(entry))
}

/// Locks the key, and finds the row and the value that is there.
async fn locked(
    transaction: &mut Transaction,
    key: &str,
    now: Timestamp,
) -> Result<(bool, Option<Entry>), StoreError> {
    transaction.lock(&[lock(key).as_bytes()]).await?;
    match transaction.row(SELECT, &values![key]).await? {
        Some(row) => Ok((true, entry(&row, now)?)),
        None => Ok((false, None)),
    }
}

/// Writes or removes a value in a transaction that also does something else.
pub(crate) async fn set_in(
    transaction: &mut Transaction,
    key: &str,
    value: Option<&[u8]>,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    check_key(key)?;
    transaction.lock(&[lock(key).as_bytes()]).await?;
    let delete = "DELETE FROM queqiao_key_values WHERE name = $1";
    transaction.execute(delete, &values![key]).await?;
    if let Some(value) = value {
        check_value(value)?;
        transaction.execute(INSERT, &values![key, value, Uuid::new_v4(), expires_at]).await?;
    }
    Ok(())
}

fn lock(key: &str) -> String {
    format!("value {key}")
}

impl SqlStore {
    /// Writes under the key's lock; nothing when the caller expects something else.
    async fn write_once(
        &self,
        key: &str,
        expected: Option<Expected>,
        (value, version, expires_at): (&[u8], Uuid, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        let (exists, entry) = locked(&mut transaction, key, now).await?;
        let found = entry.map(|entry| entry.version);
        if expected.is_some_and(|expected| match expected {
            Expected::Absent => found.is_some(),
            Expected::Version(version) => found != Some(version),
        }) {
            return Ok(false);
        }
        let write = if exists { UPDATE } else { INSERT };
        transaction.execute(write, &values![key, value, version, expires_at]).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn take_once(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        let mut transaction = self.database.begin().await?;
        let (exists, entry) = locked(&mut transaction, key, now).await?;
        if exists {
            transaction.execute("DELETE FROM queqiao_key_values WHERE name = $1", &values![key]).await?;
        }
        transaction.commit().await?;
        Ok(entry)
    }

    async fn sweep_values(&self, now: Timestamp) -> Result<(), StoreError> {
        let select = "SELECT name FROM queqiao_key_values WHERE expires_at <= $1 LIMIT $2";
        let expired = self.database.rows(select, &values![now, SWEPT_PER_WRITE]).await?;
        let keys = expired.iter().map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()?;
        self.forget("queqiao_key_values", "name", keys.iter().map(Into::into).collect(), now).await
    }
}

#[async_trait::async_trait]
impl KeyValues for SqlStore {
    async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        check_key(key)?;
        let row = self.database.row(SELECT, &values![key]).await?;
        row.map_or(Ok(None), |row| entry(&row, now))
    }

    async fn put(
        &self,
        key: &str,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Uuid, StoreError> {
        check_key(key)?;
        check_value(value)?;
        self.sweep_values(now).await?;
        let version = Uuid::new_v4();
        retried(|| self.write_once(key, None, (value, version, expires_at), now)).await?;
        Ok(version)
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Expected,
        value: &[u8],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError> {
        check_key(key)?;
        check_value(value)?;
        let version = Uuid::new_v4();
        let written =
            retried(|| self.write_once(key, Some(expected), (value, version, expires_at), now)).await?;
        Ok(written.then_some(version))
    }

    async fn take(&self, key: &str, now: Timestamp) -> Result<Option<Entry>, StoreError> {
        check_key(key)?;
        retried(|| self.take_once(key, now)).await
    }
}
