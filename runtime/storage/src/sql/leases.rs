//! Leases in SQL.

use jiff::Timestamp;

use super::SqlStore;
use crate::database::retried;
use crate::key_value::check_key;
use crate::lease::next_token;
use crate::{Grant, Leased, Leases, StoreError, values};

impl SqlStore {
    async fn acquire_once(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<Leased, StoreError> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[format!("lease {name}").as_bytes()]).await?;
        let select = "SELECT token, expires_at FROM queqiao_leases WHERE name = $1";
        let row = transaction.row(select, &values![name]).await?;
        let last = row.as_ref().map(|row| row.get::<u64>(0)).transpose()?;
        if let Some(row) = &row {
            let held: Timestamp = row.get(1)?;
            if held.as_millisecond() > now.as_millisecond() {
                return Ok(Leased::Held { until: held });
            }
        }
        let token = next_token(last, now);
        let write = if row.is_some() {
            "UPDATE queqiao_leases SET token = $2, expires_at = $3 WHERE name = $1"
        } else {
            "INSERT INTO queqiao_leases (name, token, expires_at) VALUES ($1, $2, $3)"
        };
        transaction.execute(write, &values![name, stored(token), until]).await?;
        transaction.commit().await?;
        Ok(Leased::Yours(grant(name, token, until)))
    }
}

fn stored(token: u64) -> i64 {
    i64::try_from(token).unwrap_or(i64::MAX)
}

fn grant(name: &str, token: u64, until: Timestamp) -> Grant {
    // As it is stored.
    let until = Timestamp::from_millisecond(until.as_millisecond()).unwrap_or(until);
    Grant { name: name.to_owned(), token, until }
}

#[async_trait::async_trait]
impl Leases for SqlStore {
    async fn acquire(&self, name: &str, until: Timestamp, now: Timestamp) -> Result<Leased, StoreError> {
        check_key(name)?;
        retried(|| self.acquire_once(name, until, now)).await
    }

    async fn renew(
        &self,
        held: &Grant,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        let update =
            "UPDATE queqiao_leases SET expires_at = $3 WHERE name = $1 AND token = $2 AND expires_at > $4";
        let values = values![&held.name, stored(held.token), until, now];
        let renewed = self.execute_retried(update, &values).await? > 0;
        Ok(renewed.then(|| grant(&held.name, held.token, until)))
    }

    async fn release(&self, held: &Grant) -> Result<(), StoreError> {
        // The row stays, because the next token must be greater.
        let update = "UPDATE queqiao_leases SET expires_at = $3 WHERE name = $1 AND token = $2";
        self.execute_retried(update, &values![&held.name, stored(held.token), Timestamp::MIN]).await?;
        Ok(())
    }
}
