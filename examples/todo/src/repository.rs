//! Todos in SQL.

use queqiao::jiff::Timestamp;
use queqiao::sqlx::sqlite::SqliteRow;
use queqiao::sqlx::{Error, Row, query};
use queqiao::{SqlitePool, prelude::*};

use crate::model::{NewTodo, Statistics, Todo, TodoFilter};

/// Reads and writes the todos of one user; other users' do not exist for it.
#[derive(Clone, Debug)]
pub(crate) struct TodoRepository {
    sql: SqlitePool,
}

impl TodoRepository {
    pub(crate) fn new(sql: SqlitePool) -> Self {
        Self { sql }
    }

    /// Up to `limit` todos, newest first.
    pub(crate) async fn list(
        &self,
        owner: Uuid,
        filter: &TodoFilter,
        limit: u32,
    ) -> Result<Vec<Todo>, Error> {
        query(
            "SELECT id, title, note, done, created_at FROM todos
             WHERE user_id = ?1 AND (?2 IS NULL OR id < ?2) AND (?3 IS NULL OR done = ?3)
             ORDER BY id DESC LIMIT ?4",
        )
        .bind(owner.to_string())
        .bind(filter.cursor.map(|id| id.to_string()))
        .bind(filter.done)
        .bind(limit)
        .try_map(todo)
        .fetch_all(&self.sql)
        .await
    }

    /// Adds a todo unless the owner has `most` already.
    pub(crate) async fn add(
        &self,
        owner: Uuid,
        new: NewTodo,
        now: Timestamp,
        most: u32,
    ) -> Result<Option<Todo>, Error> {
        // One statement, so that two requests at once cannot both take the last place.
        query(
            "INSERT INTO todos (id, user_id, title, note, created_at)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE (SELECT count(*) FROM todos WHERE user_id = ?2) < ?6
             RETURNING id, title, note, done, created_at",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(owner.to_string())
        .bind(new.title)
        .bind(new.note)
        .bind(now.as_millisecond())
        .bind(most)
        .try_map(todo)
        .fetch_optional(&self.sql)
        .await
    }

    pub(crate) async fn get(&self, owner: Uuid, id: Uuid) -> Result<Option<Todo>, Error> {
        query("SELECT id, title, note, done, created_at FROM todos WHERE user_id = ?1 AND id = ?2")
            .bind(owner.to_string())
            .bind(id.to_string())
            .try_map(todo)
            .fetch_optional(&self.sql)
            .await
    }

    pub(crate) async fn edit(&self, owner: Uuid, id: Uuid, new: NewTodo) -> Result<Option<Todo>, Error> {
        query(
            "UPDATE todos SET title = ?3, note = ?4 WHERE user_id = ?1 AND id = ?2
             RETURNING id, title, note, done, created_at",
        )
        .bind(owner.to_string())
        .bind(id.to_string())
        .bind(new.title)
        .bind(new.note)
        .try_map(todo)
        .fetch_optional(&self.sql)
        .await
    }

    /// Marks as done; `None` if it was, or if there is no such todo.
    pub(crate) async fn finish(&self, owner: Uuid, id: Uuid) -> Result<Option<Todo>, Error> {
        query(
            "UPDATE todos SET done = 1 WHERE user_id = ?1 AND id = ?2 AND done = 0
             RETURNING id, title, note, done, created_at",
        )
        .bind(owner.to_string())
        .bind(id.to_string())
        .try_map(todo)
        .fetch_optional(&self.sql)
        .await
    }

    /// Whether there was one to delete.
    pub(crate) async fn delete(&self, owner: Uuid, id: Uuid) -> Result<bool, Error> {
        let deleted = query("DELETE FROM todos WHERE user_id = ?1 AND id = ?2")
            .bind(owner.to_string())
            .bind(id.to_string())
            .execute(&self.sql)
            .await?;
        Ok(deleted.rows_affected() > 0)
    }

    pub(crate) async fn statistics(&self) -> Result<Statistics, Error> {
        query("SELECT count(DISTINCT user_id) AS users, count(*) AS todos, coalesce(sum(done), 0) AS done FROM todos")
            .try_map(|row: SqliteRow| {
                Ok(Statistics { users: row.try_get("users")?, todos: row.try_get("todos")?, done: row.try_get("done")? })
            })
            .fetch_one(&self.sql)
            .await
    }
}

fn todo(row: SqliteRow) -> Result<Todo, Error> {
    let id: String = row.try_get("id")?;
    let created_at: i64 = row.try_get("created_at")?;
    Ok(Todo {
        id: id.parse().map_err(|error| Error::Decode(Box::new(error)))?,
        title: row.try_get("title")?,
        note: row.try_get("note")?,
        done: row.try_get("done")?,
        created_at: Timestamp::from_millisecond(created_at)
            .map_err(|error| Error::Decode(Box::new(error)))?,
    })
}
