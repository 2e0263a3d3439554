//! Todos in SQL that SQLite, PostgreSQL and MySQL understand.

use queqiao::jiff::Timestamp;
use queqiao::prelude::*;
use queqiao::{Database, Row, StoreError, Transaction, values};

use crate::model::{NewTodo, Statistics, Todo, TodoFilter};

/// Reads and writes the todos of one user; other users' do not exist for it.
#[derive(Clone, Debug)]
pub(crate) struct TodoRepository {
    sql: Database,
}

impl TodoRepository {
    pub(crate) fn new(sql: Database) -> Self {
        Self { sql }
    }

    /// Up to `limit` todos, newest first.
    pub(crate) async fn list(
        &self,
        owner: Uuid,
        filter: &TodoFilter,
        limit: u32,
    ) -> Result<Vec<Todo>, StoreError> {
        let rows = self
            .sql
            .rows(
                "SELECT id, title, note, done, created_at FROM todos
                 WHERE user_id = $1 AND ($2 IS NULL OR id < $2) AND ($3 IS NULL OR done = $3)
                 ORDER BY id DESC LIMIT $4",
                &values![owner, filter.cursor, filter.done, limit],
            )
            .await?;
        rows.iter().map(todo).collect()
    }

    /// Adds a todo unless the owner has `most` already.
    pub(crate) async fn add(
        &self,
        owner: Uuid,
        new: NewTodo,
        now: Timestamp,
        most: u32,
    ) -> Result<Option<Todo>, StoreError> {
        let id = Uuid::now_v7();
        let mut transaction = self.sql.begin().await?;
        // Two requests at once cannot both take the last place.
        transaction.lock(&[owner.as_bytes()]).await?;
        let count = "SELECT count(*) FROM todos WHERE user_id = $1";
        let count = transaction.row(count, &values![owner]).await?;
        if count.map_or(Ok(0), |row| row.get::<u32>(0))? >= most {
            return Ok(None);
        }
        transaction
            .execute(
                "INSERT INTO todos (id, user_id, title, note, created_at) VALUES ($1, $2, $3, $4, $5)",
                &values![id, owner, new.title, new.note, now],
            )
            .await?;
        committed(transaction, owner, id).await
    }

    pub(crate) async fn get(&self, owner: Uuid, id: Uuid) -> Result<Option<Todo>, StoreError> {
        self.sql.row(ONE, &values![owner, id]).await?.as_ref().map(todo).transpose()
    }

    pub(crate) async fn edit(&self, owner: Uuid, id: Uuid, new: NewTodo) -> Result<Option<Todo>, StoreError> {
        let mut transaction = self.sql.begin().await?;
        let update = "UPDATE todos SET title = $3, note = $4 WHERE user_id = $1 AND id = $2";
        transaction.execute(update, &values![owner, id, new.title, new.note]).await?;
        committed(transaction, owner, id).await
    }

    /// Marks as done; `None` if it was, or if there is no such todo.
    pub(crate) async fn finish(&self, owner: Uuid, id: Uuid) -> Result<Option<Todo>, StoreError> {
        let mut transaction = self.sql.begin().await?;
        let update = "UPDATE todos SET done = TRUE WHERE user_id = $1 AND id = $2 AND done = FALSE";
        if transaction.execute(update, &values![owner, id]).await? == 0 {
            return Ok(None);
        }
        committed(transaction, owner, id).await
    }

    /// Whether there was one to delete.
    pub(crate) async fn delete(&self, owner: Uuid, id: Uuid) -> Result<bool, StoreError> {
        let delete = "DELETE FROM todos WHERE user_id = $1 AND id = $2";
        Ok(self.sql.execute(delete, &values![owner, id]).await? > 0)
    }

    pub(crate) async fn statistics(&self) -> Result<Statistics, StoreError> {
        let count = "SELECT count(DISTINCT user_id), count(*), count(CASE WHEN done THEN 1 END) FROM todos";
        match self.sql.row(count, &[]).await? {
            Some(row) => Ok(Statistics { users: row.get(0)?, todos: row.get(1)?, done: row.get(2)? }),
            None => Ok(Statistics { users: 0, todos: 0, done: 0 }),
        }
    }
}

const ONE: &str = "SELECT id, title, note, done, created_at FROM todos WHERE user_id = $1 AND id = $2";

/// Ends a transaction, and returns the todo as it left it.
async fn committed(mut transaction: Transaction, owner: Uuid, id: Uuid) -> Result<Option<Todo>, StoreError> {
    let row = transaction.row(ONE, &values![owner, id]).await?;
    transaction.commit().await?;
    row.as_ref().map(todo).transpose()
}

fn todo(row: &Row) -> Result<Todo, StoreError> {
    Ok(Todo {
        id: row.get("id")?,
        title: row.get("title")?,
        note: row.get("note")?,
        done: row.get("done")?,
        created_at: row.get("created_at")?,
    })
}
