//! Photos in SQL that SQLite, PostgreSQL and MySQL understand.

use queqiao::jiff::Timestamp;
use queqiao::prelude::*;
use queqiao::serde::{Deserialize, Serialize};
use queqiao::{Database, Row, StoreError, values};

/// Where a photo stands in the list: ids sort by time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "queqiao::serde")]
pub(crate) struct PhotoKey(pub(crate) Uuid);

/// A photo as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: Uuid,
    pub(crate) file_key: String,
    pub(crate) thumbnail_key: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) size: u32,
    pub(crate) created_at: Timestamp,
}

/// Reads and writes the photos of one user; other users' do not exist for it.
#[derive(Clone, Debug)]
pub(crate) struct PhotoRepository {
    sql: Database,
}

impl PhotoRepository {
    pub(crate) fn new(sql: Database) -> Self {
        Self { sql }
    }

    /// The rows of a page, and one more if there are more.
    pub(crate) async fn list(&self, owner: Uuid, paging: &Paging<PhotoKey>) -> Result<Vec<Kept>, StoreError> {
        // Behind every id of version 7.
        let before = paging.after().map_or(Uuid::max(), |key| key.0);
        let select = "SELECT id, file_key, thumbnail_key, width, height, size, created_at FROM photos
                      WHERE user_id = $1 AND id < $2 AND hidden = 0 ORDER BY id DESC LIMIT $3";
        let rows = self.sql.rows(select, &values![owner, before, paging.rows()]).await?;
        rows.iter().map(kept).collect()
    }

    pub(crate) async fn add(&self, owner: Uuid, photo: &Kept) -> Result<(), StoreError> {
        let insert =
            "INSERT INTO photos (id, user_id, file_key, thumbnail_key, width, height, size, created_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let Kept { id, file_key, thumbnail_key, width, height, size, created_at } = photo.clone();
        let values = values![id, owner, file_key, thumbnail_key, width, height, size, created_at];
        self.sql.execute(insert, &values).await?;
        Ok(())
    }

    /// Whose photo it is, if there is one.
    pub(crate) async fn owner(&self, id: Uuid) -> Result<Option<Uuid>, StoreError> {
        let row = self.sql.row("SELECT user_id FROM photos WHERE id = $1", &values![id]).await?;
        row.map(|row| row.get(0)).transpose()
    }

    pub(crate) async fn count(&self, owner: Uuid) -> Result<u64, StoreError> {
        let row = self.sql.row("SELECT COUNT(*) FROM photos WHERE user_id = $1", &values![owner]).await?;
        Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
    }

    /// Whether there is such a photo, whosever it is.
    pub(crate) async fn exists(&self, id: Uuid) -> Result<bool, StoreError> {
        let select = "SELECT id FROM photos WHERE id = $1 AND hidden = 0";
        Ok(self.sql.row(select, &values![id]).await?.is_some())
    }

    /// Nobody sees it any more.
    pub(crate) async fn hide(&self, id: Uuid) -> Result<(), StoreError> {
        self.sql.execute("UPDATE photos SET hidden = 1 WHERE id = $1", &values![id]).await?;
        Ok(())
    }

    /// The photo that was there to delete.
    pub(crate) async fn delete(&self, owner: Uuid, id: Uuid) -> Result<Option<Kept>, StoreError> {
        let mut transaction = self.sql.begin().await?;
        let select = "SELECT id, file_key, thumbnail_key, width, height, size, created_at FROM photos
                      WHERE user_id = $1 AND id = $2";
        let row = transaction.row(select, &values![owner, id]).await?;
        transaction.execute("DELETE FROM photos WHERE user_id = $1 AND id = $2", &values![owner, id]).await?;
        if row.is_some() {
            transaction.execute("DELETE FROM comments WHERE photo_id = $1", &values![id]).await?;
        }
        transaction.commit().await?;
        row.as_ref().map(kept).transpose()
    }
}

fn kept(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept {
        id: row.get("id")?,
        file_key: row.get("file_key")?,
        thumbnail_key: row.get("thumbnail_key")?,
        width: row.get("width")?,
        height: row.get("height")?,
        size: row.get("size")?,
        created_at: row.get("created_at")?,
    })
}
