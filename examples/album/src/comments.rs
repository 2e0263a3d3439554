//! Comments in SQL.

use queqiao::prelude::*;
use queqiao::{Database, Row, StoreError, values};

use crate::model::Comment;

/// As many of a photo's comments as are shown: the newest.
const SHOWN: u32 = 50;

/// Reads and writes comments.
#[derive(Clone, Debug)]
pub(crate) struct CommentRepository {
    sql: Database,
}

impl CommentRepository {
    pub(crate) fn new(sql: Database) -> Self {
        Self { sql }
    }

    /// The newest, the oldest of them first.
    pub(crate) async fn list(&self, photo: Uuid, reader: Uuid) -> Result<Vec<Comment>, StoreError> {
        let select = "SELECT id, user_id, text, created_at FROM comments WHERE photo_id = $1
                      ORDER BY id DESC LIMIT $2";
        let rows = self.sql.rows(select, &values![photo, SHOWN]).await?;
        rows.iter().rev().map(|row| comment(row, reader)).collect()
    }

    pub(crate) async fn add(&self, photo: Uuid, author: Uuid, comment: &Comment) -> Result<(), StoreError> {
        let insert =
            "INSERT INTO comments (id, photo_id, user_id, text, created_at) VALUES ($1, $2, $3, $4, $5)";
        let Comment { id, text, created_at, .. } = comment.clone();
        self.sql.execute(insert, &values![id, photo, author, text, created_at]).await?;
        Ok(())
    }
}

fn comment(row: &Row, reader: Uuid) -> Result<Comment, StoreError> {
    Ok(Comment {
        id: row.get("id")?,
        text: row.get("text")?,
        own: row.get::<Uuid>("user_id")? == reader,
        created_at: row.get("created_at")?,
    })
}
