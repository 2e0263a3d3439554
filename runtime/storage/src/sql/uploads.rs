//! Upload records in SQL.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::SqlStore;
use crate::database::{Row, retried};
use crate::key_value::check_key;
use crate::upload::SWEEPING;
use crate::{Confirmed, StoreError, Upload, UploadRecord, Uploads, values};

const COLUMNS: &str = "name, owner, operation, content_type, size, state, begun_at";

fn record(row: &Row) -> Result<UploadRecord, StoreError> {
    Ok(UploadRecord {
        upload: Upload {
            key: row.get(0)?,
            owner: row.get(1)?,
            operation: row.get(2)?,
            content_type: row.get(3)?,
            size: row.get(4)?,
        },
        confirmed: row.get::<String>(5)? == "confirmed",
        begun_at: row.get(6)?,
    })
}

fn stored(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

impl SqlStore {
    async fn begin_upload_once(
        &self,
        upload: &Upload,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO queqiao_uploads
                      (name, owner, operation, content_type, size, state, begun_at, sweep_at)
                      VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7)";
        let values = values![
            &upload.key,
            upload.owner,
            &upload.operation,
            &upload.content_type,
            stored(upload.size),
            now,
            until
        ];
        self.database.execute(insert, &values).await?;
        Ok(())
    }

    async fn confirm_once(
        &self,
        key: &str,
        size: u64,
        content_type: &str,
        now: Timestamp,
    ) -> Result<Confirmed, StoreError> {
        let mut transaction = self.database.begin().await?;
        let update =
            "UPDATE queqiao_uploads SET state = 'confirmed', size = $2, content_type = $3, sweep_at = NULL
                      WHERE name = $1 AND state = 'pending' AND sweep_at > $4";
        transaction.execute(update, &values![key, stored(size), content_type, now]).await?;
        let select = format!("SELECT {COLUMNS} FROM queqiao_uploads WHERE name = $1");
        let row = transaction.row(AssertSqlSafe(select), &values![key]).await?;
        transaction.commit().await?;
        let record = row.as_ref().map(record).transpose()?;
        Ok(match record {
            None => Confirmed::Unknown,
            Some(record) if record.confirmed => Confirmed::Yes(record),
            Some(_) => Confirmed::TooLate,
        })
    }

    async fn take_abandoned_once(&self, most: u32, now: Timestamp) -> Result<Vec<UploadRecord>, StoreError> {
        let mut transaction = self.database.begin().await?;
        // Two sweepers at once take different ones.
        let select = format!(
            "SELECT {COLUMNS} FROM queqiao_uploads WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2{}",
            transaction.engine().skip_locked()
        );
        let rows = transaction.rows(AssertSqlSafe(select), &values![now, most]).await?;
        let records = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        let again = now.checked_add(SWEEPING).unwrap_or(Timestamp::MAX);
        for record in &records {
            let update = "UPDATE queqiao_uploads SET state = 'abandoned', sweep_at = $2 WHERE name = $1";
            transaction.execute(update, &values![&record.upload.key, again]).await?;
        }
        transaction.commit().await?;
        Ok(records)
    }
}

#[async_trait::async_trait]
impl Uploads for SqlStore {
    async fn begin_upload(
        &self,
        upload: &Upload,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        check_key(&upload.key)?;
        retried(|| self.begin_upload_once(upload, until, now)).await
    }

    async fn confirm_upload(
        &self,
        key: &str,
        size: u64,
        content_type: &str,
        now: Timestamp,
    ) -> Result<Confirmed, StoreError> {
        check_key(key)?;
        retried(|| self.confirm_once(key, size, content_type, now)).await
    }

    async fn upload(&self, key: &str) -> Result<Option<UploadRecord>, StoreError> {
        check_key(key)?;
        let select =
            format!("SELECT {COLUMNS} FROM queqiao_uploads WHERE name = $1 AND state <> 'abandoned'");
        self.database.row(AssertSqlSafe(select), &values![key]).await?.as_ref().map(record).transpose()
    }

    async fn remove_upload(&self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        check_key(key)?;
        let update = "UPDATE queqiao_uploads SET state = 'abandoned', sweep_at = $2
                      WHERE name = $1 AND state <> 'abandoned'";
        Ok(self.execute_retried(update, &values![key, now]).await? > 0)
    }

    async fn take_abandoned(&self, most: u32, now: Timestamp) -> Result<Vec<UploadRecord>, StoreError> {
        retried(|| self.take_abandoned_once(most, now)).await
    }

    async fn forget_upload(&self, key: &str) -> Result<(), StoreError> {
        check_key(key)?;
        let delete = "DELETE FROM queqiao_uploads WHERE name = $1 AND state = 'abandoned'";
        self.execute_retried(delete, &values![key]).await?;
        Ok(())
    }
}
