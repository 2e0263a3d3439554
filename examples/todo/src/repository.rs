//! Todos in SQL.

use queqiao::jiff::Timestamp;
use queqiao::list::SqlPart;
use queqiao::serde::{Deserialize, Serialize};
use queqiao::sqlx::sqlite::SqliteRow;
use queqiao::sqlx::{Error, QueryBuilder, Row, Sqlite, query};
use queqiao::{SqlitePool, prelude::*};

use crate::model::{NewTodo, Statistics, Todo, TodoField, TodoFilter};

/// Where a todo stands in any order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "queqiao::serde")]
pub(crate) struct TodoKey {
    created_at: i64,
    title: String,
    id: Uuid,
}

impl TodoKey {
    pub(crate) fn of(todo: &Todo) -> Self {
        Self { created_at: todo.created_at.as_millisecond(), title: todo.title.clone(), id: todo.id }
    }
}

/// A todo as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) todo: Todo,
    /// Grows with every change.
    pub(crate) version: i64,
}

/// Reads and writes the todos of one user; other users' do not exist for it.
#[derive(Clone, Debug)]
pub(crate) struct TodoRepository {
    sql: SqlitePool,
}

impl TodoRepository {
    pub(crate) fn new(sql: SqlitePool) -> Self {
        Self { sql }
    }

    /// The rows of a page, and one more if there are more.
    pub(crate) async fn list(
        &self,
        owner: Uuid,
        filter: &TodoFilter,
        paging: &Paging<TodoKey>,
    ) -> Result<Vec<Todo>, Error> {
        let order = filter.sort.keyset("id", |field| match field {
            TodoField::CreatedAt => "created_at",
            TodoField::Title => "title",
        });
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT id, title, note, done, created_at FROM todos WHERE user_id = ",
        );
        sql.push_bind(owner.to_string());
        if let Some(done) = filter.done {
            sql.push(" AND done = ").push_bind(done);
        }
        for (operator, instant) in filter.created_at.bounds() {
            sql.push(format!(" AND created_at {operator} ")).push_bind(milliseconds(*instant, operator));
        }
        if let Some(last) = paging.after() {
            sql.push(" AND ");
            for part in order.after() {
                match part {
                    SqlPart::Text(text) => sql.push(text),
                    SqlPart::Field(TodoField::CreatedAt) => sql.push_bind(last.created_at),
                    SqlPart::Field(TodoField::Title) => sql.push_bind(last.title.clone()),
                    SqlPart::Id => sql.push_bind(last.id.to_string()),
                };
            }
        }
        sql.push(" ORDER BY ").push(order.order_by()).push(" LIMIT ").push_bind(paging.rows());
        sql.build().try_map(todo).fetch_all(&self.sql).await
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

    pub(crate) async fn get(&self, owner: Uuid, id: Uuid) -> Result<Option<Kept>, Error> {
        query("SELECT id, title, note, done, created_at, version FROM todos WHERE user_id = ?1 AND id = ?2")
            .bind(owner.to_string())
            .bind(id.to_string())
            .try_map(kept)
            .fetch_optional(&self.sql)
            .await
    }

    /// Changes a todo, or only this version of it.
    pub(crate) async fn edit(
        &self,
        owner: Uuid,
        id: Uuid,
        new: NewTodo,
        version: Option<i64>,
    ) -> Result<Option<Kept>, Error> {
        query(
            "UPDATE todos SET title = ?3, note = ?4, version = version + 1
             WHERE user_id = ?1 AND id = ?2 AND (?5 IS NULL OR version = ?5)
             RETURNING id, title, note, done, created_at, version",
        )
        .bind(owner.to_string())
        .bind(id.to_string())
        .bind(new.title)
        .bind(new.note)
        .bind(version)
        .try_map(kept)
        .fetch_optional(&self.sql)
        .await
    }

    /// Marks as done; `None` if it was, or if there is no such todo.
    pub(crate) async fn finish(&self, owner: Uuid, id: Uuid) -> Result<Option<Todo>, Error> {
        query(
            "UPDATE todos SET done = 1, version = version + 1 WHERE user_id = ?1 AND id = ?2 AND done = 0
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

fn kept(row: SqliteRow) -> Result<Kept, Error> {
    let version = row.try_get("version")?;
    Ok(Kept { todo: todo(row)?, version })
}

/// A bound as the column has its instants: the millisecond on the right side of it.
fn milliseconds(bound: Timestamp, operator: &str) -> i64 {
    let nanoseconds = bound.as_nanosecond();
    let milliseconds = match operator {
        ">=" | "<" => -(-nanoseconds).div_euclid(1_000_000),
        _ => nanoseconds.div_euclid(1_000_000),
    };
    // A timestamp reaches from the year -9999 to 9999.
    milliseconds as i64
}
