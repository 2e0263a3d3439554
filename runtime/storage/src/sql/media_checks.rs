//! Media checks in SQL.

use jiff::Timestamp;
use uuid::Uuid;

use super::SqlStore;
use crate::database::{Row, retried};
use crate::media_check::{LONGEST_SUBJECT, Which};
use crate::{MediaCheckRecord, MediaChecks, MediaTold, StoreError, values};

fn record(row: &Row) -> Result<MediaCheckRecord, StoreError> {
    Ok(MediaCheckRecord {
        id: row.get("id")?,
        app: row.get("app")?,
        openid: row.get("openid")?,
        subject: row.get("subject")?,
    })
}

impl SqlStore {
    async fn tell_once(
        &self,
        app: &str,
        which: Which<'_>,
        teller: &str,
        verdict: bool,
    ) -> Result<MediaTold, StoreError> {
        let mut transaction = self.database.begin().await?;
        let columns = "SELECT id, app, openid, subject FROM queqiao_media_checks";
        let row = match which {
            Which::Trace(trace) => {
                let select = format!("{columns} WHERE app = $1 AND trace = $2");
                transaction.row(sqlx::AssertSqlSafe(select), &values![app, trace]).await?
            }
            Which::Id(id) => {
                let select = format!("{columns} WHERE app = $1 AND id = $2");
                transaction.row(sqlx::AssertSqlSafe(select), &values![app, id]).await?
            }
        };
        let Some(record) = row.as_ref().map(record).transpose()? else { return Ok(MediaTold::Unknown) };
        let update = "UPDATE queqiao_media_checks SET teller = $2, verdict = $3
                      WHERE id = $1 AND (teller IS NULL OR verdict < $3)";
        transaction.execute(update, &values![record.id, teller, i64::from(verdict)]).await?;
        let select = "SELECT teller FROM queqiao_media_checks WHERE id = $1";
        let row = transaction.row(select, &values![record.id]).await?;
        let told = row.map(|row| row.get::<Option<String>>(0)).transpose()?.flatten();
        transaction.commit().await?;
        Ok(if told.as_deref() == Some(teller) { MediaTold::Yours(record) } else { MediaTold::Before })
    }
}

#[async_trait::async_trait]
impl MediaChecks for SqlStore {
    async fn begin_media_check(&self, check: &MediaCheckRecord, now: Timestamp) -> Result<(), StoreError> {
        if check.subject.len() > LONGEST_SUBJECT {
            let what = format!("the subject of a media check has at most {LONGEST_SUBJECT} bytes");
            return Err(StoreError::Limit(what));
        }
        let insert = "INSERT INTO queqiao_media_checks (id, app, openid, subject, verdict, begun_at)
                      VALUES ($1, $2, $3, $4, 0, $5)";
        let MediaCheckRecord { id, app, openid, subject } = check;
        self.execute_retried(insert, &values![*id, app, openid, subject, now]).await?;
        Ok(())
    }

    async fn media_check_asked(&self, id: Uuid, trace: &str) -> Result<(), StoreError> {
        let update = "UPDATE queqiao_media_checks SET trace = $2 WHERE id = $1";
        self.execute_retried(update, &values![id, trace]).await?;
        Ok(())
    }

    async fn abandon_media_check(&self, id: Uuid) -> Result<(), StoreError> {
        self.execute_retried("DELETE FROM queqiao_media_checks WHERE id = $1", &values![id]).await?;
        Ok(())
    }

    async fn tell_media_check(
        &self,
        app: &str,
        which: Which<'_>,
        teller: &str,
        verdict: bool,
    ) -> Result<MediaTold, StoreError> {
        retried(|| self.tell_once(app, which, teller, verdict)).await
    }

    async fn unanswered_media_checks(
        &self,
        before: Timestamp,
        most: u32,
    ) -> Result<Vec<MediaCheckRecord>, StoreError> {
        let select = "SELECT id, app, openid, subject FROM queqiao_media_checks
                      WHERE teller IS NULL AND begun_at <= $1 ORDER BY begun_at, id LIMIT $2";
        self.database.rows(select, &values![before, most]).await?.iter().map(record).collect()
    }

    async fn forget_media_checks(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute_retried("DELETE FROM queqiao_media_checks WHERE begun_at <= $1", &values![before]).await
    }
}
