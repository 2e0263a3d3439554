//! Todos in SQL that SQLite, PostgreSQL and MySQL understand.

use queqiao::jiff::Timestamp;
use queqiao::list::SqlPart;
use queqiao::prelude::*;
use queqiao::serde::{Deserialize, Serialize};
use queqiao::sqlx::AssertSqlSafe;
use queqiao::{Database, Row, StoreError, Transaction, values};

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
    sql: Database,
}

impl TodoRepository {
    pub(crate) fn new(sql: Database) -> Self {
        Self { sql }
    }

    /// The rows of a page, and one more if there are more.
    pub(crate) async fn list(
        &self,
        owner: Uuid,
        filter: &TodoFilter,
        paging: &Paging<TodoKey>,
    ) -> Result<Vec<Todo>, StoreError> {
        let order = filter.sort.keyset("id", |field| match field {
            TodoField::CreatedAt => "created_at",
            TodoField::Title => "title",
        });
        let mut sql = String::from("SELECT id, title, note, done, created_at FROM todos WHERE user_id = $1");
        let mut bound = Vec::from(values![owner]);
        if let Some(done) = filter.done {
            bound.extend(values![done]);
            sql.push_str(&format!(" AND done = ${}", bound.len()));
        }
        for (operator, instant) in filter.created_at.bounds() {
            bound.extend(values![milliseconds(*instant, operator)]);
            sql.push_str(&format!(" AND created_at {operator} ${}", bound.len()));
        }
        if let Some(last) = paging.after() {
            sql.push_str(" AND ");
            for part in order.after() {
                bound.extend(match part {
                    SqlPart::Text(text) => {
                        sql.push_str(&text);
                        continue;
                    }
                    SqlPart::Field(TodoField::CreatedAt) => values![last.created_at],
                    SqlPart::Field(TodoField::Title) => values![last.title.as_str()],
                    SqlPart::Id => values![last.id],
                });
                sql.push_str(&format!("${}", bound.len()));
            }
        }
        bound.extend(values![paging.rows()]);
        sql.push_str(&format!(" ORDER BY {} LIMIT ${}", order.order_by(), bound.len()));
        // Made of the texts above; what the caller says is bound.
        let rows = self.sql.rows(AssertSqlSafe(sql), &bound).await?;
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
        Ok(committed(transaction, owner, id).await?.map(|kept| kept.todo))
    }

    pub(crate) async fn get(&self, owner: Uuid, id: Uuid) -> Result<Option<Kept>, StoreError> {
        self.sql.row(ONE, &values![owner, id]).await?.as_ref().map(kept).transpose()
    }

    /// Changes a todo, or only this version of it.
    pub(crate) async fn edit(
        &self,
        owner: Uuid,
        id: Uuid,
        new: NewTodo,
        version: Option<i64>,
    ) -> Result<Option<Kept>, StoreError> {
        let mut transaction = self.sql.begin().await?;
        let update = "UPDATE todos SET title = $3, note = $4, version = version + 1
                      WHERE user_id = $1 AND id = $2 AND ($5 IS NULL OR version = $5)";
        let values = values![owner, id, new.title, new.note, version];
        if transaction.execute(update, &values).await? == 0 {
            return Ok(None);
        }
        committed(transaction, owner, id).await
    }

    /// Marks as done; `None` if it was, or if there is no such todo.
    pub(crate) async fn finish(&self, owner: Uuid, id: Uuid) -> Result<Option<Todo>, StoreError> {
        let mut transaction = self.sql.begin().await?;
        let update = "UPDATE todos SET done = TRUE, version = version + 1
                      WHERE user_id = $1 AND id = $2 AND done = FALSE";
        if transaction.execute(update, &values![owner, id]).await? == 0 {
            return Ok(None);
        }
        Ok(committed(transaction, owner, id).await?.map(|kept| kept.todo))
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

const ONE: &str =
    "SELECT id, title, note, done, created_at, version FROM todos WHERE user_id = $1 AND id = $2";

/// Ends a transaction, and returns the todo as it left it.
async fn committed(mut transaction: Transaction, owner: Uuid, id: Uuid) -> Result<Option<Kept>, StoreError> {
    let row = transaction.row(ONE, &values![owner, id]).await?;
    transaction.commit().await?;
    row.as_ref().map(kept).transpose()
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

fn kept(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept { todo: todo(row)?, version: row.get("version")? })
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
